//! An entity diagram for Markdown, as GitHub and GitLab draw it.

use std::io::{self, Write};

use super::SchemaView;
use super::relation::Relation;
use crate::catalog::{Column, ConstraintKind, ForeignKey, Table};
use crate::report::sanitise_line;

/// Writes one `erDiagram`.
pub fn write(view: &SchemaView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let tables = view.tables_in_order();
    writeln!(out, "erDiagram")?;
    for (name, table) in &tables {
        if table.columns.is_empty() {
            writeln!(out, "  {}", entity(name))?;
            continue;
        }
        writeln!(out, "  {} {{", entity(name))?;
        for column in &table.columns {
            writeln!(out, "    {}", attribute(column, table))?;
        }
        writeln!(out, "  }}")?;
    }
    for (name, table) in &tables {
        let mut keys: Vec<&ForeignKey> = table.foreign_keys().map(|(_, key)| key).collect();
        keys.sort_by(|one, other| one.columns.cmp(&other.columns));
        for key in keys {
            writeln!(
                out,
                "  {} {} {} : \"{}\"",
                entity(&key.references),
                relation(table, key),
                entity(name),
                key.columns
                    .iter()
                    .map(|column| label(column))
                    .collect::<Vec<_>>()
                    .join(", ")
            )?;
        }
    }
    Ok(())
}

/// From the table that is referred to, to the one that refers.
fn relation(table: &Table, key: &ForeignKey) -> String {
    let relation = Relation::of(table, key);
    format!(
        "{}{}{}",
        if relation.may_be_null { "|o" } else { "||" },
        // A full line for rows that are nothing without the other one.
        if relation.is_part_of_key { "--" } else { ".." },
        if relation.is_unique { "o|" } else { "o{" }
    )
}

fn attribute(column: &Column, table: &Table) -> String {
    let column_type = column
        .column_type
        .known()
        .map_or_else(|| "unknown".to_owned(), |known| word(known));
    let mut keys: Vec<&str> = Vec::new();
    let mut is_in = |fits: &dyn Fn(&ConstraintKind) -> bool, mark: &'static str| {
        let is_there = table.constraints.iter().any(|constraint| {
            fits(&constraint.kind) && constraint.kind.columns().contains(&column.name)
        });
        if is_there {
            keys.push(mark);
        }
    };
    is_in(
        &|kind| matches!(kind, ConstraintKind::PrimaryKey { .. }),
        "PK",
    );
    is_in(&|kind| matches!(kind, ConstraintKind::ForeignKey(_)), "FK");
    is_in(
        &|kind| matches!(kind, ConstraintKind::Unique { columns, .. } if columns.len() == 1),
        "UK",
    );
    let name = word(&column.name);
    let mut remarks = Vec::new();
    if name != column.name {
        remarks.push(label(&column.name));
    }
    if column.nullable.is(&false) && !keys.contains(&"PK") {
        remarks.push("not null".to_owned());
    }
    let mut text = format!("{column_type} {name}");
    if !keys.is_empty() {
        text.push(' ');
        text.push_str(&keys.join(", "));
    }
    if !remarks.is_empty() {
        text.push_str(&format!(" \"{}\"", remarks.join("; ")));
    }
    text
}

/// A word of an attribute: a letter or underscore first, then also digits, brackets and hyphens. The marks of keys are no
/// words.
fn word(text: &str) -> String {
    let mut word: String = text
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || is_letter(c) => c,
            '_' | '(' | ')' | '[' | ']' => c,
            _ => '_',
        })
        .collect();
    let begins_well = word
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || is_letter(c));
    // `pk(1)` would be read as a mark, too.
    let is_mark = ["pk", "fk", "uk"].iter().any(|mark| {
        word.get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case(mark))
            && !word
                .get(2..)
                .and_then(|rest| rest.chars().next())
                .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    if !begins_well || is_mark {
        word.insert(0, '_');
    }
    word
}

/// The name of an entity, in quotes: then none is a keyword.
fn entity(name: &str) -> String {
    let text = label(name);
    if text.is_empty() {
        "\"_\"".to_owned()
    } else {
        format!("\"{text}\"")
    }
}

/// Text between quotes. What Mermaid gives a meaning even there becomes an underscore, as does white space: a line with
/// `direction LR` is an instruction wherever it stands.
fn label(text: &str) -> String {
    sanitise_line(text)
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || is_letter(c) => c,
            '_' | '-' | '.' | '(' | ')' | '[' | ']' | '/' | '+' | ':' | '=' | '$' => c,
            _ => '_',
        })
        .collect()
}

/// The letters beyond ASCII that Mermaid takes.
fn is_letter(c: char) -> bool {
    c >= '\u{c0}' && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_such_that_mermaid_reads_them() {
        for (text, expected) in [
            ("character varying(255)", "character_varying(255)"),
            ("numeric(10,2)", "numeric(10_2)"),
            ("text[]", "text[]"),
            ("pk", "_pk"),
            ("FK", "_FK"),
            ("pkey", "pkey"),
            ("uk-1", "uk_1"),
            ("uk(1)", "_uk(1)"),
            ("2fa", "_2fa"),
            ("", "_"),
            ("a~b~c", "a_b_c"),
            ("größe", "größe"),
            ("a\"b\n}", "a_b__"),
        ] {
            assert_eq!(word(text), expected);
        }
    }

    #[test]
    fn names_stay_between_their_quotes() {
        assert_eq!(entity("audit.events"), "\"audit.events\"");
        assert_eq!(entity("direction TB"), "\"direction_TB\"");
        assert_eq!(entity("a\"] %%{init}%% \\"), "\"a_]____init_____\"");
        assert_eq!(entity("\u{1b}[31m"), "\"_[31m\"");
        assert_eq!(entity(""), "\"_\"");
    }
}
