//! ML501

use smol_str::SmolStr;

use super::statements;
use crate::catalog::{AlterAction, Column, Constraint, ConstraintKind, Ddl, ObjectKind, Table};
use crate::diagnostic::Severity;
use crate::dialect::Dialect;
use crate::rules::downgrade::is_told_to_fail;
use crate::rules::revision::{is_ahead_of_releases, is_only_with_its_author};
use crate::rules::{
    ReplayContext, Reporter, StatementContext, Violation, Way, births, declare_rule, empty_since,
    is_selected,
};

declare_rule! {
    "ML501", "not-null-without-default" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql, Sqlite],
    peers: [
        "squawk: adding-required-field",
        "atlas: MF103",
        "strong_migrations: add_column",
        "pg-migration-lint: PGM008",
        "django-migration-linter: NOT_NULL",
        "alembic-guard: AG001",
        "lockcheck: LC001",
    ],
    on: Statement(check),
}

struct NotNullWithoutDefault<'a> {
    table: &'a str,
    column: &'a str,
    is_key: bool,
    /// Why no default is right for it.
    no_default: Option<NoDefault>,
    /// The one column of the same type that the table loses.
    lost: Option<&'a str>,
    way: Way,
    /// No release has the table.
    is_ahead: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NoDefault {
    /// A foreign key is over it.
    Reference,
    /// No two rows may have the same in it.
    Unique,
}

impl Violation for NotNullWithoutDefault<'_> {
    fn message(&self) -> String {
        format!(
            "adding the NOT NULL column `{}` to `{}` fails as soon as the table has a row",
            self.column, self.table
        )
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "the database is given no value for the rows that are there; a `default=` of the column is Python's, and \
             nothing to the database"
                .to_owned(),
        ]
    }

    fn severity(&self) -> Option<Severity> {
        self.is_ahead.then_some(Severity::Info)
    }

    fn help(&self) -> Option<String> {
        if self.is_key {
            return Some(
                "it is part of the primary key: empty the table before, or add the column without the key, fill it, and add \
                 the key then"
                    .to_owned(),
            );
        }
        if let Some(lost) = self.lost {
            return Some(format!(
                "if it is `{lost}` under another name, `op.alter_column(\"{}\", \"{lost}\", new_column_name=\"{}\")` keeps what is \
                 in it; else give it a `server_default`, or add it with `nullable=True`, fill it, and set NOT NULL then",
                self.table, self.column
            ));
        }
        let text = match self.way {
            Way::Up if self.no_default == Some(NoDefault::Reference) => {
                "add it with `nullable=True`, fill it with what it refers to, and set NOT NULL then"
            }
            Way::Up if self.no_default.is_some() => {
                "add it with `nullable=True`, give each row a value of its own, and set NOT NULL and make it unique then"
            }
            Way::Down if self.no_default == Some(NoDefault::Unique) => {
                "bring it back with `nullable=True`"
            }
            Way::Up => {
                "give it a `server_default`, or add it with `nullable=True`, fill it, and set NOT NULL then"
            }
            Way::Down => "give it a `server_default`, or bring it back with `nullable=True`",
        };
        Some(text.to_owned())
    }
}

/// True if this rule is asked about the database of a revision.
pub(in crate::rules) fn is_told(ctx: &ReplayContext<'_>) -> bool {
    is_selected(&RULE, ctx.environment.settings)
        && ctx.environment.head.dialect().dialect != Dialect::MySql
}

/// True for the statement that adds a column without values for the rows that are there.
pub(in crate::rules) fn refuses(ddl: &Ddl, table: &str, column: &str) -> bool {
    matches!(ddl, Ddl::AlterTable {
        table: known,
        action: AlterAction::AddColumn { definition, .. },
        ..
    } if known == table && definition.column.name == column && definition.needs_value())
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((table, definition)) = ctx.added_column() else {
        return;
    };
    let column = &definition.column;
    if !ctx.refuses_without_value(table, definition) {
        return;
    }
    // A domain may have a default of its own.
    let is_domain = |name: &SmolStr| {
        let mut kinds = ctx.before().objects.keys();
        kinds.any(|key| key.kind == ObjectKind::Domain && key.name == *name)
    };
    if column.column_type.known().is_some_and(is_domain) {
        return;
    }
    if ctx.way == Way::Down && is_told_to_fail(&ctx.replay())
        || is_told_of_upgrade(ctx)
        || is_empty_everywhere(ctx, table)
    {
        return;
    }
    let violation = NotNullWithoutDefault {
        table,
        column: &column.name,
        is_key: is_key(ctx, table, &column.name),
        no_default: if is_reference(ctx, table, &column.name) {
            Some(NoDefault::Reference)
        } else {
            is_unique(ctx, table, &column.name).then_some(NoDefault::Unique)
        },
        lost: lost(ctx, table, column).filter(|_| ctx.way == Way::Up),
        way: ctx.way,
        is_ahead: is_ahead(ctx, table),
    };
    ctx.report(&violation, reporter, "no value for the rows that are there");
}

/// True for a table of which no release knows, though releases have what was before it: those who have rows in it work on the
/// project.
fn is_ahead(ctx: &StatementContext<'_>, table: &str) -> bool {
    let head = ctx.environment.head;
    let Some(change) = &ctx.environment.change else {
        return false;
    };
    let births = births(head.replay());
    births.get(table).is_some_and(|node| {
        let made_by = &head.map.node(*node).revision;
        is_ahead_of_releases(made_by, head, change.past)
    })
}

