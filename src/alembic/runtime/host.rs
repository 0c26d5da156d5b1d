//! The symbolic Alembic: what calls of `op`, connections, inspectors and types do, and what they give.

use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use super::calls::{
    RecordedCall, Recorder, Target, chain_has, freeze_argument, is_database_root, is_engine,
    is_handed_over, is_harmless, is_of_database, note_base_given_away, reaches_database, session,
};
use super::carry_out::{carry_out, refuse};
use super::emit::{self, Emitted};
use super::execution::{alters_for_nobody, data_frame_call, execute_call, execute_for_nobody};
use super::simulation::{Simulation, State};
use super::{answers, batches, made_objects, transactions};
use crate::catalog::{FailureKind, RowChange, Why};
use crate::dialect::Dialect;
use crate::python::ast::Name;
use crate::python::value::{
    Call, CallArgument, ObjectId, Piece, Pieces, Place, Reason, SymbolKind, Text, Unknown, Value,
};
use crate::python::{Called, Host, Interpreter, Leaving};
use crate::sqlalchemy::asyncio::run_sync;
use crate::sqlalchemy::ddl::{dialect_value, type_argument};
use crate::sqlalchemy::declarative::{bare_column, base_of_class, lacks_attribute, model_of_class};
use crate::sqlalchemy::{
    column_call, construct, is_database_object, metadata_of_value, type_argument_of,
};

type Runner<'s> = Interpreter<'s, Recorder>;

impl Host for Recorder {
    type State = Option<State>;

    fn state(&self) -> Self::State {
        self.simulation
            .as_ref()
            .map(|simulation| simulation.state.clone())
    }

    fn set_state(&mut self, state: Self::State) {
        if let (Some(simulation), Some(state)) = (&mut self.simulation, state) {
            simulation.state = state;
        }
    }

    fn join(
        interpreter: &mut Interpreter<'_, Self>,
        one: Self::State,
        other: Self::State,
        at: Place,
    ) {
        let (Some(one), Some(other)) = (one, other) else {
            return;
        };
        let place = interpreter.file(at);
        if let Some(simulation) = interpreter.host.simulation_mut() {
            let why = Why::new(
                "it depends on a condition that is only known at run time",
                Some(place),
            );
            simulation.state = Simulation::joined(&one, &other, &why);
        }
    }

