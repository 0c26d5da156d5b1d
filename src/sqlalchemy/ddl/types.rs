//! Column types as the catalog of the database spells them.

mod behind;
mod enums;
mod mysql;
mod postgresql;
mod sqlite;
mod written;

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use crate::catalog::{Fact, Why};
use crate::dialect::Dialect;
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, Object, ObjectId, Place, SymbolKind, Value};
use crate::python::{Host, Interpreter, Outcome};
use crate::sqlalchemy::construct;
use crate::sqlalchemy::ddl::Semantics;

pub use behind::type_behind;

/// How deep types are unwrapped.
const MAX_DEPTH: u32 = 12;

/// A type and what comes with it.
#[derive(Clone, Debug)]
pub struct TypeDdl {
    /// As the catalog spells it: `character varying(255)`.
    pub spelling: Fact<SmolStr>,
    /// The enum type it needs.
    pub enum_type: Option<EnumType>,
    /// True for whole numbers, whose primary keys count by themselves.
    pub is_integer: bool,
    /// The values of a CHECK that comes with the type, and its name: of a non-native enum or boolean.
    pub check: Option<(Option<SmolStr>, TypeCheck)>,
    /// Why SQLAlchemy refuses to write it.
    pub error: Option<String>,
    /// As SQLAlchemy writes it, where that is asked for: `VARCHAR(255)`.
    pub written: Option<String>,
}

/// The condition of a CHECK that comes with a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeCheck {
    /// One of these.
    Labels(Vec<SmolStr>),
    /// 0 or 1.
    Boolean,
}

/// An enum type of its own, as PostgreSQL has them.
#[derive(Clone, Debug)]
pub struct EnumType {
    pub name: SmolStr,
    pub labels: Fact<Vec<SmolStr>>,
    /// True if `CREATE TABLE` makes it.
    pub is_created: bool,
}

impl TypeDdl {
    fn plain(spelling: impl Into<SmolStr>) -> Self {
        Self {
            spelling: Fact::Known(spelling.into()),
            enum_type: None,
            is_integer: false,
            check: None,
            error: None,
            written: None,
        }
    }

    fn integer(spelling: &'static str) -> Self {
        Self {
            is_integer: true,
            ..Self::plain(SmolStr::new_static(spelling))
        }
    }

    fn unknown(why: Arc<Why>) -> Self {
        Self {
            spelling: Fact::Unknown(why),
            enum_type: None,
            is_integer: false,
            check: None,
            error: None,
            written: None,
        }
    }
}

/// The value that stands for the dialect at hand: `bind.dialect`.
pub fn dialect_value(at: Place) -> Value {
    let call = Call {
        callee: Value::name(Name::new_static("sqlalchemy.engine.Dialect"), at),
        arguments: Vec::new(),
        open: false,
    };
    Value::symbol(SymbolKind::Call(call), at)
}

