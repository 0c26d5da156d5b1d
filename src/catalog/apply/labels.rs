//! What defaults may not be, and labels of enums where they are used: in defaults, conditions and rows.

use smol_str::SmolStr;

use super::{Failure, FailureKind, Statement};
use crate::catalog::constraint::{Constraint, ConstraintKind};
use crate::catalog::ddl::{LiteralOf, UsedLiteral};
use crate::catalog::fact::Fact;
use crate::catalog::session::NewLabel;
use crate::catalog::table::Column;
use crate::dialect::Dialect;

impl Statement<'_> {
    /// The default of a column of an enum must be one of its labels.
    pub(super) fn check_default(&mut self, default: &str, column_type: &str) {
        let literal = default
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''))
            .map(|label| label.replace("''", "'"));
        if let Some(label) = literal {
            self.check_label(column_type, &label, "the default");
        }
    }

    /// Between double quotes PostgreSQL reads the name of a column, which no default may refer to.
    pub(super) fn check_default_name(&mut self, column: &SmolStr, default: &Fact<Option<SmolStr>>) {
        if let Fact::Known(Some(default)) = default
            && self.database.dialect == Dialect::PostgreSql
            && is_quoted_name(default)
        {
            self.fail(FailureKind::Other.because(format!(
                "the default `{default}` of `{column}` is the name of a column: strings stand between single quotes"
            )));
        }
    }

    /// Strings in a statement over rows. They are read before any row is.
    pub(super) fn check_literals(&mut self, literals: &[UsedLiteral]) {
        for literal in literals {
            let name = match &literal.of {
                LiteralOf::Type(name) => Some(name.clone()),
                LiteralOf::Column { table, column } => self.certain_type(table, column),
            };
            if let Some(name) = name {
                self.check_label(&name, &literal.text, "the value");
            }
        }
    }

    /// The type of a column that is certainly there.
    fn certain_type(&self, table: &str, column: &str) -> Option<SmolStr> {
        if !self.is_sure(table, column) {
            return None;
        }
        let column = self.table(table)?.column(column)?;
        column.column_type.known().cloned()
    }

    /// The condition of a CHECK.
    pub(super) fn check_constraint_labels(&mut self, table: &SmolStr, constraint: &Constraint) {
        if let ConstraintKind::Check {
            expression: Fact::Known(expression),
            ..
        } = &constraint.kind
        {
            self.check_condition(table, expression);
        }
    }

    /// A condition in which a column may be compared with a label that is not committed.
    pub(super) fn check_condition(&mut self, table: &SmolStr, condition: &str) {
        if !self.database.session.has_new_labels() {
            return;
        }
        let Some(known) = self.table(table) else {
            return;
        };
        let mut found = Vec::new();
        for column in &known.columns {
            let Fact::Known(name) = &column.column_type else {
                continue;
            };
            let Some(labels) = self
                .database
                .now
                .enums
                .get(name)
                .and_then(|known| known.labels.known())
            else {
                continue;
            };
            for label in labels {
                let compares = ["=", "<>"].iter().any(|operator| {
                    let text = format!("{} {operator} {}", column.name, quoted(label));
                    condition.find(&text).is_some_and(|at| {
                        condition
                            .get(..at)
                            .is_some_and(|before| !before.ends_with(is_part_of_name))
                            && condition
                                .get(at + text.len()..)
                                .is_some_and(|after| !after.starts_with([':', '|', '\'']))
                    })
                });
                if compares && self.is_sure(table, &column.name) {
                    found.push((name.clone(), label.clone()));
                }
            }
        }
        for (name, label) in found {
            self.check_label(&name, &label, "the value");
        }
    }

    /// Says so where a type has no such label, or nobody may use it yet.
    fn check_label(&mut self, name: &str, label: &str, what: &str) {
        let now = &self.database.now;
        if now.opaque.is_some() {
            return;
        }
        let Some(known) = now.enums.get(name).filter(|known| known.maybe.is_none()) else {
            return;
        };
        if let Fact::Known(labels) = &known.labels
            && !labels.iter().any(|known| known == label)
        {
            self.fail(
                FailureKind::Missing
                    .because(format!("{what} `{label}` is no label of type `{name}`")),
            );
        }
        let since = self
            .database
            .session
            .new_label(&SmolStr::new(name), &SmolStr::new(label));
        if let Some(since) = since {
            let failure = FailureKind::Uncommitted.because(format!(
                "label `{label}` of type `{name}` is used in the transaction that has added it: it can only be used \
                 once that is committed"
            ));
            self.fail(Failure {
                in_one_go: since == NewLabel::Earlier,
                ..failure
            });
        }
    }

    /// A default holds the label itself, not its name.
    pub(super) fn rename_label_in_defaults(
        &mut self,
        name: &SmolStr,
        label: &str,
        new_label: &str,
    ) {
        let (old, new) = (quoted(label), quoted(new_label));
        let has_it =
            |column: &Column| column.column_type.is(name) && column.default.is(&Some(old.clone()));
        let tables: Vec<SmolStr> = self
            .database
            .now
            .tables
            .iter()
            .filter(|(_, table)| table.columns.iter().any(has_it))
            .map(|(table, _)| table.clone())
            .collect();
        for table in tables {
            self.change(&table, |table| {
                for column in table.columns.iter_mut().filter(|column| has_it(column)) {
                    column.default = Fact::Known(Some(new.clone()));
                }
            });
        }
    }
}

fn is_quoted_name(text: &str) -> bool {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| !inner.replace("\"\"", "").contains('"'))
}

fn quoted(label: &str) -> SmolStr {
    SmolStr::new(format!("'{}'", label.replace('\'', "''")))
}

fn is_part_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '"' | '.' | '$')
}