    fn is_same_state(one: &Self::State, other: &Self::State) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => {
                one.database.now.is_same_as(&other.database.now)
                    && one.batches.len() == other.batches.len()
                    && one
                        .batches
                        .iter()
                        .zip(&other.batches)
                        .all(|(one, other)| one.is_same(other))
            }
            _ => false,
        }
    }

    fn assumes_guards_pass(&self) -> bool {
        self.simulation.is_some()
    }

    fn decided(interpreter: &mut Interpreter<'_, Self>, at: Place) -> Option<bool> {
        let conditions = &interpreter.host.simulation()?.conditions;
        if conditions.is_empty() {
            return None;
        }
        let holds = conditions.get(&interpreter.file(at))?;
        if !holds {
            Self::assumed(interpreter, at);
        }
        Some(holds)
    }

    fn assumed(interpreter: &mut Interpreter<'_, Self>, at: Place) {
        if let Some(simulation) = interpreter.host.simulation_mut() {
            simulation.assumptions.push(at);
        }
    }

    fn takes_notes(&self) -> bool {
        self.simulation
            .as_ref()
            .is_some_and(|simulation| simulation.statements.is_some())
    }

    fn note(&mut self, what: &'static str, of: &str, text: String) {
        if let Some(simulation) = &mut self.simulation {
            simulation.wording.note(what, of, text);
        }
    }

    fn call(interpreter: &mut Interpreter<'_, Self>, call: &Call, at: Place) -> Called {
        let Some(symbol) = call.callee.as_symbol().cloned() else {
            return Called::Symbolic;
        };
        match &symbol.kind {
            SymbolKind::Name(name) => {
                // `SQLModel.metadata.create_all(…)` is one name to the interpreter.
                if let Some((base, method @ ("create_all" | "drop_all"))) = name.rsplit_once('.') {
                    let base = Value::name(base, symbol.at);
                    return method_call(interpreter, &base, method, call, at);
                }
                note_base_given_away(interpreter, name, call, at);
                named_call(interpreter, &name.clone(), call, at)
            }
            SymbolKind::Attribute { base, name } => {
                let (base, name) = (base.clone(), name.clone());
                method_call(interpreter, &base, &name, call, at)
            }
            _ => Called::Symbolic,
        }
    }

    fn unknown_call(
        interpreter: &mut Interpreter<'_, Self>,
        callee: &Unknown,
        arguments: &[CallArgument],
        at: Place,
    ) {
        let reason = callee.reason.to_string();
        record(
            interpreter,
            Target::Opaque(SmolStr::new(&reason)),
            &[],
            true,
            at,
        );
        let alters = callee.leads_to_repository() || alters_for_nobody(callee, arguments);
        if alters || is_handed_over(arguments, interpreter) {
            let what = format!("what is called is not known: {reason}");
            carry_out(interpreter, Emitted::opaque(what, None), at);
        }
        execute_for_nobody(interpreter, callee, arguments, at);
    }

    fn iterate(interpreter: &mut Interpreter<'_, Self>, value: &Value) -> Option<Vec<Value>> {
        answers::result_rows(interpreter, value)
    }

    fn enter(interpreter: &mut Interpreter<'_, Self>, manager: &Value, at: Place) -> Option<Value> {
        transactions::enter(interpreter, manager, at);
        batches::enter(interpreter, manager);
        None
    }

    fn exit(
        interpreter: &mut Interpreter<'_, Self>,
        manager: &Value,
        leaving: Leaving,
        at: Place,
    ) -> Option<Value> {
        transactions::exit(interpreter, manager, at);
        batches::close_block(interpreter, manager);
        match leaving {
            Leaving::Raising => {
                batches::abandon(interpreter, manager);
                None
            }
            Leaving::Normally => end_batch(interpreter, manager, at),
        }
    }

    fn lacks_attribute(
        interpreter: &Interpreter<'_, Self>,
        class: ObjectId,
        name: &str,
        at: Place,
    ) -> bool {
        interpreter.host.simulation().is_some() && lacks_attribute(class, name, at, interpreter)
    }

    fn fails(interpreter: &mut Interpreter<'_, Self>, message: String, at: Place) {
        refuse(
            interpreter,
            vec![FailureKind::Other.because(message)],
            None,
            at,
        );
    }

    fn has_attribute(
        interpreter: &Interpreter<'_, Self>,
        value: &Value,
        name: &Name,
    ) -> Option<bool> {
        let item = schema_item(interpreter, value)?;
        item.keyword(name).is_some().then_some(true)
    }

    /// `isinstance(bind.dialect, PGDialect)`
    fn is_instance(
        interpreter: &Interpreter<'_, Self>,
        value: &Value,
        class: &Value,
    ) -> Option<bool> {
        if let Some(item) = schema_item(interpreter, value)
            && let Some(class) = construct(class, interpreter)
            && ITEMS.contains(&class.as_str())
        {
            return Some(construct(&item.callee, interpreter)? == class);
        }
        let dialect = interpreter.host.semantics()?.dialect;
        if value.root_name()? != "sqlalchemy.engine.Dialect" {
            return None;
        }
        let class = class.qualified_name()?;
        let mut path = class.strip_prefix("sqlalchemy.dialects.")?.split('.');
        if path.next()? != dialect.as_str() {
            return Some(false);
        }
        // Which driver is used is not known.
        matches!(
            path.next_back()?,
            "dialect" | "PGDialect" | "MySQLDialect" | "SQLiteDialect"
        )
        .then_some(true)
    }

    fn annotated(
        interpreter: &mut Interpreter<'_, Self>,
        class: ObjectId,
        name: &Name,
    ) -> Option<Value> {
        bare_column(class, name, interpreter)
    }

    fn attribute(
        interpreter: &mut Interpreter<'_, Self>,
        base: &Value,
        name: &Name,
        at: Place,
    ) -> Option<Value> {
        let semantics = interpreter.host.semantics()?;
        if name == "tables"
            && let Some(tables) = interpreter.host.described.clone()
            && metadata_of_value(base, interpreter).is_some()
        {
            return Some(tables);
        }
        if let Some(class) = model_of_class(base, name, at, interpreter) {
            return Some(class);
        }
        if let Some(argument) = schema_item(interpreter, base).and_then(|call| call.keyword(name)) {
            return Some(argument.value.clone());
        }
        if let Some(argument) = type_argument(base, name, interpreter) {
            return Some(argument);
        }
        if name == "type"
            && let Some((call, _)) = column_call(base, interpreter).filter(|(call, _)| !call.open)
            && let Some(argument) = type_argument_of(call, interpreter)
        {
            return Some(argument.value.clone());
        }
        if let Some(value) = answers::reflected_attribute(interpreter, base, name, at) {
            return Some(value);
        }
        let root = base.root_name()?;
        if root == "sqlalchemy.engine.Dialect" {
            return match name.as_str() {
                "name" => Some(Value::known_str(semantics.dialect.as_str(), at)),
                _ => None,
            };
        }
        if !is_database_root(root) {
            return None;
        }
        match name.as_str() {
            "dialect" => Some(dialect_value(at)),
            // `bind.engine.name`
            "name" if is_engine(base) => Some(Value::known_str(semantics.dialect.as_str(), at)),
            "as_sql" => Some(Value::Bool(false)),
            "url" => Some(url(semantics.dialect, at)),
            "drivername" => Some(Value::known_str(semantics.dialect.as_str(), at)),
            _ => None,
        }
    }
}

