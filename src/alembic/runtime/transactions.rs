//! What leaves the transaction that Alembic has opened, and what runs on a connection beside it.

use super::calls::{Recorder, is_database_root};
use super::statement::Told;
use crate::python::value::{Call, Place, SymbolKind, Value};
use crate::python::{Called, Interpreter};
use crate::sqlalchemy::ddl::Transactions;

type Runner<'s> = Interpreter<'s, Recorder>;

/// `op.get_context().autocommit_block()`
fn is_autocommit_block(manager: &Value) -> bool {
    let symbol = manager.as_call().and_then(|call| call.callee.as_symbol());
    matches!(
        symbol.map(|symbol| &symbol.kind),
        Some(SymbolKind::Attribute { name, .. }) if name == "autocommit_block"
    )
}

/// An autocommit block begins.
pub(super) fn enter(interpreter: &mut Runner<'_>, manager: &Value, at: Place) {
    let place = interpreter.file(at);
    let is_certain = interpreter.is_certain();
    if is_autocommit_block(manager)
        && let Some(simulation) = interpreter.host.simulation_mut()
    {
        simulation.state.database.session.autocommit();
        simulation.tell(Told::Commit, &place, is_certain);
    }
}

/// An autocommit block has ended.
pub(super) fn exit(interpreter: &mut Runner<'_>, manager: &Value, at: Place) {
    let place = interpreter.file(at);
    let is_certain = interpreter.is_certain();
    if is_autocommit_block(manager)
        && let Some(simulation) = interpreter.host.simulation_mut()
    {
        let is_transactional = simulation.semantics.transactions != Transactions::Unknown;
        simulation.state.database.session.commit(is_transactional);
        simulation.tell(Told::Begin, &place, is_certain);
    }
}

/// `connection.commit()`
pub(super) fn commit(interpreter: &mut Runner<'_>) {
    if let Some(simulation) = interpreter.host.simulation_mut() {
        simulation.state.database.session.commit(false);
    }
}

/// `op.get_bind().execution_options(isolation_level="AUTOCOMMIT")`: before SQLAlchemy 2 it takes effect at once, and the
/// transaction that was open is over. SQLAlchemy 2 refuses it where there is one.
pub(super) fn set_options(interpreter: &mut Runner<'_>, base: &Value, call: &Call) {
    if !base.root_name().is_some_and(|root| is_database_root(root)) || is_beside(base) {
        return;
    }
    let Some(level) = isolation_level(call) else {
        return;
    };
    let Some(simulation) = interpreter.host.simulation_mut() else {
        return;
    };
    let semantics = &simulation.semantics;
    let is_refused = semantics.sqlalchemy >= (2, 0) && !semantics.is_sqlalchemy_assumed;
    if is_refused && simulation.state.database.session.in_transaction {
        return;
    }
    let begins = level == Level::Transactional
        && semantics.sqlalchemy < (2, 0)
        && semantics.transactions != Transactions::Unknown;
    let session = &mut simulation.state.database.session;
    if level == Level::Autocommit {
        session.autocommit();
    } else {
        session.commit(begins);
    }
}

/// Runs a statement. One that is told to a connection of its own, which commits each statement, is in no transaction:
/// `bind.engine.connect().execution_options(isolation_level="AUTOCOMMIT")`.
pub(super) fn executed<'s>(
    interpreter: &mut Runner<'s>,
    base: &Value,
    execute: impl FnOnce(&mut Runner<'s>) -> Called,
) -> Called {
    let is_apart = is_beside(base) && commits_each(base);
    let simulation = interpreter.host.simulation_mut().filter(|_| is_apart);
    let Some(simulation) = simulation else {
        return execute(interpreter);
    };
    let session = &mut simulation.state.database.session;
    let in_transaction = std::mem::replace(&mut session.in_transaction, false);
    let commits_each = std::mem::replace(&mut session.commits_each, true);
    let called = execute(interpreter);
    if let Some(simulation) = interpreter.host.simulation_mut() {
        let session = &mut simulation.state.database.session;
        session.in_transaction = in_transaction;
        session.commits_each = commits_each;
    }
    called
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Each statement is a transaction.
    Autocommit,
    Transactional,
    Unknown,
}

/// The isolation level that the arguments of a call set.
fn isolation_level(call: &Call) -> Option<Level> {
    let Some(argument) = call.keyword("isolation_level") else {
        return call.open.then_some(Level::Unknown);
    };
    Some(match argument.value.as_str() {
        Some(level) if level.eq_ignore_ascii_case("AUTOCOMMIT") => Level::Autocommit,
        Some(_) => Level::Transactional,
        None => Level::Unknown,
    })
}

/// The calls that led to a value, the last one first, each with the name of the method.
fn chain(value: &Value) -> impl Iterator<Item = (&Call, &str)> {
    let mut current = Some(value);
    std::iter::from_fn(move || {
        for _ in 0..64 {
            let symbol = current?.as_symbol()?;
            match &symbol.kind {
                SymbolKind::Call(call) => {
                    current = Some(&call.callee);
                    if let SymbolKind::Attribute { name, .. } | SymbolKind::Name(name) =
                        &call.callee.as_symbol()?.kind
                    {
                        return Some((call, name.as_str()));
                    }
                }
                SymbolKind::Attribute { base, .. } | SymbolKind::Item { base, .. } => {
                    current = Some(base);
                }
                _ => return None,
            }
        }
        None
    })
}

/// True for a connection other than the one that Alembic has.
fn is_beside(value: &Value) -> bool {
    chain(value).any(|(_, method)| {
        matches!(method, "connect" | "begin") || method.ends_with(".create_engine")
    })
}

fn commits_each(value: &Value) -> bool {
    let mut levels = chain(value).filter_map(|(call, _)| isolation_level(call));
    levels.next() == Some(Level::Autocommit)
}
