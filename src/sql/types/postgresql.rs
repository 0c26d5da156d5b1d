//! Types as PostgreSQL's `format_type` prints them.

use smol_str::SmolStr;

use super::super::token::{Token, TokenKind};
use super::arguments;
use crate::dialect::Dialect;

/// The type at the start of the tokens, and how many tokens it takes.
pub(super) fn read(tokens: &[Token<'_>]) -> Option<(SmolStr, usize)> {
    let mut reader = Reader { tokens, at: 0 };
    let set = reader.take("setof");
    let mut spelling = reader.scalar()?;
    if reader.array() {
        spelling.push_str("[]");
    }
    if set {
        spelling.insert_str(0, "SETOF ");
    }
    Some((spelling.into(), reader.at))
}

struct Reader<'a, 'b> {
    tokens: &'b [Token<'a>],
    at: usize,
}

impl<'a> Reader<'a, '_> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self.peek().is_some_and(|token| token.is_word(word));
        self.at += usize::from(taken);
        taken
    }

    fn take_punctuation(&mut self, punctuation: &str) -> bool {
        let taken = self
            .peek()
            .is_some_and(|token| token.is_punctuation(punctuation));
        self.at += usize::from(taken);
        taken
    }

    fn take_all(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        if words.iter().all(|word| self.take(word)) {
            return true;
        }
        self.at = start;
        false
    }

    fn arguments(&mut self) -> Vec<&'a str> {
        let Some((found, length)) = arguments(self.tokens.get(self.at..).unwrap_or_default())
        else {
            return Vec::new();
        };
        self.at += length;
        found
    }

    /// `[3][]` or `ARRAY[4]`: the catalog keeps neither the bounds nor the number of dimensions.
    fn array(&mut self) -> bool {
        let mut found = self.take("array");
        loop {
            let start = self.at;
            if !self.take_punctuation("[") {
                return found;
            }
            if self
                .peek()
                .is_some_and(|token| token.kind == TokenKind::Number)
            {
                self.at += 1;
            }
            if !self.take_punctuation("]") {
                self.at = start;
                return found;
            }
            found = true;
        }
    }

    fn scalar(&mut self) -> Option<String> {
        let mut parts = Vec::new();
        let mut quoted;
        loop {
            let token = self.peek()?;
            quoted = token.kind == TokenKind::QuotedName;
            parts.push(token.catalog_name(Dialect::PostgreSql)?);
            self.at += 1;
            if !self.take_punctuation(".") {
                break;
            }
        }
        let name = parts.pop()?;
        let schema = parts.pop();
        let in_catalog = schema.as_deref() == Some("pg_catalog");
        let may_be_builtin = schema.is_none() && !quoted || in_catalog && name != "char";
        if may_be_builtin && let Some(spelling) = self.builtin(&name) {
            return Some(spelling);
        }
        let mut spelling = match schema.as_deref() {
            None | Some("public" | "pg_catalog") => quote(&name),
            Some(schema) => format!("{}.{}", quote(schema), quote(&name)),
        };
        let arguments = self.arguments();
        if !arguments.is_empty() {
            let spatial = matches!(name.as_str(), "geometry" | "geography");
            let arguments: Vec<String> = arguments
                .iter()
                .map(|argument| {
                    if spatial {
                        shape(argument)
                    } else {
                        (*argument).to_owned()
                    }
                })
                .collect();
            spelling.push_str(&format!("({})", arguments.join(",")));
        }
        Some(spelling)
    }

    /// What the grammar gives a spelling of its own; `None` for names like any other.
    fn builtin(&mut self, name: &str) -> Option<String> {
        Some(match name {
            "int" | "integer" | "int4" | "serial" | "serial4" => "integer".to_owned(),
            "int8" | "bigint" | "bigserial" | "serial8" => "bigint".to_owned(),
            "int2" | "smallint" | "smallserial" | "serial2" => "smallint".to_owned(),
            "bool" | "boolean" => "boolean".to_owned(),
            "float4" | "real" => "real".to_owned(),
            "float8" => "double precision".to_owned(),
            "double" => {
                self.take("precision");
                "double precision".to_owned()
            }
            "float" => {
                let digits = self
                    .arguments()
                    .first()
                    .and_then(|digits| digits.parse::<u32>().ok());
                match digits {
                    Some(digits) if digits <= 24 => "real".to_owned(),
                    _ => "double precision".to_owned(),
                }
            }
            "decimal" | "dec" | "numeric" => match self.arguments().as_slice() {
                [] => "numeric".to_owned(),
                [precision] => format!("numeric({precision},0)"),
                [precision, scale, ..] => format!("numeric({precision},{scale})"),
            },
            "varchar" => self.sized("character varying", None),
            "character" | "char" | "nchar" => self.character(),
            "national" => {
                let _ = self.take("character") || self.take("char");
                self.character()
            }
            "bit" => {
                if self.take("varying") {
                    self.sized("bit varying", None)
                } else {
                    self.sized("bit", Some("1"))
                }
            }
            "varbit" => self.sized("bit varying", None),
            "timestamptz" => self.zoned("timestamp", Some(true)),
            "timetz" => self.zoned("time", Some(true)),
            "timestamp" | "time" => self.zoned(name, None),
            "interval" => self.interval(),
            _ => return None,
        })
    }

    fn sized(&mut self, name: &str, default: Option<&str>) -> String {
        match self.arguments().first().copied().or(default) {
            Some(size) => format!("{name}({size})"),
            None => name.to_owned(),
        }
    }

    fn character(&mut self) -> String {
        if self.take("varying") {
            self.sized("character varying", None)
        } else {
            self.sized("character", Some("1"))
        }
    }

    fn zoned(&mut self, name: &str, zone: Option<bool>) -> String {
        let precision = self
            .arguments()
            .first()
            .map(|precision| format!("({precision})"))
            .unwrap_or_default();
        let with = zone.unwrap_or_else(|| {
            let with = self.take_all(&["with", "time", "zone"]);
            let _ = with || self.take_all(&["without", "time", "zone"]);
            with
        });
        let zone = if with { "with" } else { "without" };
        format!("{name}{precision} {zone} time zone")
    }

    fn interval(&mut self) -> String {
        const FIELDS: &[&str] = &["year", "month", "day", "hour", "minute", "second"];
        let mut spelling = "interval".to_owned();
        for joint in ["", " to"] {
            if !joint.is_empty() && !self.take("to") {
                break;
            }
            let Some(field) = FIELDS.iter().find(|field| self.take(field)) else {
                break;
            };
            spelling.push_str(joint);
            spelling.push(' ');
            spelling.push_str(field);
        }
        if let Some(precision) = self.arguments().first() {
            spelling.push_str(&format!("({precision})"));
        }
        spelling
    }
}

/// A name as the catalog prints it: with quotes where it would not be read the same without.
pub(in crate::sql) fn quote(name: &str) -> String {
    let plain = name
        .chars()
        .next()
        .is_some_and(|c| c.is_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '$'))
        && name != "char";
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// The spelling that `PostGIS` has for a shape.
fn shape(argument: &str) -> String {
    const SHAPES: &[&str] = &[
        "Geometry",
        "GeometryCollection",
        "LineString",
        "MultiLineString",
        "MultiPoint",
        "MultiPolygon",
        "Point",
        "Polygon",
    ];
    let bare = argument.trim_end_matches(['z', 'Z', 'm', 'M']);
    match SHAPES.iter().find(|shape| shape.eq_ignore_ascii_case(bare)) {
        Some(shape) => format!("{shape}{}", argument[bare.len()..].to_uppercase()),
        None => argument.to_owned(),
    }
}