/// The classes of what functions of `env.py` are asked about.
const ITEMS: [&str; 5] = [
    "Table",
    "Column",
    "Index",
    "UniqueConstraint",
    "ForeignKeyConstraint",
];

/// What is handed to `include_object`: a call whose keywords are the attributes.
fn schema_item<'v>(interpreter: &Runner<'_>, value: &'v Value) -> Option<&'v Call> {
    interpreter.host.described.as_ref()?;
    let call = value.as_call()?;
    let construct = construct(&call.callee, interpreter)?;
    ITEMS.contains(&construct.as_str()).then_some(call)
}

/// The address of the database, of which only the beginning is known.
fn url(dialect: Dialect, at: Place) -> Value {
    let hole = Unknown {
        reason: Reason::Attribute(Name::new_static("url")),
        at,
    };
    Value::Str(Text {
        pieces: Pieces::Partial(Rc::from([
            Piece::Known(Arc::from(dialect.as_str())),
            Piece::Hole(Rc::new(hole)),
        ])),
        at,
    })
}

fn record(
    interpreter: &mut Runner<'_>,
    target: Target,
    arguments: &[CallArgument],
    open: bool,
    at: Place,
) {
    let arguments = arguments
        .iter()
        .map(|argument| freeze_argument(argument, &mut interpreter.heap))
        .collect();
    let certain = interpreter.is_certain();
    interpreter.host.calls.push(RecordedCall {
        target,
        arguments,
        open,
        at,
        certain,
    });
}

pub(super) fn record_call(interpreter: &mut Runner<'_>, target: Target, call: &Call, at: Place) {
    record(interpreter, target, &call.arguments, call.open, at);
}

/// `op.f(name)`, whichever way it was written: the name is final.
fn final_name(call: &Call, at: Place) -> Called {
    let call = Call {
        callee: Value::name(Name::new_static("alembic.op.f"), at),
        arguments: call.arguments.clone(),
        open: call.open,
    };
    Called::Value(Value::symbol(SymbolKind::Call(call), at))
}

fn first_argument(call: &Call) -> Called {
    call.positional()
        .next()
        .map_or(Called::Symbolic, |argument| {
            Called::Value(argument.value.clone())
        })
}

