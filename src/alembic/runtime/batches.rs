//! The blocks of `batch_alter_table` that are open: on SQLite their operations are collected, and carried out together
//! when the block ends.

use std::rc::Rc;
use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::calls::Recorder;
use super::carry_out::carry_out;
use super::emit::{self, Emitted};
use super::simulation::{Failed, Simulation};
use super::statement::{Copied, Told};
use crate::catalog::{Batch, BatchChange, BatchStep, Ddl, Failure, Table, Why};
use crate::dialect::Dialect;
use crate::python::value::{Call, Place, Symbol, SymbolKind, Value};
use crate::python::{Called, Interpreter};
use crate::source::FileSpan;

/// In how many ways branches may fill one block.
const WAYS: usize = 8;

/// A block and the operations in it.
#[derive(Clone, Debug)]
pub(super) struct OpenBatch {
    manager: Rc<Symbol>,
    /// What may be in it: one list, or several where that depends on what is not known.
    ways: Vec<Vec<BatchStep>>,
    /// Set where there are too many to follow.
    doubt: Option<Arc<Why>>,
}

impl OpenBatch {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.manager, &other.manager) && self.ways == other.ways
    }
}

/// True for `op.batch_alter_table(…)`.
pub(super) fn is_batch(call: &Call) -> bool {
    call.callee
        .qualified_name()
        .is_some_and(|callee| callee == "alembic.op.batch_alter_table")
}

fn batch_call(manager: &Value) -> Option<(&Rc<Symbol>, &Call)> {
    let Value::Symbol(symbol) = manager else {
        return None;
    };
    match &symbol.kind {
        SymbolKind::Call(call) if is_batch(call) => Some((symbol, call)),
        _ => None,
    }
}

/// Opens a block.
pub(super) fn enter(interpreter: &mut Interpreter<'_, Recorder>, manager: &Value) {
    let Some((symbol, _)) = batch_call(manager) else {
        return;
    };
    let Some(simulation) = interpreter.host.simulation_mut() else {
        return;
    };
    if simulation.semantics.dialect == Dialect::Sqlite {
        simulation.state.batches.push(OpenBatch {
            manager: Rc::clone(symbol),
            ways: vec![Vec::new()],
            doubt: None,
        });
    } else if let Some(log) = &mut simulation.statements {
        log.open(block_name(symbol));
    }
}

/// A name for a block among those that are open.
fn block_name(symbol: &Symbol) -> SmolStr {
    format_smolstr!("{:?}", symbol.at)
}

/// What the database is told by operations of a block comes when the block ends.
pub(super) fn set_block(interpreter: &mut Interpreter<'_, Recorder>, manager: Option<&Value>) {
    let name = manager
        .and_then(batch_call)
        .map(|(symbol, _)| block_name(symbol));
    if let Some(simulation) = interpreter.host.simulation_mut()
        && let Some(log) = &mut simulation.statements
    {
        log.block = name;
    }
}

/// A block has ended.
pub(super) fn close_block(interpreter: &mut Interpreter<'_, Recorder>, manager: &Value) {
    let Some((symbol, _)) = batch_call(manager) else {
        return;
    };
    let name = block_name(symbol);
    if let Some(simulation) = interpreter.host.simulation_mut()
        && let Some(log) = &mut simulation.statements
    {
        log.close(&name);
    }
}

/// `batch_op.<name>(…)`: carried out at once, but on SQLite when the block ends.
pub(super) fn operation(
    interpreter: &mut Interpreter<'_, Recorder>,
    manager: &Value,
    batch: &Call,
    name: &str,
    call: &Call,
    at: Place,
) -> Called {
    let Some(semantics) = interpreter.host.semantics() else {
        return Called::Symbolic;
    };
    if semantics.dialect != Dialect::Sqlite {
        let emitted = emit::emit(name, call, Some(batch), at, semantics, interpreter);
        set_block(interpreter, Some(manager));
        let called = carry_out(interpreter, emitted, at);
        set_block(interpreter, None);
        return called;
    }
    let (changes, refused) = emit::batch_changes(name, call, batch, at, &semantics, interpreter);
    let place = interpreter.file(at);
    let mut emitted = Emitted {
        errors: refused.errors,
        errors_of_dialect: refused.of_dialect,
        ..Emitted::default()
    };
    if let Some(simulation) = interpreter.host.simulation_mut()
        && !collect(simulation, manager, changes, &place)
    {
        emitted.ddl.push(Ddl::Opaque {
            what: "a batch is used outside of its block".to_owned(),
            names: batch
                .argument(0, "table_name")
                .and_then(|table| table.value.as_str().map(|table| SmolStr::new(&**table)))
                .into_iter()
                .collect(),
        });
    }
    carry_out(interpreter, emitted, at)
}

