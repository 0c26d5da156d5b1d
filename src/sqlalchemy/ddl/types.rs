//! Column types as the catalog of the database spells them.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use crate::catalog::{Fact, Why};
use crate::dialect::Dialect;
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, Object, ObjectId, Place, SymbolKind, Value};
use crate::python::{Host, Interpreter, Outcome};
use crate::sqlalchemy::construct;
use crate::sqlalchemy::ddl::Semantics;
use crate::sqlalchemy::ddl::text::text_of;

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
            return None;
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
                "copy" | "adapt" => return self.read(&base),
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
        match self.semantics.dialect {
            Dialect::PostgreSql => self.postgresql(&name, call),
            Dialect::MySql => self.mysql(&name, call),
            Dialect::Sqlite => self.sqlite(&name, call),
        }
    }

    /// `JSON().with_variant(JSONB(), "postgresql")`
    fn variant(&mut self, base: &Value, call: &Call) -> Option<TypeDdl> {
        let wanted = self.semantics.dialect.as_str();
        let mut names = Vec::new();
        for argument in call.positional().skip(1) {
            names.push(argument.value.as_str()?.to_string());
        }
        let fits = names.iter().any(|name| {
            name == wanted || (name == "mariadb" && self.semantics.dialect == Dialect::MySql)
        });
        if fits {
            self.read(&call.positional().next()?.value.clone())
        } else {
            self.read(base)
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
        if defines(self, "get_col_spec") {
            let method = self
                .interpreter
                .inherited_attribute(class, "get_col_spec")?;
            let own = self.interpreter.bare_instance(class);
            let spelling = self.called(&method, vec![own], at)?;
            let text = spelling.as_str()?;
            return Some(TypeDdl::plain(crate::sql::catalog_type(
                text,
                self.semantics.dialect,
            )));
        }
        if defines(self, "load_dialect_impl") {
            let method = self
                .interpreter
                .inherited_attribute(class, "load_dialect_impl")?;
            let own = self.interpreter.bare_instance(class);
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
            // What a constructor of its own passes on is not followed, unless it takes nothing.
            let arguments = if defines(self, "__init__") && !call.arguments.is_empty() {
                let name = construct(&callee, self.interpreter)?;
                if !is_sizeless(&name) {
                    return None;
                }
                Vec::new()
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

    /// The arguments that a constructor of its own hands to the one of its base.
    fn passed_on(&mut self, class: ObjectId, call: &Call, at: Place) -> Option<Vec<CallArgument>> {
        let instance = self.interpreter.bare_instance(class);
        let init = self.interpreter.inherited_attribute(class, "__init__")?;
        let mut arguments = vec![CallArgument {
            name: None,
            value: instance,
            at,
        }];
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
            .map(|value| CallArgument {
                name: None,
                value,
                at,
            })
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
    fn number(&self, call: &Call, position: usize, names: &[&str]) -> Option<Option<i64>> {
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

    fn flag(&self, call: &Call, position: Option<usize>, name: &str) -> Option<bool> {
        let argument = position
            .and_then(|position| call.positional().nth(position))
            .or_else(|| call.keyword(name));
        match argument.map(|argument| &argument.value) {
            None | Some(Value::None) => Some(false),
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => None,
        }
    }

    fn sized(&self, base: &str, call: &Call) -> Option<TypeDdl> {
        let length = self.number(call, 0, &["length"])?;
        Some(TypeDdl::plain(match length {
            Some(length) => format_smolstr!("{base}({length})"),
            None => SmolStr::new(base),
        }))
    }

    fn time(&self, base: &str, call: &Call) -> Option<TypeDdl> {
        let timezone = self.flag(call, Some(0), "timezone")?;
        let precision = self.number(call, usize::MAX, &["precision"])?;
        let precision = precision.map_or(String::new(), |precision| format!("({precision})"));
        let zone = if timezone { "with" } else { "without" };
        Some(TypeDdl::plain(format_smolstr!(
            "{base}{precision} {zone} time zone"
        )))
    }

    fn numeric(&self, base: &str, call: &Call, separator: &str) -> Option<TypeDdl> {
        let precision = self.number(call, 0, &["precision"])?;
        let scale = self.number(call, 1, &["scale"])?;
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

    fn postgresql(&mut self, name: &str, call: &Call) -> Option<TypeDdl> {
        Some(match name {
            "Integer" | "INTEGER" | "INT" | "SERIAL" => TypeDdl::integer("integer"),
            "BigInteger" | "BIGINT" => TypeDdl::integer("bigint"),
            "SmallInteger" | "SMALLINT" => TypeDdl::integer("smallint"),
            "String" | "Unicode" | "VARCHAR" | "NVARCHAR" | "AutoString" => {
                return self.sized("character varying", call);
            }
            "CHAR" | "NCHAR" => {
                let length = self.number(call, 0, &["length"])?.unwrap_or(1);
                TypeDdl::plain(format_smolstr!("character({length})"))
            }
            "Text" | "TEXT" | "UnicodeText" | "CLOB" | "URLType" | "ScalarListType" => {
                TypeDdl::plain("text")
            }
            "Boolean" | "BOOLEAN" => TypeDdl::plain("boolean"),
            "Date" | "DATE" => TypeDdl::plain("date"),
            "DateTime" | "TIMESTAMP" => return self.time("timestamp", call),
            "DATETIME" | "ArrowType" => TypeDdl::plain("timestamp without time zone"),
            "UTCDateTime" | "DateTimeUTC" => TypeDdl::plain("timestamp with time zone"),
            "Time" | "TIME" => return self.time("time", call),
            "Interval" | "INTERVAL" => {
                let precision =
                    self.number(call, usize::MAX, &["precision", "second_precision"])?;
                let fields = call
                    .keyword("fields")
                    .and_then(|argument| argument.value.as_str().cloned())
                    .map_or(String::new(), |fields| {
                        format!(" {}", fields.to_lowercase())
                    });
                TypeDdl::plain(match precision {
                    Some(precision) => format_smolstr!("interval{fields}({precision})"),
                    None => format_smolstr!("interval{fields}"),
                })
            }
            "Numeric" | "NUMERIC" | "DECIMAL" => return self.numeric("numeric", call, ","),
            "Float" | "FLOAT" => {
                let precision = self.number(call, 0, &["precision"])?;
                TypeDdl::plain(if precision.is_some_and(|precision| precision <= 24) {
                    "real"
                } else {
                    "double precision"
                })
            }
            "Double" | "DOUBLE" | "DOUBLE_PRECISION" => TypeDdl::plain("double precision"),
            "REAL" => TypeDdl::plain("real"),
            "LargeBinary" | "BYTEA" | "PickleType" | "EncryptedType" | "PasswordType" => {
                TypeDdl::plain("bytea")
            }
            "JSON" | "JSONType" => TypeDdl::plain("json"),
            "JSONB" => TypeDdl::plain("jsonb"),
            "JSONPATH" => TypeDdl::plain("jsonpath"),
            "UUID" | "UUIDType" | "GUID" => TypeDdl::plain("uuid"),
            "Uuid" => {
                let is_native = call
                    .keyword("native_uuid")
                    .is_none_or(|argument| argument.value.as_bool() != Some(false));
                TypeDdl::plain(if is_native { "uuid" } else { "character(32)" })
            }
            "ARRAY" => {
                let item = call
                    .positional()
                    .next()
                    .or_else(|| call.keyword("item_type"))?
                    .value
                    .clone();
                let mut item = self.read(&item)?;
                item.spelling = match item.spelling {
                    Fact::Known(spelling) => {
                        // PostgreSQL does not keep the number of dimensions.
                        let base = spelling.trim_end_matches("[]");
                        Fact::Known(format_smolstr!("{base}[]"))
                    }
                    unknown @ Fact::Unknown(_) => unknown,
                };
                item.is_integer = false;
                item.check = None;
                item
            }
            "Enum" | "ENUM" => return self.enumeration(name, call),
            "DOMAIN" => {
                let name = call.positional().next()?.value.as_str()?.to_lowercase();
                TypeDdl::plain(name)
            }
            "BIT" => {
                let length = self.number(call, 0, &["length"])?.unwrap_or(1);
                if self.flag(call, Some(1), "varying")? {
                    TypeDdl::plain(match self.number(call, 0, &["length"])? {
                        Some(length) => format_smolstr!("bit varying({length})"),
                        None => SmolStr::new_static("bit varying"),
                    })
                } else {
                    TypeDdl::plain(format_smolstr!("bit({length})"))
                }
            }
            "INET" | "CIDR" | "MACADDR" | "MACADDR8" | "MONEY" | "OID" | "REGCLASS"
            | "REGCONFIG" | "TSVECTOR" | "TSQUERY" | "HSTORE" | "CITEXT" | "INT4RANGE"
            | "INT8RANGE" | "NUMRANGE" | "DATERANGE" | "TSRANGE" | "TSTZRANGE"
            | "INT4MULTIRANGE" | "INT8MULTIRANGE" | "NUMMULTIRANGE" | "DATEMULTIRANGE"
            | "TSMULTIRANGE" | "TSTZMULTIRANGE" => TypeDdl::plain(name.to_lowercase()),
            "CIText" => TypeDdl::plain("citext"),
            "TSVectorType" => TypeDdl::plain("tsvector"),
            "LtreeType" | "LTREE" => TypeDdl::plain("ltree"),
            "LQUERY" => TypeDdl::plain("lquery"),
            "Vector" | "VECTOR" | "HALFVEC" | "HalfVector" | "SPARSEVEC" => {
                let base = match name {
                    "HALFVEC" | "HalfVector" => "halfvec",
                    "SPARSEVEC" => "sparsevec",
                    _ => "vector",
                };
                TypeDdl::plain(match self.number(call, 0, &["dim"])? {
                    Some(dim) => format_smolstr!("{base}({dim})"),
                    None => SmolStr::new(base),
                })
            }
            "Geometry" | "Geography" => {
                let kind = match call.argument(0, "geometry_type").map(|found| &found.value) {
                    None => "GEOMETRY".to_owned(),
                    Some(Value::None) => return Some(TypeDdl::plain(name.to_lowercase())),
                    Some(kind) => kind.as_str()?.to_string(),
                };
                let srid = self.number(call, 1, &["srid"])?.unwrap_or(-1);
                // As PostGIS prints it: `geometry(Point,4326)`.
                let mut letters = kind.chars();
                let first = letters.next()?.to_uppercase().to_string();
                let kind = format!("{first}{}", letters.as_str().to_lowercase());
                TypeDdl::plain(format_smolstr!("{}({kind},{srid})", name.to_lowercase()))
            }
            "Raster" => TypeDdl::plain("raster"),
            "StringEncryptedType"
            | "EmailType"
            | "ColorType"
            | "CountryType"
            | "CurrencyType"
            | "LocaleType"
            | "TimezoneType"
            | "PhoneNumberType"
            | "IPAddressType"
            | "ChoiceType"
            | "WeekDaysType" => return self.utility(name, call),
            // MySQL's and others' own types are no types here.
            _ => return None,
        })
    }

    /// The types of `sqlalchemy_utils` that are strings in the end.
    fn utility(&mut self, name: &str, call: &Call) -> Option<TypeDdl> {
        let length = match name {
            "EmailType" => self.number(call, 0, &["length"])?.unwrap_or(255),
            "ColorType" => self.number(call, 0, &["length"])?.unwrap_or(20),
            "CountryType" => 2,
            "CurrencyType" => 3,
            "LocaleType" => 10,
            "TimezoneType" | "IPAddressType" => 50,
            "PhoneNumberType" => self
                .number(call, usize::MAX, &["max_length"])?
                .unwrap_or(20),
            "ChoiceType" => {
                return match call.keyword("impl").or_else(|| call.positional().nth(1)) {
                    Some(argument) => {
                        let value = argument.value.clone();
                        self.read(&value)
                    }
                    None => Some(self.varchar(255)),
                };
            }
            "WeekDaysType" => return Some(TypeDdl::plain("bit(7)")),
            _ => return Some(TypeDdl::plain("character varying")),
        };
        Some(self.varchar(length))
    }

    fn varchar(&self, length: i64) -> TypeDdl {
        TypeDdl::plain(match self.semantics.dialect {
            Dialect::PostgreSql => format_smolstr!("character varying({length})"),
            Dialect::MySql => format_smolstr!("varchar({length})"),
            Dialect::Sqlite => format_smolstr!("VARCHAR({length})"),
        })
    }

    fn enumeration(&mut self, construct: &str, call: &Call) -> Option<TypeDdl> {
        let (name, labels) = self.enum_parts(call)?;
        let keyword = |name: &str| call.keyword(name).and_then(|found| found.value.as_bool());
        let is_native = construct == "ENUM" || keyword("native_enum") != Some(false);
        if self.semantics.dialect == Dialect::MySql && is_native {
            let labels = labels.known()?;
            let quoted: Vec<String> = labels
                .iter()
                .map(|label| super::text::quoted(label))
                .collect();
            return Some(TypeDdl::plain(format!("enum({})", quoted.join(","))));
        }
        if !is_native || self.semantics.dialect == Dialect::Sqlite {
            let length = match call.keyword("length").map(|found| &found.value) {
                Some(Value::Int(length)) => *length,
                Some(Value::None) | None => labels
                    .known()?
                    .iter()
                    .map(|label| label.chars().count() as i64)
                    .max()
                    .unwrap_or_default(),
                Some(_) => return None,
            };
            let mut varchar = self.varchar(length);
            let is_checked = match keyword("create_constraint") {
                Some(flag) => flag,
                // The default until SQLAlchemy 1.4.
                None => self.semantics.sqlalchemy < (1, 4),
            };
            if is_checked && let Fact::Known(labels) = labels {
                varchar.check = Some((name, TypeCheck::Labels(labels)));
            }
            return Some(varchar);
        }
        let name = name?;
        // `create_type` belongs to `postgresql.ENUM`; `sa.Enum` knows it since SQLAlchemy 2.1.
        let says_no = keyword("create_type") == Some(false)
            && (construct == "ENUM" || self.semantics.sqlalchemy >= (2, 1));
        let has_metadata = call
            .keyword("metadata")
            .is_some_and(|found| !matches!(found.value, Value::None))
            && self.semantics.sqlalchemy < (2, 1);
        Some(TypeDdl {
            spelling: Fact::Known(name.clone()),
            enum_type: Some(EnumType {
                name,
                labels,
                is_created: !says_no && !has_metadata,
            }),
            is_integer: false,
            check: None,
        })
    }

    /// The name and the labels of an enum; the name is `None` where there is none.
    #[expect(
        clippy::type_complexity,
        reason = "a name that may be absent, and the labels"
    )]
    fn enum_parts(&mut self, call: &Call) -> Option<(Option<SmolStr>, Fact<Vec<SmolStr>>)> {
        let mut name = match call.keyword("name").map(|found| found.value.clone()) {
            None | Some(Value::None) => None,
            Some(value) => Some(SmolStr::new(text_of(&value, self.interpreter)?)),
        };
        let positional: Vec<Value> = call
            .positional()
            .map(|argument| argument.value.clone())
            .collect();
        let mut labels = Vec::new();
        let mut is_known = true;
        match positional.as_slice() {
            [Value::Class(class)] if self.interpreter.is_enum(*class) => {
                if name.is_none() {
                    let class = self.interpreter.class(*class)?;
                    name = Some(SmolStr::new(class.def.name.to_lowercase()));
                }
                let callable = call
                    .keyword("values_callable")
                    .filter(|found| !matches!(found.value, Value::None))
                    .map(|found| (found.value.clone(), found.at));
                match callable {
                    Some((function, at)) => {
                        let values = self.called(&function, vec![Value::Class(*class)], at);
                        let items = values.and_then(|values| {
                            self.interpreter
                                .heap
                                .elements(&values)
                                .map(<[Value]>::to_vec)
                        });
                        match items {
                            Some(items) => {
                                for item in &items {
                                    match text_of(item, self.interpreter) {
                                        Some(text) => labels.push(SmolStr::new(text)),
                                        None => is_known = false,
                                    }
                                }
                            }
                            None => is_known = false,
                        }
                    }
                    None => labels.extend(
                        self.interpreter
                            .members(*class)
                            .into_iter()
                            .map(|(member, _)| member),
                    ),
                }
            }
            [only @ (Value::Tuple(_) | Value::Object(_))] => {
                let items = self.interpreter.heap.elements(only).map(<[Value]>::to_vec);
                for item in items.unwrap_or_default() {
                    match text_of(&item, self.interpreter) {
                        Some(text) => labels.push(SmolStr::new(text)),
                        None => is_known = false,
                    }
                }
            }
            items => {
                for item in items {
                    match text_of(item, self.interpreter) {
                        Some(text) => labels.push(SmolStr::new(text)),
                        None => is_known = false,
                    }
                }
            }
        }
        if let Some(bare) = &name
            && let Some(schema) = call.keyword("schema")
            && let Some(schema) = schema.value.as_str()
            && &**schema != "public"
        {
            name = Some(format_smolstr!("{schema}.{bare}"));
        }
        let labels = if is_known && !call.open {
            Fact::Known(labels)
        } else {
            Fact::Unknown(Why::new(
                format!(
                    "the labels of `{}` are not known",
                    name.as_deref().unwrap_or("an enum")
                ),
                None,
            ))
        };
        Some((name, labels))
    }

    fn sqlite(&mut self, name: &str, call: &Call) -> Option<TypeDdl> {
        Some(match name {
            "Integer" | "INTEGER" | "INT" => TypeDdl::integer("INTEGER"),
            "BigInteger" | "BIGINT" => TypeDdl::integer("BIGINT"),
            "SmallInteger" | "SMALLINT" => TypeDdl::integer("SMALLINT"),
            "String" | "Unicode" | "VARCHAR" | "AutoString" => return self.sized("VARCHAR", call),
            "NVARCHAR" => return self.sized("NVARCHAR", call),
            "CHAR" => return self.sized("CHAR", call),
            "Text" | "TEXT" | "UnicodeText" | "URLType" | "ScalarListType" => {
                TypeDdl::plain("TEXT")
            }
            "LONGTEXT" | "MEDIUMTEXT" | "TINYTEXT" => TypeDdl::plain(SmolStr::new(name)),
            "Boolean" | "BOOLEAN" => {
                let mut boolean = TypeDdl::plain("BOOLEAN");
                let is_checked = call
                    .keyword("create_constraint")
                    .and_then(|found| found.value.as_bool())
                    .unwrap_or(self.semantics.sqlalchemy < (1, 4));
                if is_checked {
                    let name = call
                        .keyword("name")
                        .and_then(|found| found.value.as_str())
                        .map(|name| SmolStr::new(&**name));
                    boolean.check = Some((name, TypeCheck::Boolean));
                }
                boolean
            }
            "Date" | "DATE" => TypeDdl::plain("DATE"),
            "DateTime" | "DATETIME" | "ArrowType" | "Interval" => TypeDdl::plain("DATETIME"),
            "TIMESTAMP" => TypeDdl::plain("TIMESTAMP"),
            "Time" | "TIME" => TypeDdl::plain("TIME"),
            "Numeric" | "NUMERIC" => return self.numeric("NUMERIC", call, ", "),
            "DECIMAL" => return self.numeric("DECIMAL", call, ", "),
            "Float" | "FLOAT" => TypeDdl::plain("FLOAT"),
            "Double" | "DOUBLE" => TypeDdl::plain("DOUBLE"),
            "DOUBLE_PRECISION" => TypeDdl::plain("DOUBLE PRECISION"),
            "REAL" => TypeDdl::plain("REAL"),
            "LargeBinary" | "BLOB" | "PickleType" => TypeDdl::plain("BLOB"),
            "BINARY" => return self.sized("BINARY", call),
            "VARBINARY" => return self.sized("VARBINARY", call),
            "JSON" => TypeDdl::plain("JSON"),
            "Uuid" => TypeDdl::plain("CHAR(32)"),
            "UUID" if self.semantics.sqlalchemy >= (2, 0) => TypeDdl::plain("CHAR(32)"),
            "GUID" => TypeDdl::plain("CHAR(32)"),
            "UUIDType" => TypeDdl::plain("BINARY(16)"),
            "Enum" => return self.enumeration(name, call),
            "EmailType" | "ColorType" | "CountryType" | "CurrencyType" | "LocaleType"
            | "TimezoneType" | "PhoneNumberType" | "IPAddressType" | "ChoiceType" => {
                return self.utility(name, call);
            }
            _ => return None,
        })
    }

    fn mysql(&mut self, name: &str, call: &Call) -> Option<TypeDdl> {
        let unsigned = match self.flag(call, None, "unsigned")? {
            true => " unsigned",
            false => "",
        };
        Some(match name {
            "Integer" | "INTEGER" | "INT" => TypeDdl {
                is_integer: true,
                ..TypeDdl::plain(format_smolstr!("int{unsigned}"))
            },
            "BigInteger" | "BIGINT" => TypeDdl {
                is_integer: true,
                ..TypeDdl::plain(format_smolstr!("bigint{unsigned}"))
            },
            "SmallInteger" | "SMALLINT" => TypeDdl {
                is_integer: true,
                ..TypeDdl::plain(format_smolstr!("smallint{unsigned}"))
            },
            "MEDIUMINT" => TypeDdl {
                is_integer: true,
                ..TypeDdl::plain(format_smolstr!("mediumint{unsigned}"))
            },
            "TINYINT" => TypeDdl::plain(match self.number(call, 0, &["display_width"])? {
                Some(1) => SmolStr::new_static("tinyint(1)"),
                _ => format_smolstr!("tinyint{unsigned}"),
            }),
            "String" | "Unicode" | "VARCHAR" | "NVARCHAR" | "AutoString" => {
                return self.sized("varchar", call);
            }
            "CHAR" | "NCHAR" => {
                let length = self.number(call, 0, &["length"])?.unwrap_or(1);
                TypeDdl::plain(format_smolstr!("char({length})"))
            }
            "Text" | "TEXT" | "UnicodeText" => match self.number(call, 0, &["length"])? {
                None => TypeDdl::plain("text"),
                Some(length) if length < 256 => TypeDdl::plain("tinytext"),
                Some(length) if length < 65_536 => TypeDdl::plain("text"),
                Some(length) if length < 16_777_216 => TypeDdl::plain("mediumtext"),
                Some(_) => TypeDdl::plain("longtext"),
            },
            "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT" | "TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
                TypeDdl::plain(name.to_lowercase())
            }
            "Boolean" | "BOOLEAN" => TypeDdl::plain("tinyint(1)"),
            "Date" | "DATE" => TypeDdl::plain("date"),
            "DateTime" | "DATETIME" | "ArrowType" | "Interval" => {
                TypeDdl::plain(match self.number(call, usize::MAX, &["fsp"])? {
                    Some(fsp) => format_smolstr!("datetime({fsp})"),
                    None => SmolStr::new_static("datetime"),
                })
            }
            "TIMESTAMP" => TypeDdl::plain(match self.number(call, usize::MAX, &["fsp"])? {
                Some(fsp) => format_smolstr!("timestamp({fsp})"),
                None => SmolStr::new_static("timestamp"),
            }),
            "Time" | "TIME" => TypeDdl::plain("time"),
            "YEAR" => TypeDdl::plain("year"),
            "Numeric" | "NUMERIC" | "DECIMAL" => {
                let precision = self.number(call, 0, &["precision"])?.unwrap_or(10);
                let scale = self.number(call, 1, &["scale"])?.unwrap_or(0);
                TypeDdl::plain(format_smolstr!("decimal({precision},{scale}){unsigned}"))
            }
            "Float" | "FLOAT" => {
                let precision = self.number(call, 0, &["precision"])?;
                TypeDdl::plain(if precision.is_some_and(|precision| precision > 24) {
                    "double"
                } else {
                    "float"
                })
            }
            "Double" | "DOUBLE" | "DOUBLE_PRECISION" | "REAL" => TypeDdl::plain("double"),
            "LargeBinary" | "BLOB" | "PickleType" => TypeDdl::plain("blob"),
            "BINARY" => {
                let length = self.number(call, 0, &["length"])?.unwrap_or(1);
                TypeDdl::plain(format_smolstr!("binary({length})"))
            }
            "VARBINARY" => return self.sized("varbinary", call),
            "JSON" => TypeDdl::plain("json"),
            "Uuid" | "UUID" | "GUID" => TypeDdl::plain("char(32)"),
            "UUIDType" => TypeDdl::plain("binary(16)"),
            "Enum" | "ENUM" => return self.enumeration(name, call),
            "BIT" => {
                let length = self.number(call, 0, &["length"])?.unwrap_or(1);
                TypeDdl::plain(format_smolstr!("bit({length})"))
            }
            "EmailType" | "ColorType" | "CountryType" | "CurrencyType" | "LocaleType"
            | "TimezoneType" | "PhoneNumberType" | "IPAddressType" | "ChoiceType" => {
                return self.utility(name, call);
            }
            _ => return None,
        })
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