/// What a type is in the database.
pub fn type_ddl<H: Host>(
    value: &Value,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> TypeDdl {
    let mut reader = TypeReader {
        semantics,
        interpreter,
        depth: 0,
    };
    reader.read(value).unwrap_or_else(|| {
        let (reason, place) = reader.doubt(value);
        TypeDdl::unknown(Why::new(reason, place))
    })
}

/// An enum's name and labels, whichever way it is to be used.
pub fn enum_type_ddl<H: Host>(
    call: &Call,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<EnumType> {
    let mut reader = TypeReader {
        semantics,
        interpreter,
        depth: 0,
    };
    let (name, labels) = reader.enum_parts(call)?;
    Some(EnumType {
        name: name?,
        labels,
        is_created: true,
    })
}

/// An attribute of a type as its constructor was told: `String(50).length`.
pub fn type_argument<H: Host>(
    value: &Value,
    name: &str,
    interpreter: &Interpreter<'_, H>,
) -> Option<Value> {
    let call = value.as_call().filter(|call| !call.open)?;
    let kind = construct(&call.callee, interpreter)?;
    let position = match (kind.as_str(), name) {
        ("String" | "Unicode" | "VARCHAR" | "NVARCHAR" | "CHAR" | "Text" | "TEXT", "length") => 0,
        ("Numeric" | "NUMERIC" | "DECIMAL" | "Float" | "FLOAT", "precision") => 0,
        ("Numeric" | "NUMERIC" | "DECIMAL", "scale") => 1,
        _ => return None,
    };
    let argument = call.argument(position, name);
    Some(argument.map_or(Value::None, |argument| argument.value.clone()))
}

struct TypeReader<'a, 's, H: Host> {
    semantics: &'a Semantics,
    interpreter: &'a mut Interpreter<'s, H>,
    depth: u32,
}

impl<H: Host> TypeReader<'_, '_, H> {
    fn doubt(&self, value: &Value) -> (String, Option<crate::source::FileSpan>) {
        match value {
            Value::Unknown(unknown) => (
                unknown.reason.to_string(),
                Some(self.interpreter.file(unknown.at)),
            ),
            Value::Class(class) => {
                let name = self
                    .interpreter
                    .class(*class)
                    .map(|class| class.def.name.to_string())
                    .unwrap_or_default();
                (format!("the type `{name}` is not followed"), None)
            }
            Value::Symbol(symbol) => (
                format!(
                    "the type `{}` is not known",
                    self.interpreter.text_at(symbol.at)
                ),
                Some(self.interpreter.file(symbol.at)),
            ),
            _ => ("the type is not known".to_owned(), None),
        }
    }

    fn read(&mut self, value: &Value) -> Option<TypeDdl> {
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let read = match value {
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Call(call) => self.call(call),
                SymbolKind::Name(_) | SymbolKind::Attribute { .. } => self.call(&Call {
                    callee: value.clone(),
                    arguments: Vec::new(),
                    open: false,
                }),
                _ => None,
            },
            Value::Class(_) => self.call(&Call {
                callee: value.clone(),
                arguments: Vec::new(),
                open: false,
            }),
            Value::Instance(id) => {
                let class = match self.interpreter.heap.get(*id) {
                    Object::Instance(instance) => Some(instance.class),
                    _ => None,
                };
                class.and_then(|class| {
                    self.own_type(&Call {
                        callee: Value::Class(class),
                        arguments: Vec::new(),
                        open: false,
                    })
                })
            }
            _ => None,
        };
        self.depth -= 1;
        read
    }

    fn call(&mut self, call: &Call) -> Option<TypeDdl> {
        if call.open {
            // Of a string whose length is given nothing else matters, whatever else is passed.
            let is_sized_string = construct(&call.callee, self.interpreter)
                .is_some_and(|name| matches!(name.as_str(), "String" | "VARCHAR" | "Unicode"))
                && (call.keyword("length").is_some() || call.positional().next().is_some());
            if !is_sized_string {
                return None;
            }
        }
        if let Some(symbol) = call.callee.as_symbol()
            && let SymbolKind::Attribute { base, name } = &symbol.kind
        {
            let (base, name) = (base.clone(), name.clone());
            match name.as_str() {
                "with_variant" => return self.variant(&base, call),
                "as_mutable" | "type_descriptor" => {
                    return self.read(&call.positional().next()?.value.clone());
                }
                "copy" | "adapt" | "dialect_impl" => return self.read(&base),
                "evaluates_none" => return self.read(&base),
                _ => {}
            }
        }
        let Some(name) = construct(&call.callee, self.interpreter) else {
            return self.own_type(call);
        };
        if name == "as_mutable" {
            return self.read(&call.positional().next()?.value.clone());
        }
        let mut read = match self.semantics.dialect {
            Dialect::PostgreSql => self.postgresql(&name, call),
            Dialect::MySql => self.mysql(&name, call),
            Dialect::Sqlite => self.sqlite(&name, call),
        }?;
        if self.interpreter.host.takes_notes() && read.written.is_none() {
            read.written = self.written(&name, call, &read);
        }
        Some(read)
    }

    /// `JSON().with_variant(JSONB(), "postgresql")`
    fn variant(&mut self, base: &Value, call: &Call) -> Option<TypeDdl> {
        let chosen = self.chosen_variant(base, call)?;
        self.read(&chosen)
    }

    fn chosen_variant(&self, base: &Value, call: &Call) -> Option<Value> {
        let wanted = self.semantics.dialect.as_str();
        let mut names = Vec::new();
        for argument in call.positional().skip(1) {
            names.push(argument.value.as_str()?.to_string());
        }
        let fits = names.iter().any(|name| {
            name == wanted || (name == "mariadb" && self.semantics.dialect == Dialect::MySql)
        });
        if fits {
            Some(call.positional().next()?.value.clone())
        } else {
            Some(base.clone())
        }
    }

    /// A type of the project's own: a decorator of another, or one that spells itself.
    fn own_type(&mut self, call: &Call) -> Option<TypeDdl> {
        let Value::Class(class) = call.callee else {
            return None;
        };
        let (order, outside) = self.interpreter.ancestry(class);
        let at = self.interpreter.class(class)?.at;
        let defines = |this: &Self, method: &str| {
            order
                .iter()
                .any(|class| this.interpreter.own_attribute(*class, method).is_some())
        };
        if defines(self, "__new__")
            && let Some(made) = self.made_instead(class, call, at)?
        {
            return self.read(&made);
        }
        if defines(self, "get_col_spec") {
            let method = self
                .interpreter
                .inherited_attribute(class, "get_col_spec")?;
            let own = self.interpreter.bare_instance(class);
            let spelling = self.called(&method, vec![own], at)?;
            let text = spelling.as_str()?;
            return Some(TypeDdl {
                written: Some(text.to_string()),
                ..TypeDdl::plain(crate::sql::catalog_type(text, self.semantics.dialect))
            });
        }
        if defines(self, "load_dialect_impl") {
            let method = self
                .interpreter
                .inherited_attribute(class, "load_dialect_impl")?;
            let own = self.interpreter.bare_instance(class);
            self.decorate(&own, class, call, at);
            let chosen = self.called(&method, vec![own, dialect_value(at)], at)?;
            // `super().load_dialect_impl(dialect)` is the type it decorates.
            let is_inherited = chosen
                .as_call()
                .and_then(|call| call.callee.as_symbol())
                .is_some_and(|symbol| {
                    matches!(&symbol.kind, SymbolKind::Attribute { name, .. } if name == "load_dialect_impl")
                });
            if !is_inherited {
                return self.read(&chosen);
            }
        }
        let is_decorator = outside.iter().any(|base| {
            construct(base, self.interpreter).is_some_and(|name| name == "TypeDecorator")
        });
        if is_decorator {
            let implementation = self.interpreter.inherited_attribute(class, "impl")?;
            // A class is called with the arguments of the decorator; an instance is taken as it is.
            let callee = match &implementation {
                Value::Class(_) => implementation,
                Value::Symbol(symbol) if !matches!(symbol.kind, SymbolKind::Call(_)) => {
                    implementation
                }
                instance => return self.read(&instance.clone()),
            };
            // What a constructor of its own does not certainly pass on matters only to types that take something.
            let arguments = if defines(self, "__init__") {
                match self.passed_on(class, call, at) {
                    Some(arguments) => arguments,
                    None => {
                        let name = construct(&callee, self.interpreter)?;
                        if !is_sizeless(&name) {
                            return None;
                        }
                        Vec::new()
                    }
                }
            } else {
                call.arguments.clone()
            };
            return self.call(&Call {
                callee,
                arguments,
                open: false,
            });
        }
        // A subclass of a type of SQLAlchemy's.
        let [base] = outside.as_slice() else {
            return None;
        };
        let arguments = if defines(self, "__init__") {
            self.passed_on(class, call, at)?
        } else {
            call.arguments.clone()
        };
        self.call(&Call {
            callee: base.clone(),
            arguments,
            open: false,
        })
    }

    /// What `__new__` gives for a type of its class: `return sa.Enum(…)`. `Some(None)` where it is one of the class, as
    /// without `__new__`, and `None` where it is not known what it is.
    #[expect(
        clippy::option_option,
        reason = "not another one and not known are different"
    )]
    fn made_instead(&mut self, class: ObjectId, call: &Call, at: Place) -> Option<Option<Value>> {
        let new = self.interpreter.inherited_attribute(class, "__new__")?;
        let mut arguments = vec![CallArgument::positional(Value::Class(class), at)];
        arguments.extend(call.arguments.iter().cloned());
        let Outcome::Returned(made) = self.interpreter.call(&new, arguments, at) else {
            return None;
        };
        let callee = &made.as_call()?.callee;
        // `super().__new__(cls)`
        let is_inherited = callee.as_symbol().is_some_and(|symbol| {
            matches!(&symbol.kind, SymbolKind::Attribute { name, .. } if name == "__new__")
        });
        Some((!is_inherited).then_some(made))
    }

    /// `TypeDecorator.__init__` makes the decorated type with the arguments of the decorator: `self.impl.length`.
    fn decorate(&mut self, own: &Value, class: ObjectId, call: &Call, at: Place) {
        let Some(implementation) = self.interpreter.inherited_attribute(class, "impl") else {
            return;
        };
        if implementation.as_call().is_some()
            || self.interpreter.own_attribute(class, "__init__").is_some()
        {
            return;
        }
        let made = Call {
            callee: implementation,
            arguments: call.arguments.clone(),
            open: call.open,
        };
        let made = Value::symbol(SymbolKind::Call(made), at);
        self.interpreter.set_instance_attribute(own, "impl", made);
    }

    /// The arguments that a constructor of its own hands to the one of its base.
    fn passed_on(&mut self, class: ObjectId, call: &Call, at: Place) -> Option<Vec<CallArgument>> {
        let instance = self.interpreter.bare_instance(class);
        let init = self.interpreter.inherited_attribute(class, "__init__")?;
        let mut arguments = vec![CallArgument::positional(instance, at)];
        arguments.extend(call.arguments.iter().cloned());
        let (outcome, seen) = self
            .interpreter
            .constructors_called(|interpreter| interpreter.call(&init, arguments, at));
        if !matches!(outcome, Outcome::Returned(_)) {
            return None;
        }
        match seen.as_slice() {
            [only] if !only.open => Some(only.arguments.clone()),
            _ => None,
        }
    }

    fn called(&mut self, method: &Value, arguments: Vec<Value>, at: Place) -> Option<Value> {
        let arguments = arguments
            .into_iter()
            .map(|value| CallArgument::positional(value, at))
            .collect();
        match self.interpreter.call(method, arguments, at) {
            Outcome::Returned(value) if !value.is_unknown() => Some(value),
            _ => None,
        }
    }

    /// A whole number given by position or keyword; `Some(None)` where it is not given.
    #[expect(
        clippy::option_option,
        reason = "not given and not known are different"
    )]
    fn number(call: &Call, position: usize, names: &[&str]) -> Option<Option<i64>> {
        let argument = call
            .positional()
            .nth(position)
            .or_else(|| names.iter().find_map(|name| call.keyword(name)));
        match argument.map(|argument| &argument.value) {
            None | Some(Value::None) => Some(None),
            Some(Value::Int(number)) => Some(Some(*number)),
            Some(_) => None,
        }
    }

    fn flag(call: &Call, position: Option<usize>, name: &str) -> Option<bool> {
        let argument = position
            .and_then(|position| call.positional().nth(position))
            .or_else(|| call.keyword(name));
        match argument.map(|argument| &argument.value) {
            None | Some(Value::None) => Some(false),
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => None,
        }
    }

    fn sized(base: &str, call: &Call) -> Option<TypeDdl> {
        let length = Self::number(call, 0, &["length"])?;
        Some(TypeDdl::plain(match length {
            Some(length) => format_smolstr!("{base}({length})"),
            None => SmolStr::new(base),
        }))
    }

    fn time(base: &str, call: &Call) -> Option<TypeDdl> {
        let timezone = Self::flag(call, Some(0), "timezone")?;
        let precision = Self::number(call, usize::MAX, &["precision"])?;
        let precision = precision.map_or(String::new(), |precision| format!("({precision})"));
        let zone = if timezone { "with" } else { "without" };
        Some(TypeDdl::plain(format_smolstr!(
            "{base}{precision} {zone} time zone"
        )))
    }

    fn numeric(base: &str, call: &Call, separator: &str) -> Option<TypeDdl> {
        let precision = Self::number(call, 0, &["precision"])?;
        let scale = Self::number(call, 1, &["scale"])?;
        Some(TypeDdl::plain(match (precision, scale) {
            (Some(precision), Some(scale)) => {
                format_smolstr!("{base}({precision}{separator}{scale})")
            }
            (Some(precision), None) if base == "numeric" => {
                format_smolstr!("{base}({precision}{separator}0)")
            }
            (Some(precision), None) => format_smolstr!("{base}({precision})"),
            _ => SmolStr::new(base),
        }))
    }
}

/// True for types that take no arguments that matter.
fn is_sizeless(name: &str) -> bool {
    matches!(
        name,
        "Text"
            | "TEXT"
            | "UnicodeText"
            | "JSON"
            | "JSONB"
            | "LargeBinary"
            | "Integer"
            | "BigInteger"
            | "SmallInteger"
            | "Boolean"
            | "Date"
    )
}