/// Puts operations into the block of a manager; false if it is not open.
pub(super) fn collect(
    simulation: &mut Simulation,
    manager: &Value,
    changes: Vec<BatchChange>,
    place: &FileSpan,
) -> bool {
    let Value::Symbol(symbol) = manager else {
        return false;
    };
    let open = simulation.state.batches.iter_mut().rev();
    let Some(batch) = open
        .into_iter()
        .find(|open| Rc::ptr_eq(&open.manager, symbol))
    else {
        return false;
    };
    let steps: Vec<BatchStep> = changes
        .into_iter()
        .map(|change| BatchStep {
            change,
            place: Some(place.clone()),
        })
        .collect();
    for way in &mut batch.ways {
        way.extend(steps.iter().cloned());
    }
    true
}

/// What is known of the open blocks if either of two states has come about.
pub(super) fn joined(one: &[OpenBatch], other: &[OpenBatch], why: &Arc<Why>) -> Vec<OpenBatch> {
    let mut joined = one.to_vec();
    for (batch, other) in joined.iter_mut().zip(other) {
        for way in &other.ways {
            if !batch.ways.contains(way) {
                batch.ways.push(way.clone());
            }
        }
        batch.doubt = batch.doubt.clone().or_else(|| other.doubt.clone());
        if batch.ways.len() > WAYS {
            batch.ways.truncate(1);
            batch.doubt = Some(Arc::clone(why));
        }
    }
    joined
}

/// Forgets a block that an exception has left, and those within.
pub(super) fn abandon(interpreter: &mut Interpreter<'_, Recorder>, manager: &Value) {
    take(interpreter, manager);
}

fn take(interpreter: &mut Interpreter<'_, Recorder>, manager: &Value) -> Option<OpenBatch> {
    let (symbol, _) = batch_call(manager)?;
    let batches = &mut interpreter.host.simulation_mut()?.state.batches;
    let position = batches
        .iter()
        .rposition(|open| Rc::ptr_eq(&open.manager, symbol))?;
    let found = batches.get(position).cloned();
    batches.truncate(position);
    found
}

/// Ends a block: its operations are carried out. What the database or Alembic refuse comes back.
pub(super) fn flush(
    interpreter: &mut Interpreter<'_, Recorder>,
    manager: &Value,
    at: Place,
) -> Vec<Failure> {
    let Some(open) = take(interpreter, manager) else {
        return Vec::new();
    };
    let Some((_, call)) = batch_call(manager) else {
        return Vec::new();
    };
    let place = interpreter.file(at);
    let Some(mut batch) = emit::begun(call, at, interpreter) else {
        let Some(simulation) = interpreter.host.simulation_mut() else {
            return Vec::new();
        };
        let opaque = Ddl::Opaque {
            what: "the table of a batch is not known".to_owned(),
            names: Vec::new(),
        };
        simulation.note(std::slice::from_ref(&opaque), &place, true);
        return simulation.execute(&[opaque], &place, true);
    };
    if let Some(why) = &open.doubt {
        batch.doubt.get_or_insert_with(|| why.reason.clone());
    }
    let Some(simulation) = interpreter.host.simulation_mut() else {
        return Vec::new();
    };
    let before = simulation.state.clone();
    let mut outcome = None;
    let mut failures: Option<Vec<Failure>> = None;
    let is_certain = open.ways.len() == 1;
    for steps in open.ways {
        simulation.state = before.clone();
        let batch = Batch {
            steps,
            ..batch.clone()
        };
        let ddl = [Ddl::Batch(Box::new(batch.clone()))];
        let old = simulation.now().tables.get(&batch.table).cloned();
        let found = simulation.execute(&ddl, &place, is_certain);
        let new = simulation.now().tables.get(&batch.table).cloned();
        match (old, new) {
            (Some(old), Some(new)) if batch.makes_copy() && is_whole(&old) && is_whole(&new) => {
                let wording = Arc::new(simulation.wording.clone());
                let copied = Box::new(Copied { batch, old, new });
                simulation.tell(Told::Copy(copied, wording), &place, is_certain);
            }
            _ => simulation.note(&ddl, &place, is_certain),
        }
        let state = simulation.state.clone();
        outcome = Some(match outcome {
            None => state,
            Some(other) => {
                let why = Why::new(
                    "what a batch holds depends on a condition that is only known at run time",
                    Some(place.clone()),
                );
                Simulation::joined(&other, &state, &why)
            }
        });
        // It fails for certain if it fails in any case.
        failures = match failures {
            Some(others) if others.is_empty() || found.is_empty() => Some(Vec::new()),
            Some(others) => Some(others),
            None => Some(found),
        };
    }
    simulation.state = outcome.unwrap_or(before);
    simulation.forget_wording();
    failures.unwrap_or_default()
}

/// True for a table of which all is known to be listed.
fn is_whole(table: &Table) -> bool {
    table.open.is_none() && table.unsure.is_none()
}

/// The place of a failure: that of the operation, or of the block.
pub(super) fn failed(failure: Failure, place: &FileSpan) -> Failed {
    Failed {
        place: failure.place.unwrap_or_else(|| place.clone()),
        message: failure.message,
        kind: failure.kind,
        in_one_go: failure.in_one_go,
        lacks: failure.lacks,
    }
}
