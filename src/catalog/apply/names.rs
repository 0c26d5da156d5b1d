//! The names a database makes where none was given.

use smol_str::SmolStr;

use super::Statement;
use crate::catalog::constraint::ConstraintKind;
use crate::catalog::objects::split_schema;
use crate::dialect::Dialect;

/// The longest identifier of PostgreSQL, in bytes.
const MAX_IDENTIFIER: usize = 63;

impl Statement<'_> {
    /// The name of a constraint that was given none; `None` where the database keeps it nameless.
    pub(super) fn implicit_name(
        &self,
        table_name: &str,
        kind: &ConstraintKind,
        taken: &[SmolStr],
    ) -> Option<SmolStr> {
        let (_, table) = split_schema(table_name);
        match self.database.dialect {
            Dialect::PostgreSql => {
                let columns = kind.columns();
                let (middle, label) = match kind {
                    ConstraintKind::PrimaryKey { .. } => (String::new(), "pkey"),
                    ConstraintKind::Unique { .. } => (columns.join("_"), "key"),
                    ConstraintKind::ForeignKey(_) => (columns.join("_"), "fkey"),
                    ConstraintKind::Exclude { .. } => (columns.join("_"), "excl"),
                    ConstraintKind::Check { .. } => {
                        let middle = match columns {
                            [only] => only.to_string(),
                            _ => String::new(),
                        };
                        (middle, "check")
                    }
                    ConstraintKind::Unknown { .. } => return None,
                };
                Some(self.free_name(table_name, table, &middle, label, taken))
            }
            Dialect::MySql => match kind {
                ConstraintKind::PrimaryKey { .. } => Some(SmolStr::new_static("PRIMARY")),
                ConstraintKind::Unique { columns, .. } => {
                    let first = columns.first()?.clone();
                    Some(self.numbered(table_name, &first, 2, "_", taken))
                }
                ConstraintKind::ForeignKey(_) => {
                    Some(self.next_number(table_name, table, "ibfk", taken))
                }
                ConstraintKind::Check { .. } => {
                    Some(self.next_number(table_name, table, "chk", taken))
                }
                ConstraintKind::Exclude { .. } | ConstraintKind::Unknown { .. } => None,
            },
            Dialect::Sqlite => None,
        }
    }

    /// The name by which a foreign key over several columns is known here that goes by another one in PostgreSQL before
    /// version 12: that takes the first column alone, `<table>_<first column>_fkey`.
    pub(super) fn spelled_otherwise(&self, table_name: &str, name: &str) -> Option<SmolStr> {
        let known = self.table(table_name)?;
        if known.constraint(name).is_some() || self.database.dialect != Dialect::PostgreSql {
            return None;
        }
        let (_, table) = split_schema(table_name);
        // A second key that begins with the same column has a number.
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let number: usize = name
            .get(stem.len()..)
            .unwrap_or_default()
            .parse()
            .unwrap_or_default();
        let keys = known.constraints.iter().filter(|constraint| {
            let first = constraint.kind.columns().first();
            constraint.may_be_spelled_otherwise()
                && first.is_some_and(|first| object_name(table, first, "fkey") == stem)
        });
        keys.take(number + 1).last()?.known_name().cloned()
    }

    /// The name of an index that was given none.
    pub(super) fn implicit_index_name(&self, table_name: &str, parts: &[String]) -> SmolStr {
        let (_, table) = split_schema(table_name);
        self.free_name(table_name, table, &parts.join("_"), "idx", &[])
    }

    /// `first_second_label` within PostgreSQL's limit, with a number if it is taken.
    pub(super) fn free_name(
        &self,
        table_name: &str,
        first: &str,
        second: &str,
        label: &str,
        taken: &[SmolStr],
    ) -> SmolStr {
        for number in 0..1000 {
            let label = if number == 0 {
                label.to_owned()
            } else {
                format!("{label}{number}")
            };
            let name = object_name(first, second, &label);
            if !taken.contains(&name) && !self.is_taken(table_name, &name) {
                return name;
            }
        }
        object_name(first, second, label)
    }

    /// True if a relation or constraint of this name is in the schema of a table.
    fn is_taken(&self, table_name: &str, name: &str) -> bool {
        let (schema, _) = split_schema(table_name);
        let qualified = format!("{schema}{name}");
        let now = &self.database.now;
        now.index_tables.contains_key(qualified.as_str())
            || now.tables.contains_key(qualified.as_str())
            || now.sequences.contains_key(qualified.as_str())
            || now
                .constraint_tables
                .get(qualified.as_str())
                .is_some_and(|holder| {
                    now.tables
                        .get(holder)
                        .is_some_and(|table| table.constraint(name).is_some())
                })
    }

    fn numbered(
        &self,
        table_name: &str,
        stem: &SmolStr,
        from: usize,
        separator: &str,
        taken: &[SmolStr],
    ) -> SmolStr {
        let is_free = |name: &SmolStr| {
            !taken.contains(name)
                && self.table(table_name).is_none_or(|table| {
                    table.constraint(name).is_none() && table.index(name).is_none()
                })
        };
        if is_free(stem) {
            return stem.clone();
        }
        (from..1000)
            .map(|number| SmolStr::new(format!("{stem}{separator}{number}")))
            .find(is_free)
            .unwrap_or_else(|| stem.clone())
    }

    /// The next of `t_ibfk_1`, `t_ibfk_2` …: one above the highest number in use. What was dropped below it stays free.
    fn next_number(
        &self,
        table_name: &str,
        table: &str,
        label: &str,
        taken: &[SmolStr],
    ) -> SmolStr {
        let prefix = format!("{table}_{label}_");
        let number = |name: &SmolStr| name.strip_prefix(&prefix)?.parse::<u32>().ok();
        let known = self.table(table_name);
        let in_use = known.iter().flat_map(|table| &table.constraints);
        let highest = in_use
            .filter_map(|constraint| constraint.known_name())
            .chain(taken)
            .filter_map(number)
            .max();
        let next = highest.unwrap_or_default().saturating_add(1);
        SmolStr::new(format!("{prefix}{next}"))
    }
}

