//! A symbolic Alembic: runs `upgrade()` and `downgrade()` in the interpreter and writes down what they do.

mod answers;
mod batches;
mod calls;
mod carry_out;
mod conditions;
mod emit;
mod execution;
mod host;
mod ignored;
mod live;
mod made_objects;
mod model_schema;
mod named_tables;
mod operations;
mod refuted;
mod replay;
mod restored_keys;
mod simulation;
mod statement;
mod transactions;
mod unknown_before;

pub use live::{LiveCause, LiveKind, LiveUse};
pub use model_schema::{
    Comparison, MetadataOrigin, ModelFiles, ModelReading, ModelSchema, UnregisteredTable,
};
pub use named_tables::NamedTable;
pub use replay::{Replay, ReplayedRevision, Upgraded, Verdict};
pub use simulation::{Failed, RawSql, Step};
pub use statement::{Copied, Statement, Told, UNKNOWN};

use crate::alembic::Environment;
use crate::alembic::revision::Revision;
use crate::python::ast::{Name, ParameterKind};
use crate::python::value::{CallArgument, Function, ObjectId, Place, Value};
use crate::python::{Interpreter, ModuleFinder, Outcome, Sources};
use crate::schema::{Operation, Recorded};
use crate::source::Span;

use self::calls::Recorder;

/// What one direction of a revision does.
#[derive(Clone, Debug)]
pub enum Direction {
    /// The file defines no such function: Alembic fails when it needs it.
    Missing,
    /// The function comes from somewhere that cannot be read.
    Unknown {
        reason: String,
    },
    Ran(Run),
}

/// A function that was followed.
#[derive(Clone, Debug)]
pub struct Run {
    /// The name in `def upgrade`.
    pub name_span: Span,
    /// The whole function.
    pub span: Span,
    pub operations: Vec<Recorded>,
    pub end: End,
}

/// How a function ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Returns,
    /// It raises whatever happens: `NotImplementedError`, say.
    Raises {
        exception: String,
        /// True if it comes with a message, or is an exception of the project's own, whose name is one.
        says_why: bool,
    },
    /// A limit of the interpreter was reached.
    Stopped,
}

impl Direction {
    pub fn run(&self) -> Option<&Run> {
        match self {
            Self::Ran(run) => Some(run),
            _ => None,
        }
    }
}

impl Run {
    /// What the function does, operation by operation, in canonical spelling; `None` where part of that is not known. How
    /// long a statement may take or wait is not part of it.
    pub fn definitions(&self) -> Option<Vec<&str>> {
        if self.end != End::Returns {
            return None;
        }
        self.operations
            .iter()
            .filter(|recorded| {
                !matches!(&recorded.operation, Operation::Sql(statement) if statement.sets_timeout)
            })
            .map(|recorded| recorded.definition.as_deref().filter(|_| recorded.certain))
            .collect()
    }

    /// True if the function certainly does nothing at all.
    pub fn is_empty(&self) -> bool {
        self.end == End::Returns
            && self
                .operations
                .iter()
                .all(|recorded| recorded.operation.effect() == crate::schema::Effect::Nothing)
    }
}

/// Both directions of a revision.
#[derive(Clone, Debug)]
pub struct Migration {
    pub upgrade: Direction,
    pub downgrade: Direction,
}

/// Runs revisions of one environment, one after the other.
pub struct Runtime<'s> {
    interpreter: Interpreter<'s, Recorder>,
    with_definitions: bool,
}

impl<'s> Runtime<'s> {
    pub fn new(sources: &'s Sources<'s>, finder: &'s ModuleFinder<'s>) -> Self {
        Self {
            interpreter: Interpreter::new(sources, finder, Recorder::default()).with_lazy_imports(),
            with_definitions: false,
        }
    }

    /// Writes down the whole of each operation too, for comparison.
    #[must_use]
    pub fn with_definitions(mut self) -> Self {
        self.with_definitions = true;
        self
    }

    /// The folders from which an environment imports.
    pub fn search_path(environment: &Environment) -> Vec<crate::source::RepoPath> {
        let mut path = environment.search_path();
        path.push(environment.script_location.parent());
        path
    }

    /// Runs both directions of a revision.
    pub fn run(&mut self, revision: &Revision) -> Migration {
        let Some(module) = self.load(revision) else {
            let missing = || Direction::Unknown {
                reason: "the file could not be read".to_owned(),
            };
            return Migration {
                upgrade: missing(),
                downgrade: missing(),
            };
        };
        Migration {
            upgrade: self.direction(module, "upgrade"),
            downgrade: self.direction(module, "downgrade"),
        }
    }

    /// Runs the body of a revision's module.
    fn load(&mut self, revision: &Revision) -> Option<ObjectId> {
        self.interpreter.refuel();
        self.interpreter.host.take();
        let module = self.interpreter.run_file(&revision.file);
        // What the body of a module calls does not belong to a direction.
        self.interpreter.host.take();
        module
    }