/// True for a table that a revision has made or emptied which hardly anybody but the author of the change has run.
fn is_empty_everywhere(ctx: &StatementContext<'_>, table: &str) -> bool {
    let head = ctx.environment.head;
    let Some(change) = ctx
        .environment
        .change
        .as_ref()
        .filter(|_| ctx.way == Way::Up)
    else {
        return false;
    };
    let file = |node: usize| &head.map.node(node).revision.file;
    // A history that begins today may come from elsewhere.
    let first = head.map.topological_order().first().copied();
    if first.is_none_or(|first| change.past.is_new(file(first))) {
        return false;
    }
    let node = head.map.find(&ctx.revision.id.value);
    let since = node.and_then(|node| empty_since(head.replay(), table, node));
    since.is_some_and(|since| is_only_with_its_author(&head.map.node(since).revision, change.past))
}

fn is_reference(ctx: &StatementContext<'_>, table: &str, column: &str) -> bool {
    let after = ctx.replayed.after.tables.get(table);
    let mut keys = after.into_iter().flat_map(|table| table.foreign_keys());
    keys.any(|(_, key)| key.columns.iter().any(|name| name == column))
}

/// True if the table has, or had on the way back, a unique constraint or index over the column alone.
fn is_unique(ctx: &StatementContext<'_>, table: &str, column: &str) -> bool {
    let catalog = match ctx.way {
        Way::Up => &ctx.replayed.after,
        Way::Down => &ctx.replayed.before,
    };
    let is_it = |columns: &[SmolStr]| matches!(columns, [only] if only == column);
    catalog.tables.get(table).is_some_and(|table| {
        let mut constraints = table.constraints.iter();
        let mut indexes = table.indexes.iter();
        constraints.any(|constraint| {
            matches!(constraint.kind, ConstraintKind::Unique { .. })
                && is_it(constraint.kind.columns())
        }) || indexes.any(|index| {
            let definition = index.definition.known();
            definition.is_some_and(|definition| definition.unique && is_it(&definition.columns))
        })
    })
}

/// The column that the table loses in the place of one that it gains: both are alone with their type.
fn lost<'c>(ctx: &StatementContext<'c>, table: &str, column: &Column) -> Option<&'c str> {
    let before = ctx.replayed.before.tables.get(table)?;
    let after = ctx.replayed.after.tables.get(table)?;
    let is_alike = |other: &&Column| {
        other.column_type.known().is_some()
            && other.column_type.known() == column.column_type.known()
    };
    let only = |own: &'c Table, others: &Table| {
        let mut apart = own
            .columns
            .iter()
            .filter(|column| others.column(&column.name).is_none())
            .filter(is_alike);
        apart.next().filter(|_| apart.next().is_none())
    };
    only(after, before)?;
    only(before, after).map(|lost| lost.name.as_str())
}

/// True on the way back from an upgrade that gives rows no value either: who mends the one sees the other.
fn is_told_of_upgrade(ctx: &StatementContext<'_>) -> bool {
    let before = &ctx.replayed.before.tables;
    ctx.way == Way::Down
        && statements(&ctx.replayed.upgrade_steps).any(|(ddl, _)| match &*ddl {
            Ddl::AlterTable {
                table,
                action: AlterAction::AddColumn { definition, .. },
                ..
            } => before.contains_key(table) && definition.needs_value(),
            _ => false,
        })
}

/// True for a column of the primary key that the table gets, or of the one that it had.
fn is_key(ctx: &StatementContext<'_>, table: &str, column: &str) -> bool {
    let is_of = |constraint: &Constraint| match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => columns.iter().any(|name| name == column),
        _ => false,
    };
    let had = || {
        let known = ctx.replayed.before.tables.get(table);
        known
            .and_then(|table| table.primary_key())
            .is_some_and(is_of)
    };
    let gets = statements(ctx.later).any(|(ddl, _)| {
        matches!(&*ddl, Ddl::AlterTable { table: other, action: AlterAction::AddConstraint(constraint), .. }
            if other == table && is_of(constraint))
    });
    gets || ctx.way == Way::Down && had()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_default_is_advised_where_each_row_needs_a_value_of_its_own() {
        let help = |no_default, way| {
            let violation = NotNullWithoutDefault {
                table: "t",
                column: "a",
                is_key: false,
                no_default,
                lost: None,
                way,
                is_ahead: false,
            };
            violation.help().unwrap()
        };
        for way in [Way::Up, Way::Down] {
            assert!(help(None, way).contains("server_default"));
            assert!(!help(Some(NoDefault::Unique), way).contains("server_default"));
        }
    }

    #[test]
    fn rows_are_given_no_value() {
        for (sql, is_refused) in [
            ("ALTER TABLE t ADD COLUMN a integer NOT NULL", true),
            (
                "ALTER TABLE t ADD COLUMN a integer NOT NULL DEFAULT 0",
                false,
            ),
            ("ALTER TABLE t ADD COLUMN a integer", false),
            ("ALTER TABLE t ADD COLUMN b integer NOT NULL", false),
        ] {
            let found = crate::sql::parse(sql, Dialect::PostgreSql, &|_| None);
            let mut ddl = found.iter().flat_map(|statement| &statement.ddl);
            assert_eq!(ddl.any(|ddl| refuses(ddl, "t", "a")), is_refused, "{sql}");
        }
    }
}
