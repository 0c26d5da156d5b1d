//! Types as SQLite keeps them: the text of their declaration.

use smol_str::SmolStr;

use super::{TypeCheck, TypeDdl, TypeReader};
use crate::python::Host;
use crate::python::value::Call;

impl<H: Host> TypeReader<'_, '_, H> {
    pub(super) fn sqlite(&mut self, name: &str, call: &Call) -> Option<TypeDdl> {
        Some(match name {
            "Integer" | "INTEGER" | "INT" => TypeDdl::integer("INTEGER"),
            "BigInteger" | "BIGINT" => TypeDdl::integer("BIGINT"),
            "SmallInteger" | "SMALLINT" => TypeDdl::integer("SMALLINT"),
            "String" | "Unicode" | "VARCHAR" | "AutoString" => return Self::sized("VARCHAR", call),
            "NVARCHAR" => return Self::sized("NVARCHAR", call),
            "CHAR" => return Self::sized("CHAR", call),
            "Text" | "TEXT" | "UnicodeText" | "URLType" | "ScalarListType" => {
                TypeDdl::plain("TEXT")
            }
            "LONGTEXT" | "MEDIUMTEXT" | "TINYTEXT" => TypeDdl::plain(SmolStr::new(name)),
            "Boolean" | "BOOLEAN" => TypeDdl {
                check: self.boolean_check(call),
                ..TypeDdl::plain("BOOLEAN")
            },
            "Date" | "DATE" => TypeDdl::plain("DATE"),
            "DateTime" | "DATETIME" | "datetime" | "UTCDateTime" | "ArrowType" | "Interval" => {
                TypeDdl::plain("DATETIME")
            }
            "TIMESTAMP" => TypeDdl::plain("TIMESTAMP"),
            "Time" | "TIME" => TypeDdl::plain("TIME"),
            "Numeric" | "NUMERIC" => return Self::numeric("NUMERIC", call, ", "),
            "DECIMAL" => return Self::numeric("DECIMAL", call, ", "),
            "Float" | "FLOAT" => TypeDdl::plain("FLOAT"),
            "Double" | "DOUBLE" => TypeDdl::plain("DOUBLE"),
            "DOUBLE_PRECISION" => TypeDdl::plain("DOUBLE PRECISION"),
            "REAL" => TypeDdl::plain("REAL"),
            "Binary" | "LargeBinary" | "BLOB" | "PickleType" => TypeDdl::plain("BLOB"),
            "BINARY" => return Self::sized("BINARY", call),
            "VARBINARY" => return Self::sized("VARBINARY", call),
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
    /// The CHECK of a database that has no booleans; the default until SQLAlchemy 1.4.
    pub(super) fn boolean_check(&self, call: &Call) -> Option<(Option<SmolStr>, TypeCheck)> {
        let is_checked = call
            .keyword("create_constraint")
            .and_then(|found| found.value.as_bool())
            .unwrap_or(self.semantics.sqlalchemy < (1, 4));
        let name = call
            .keyword("name")
            .and_then(|found| found.value.as_str())
            .map(|name| SmolStr::new(&**name));
        is_checked.then_some((name, TypeCheck::Boolean))
    }
}
