//! What rules see of a single statement: the database before it, and what the change under judgement has made itself.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::alembic::{Migration, RawSql, ReplayedRevision, Revision, Run, Step};
use crate::catalog::{
    AlterAction, Batch, Catalog, Column, ColumnDefinition, ConstraintKind, Ddl, IndexDefinition,
    Table,
};
use crate::diagnostic::Severity;
use crate::dialect::Dialect;
use crate::dialect::postgresql::{Action, Lock, Work, cost_of};
use crate::rules::fresh::Fresh;
use crate::rules::reporter::{Report, Reporter, Violation};
use crate::rules::{EnvironmentContext, ReplayContext, downgrade};
use crate::source::FileSpan;

/// A direction of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    Up,
    Down,
}

impl Way {
    /// One step lower on the way down, which is taken when something went wrong already.
    pub(crate) fn severity(self, severity: Severity) -> Severity {
        match (self, severity) {
            (Self::Up, severity) => severity,
            (Self::Down, Severity::Error) => Severity::Warning,
            (Self::Down, _) => Severity::Info,
        }
    }

    /// The function of a revision, if it could be followed.
    pub(crate) fn run(self, migration: &Migration) -> Option<&Run> {
        match self {
            Self::Up => migration.upgrade.run(),
            Self::Down => migration.downgrade.run(),
        }
    }

    /// The database after the function.
    pub(crate) fn outcome(self, replayed: &ReplayedRevision) -> &Catalog {
        match self {
            Self::Up => &replayed.after,
            Self::Down => &replayed.restored,
        }
    }

    /// What the function does to the database.
    pub(crate) fn steps(self, replayed: &ReplayedRevision) -> &[Step] {
        match self {
            Self::Up => &replayed.upgrade_steps,
            Self::Down => &replayed.downgrade_steps,
        }
    }

    /// The raw SQL that the function executes.
    pub(crate) fn texts(self, replayed: &ReplayedRevision) -> &[RawSql] {
        match self {
            Self::Up => &replayed.upgrade_sql,
            Self::Down => &replayed.downgrade_sql,
        }
    }
}

/// A statement of a revision on its way into the database.
pub(crate) struct StatementContext<'a> {
    pub(crate) environment: &'a EnvironmentContext<'a>,
    pub(crate) revision: &'a Arc<Revision>,
    pub(crate) replayed: &'a ReplayedRevision,
    pub(crate) way: Way,
    /// The statement, without what holds several together.
    pub(crate) ddl: &'a Ddl,
    pub(crate) place: &'a FileSpan,
    /// The step that it is, or is part of.
    pub(crate) step: &'a Step,
    /// What the same direction has done before.
    pub(crate) earlier: &'a [Step],
    /// What it does after that.
    pub(crate) later: &'a [Step],
    pub(crate) fresh: &'a Fresh,
}

impl<'a> StatementContext<'a> {
    pub(crate) fn dialect(&self) -> Dialect {
        self.environment.head.dialect().dialect
    }

