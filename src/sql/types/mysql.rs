//! Types as `COLUMN_TYPE` of MySQL 8 prints them.

use smol_str::SmolStr;

use super::super::token::{Token, TokenKind};
use super::arguments;
use crate::dialect::mysql::{blob_of, text_of};

/// The type at the start of the tokens, and how many tokens it takes, character set and collation included.
pub(super) fn read(tokens: &[Token<'_>]) -> Option<(SmolStr, usize)> {
    let mut at = 0;
    let mut take = |words: &[&str]| {
        let taken = words.iter().enumerate().all(|(index, word)| {
            tokens
                .get(at + index)
                .is_some_and(|token| token.is_word(word))
        });
        if taken {
            at += words.len();
        }
        taken
    };
    take(&["national"]);
    let two_words = [
        (&["double", "precision"][..], "double"),
        (&["character", "varying"], "varchar"),
        (&["char", "varying"], "varchar"),
        (&["long", "varchar"], "mediumtext"),
        (&["long", "varbinary"], "mediumblob"),
    ]
    .into_iter()
    .find_map(|(words, name)| take(words).then_some(name));
    let name = match two_words {
        Some(name) => name.to_owned(),
        None => {
            let word = tokens
                .get(at)
                .filter(|token| token.kind == TokenKind::Word)?;
            at += 1;
            word.text.to_lowercase()
        }
    };
    let (arguments, length) =
        arguments(tokens.get(at..).unwrap_or_default()).unwrap_or((Vec::new(), 0));
    at += length;
    let mut unsigned = false;
    let mut zerofill = false;
    while let Some(token) = tokens.get(at) {
        let word = token.text.to_lowercase();
        at += match word.as_str() {
            "unsigned" => {
                unsigned = true;
                1
            }
            "zerofill" => {
                zerofill = true;
                unsigned = true;
                1
            }
            "signed" | "binary" | "ascii" | "unicode" => 1,
            "charset" | "collate" => 2,
            "character" if tokens.get(at + 1).is_some_and(|next| next.is_word("set")) => 3,
            _ => break,
        };
    }
    let mut spelling = name_with_arguments(&name, &arguments, zerofill);
    if name == "serial" {
        unsigned = true;
    }
    if unsigned {
        spelling.push_str(" unsigned");
    }
    if zerofill {
        spelling.push_str(" zerofill");
    }
    Some((spelling.into(), at.min(tokens.len())))
}

/// A label as it is printed: without `ANSI_QUOTES` it may be written as `"label"`, too.
fn single_quoted(label: &str) -> String {
    let bare = label
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match bare {
        Some(bare) => format!("'{}'", bare.replace("\"\"", "\"").replace('\'', "''")),
        None => label.to_owned(),
    }
}

fn name_with_arguments(name: &str, arguments: &[&str], zerofill: bool) -> String {
    let integer = match name {
        "int" | "integer" | "int4" => Some("int"),
        "bigint" | "int8" | "serial" => Some("bigint"),
        "smallint" | "int2" => Some("smallint"),
        "mediumint" | "int3" | "middleint" => Some("mediumint"),
        "tinyint" | "int1" => Some("tinyint"),
        _ => None,
    };
    if let Some(integer) = integer {
        // The width is no longer kept, but for the one that stands for a boolean.
        return match arguments.first() {
            Some(width) if zerofill || (integer == "tinyint" && *width == "1") => {
                format!("{integer}({width})")
            }
            _ => integer.to_owned(),
        };
    }
    let sized = |name: &str| match arguments {
        [] => name.to_owned(),
        _ => format!("{name}({})", arguments.join(",")),
    };
    let bytes = || arguments.first()?.parse().ok();
    match name {
        "enum" | "set" => {
            let labels: Vec<String> = arguments.iter().map(|label| single_quoted(label)).collect();
            format!("{name}({})", labels.join(","))
        }
        "bool" | "boolean" => "tinyint(1)".to_owned(),
        "numeric" | "decimal" | "dec" | "fixed" => match arguments {
            [] => "decimal(10,0)".to_owned(),
            [precision] => format!("decimal({precision},0)"),
            [precision, scale, ..] => format!("decimal({precision},{scale})"),
        },
        "double" | "real" | "float8" => sized("double"),
        "float" | "float4" => match arguments {
            [digits] if digits.parse::<u32>().is_ok_and(|digits| digits > 24) => {
                "double".to_owned()
            }
            [_] => "float".to_owned(),
            _ => sized("float"),
        },
        "nchar" | "character" | "char" => match arguments {
            [] => "char(1)".to_owned(),
            _ => sized("char"),
        },
        "bit" | "binary" => match arguments {
            [] => format!("{name}(1)"),
            _ => sized(name),
        },
        "nvarchar" | "varcharacter" | "varchar" => sized("varchar"),
        "year" => "year".to_owned(),
        "blob" => match bytes() {
            Some(length) => blob_of(length).to_owned(),
            None => sized(name),
        },
        "text" => match bytes().and_then(text_of) {
            Some(text) => text.to_owned(),
            None => sized(name),
        },
        _ => sized(name),
    }
}