fn named_call(interpreter: &mut Runner<'_>, name: &str, call: &Call, at: Place) -> Called {
    if let Some(operation) = name
        .strip_prefix("alembic.op.")
        .or_else(|| name.strip_prefix("alembic.operations.ops."))
    {
        return match operation {
            "f" => final_name(call, at),
            "inline_literal" => first_argument(call),
            "get_bind" | "get_context" | "batch_alter_table" => Called::Symbolic,
            "execute" | "run_async" => {
                record_call(interpreter, Target::Op(SmolStr::new(operation)), call, at);
                execute_call(interpreter, call, at)
            }
            _ => {
                let semantics = interpreter.host.semantics();
                let call = &emit::with_present_names(operation, call, semantics.as_deref());
                record_call(interpreter, Target::Op(SmolStr::new(operation)), call, at);
                operation_call(interpreter, operation, call, at)
            }
        };
    }
    // It is a `str`.
    if name.starts_with("sqlalchemy.") && name.ends_with(".quoted_name") {
        return first_argument(call);
    }
    if is_table(name) {
        interpreter.host.tables.push((call.clone(), at));
    }
    if let Some(class) = base_of_class(call, at, interpreter) {
        return Called::Value(class);
    }
    if name.starts_with("sqlalchemy.")
        && [".Index", ".UniqueConstraint", ".ForeignKeyConstraint"]
            .iter()
            .any(|kind| name.ends_with(kind))
    {
        interpreter.host.indexes.push((call.clone(), at));
    }
    match name {
        "alembic.context.configure" => {
            interpreter.host.configured.push(call.clone());
            return Called::Symbolic;
        }
        "alembic.context.is_offline_mode" => return Called::Value(Value::Bool(false)),
        "contextlib.suppress" | "contextlib.nullcontext" => return Called::Symbolic,
        _ => {}
    }
    if let Some(value) = answers::function(interpreter, name, call, at) {
        return Called::Value(value);
    }
    if !is_harmless(name) {
        if let Some(session) = session(name, call, at) {
            return Called::Value(session);
        }
        record_call(interpreter, Target::Opaque(SmolStr::new(name)), call, at);
        if is_handed_over(&call.arguments, interpreter) {
            let what = format!("what `{name}` does is not known");
            return carry_out(interpreter, Emitted::opaque(what, None), at);
        }
    }
    Called::Symbolic
}

/// `sqlalchemy.Table`, from whichever module it is imported.
fn is_table(name: &str) -> bool {
    name.strip_prefix("sqlalchemy.")
        .is_some_and(|path| path.rsplit('.').next() == Some("Table"))
}

