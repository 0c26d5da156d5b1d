//! Types as MySQL's `information_schema` spells them.

use smol_str::{SmolStr, format_smolstr};

use super::{TypeDdl, TypeReader};
use crate::dialect::mysql::{blob_of, text_of};
use crate::python::Host;
use crate::python::value::Call;

impl<H: Host> TypeReader<'_, '_, H> {
    pub(super) fn mysql(&mut self, name: &str, call: &Call) -> Option<TypeDdl> {
        let unsigned = if Self::flag(call, None, "unsigned")? {
            " unsigned"
        } else {
            ""
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
            "TINYINT" => TypeDdl::plain(match Self::number(call, 0, &["display_width"])? {
                Some(1) => SmolStr::new_static("tinyint(1)"),
                _ => format_smolstr!("tinyint{unsigned}"),
            }),
            "String" | "Unicode" | "VARCHAR" | "NVARCHAR" | "AutoString" => {
                return Self::sized("varchar", call);
            }
            "CHAR" | "NCHAR" => {
                let length = Self::number(call, 0, &["length"])?.unwrap_or(1);
                TypeDdl::plain(format_smolstr!("char({length})"))
            }
            "Text" | "TEXT" | "UnicodeText" => match Self::number(call, 0, &["length"])? {
                None => TypeDdl::plain("text"),
                Some(length) => TypeDdl::plain(text_of(u64::try_from(length).ok()?)?),
            },
            "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT" | "TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
                TypeDdl::plain(name.to_lowercase())
            }
            "Boolean" | "BOOLEAN" => TypeDdl {
                check: self.boolean_check(call),
                ..TypeDdl::plain("tinyint(1)")
            },
            "Date" | "DATE" => TypeDdl::plain("date"),
            "DateTime" | "DATETIME" | "datetime" | "UTCDateTime" | "ArrowType" | "Interval" => {
                TypeDdl::plain(match Self::number(call, usize::MAX, &["fsp"])? {
                    Some(fsp) => format_smolstr!("datetime({fsp})"),
                    None => SmolStr::new_static("datetime"),
                })
            }
            "TIMESTAMP" => TypeDdl::plain(match Self::number(call, usize::MAX, &["fsp"])? {
                Some(fsp) => format_smolstr!("timestamp({fsp})"),
                None => SmolStr::new_static("timestamp"),
            }),
            "Time" | "TIME" => TypeDdl::plain("time"),
            "YEAR" => TypeDdl::plain("year"),
            "Numeric" | "NUMERIC" | "DECIMAL" => {
                let precision = Self::number(call, 0, &["precision"])?.unwrap_or(10);
                let scale = Self::number(call, 1, &["scale"])?.unwrap_or(0);
                TypeDdl::plain(format_smolstr!("decimal({precision},{scale}){unsigned}"))
            }
            "Float" | "FLOAT" => {
                let precision = Self::number(call, 0, &["precision"])?;
                TypeDdl::plain(if precision.is_some_and(|precision| precision > 24) {
                    "double"
                } else {
                    "float"
                })
            }
            "Double" | "DOUBLE" | "DOUBLE_PRECISION" | "REAL" => TypeDdl::plain("double"),
            "PickleType" => TypeDdl::plain("blob"),
            "Binary" | "LargeBinary" | "BLOB" => match Self::number(call, 0, &["length"])? {
                None => TypeDdl::plain("blob"),
                Some(length) => TypeDdl::plain(blob_of(u64::try_from(length).ok()?)),
            },
            "BINARY" => {
                let length = Self::number(call, 0, &["length"])?.unwrap_or(1);
                TypeDdl::plain(format_smolstr!("binary({length})"))
            }
            "VARBINARY" => return Self::sized("varbinary", call),
            "JSON" => TypeDdl::plain("json"),
            "Uuid" | "UUID" | "GUID" => TypeDdl::plain("char(32)"),
            "UUIDType" => TypeDdl::plain("binary(16)"),
            "Enum" | "ENUM" => return self.enumeration(name, call),
            "BIT" => {
                let length = Self::number(call, 0, &["length"])?.unwrap_or(1);
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