    fn direction(&mut self, module: ObjectId, name: &str) -> Direction {
        let is_cut_short = self.interpreter.is_exhausted();
        self.interpreter.refuel();
        let Some(value) = self.interpreter.module_attribute(module, name) else {
            if is_cut_short {
                return Direction::Unknown {
                    reason: "a limit was reached before the end of the file".to_owned(),
                };
            }
            if self.imports_everything(module) {
                return Direction::Unknown {
                    reason: "the file imports names by `*`".to_owned(),
                };
            }
            return Direction::Missing;
        };
        let Value::Function(function) = &value else {
            return match &value {
                Value::Unknown(unknown) => Direction::Unknown {
                    reason: unknown.reason.to_string(),
                },
                _ => Direction::Unknown {
                    reason: format!("`{name}` is not defined in the repository"),
                },
            };
        };
        let mut run = self.call(function);
        // Flask-Migrate's and Alembic's templates for several databases dispatch to `upgrade_<engine>()`.
        if !function.def.parameters.is_empty() {
            let own = own_engine(function, name);
            for engine in self.engine_functions(module, name) {
                if own.as_deref() == Some(engine.def.name.as_str()) {
                    continue;
                }
                let inner = self.call(&engine);
                if run.end == End::Returns || run.operations.is_empty() {
                    run.end = inner.end;
                }
                run.operations
                    .retain(|recorded| !is_dispatch(&recorded.operation));
                run.operations.extend(inner.operations);
            }
        }
        Direction::Ran(run)
    }

    fn call(&mut self, function: &std::rc::Rc<Function>) -> Run {
        let at = function.at;
        // `context.run_migrations(op=op, tables=metadata.tables)` hands its arguments on.
        let parameters = function.def.parameters.iter();
        let arguments = parameters
            .filter(|parameter| {
                !parameter.name.contains("engine")
                    && !matches!(parameter.kind, ParameterKind::Args | ParameterKind::Kwargs)
            })
            .map(|parameter| CallArgument {
                name: Some(parameter.name.clone()),
                value: match parameter.name.as_str() {
                    "op" | "operations" => Value::name(Name::new_static("alembic.op"), at),
                    name => Value::name(smol_str::format_smolstr!("run_migrations.{name}"), at),
                },
                at,
            })
            .collect();
        let outcome = self.interpreter.call(
            &Value::Function(std::rc::Rc::clone(function)),
            arguments,
            at,
        );
        let end = match outcome {
            Outcome::Returned(_) => End::Returns,
            Outcome::Raised(exception) => End::Raises {
                exception: self.exception_name(&exception, at),
                says_why: says_why(&exception),
            },
            Outcome::Stopped => End::Stopped,
        };
        let calls = self.interpreter.host.take();
        let operations = operations::read(calls, self.with_definitions, &mut self.interpreter);
        Run {
            name_span: function.def.name_span,
            span: function.def.span,
            operations,
            end,
        }
    }

    fn exception_name(&self, exception: &Value, _at: Place) -> String {
        let class = match exception.as_call() {
            Some(call) => &call.callee,
            None => exception,
        };
        match class {
            Value::Builtin(name) => name.to_string(),
            Value::Class(id) => self
                .interpreter
                .class(*id)
                .map_or_else(String::new, |class| class.def.name.to_string()),
            _ => class.qualified_name().map_or_else(
                || "an exception".to_owned(),
                |name| name.rsplit('.').next().unwrap_or_default().to_owned(),
            ),
        }
    }

    fn engine_functions(&mut self, module: ObjectId, name: &str) -> Vec<std::rc::Rc<Function>> {
        let prefix = format!("{name}_");
        let names = self.interpreter.module_names(module);
        names
            .iter()
            .filter(|candidate| candidate.starts_with(&prefix))
            .filter_map(
                |candidate| match self.interpreter.module_attribute(module, candidate) {
                    Some(Value::Function(function)) => Some(function),
                    _ => None,
                },
            )
            .collect()
    }

    fn imports_everything(&self, module: ObjectId) -> bool {
        self.interpreter
            .heap
            .module(module)
            .and_then(|module| self.interpreter.heap.namespace(module.scope.names))
            .is_some_and(|namespace| !namespace.stars.is_empty())
    }
}

/// The function of the database that is meant where none is named, `upgrade_` as a rule: calling `upgrade()` has called it.
fn own_engine(function: &Function, name: &str) -> Option<String> {
    let mut parameters = function.def.parameters.iter();
    let engine = parameters.find(|parameter| parameter.name.contains("engine"))?;
    let default = engine.default.as_ref()?.as_str()?;
    Some(format!("{name}_{default}"))
}

/// `NotImplementedError("why")`, or a class of the project; a class of Python alone only says that it is an error.
fn says_why(exception: &Value) -> bool {
    match exception.as_call() {
        Some(call) => call.open || !call.arguments.is_empty() || !is_of_python(&call.callee),
        None => !is_of_python(exception),
    }
}

fn is_of_python(exception: &Value) -> bool {
    matches!(exception, Value::Builtin(_))
}

/// The call of `globals()["upgrade_%s" % engine]`, of which nothing is known.
fn is_dispatch(operation: &Operation) -> bool {
    matches!(operation, Operation::Opaque { .. })
}

#[cfg(test)]
mod tests;