fn method_call(
    interpreter: &mut Runner<'_>,
    base: &Value,
    name: &str,
    call: &Call,
    at: Place,
) -> Called {
    // Flask-SQLAlchemy has the names of SQLAlchemy at its object.
    if is_database_object(base, interpreter) {
        let calls = match name {
            "Table" => Some(&mut interpreter.host.tables),
            "Index" | "UniqueConstraint" | "ForeignKeyConstraint" => {
                Some(&mut interpreter.host.indexes)
            }
            _ => None,
        };
        if let Some(calls) = calls {
            calls.push((call.clone(), at));
            return Called::Symbolic;
        }
    }
    if let Some(batch) = base.as_call()
        && batches::is_batch(batch)
    {
        return match name {
            "f" => final_name(call, at),
            "inline_literal" => first_argument(call),
            "get_bind" | "get_context" => Called::Symbolic,
            _ => {
                let semantics = interpreter.host.semantics();
                let call = &emit::with_present_names(name, call, semantics.as_deref());
                let table = batch.arguments.clone();
                let target = Target::Batch {
                    name: SmolStr::new(name),
                    table,
                };
                record_call(interpreter, target, call, at);
                if name == "execute" {
                    return execute_call(interpreter, call, at);
                }
                batches::operation(interpreter, base, batch, name, call, at)
            }
        };
    }
    if let Some(value) = answers::method(interpreter, base, name, call, at) {
        return Called::Value(value);
    }
    if base
        .root_name()
        .is_some_and(|root| root.starts_with("pandas.") || root.starts_with("geopandas."))
    {
        return data_frame_call(interpreter, name, call, at);
    }
    if name == "run_sync"
        && let Some(called) = run_sync(interpreter, base, call, at)
    {
        return called;
    }
    if let Some(called) = made_objects::call(interpreter, base, name, call, at) {
        return called;
    }
    match name {
        "execute" | "exec_driver_sql" | "scalar" | "scalars" | "execute_async" => {
            if call.arguments.is_empty() {
                return Called::Symbolic;
            }
            record_call(interpreter, Target::Execute, call, at);
            transactions::executed(interpreter, base, |interpreter| {
                execute_call(interpreter, call, at)
            })
        }
        "create_all" | "drop_all" => {
            let creates = name == "create_all";
            let target = match emit::metadata_use(base, call, creates, at, interpreter) {
                Some(used) => Target::Metadata(used),
                None => Target::Opaque(SmolStr::new(name)),
            };
            record_call(interpreter, target, call, at);
            let emitted = emit::all_created_or_dropped(base, call, creates, at, interpreter);
            carry_out(interpreter, emitted, at)
        }
        "execution_options" => {
            transactions::set_options(interpreter, base, call);
            Called::Symbolic
        }
        // `connection.commit()`
        "commit" if base.root_name().is_some_and(|root| is_database_root(root)) => {
            transactions::commit(interpreter);
            Called::Symbolic
        }
        // `session.query(T).delete()`: all rows of a table go, whichever that is.
        "delete" if chain_has(base, "query") => {
            record_call(interpreter, Target::Data, call, at);
            let all = !chain_has(base, "filter") && !chain_has(base, "filter_by");
            let rows = RowChange::Removed { all };
            carry_out(interpreter, Emitted::rows(rows), at)
        }
        "add"
        | "add_all"
        | "merge"
        | "delete"
        | "bulk_save_objects"
        | "bulk_insert_mappings"
        | "bulk_update_mappings"
            if is_of_database(base, interpreter) =>
        {
            record_call(interpreter, Target::Data, call, at);
            Called::Symbolic
        }
        // A query that changes rows: `session.query(T).filter(…).update(…)`.
        "update" if chain_has(base, "query") => {
            record_call(interpreter, Target::Data, call, at);
            Called::Symbolic
        }
        _ => {
            if let Some(emitted) = emit::foreign_method(base, name, interpreter) {
                record_call(interpreter, Target::Opaque(SmolStr::new(name)), call, at);
                return carry_out(interpreter, emitted, at);
            }
            // A method of something outside that is neither a library of the language nor a database.
            if let Some(root) = base.root_name()
                && !is_harmless(root)
                && !is_database_root(root)
            {
                if let Some(session) = session(name, call, at) {
                    return Called::Value(session);
                }
                let what = SmolStr::new(format!("{root}….{name}"));
                record_call(interpreter, Target::Opaque(what), call, at);
                if reaches_database(base, interpreter, 0)
                    || is_handed_over(&call.arguments, interpreter)
                {
                    let what = format!("what `{root}….{name}` does is not known");
                    return carry_out(interpreter, Emitted::opaque(what, None), at);
                }
            }
            Called::Symbolic
        }
    }
}

fn operation_call(interpreter: &mut Runner<'_>, name: &str, call: &Call, at: Place) -> Called {
    let Some(semantics) = interpreter.host.semantics() else {
        return Called::Symbolic;
    };
    let emitted = emit::emit(name, call, None, at, semantics, interpreter);
    carry_out(interpreter, emitted, at)
}

/// The end of a batch; the exception it raises, if the code is ready for one.
fn end_batch(interpreter: &mut Runner<'_>, manager: &Value, at: Place) -> Option<Value> {
    let before = interpreter.host.state();
    let failures = batches::flush(interpreter, manager, at);
    match refuse(interpreter, failures, before, at) {
        Called::Raises(exception) => {
            batches::abandon(interpreter, manager);
            Some(exception)
        }
        _ => None,
    }
}
