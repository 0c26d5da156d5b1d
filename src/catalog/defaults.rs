//! Defaults as the type of their column reads them.

use smol_str::SmolStr;

use crate::dialect::Dialect;

/// The default of a column of this type: `'t'` is `true` for a boolean, `'0'` is `0` for a number. Both are in the
/// canonical spelling of expressions already.
pub(super) fn for_type(default: &SmolStr, column_type: &str, dialect: Dialect) -> SmolStr {
    let literal = default
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .filter(|inner| !inner.contains('\''));
    let text = literal.unwrap_or(default.as_str());
    let base = column_type
        .split('(')
        .next()
        .unwrap_or(column_type)
        .trim()
        .to_lowercase();
    match (dialect, base.as_str()) {
        (Dialect::PostgreSql, "boolean") => match text.to_lowercase().as_str() {
            "t" | "true" | "yes" | "on" | "1" | "y" => SmolStr::new_static("true"),
            "f" | "false" | "no" | "off" | "0" | "n" => SmolStr::new_static("false"),
            _ => default.clone(),
        },
        (Dialect::MySql | Dialect::Sqlite, "boolean" | "tinyint") => {
            match text.to_lowercase().as_str() {
                "true" | "1" => SmolStr::new_static("1"),
                "false" | "0" => SmolStr::new_static("0"),
                _ => default.clone(),
            }
        }
        (
            _,
            "integer" | "bigint" | "smallint" | "int" | "numeric" | "decimal" | "real" | "float"
            | "double precision" | "double",
        ) => match text.parse::<f64>() {
            Ok(number) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                let is_whole = number == number.trunc() && number.abs() < 1e15;
                if is_whole {
                    SmolStr::new(format!("{number:.0}"))
                } else {
                    SmolStr::new(text)
                }
            }
            _ => default.clone(),
        },
        _ => default.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_by_the_type() {
        for (default, column_type, expected) in [
            ("'t'", "boolean", "true"),
            ("'0'", "boolean", "false"),
            ("'0.0'", "double precision", "0"),
            ("'1.5'", "numeric(10,2)", "1.5"),
            ("'t'", "text", "'t'"),
            ("now()", "integer", "now()"),
        ] {
            let default = SmolStr::new(default);
            assert_eq!(
                for_type(&default, column_type, Dialect::PostgreSql),
                expected
            );
        }
    }
}