    /// What is known of the revision as a whole.
    pub(crate) fn replay(&self) -> ReplayContext<'a> {
        ReplayContext {
            environment: self.environment,
            revision: self.revision,
            replayed: self.replayed,
        }
    }

    pub(crate) fn version(&self) -> u32 {
        self.environment.database_version()
    }

    /// The database before the statement.
    pub(crate) fn before(&self) -> &'a Catalog {
        &self.step.before
    }

    /// A table that was there before the change, and may hold rows.
    pub(crate) fn table_in_use(&self, name: &str) -> Option<&'a Arc<Table>> {
        let table = self.known_table(name)?;
        let may_hold_rows = !table.temporary && table.maybe.is_none() && !self.fresh.is_empty(name);
        may_hold_rows.then_some(table)
    }

    /// A table before the statement. One that no migration has made was there all the time.
    fn known_table(&self, name: &str) -> Option<&'a Arc<Table>> {
        let before = &self.step.before;
        before.tables.get(name).or_else(|| {
            let may_be_older = !self.fresh.has_table(name)
                && !before.dropped_tables.contains(name)
                && before.opaque.is_none();
            may_be_older
                .then(|| self.replayed.before.tables.get(name))
                .flatten()
        })
    }

    /// A column of it that was there before the change.
    pub(crate) fn column_in_use(&self, table: &str, name: &str) -> Option<&'a Column> {
        let known = self.table_in_use(table)?.column(name);
        // A table of which not all is known shows its columns when they are used.
        let column = known.or_else(|| self.replayed.before.tables.get(table)?.column(name))?;
        (column.maybe.is_none() && !self.fresh.has_column(table, name)).then_some(column)
    }

    /// True if all of these columns were made by the change, and nothing is in them.
    pub(crate) fn are_empty_columns(&self, table: &str, columns: &[SmolStr]) -> bool {
        let mut names = columns.iter();
        !columns.is_empty() && names.all(|name| self.only_value(table, name) == Some(&None))
    }

    /// True where the configuration says that the table is small.
    pub(crate) fn is_about_small_table(&self) -> bool {
        let small = &self.environment.settings.small_tables;
        self.table()
            .is_some_and(|table| small.iter().any(|name| name == table))
    }

    /// True if code that names the table or a column of it fails afterwards.
    pub(crate) fn drops_or_renames(&self) -> bool {
        match self.ddl {
            Ddl::DropTable { .. } => true,
            Ddl::AlterTable { action, .. } => matches!(
                action,
                AlterAction::DropColumn { .. }
                    | AlterAction::RenameColumn { .. }
                    | AlterAction::RenameTable { .. }
            ),
            _ => false,
        }
    }

    /// True for an index over columns that the change has made and that hold nothing, or the same in all rows: the table is
    /// read once, and there is nothing to sort.
    pub(crate) fn indexes_nothing(&self, ddl: &Ddl) -> bool {
        index_of(ddl).is_some_and(|(table, index)| {
            let mut columns = index.columns.iter();
            !index.columns.is_empty()
                && columns.all(|column| match self.only_value(table, column) {
                    Some(Some(value)) => !value.contains('('),
                    Some(None) => true,
                    None => false,
                })
        })
    }

    /// True for an index that mentions a column which the change has made: it comes with what it is for.
    pub(crate) fn indexes_news(&self, ddl: &Ddl) -> bool {
        index_of(ddl).is_some_and(|(table, index)| {
            let mut columns = index.columns.iter();
            columns.any(|column| self.fresh.has_column(table, column))
        })
    }

    /// The default that all rows have got in a column that the change has added; NULL is `None` inside.
    pub(crate) fn only_value(&self, table: &str, column: &str) -> Option<&'a Option<SmolStr>> {
        let value = self.fresh.filled_with(table, column)?;
        let before = self.before().tables.get(table)?;
        let known = before.column(column)?;
        let is_plain = known.generated.is(&None) && known.identity.is(&None);
        // A column that numbers the rows has got its default by the way.
        let is_numbered = value.is_none() && !known.default.is(&None);
        (is_plain && !is_numbered).then_some(value)
    }

    /// The name that the statement gives the table.
    pub(crate) fn new_name(&self) -> Option<&'a SmolStr> {
        match self.ddl {
            Ddl::AlterTable {
                action: AlterAction::RenameTable { new_name },
                ..
            } => Some(new_name),
            _ => None,
        }
    }

    /// The tables that a column referred to before the revision, if the statement drops it or changes its type.
    pub(crate) fn referred_by_column(&self) -> Vec<SmolStr> {
        let Ddl::AlterTable {
            table,
            action:
                AlterAction::DropColumn { name, .. } | AlterAction::AlterType { column: name, .. },
            ..
        } = self.ddl
        else {
            return Vec::new();
        };
        let table = self.replayed.before.tables.get(table);
        let keys = table.into_iter().flat_map(|table| table.foreign_keys());
        keys.filter(|(_, key)| key.columns.contains(name))
            .map(|(_, key)| key.references.clone())
            .collect()
    }

    /// The table to which the statement adds a NOT NULL column without a value: the first row stops it.
    pub(crate) fn stops_at_rows(&self) -> Option<&'a SmolStr> {
        match self.ddl {
            Ddl::AlterTable {
                table,
                action: AlterAction::AddColumn { definition, .. },
                ..
            } if self.refuses_without_value(table, definition) => Some(table),
            _ => None,
        }
    }

    /// True for a column of which the rows that are there have to be given values. MySQL gives them an implicit default of
    /// the type.
    pub(crate) fn refuses_without_value(&self, table: &str, definition: &ColumnDefinition) -> bool {
        definition.needs_value()
            && self.dialect() != Dialect::MySql
            && !self.numbers_rows(table, &definition.column)
            && !any_batch(&self.step.ddl, &|batch| {
                batch.table == table && batch.fills(&definition.column.name)
            })
    }

    /// True if SQLite numbers the rows when the table is copied: an `INTEGER` that alone is the primary key is the number of
    /// the row.
    fn numbers_rows(&self, table: &str, column: &Column) -> bool {
        let outcome = self.way.outcome(self.replayed).tables.get(table);
        let key = outcome.and_then(|table| table.primary_key());
        let is_key = key.is_some_and(|key| {
            matches!(&key.kind, ConstraintKind::PrimaryKey { columns } if *columns == [column.name.clone()])
        });
        self.dialect() == Dialect::Sqlite
            && is_key
            && column
                .column_type
                .known()
                .is_some_and(|known| known == "INTEGER")
            && any_batch(&self.step.ddl, &|batch| {
                batch.table == table && batch.makes_copy()
            })
    }

    /// The table that the statement is about.
    pub(crate) fn table(&self) -> Option<&'a SmolStr> {
        match self.ddl {
            Ddl::AlterTable { table, .. } | Ddl::CreateIndex { table, .. } => Some(table),
            Ddl::DropTable { name, .. } => Some(name),
            Ddl::Maintenance { name, .. } => name.as_ref(),
            Ddl::DropIndex { name, .. } => self.before().index_tables.get(name),
            Ddl::Data { tables, .. } => tables.first(),
            _ => None,
        }
    }

    /// What the statement costs in the version that counts; `None` on other databases.
    pub(crate) fn cost(&self, action: Action) -> Option<StatementCost> {
        let cost = (self.dialect() == Dialect::PostgreSql)
            .then(|| cost_of(action, self.version()))
            .flatten()?;
        Some(StatementCost {
            lock: cost.lock,
            other: cost.other,
            work: cost.work,
            commits: self.commits_each(),
        })
    }

    /// True where each statement commits by itself, as in an `autocommit_block()`.
    pub(crate) fn commits_each(&self) -> bool {
        self.step.session.commits_each
    }

    pub(crate) fn run(&self) -> Option<&'a Run> {
        self.way.run(&self.replayed.migration)
    }

    /// Reports a violation at the statement.
    pub(crate) fn report<'r>(
        &self,
        violation: &impl Violation,
        reporter: &'r mut Reporter<'_>,
        message: &str,
    ) -> Option<Report<'r>> {
        let run = self.run()?;
        let (primary, related) = downgrade::at(self.revision, run, self.place, message);
        let severity = self
            .way
            .severity(violation.severity().unwrap_or(reporter.severity()));
        let report = reporter
            .report_on(violation, primary, Some(&self.revision.id.value))
            .related(related)
            .severity(severity);
        Some(report)
    }
}

