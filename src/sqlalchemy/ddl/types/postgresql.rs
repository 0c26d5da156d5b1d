//! Types as PostgreSQL's `format_type` spells them.

use smol_str::{SmolStr, format_smolstr};

use super::{TypeDdl, TypeReader};
use crate::catalog::Fact;
use crate::dialect::Dialect;
use crate::python::Host;
use crate::python::value::{Call, Value};
use crate::sqlalchemy::ddl::TimeZone;

impl<H: Host> TypeReader<'_, '_, H> {
    pub(super) fn postgresql(&mut self, name: &str, call: &Call) -> Option<TypeDdl> {
        Some(match name {
            "Integer" | "INTEGER" | "INT" | "SERIAL" => TypeDdl::integer("integer"),
            "BigInteger" | "BIGINT" => TypeDdl::integer("bigint"),
            "SmallInteger" | "SMALLINT" => TypeDdl::integer("smallint"),
            "String" | "Unicode" | "VARCHAR" | "NVARCHAR" | "AutoString" => {
                return Self::sized("character varying", call);
            }
            "CHAR" | "NCHAR" => {
                let length = Self::number(call, 0, &["length"])?.unwrap_or(1);
                TypeDdl::plain(format_smolstr!("character({length})"))
            }
            "Text" | "TEXT" | "UnicodeText" | "CLOB" | "URLType" | "ScalarListType" => {
                TypeDdl::plain("text")
            }
            "Boolean" | "BOOLEAN" => TypeDdl::plain("boolean"),
            "Date" | "DATE" => TypeDdl::plain("date"),
            "DateTime" | "TIMESTAMP" => return Self::time("timestamp", call),
            "DATETIME" | "ArrowType" => TypeDdl::plain("timestamp without time zone"),
            "datetime" => match self.semantics.sqlmodel_datetime? {
                TimeZone::Without => TypeDdl::plain("timestamp without time zone"),
                TimeZone::With => TypeDdl::plain("timestamp with time zone"),
            },
            "UTCDateTime" | "DateTimeUTC" => TypeDdl::plain("timestamp with time zone"),
            "Time" | "TIME" => return Self::time("time", call),
            "Interval" | "INTERVAL" => {
                let precision = Self::number(call, usize::MAX, &["precision", "second_precision"])?;
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
            "Numeric" | "NUMERIC" | "DECIMAL" => return Self::numeric("numeric", call, ","),
            "Float" | "FLOAT" => {
                let precision = Self::number(call, 0, &["precision"])?;
                TypeDdl::plain(if precision.is_some_and(|precision| precision <= 24) {
                    "real"
                } else {
                    "double precision"
                })
            }
            "Double" | "DOUBLE" | "DOUBLE_PRECISION" => TypeDdl::plain("double precision"),
            "REAL" => TypeDdl::plain("real"),
            "Binary" | "LargeBinary" | "BYTEA" | "PickleType" | "EncryptedType"
            | "PasswordType" => TypeDdl::plain("bytea"),
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
                if let Some(written) = &mut item.written {
                    let dimensions = Self::number(call, usize::MAX, &["dimensions"])?.unwrap_or(1);
                    written.push_str(&"[]".repeat(usize::try_from(dimensions).ok()?.min(6)));
                }
                item
            }
            "Enum" | "ENUM" => return self.enumeration(name, call),
            "DOMAIN" => {
                let name = call.positional().next()?.value.as_str()?.to_lowercase();
                TypeDdl::plain(name)
            }
            "BIT" => {
                let length = Self::number(call, 0, &["length"])?.unwrap_or(1);
                if Self::flag(call, Some(1), "varying")? {
                    TypeDdl::plain(match Self::number(call, 0, &["length"])? {
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
                TypeDdl::plain(match Self::number(call, 0, &["dim"])? {
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
                let srid = Self::number(call, 1, &["srid"])?.unwrap_or(-1);
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
    pub(super) fn utility(&mut self, name: &str, call: &Call) -> Option<TypeDdl> {
        let length = match name {
            "EmailType" => Self::number(call, 0, &["length"])?.unwrap_or(255),
            "ColorType" => Self::number(call, 0, &["length"])?.unwrap_or(20),
            "CountryType" => 2,
            "CurrencyType" => 3,
            "LocaleType" => 10,
            "TimezoneType" | "IPAddressType" => 50,
            "PhoneNumberType" => Self::number(call, usize::MAX, &["max_length"])?.unwrap_or(20),
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

    pub(super) fn varchar(&self, length: i64) -> TypeDdl {
        TypeDdl::plain(match self.semantics.dialect {
            Dialect::PostgreSql => format_smolstr!("character varying({length})"),
            Dialect::MySql => format_smolstr!("varchar({length})"),
            Dialect::Sqlite => format_smolstr!("VARCHAR({length})"),
        })
    }
}
