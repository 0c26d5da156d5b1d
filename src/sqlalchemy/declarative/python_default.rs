//! What a column is given by SQLAlchemy, not by the database.

use smol_str::{SmolStr, ToSmolStr as _};

use crate::python::value::Value;

/// A value that SQLAlchemy fills in where none is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PythonDefault {
    Bool(bool),
    /// A number or a text, as it is printed.
    Text(SmolStr),
}

impl PythonDefault {
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Int(number) => Self::Text(number.to_smolstr()),
            Value::Float(number) => Self::Text(number.to_smolstr()),
            Value::Str(_) => Self::Text(SmolStr::new(&**value.as_str()?)),
            // Which of the name and the value of a member of an enum is kept depends on the column.
            _ => return None,
        })
    }

    /// True if a default of the database, in canonical spelling, is the same value.
    pub fn is_same_as(&self, server_default: &str) -> bool {
        // `'0'::bigint`
        let bare = server_default.split("::").next().unwrap_or_default();
        let text = bare
            .trim_matches(['(', ')', ' '])
            .trim_matches('\'')
            .replace("''", "'");
        match self {
            Self::Bool(true) => matches!(text.to_lowercase().as_str(), "true" | "t" | "1"),
            Self::Bool(false) => matches!(text.to_lowercase().as_str(), "false" | "f" | "0"),
            Self::Text(own) => {
                let numbers = (own.parse::<f64>(), text.parse::<f64>());
                *own == text
                    || matches!(numbers, (Ok(own), Ok(other)) if own.to_bits() == other.to_bits())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_fills_in_may_be_the_same() {
        for (own, server_default, same) in [
            (PythonDefault::Bool(false), "false", true),
            (PythonDefault::Bool(false), "'0'", true),
            (PythonDefault::Bool(true), "false", false),
            (PythonDefault::Text("0".into()), "'0'::bigint", true),
            (PythonDefault::Text("1.5".into()), "1.50", true),
            (PythonDefault::Text("0".into()), "1", false),
            (PythonDefault::Text("it's".into()), "'it''s'::text", true),
            (PythonDefault::Text("new".into()), "'old'", false),
        ] {
            assert_eq!(
                own.is_same_as(server_default),
                same,
                "{own:?} {server_default}"
            );
        }
    }
}