/// True if one of the batches of a statement is such a one.
fn any_batch(ddl: &Ddl, is_it: &dyn Fn(&Batch) -> bool) -> bool {
    match ddl {
        Ddl::Together(parts) | Ddl::Block(parts) => parts.iter().any(|part| any_batch(part, is_it)),
        Ddl::Only(inner) => any_batch(inner, is_it),
        Ddl::Batch(batch) => is_it(batch),
        _ => false,
    }
}

/// What a statement costs where it stands.
#[derive(Clone, Copy)]
pub(crate) struct StatementCost {
    pub(crate) lock: Lock,
    /// The lock on the table that a foreign key refers to, or the parent of a partition.
    other: Option<Lock>,
    pub(crate) work: Work,
    /// It commits by itself: its locks are free when it ends.
    pub(crate) commits: bool,
}

impl StatementCost {
    /// How a statement is done so that nobody waits, which works in no transaction: `verb` with `word`.
    pub(crate) fn outside_transaction(self, verb: &str, word: &str) -> String {
        if self.commits {
            format!("only {word} is missing: the statement is in no transaction already")
        } else {
            format!("{verb}{word} inside of `with op.get_context().autocommit_block():`")
        }
    }
}

/// What a statement does to a table that is in use, as a note: "`ACCESS EXCLUSIVE` on `users` blocks reads and writes while
/// all rows are read".
pub(crate) fn locks(cost: StatementCost, table: &str, other: Option<&str>) -> String {
    let mut text = format!("the lock `{}` on `{table}`", cost.lock.as_str());
    if let (Some(lock), Some(other)) = (cost.other, other)
        && other != table
    {
        text.push_str(&format!(", and `{}` on `{other}`,", lock.as_str()));
    }
    match cost.lock.blocks() {
        Some(what) => text.push_str(&format!(" blocks {what}")),
        None => text.push_str(" blocks neither reads nor writes"),
    }
    text.push_str(match cost.work {
        Work::None => "",
        Work::Scan => " while all rows are read",
        Work::IndexBuild => " while an index is built of all rows",
        Work::Rewrite => " while all rows are written anew and all indexes are built anew",
    });
    text.push_str(match (cost.work, cost.commits) {
        (Work::None, true) => " until the statement ends",
        (Work::None, false) => " until the transaction ends",
        (_, true) => "",
        (_, false) => ", and until the transaction ends",
    });
    text
}

/// The index that a statement makes, with its table, as far as its definition is known.
fn index_of(ddl: &Ddl) -> Option<(&SmolStr, &IndexDefinition)> {
    match ddl {
        Ddl::CreateIndex {
            table, definition, ..
        } => Some((table, definition.known()?)),
        _ => None,
    }
}