/// PostgreSQL's `makeObjectName`: the longer part is cut first.
fn object_name(first: &str, second: &str, label: &str) -> SmolStr {
    let mut first_length = first.len();
    let mut second_length = second.len();
    let overhead = label.len() + 1 + usize::from(!second.is_empty());
    while first_length + second_length + overhead > MAX_IDENTIFIER {
        if first_length > second_length {
            first_length -= 1;
        } else if second_length > 0 {
            second_length -= 1;
        } else {
            break;
        }
    }
    let cut = |text: &str, length: usize| {
        let mut length = length.min(text.len());
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        text[..length].to_owned()
    };
    let first = cut(first, first_length);
    if second.is_empty() {
        SmolStr::new(format!("{first}_{label}"))
    } else {
        SmolStr::new(format!("{first}_{}_{label}", cut(second, second_length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::apply::Database;

    #[test]
    fn long_names_are_cut_as_postgresql_cuts_them() {
        assert_eq!(object_name("users", "email", "key"), "users_email_key");
        assert_eq!(object_name("users", "", "pkey"), "users_pkey");
        let long = object_name(&"a".repeat(60), &"b".repeat(20), "fkey");
        assert_eq!(long.len(), 63);
        assert!(long.ends_with("b_fkey"));
    }

    #[test]
    fn mysql_counts_up() {
        let mut database = Database::new(Dialect::MySql);
        let sql = "CREATE TABLE t (a int, b int, FOREIGN KEY (a) REFERENCES u (x), FOREIGN KEY (b) REFERENCES u (x)); \
                   ALTER TABLE t DROP FOREIGN KEY t_ibfk_1; ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (x)";
        for statement in crate::sql::parse(sql, Dialect::MySql, &|_| None) {
            for ddl in &statement.ddl {
                assert_eq!(database.apply(ddl, None).failures, []);
            }
        }
        let constraints = database.now.tables["t"].constraints.iter();
        let names: Vec<_> = constraints.filter_map(|one| one.known_name()).collect();
        assert_eq!(names, ["t_ibfk_2", "t_ibfk_3"]);
    }
}
