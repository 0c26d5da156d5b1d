//! What happens to the application and the database while a migration is deployed.

pub(super) mod backfill_with_schema_change;
pub(super) mod blocking_exclusion_constraint;
pub(super) mod blocking_index;
pub(super) mod blocking_index_drop;
pub(super) mod blocking_maintenance;
pub(super) mod blocking_partition_change;
pub(super) mod blocking_primary_key;
pub(super) mod blocking_unique_constraint;
pub(super) mod cascading_drop;
pub(super) mod column_drop;
pub(super) mod column_rename;
pub(super) mod column_rewrite;
pub(super) mod concurrent_index_in_transaction;
pub(super) mod discouraged_type;
pub(super) mod domain_constraint;
pub(super) mod drop_not_null;
pub(super) mod duplicate_assignment;
pub(super) mod enum_value_in_transaction;
pub(super) mod enum_value_rename;
pub(super) mod generated_column;
pub(super) mod ignored_primary_key;
pub(super) mod json_column;
pub(super) mod long_identifier;
pub(in crate::rules) mod lost_attributes;
pub(super) mod many_locks;
pub(super) mod mismatched_foreign_key;
pub(super) mod missing_lock_timeout;
pub(super) mod narrow_primary_key;
pub(super) mod not_null_without_default;
pub(super) mod partial_failure;
pub(super) mod redundant_index;
pub(super) mod refused_on_rows;
pub(super) mod scanning_not_null;
pub(super) mod table_drop;
pub(super) mod table_rename;
pub(super) mod transaction_statement;
pub(super) mod truncate_cascade;
pub(super) mod unindexed_foreign_key;
pub(super) mod unordered_enum_value;
pub(super) mod unqualified_name;
pub(super) mod unrepeatable_statement;
pub(super) mod validated_at_once;
pub(super) mod validating_check;
pub(super) mod validating_foreign_key;
pub(super) mod volatile_default;

use std::borrow::Cow;

use smol_str::SmolStr;

use crate::alembic::{Failed, ReplayedRevision, Run, Step};
use crate::catalog::{
    AlterAction, Catalog, ColumnDefinition, Constraint, ConstraintKind, Ddl, FailureKind,
    ObjectKind, SessionChange, Table,
};
use crate::diagnostic::{Label, Severity};
use crate::dialect::postgresql::conversion::{Conversion, conversion};
use crate::dialect::postgresql::{Action, Lock, cost_of};
use crate::dialect::{Dialect, mysql};
use crate::rules::{
    EnvironmentContext, Fresh, StatementContext, StatementCost, Violation, Way, locks, simple,
};
use crate::source::FileSpan;
use crate::sql::is_never_met;
use crate::sqlalchemy::ddl::Transactions;

impl<'a> StatementContext<'a> {
    /// What the transaction has done so far in which the statement runs.
    pub(crate) fn earlier_in_transaction(&self) -> &'a [Step] {
        same_transaction(self.earlier)
    }

    /// A table and what is changed of it.
    fn alteration(&self) -> Option<(&'a SmolStr, &'a AlterAction)> {
        match self.ddl {
            Ddl::AlterTable { table, action, .. } => Some((table, action)),
            _ => None,
        }
    }

    /// A table that is in use, and what is changed of it.
    fn alteration_in_use(&self) -> Option<(&'a SmolStr, &'a AlterAction)> {
        let (table, action) = self.alteration()?;
        self.table_in_use(table)?;
        Some((table, action))
    }

    /// A column that is added to a table in use.
    fn added_column(&self) -> Option<(&'a SmolStr, &'a ColumnDefinition)> {
        match self.alteration_in_use()? {
            (table, AlterAction::AddColumn { definition, .. }) => Some((table, definition)),
            _ => None,
        }
    }

    /// True if the revision adds one of the columns, up to this statement, so that the database refuses it as soon as there is
    /// a row: then what is built over it is built of none.
    fn is_over_refused_column(&self, table: &SmolStr, columns: &[SmolStr]) -> bool {
        let refuses = |ddl: &Ddl| {
            columns
                .iter()
                .any(|column| not_null_without_default::refuses(ddl, table, column))
        };
        let mut here = simple(&self.step.ddl).into_iter();
        here.any(|(ddl, _)| refuses(&ddl)) || statements(self.earlier).any(|(ddl, _)| refuses(&ddl))
    }

    /// True for a partial index without entries: its condition asks for a value of a column that is new, and that no row has.
    fn is_index_without_rows(&self, ddl: &Ddl) -> bool {
        let Ddl::CreateIndex {
            table, definition, ..
        } = ddl
        else {
            return false;
        };
        let definition = definition.known();
        definition.is_some_and(|definition| {
            definition.predicate.as_ref().is_some_and(|predicate| {
                let mut columns = definition.columns.iter();
                columns.any(|column| {
                    let value = self.only_value(table, column);
                    value.is_some_and(|value| is_never_met(predicate, column, value.as_deref()))
                })
            })
        })
    }

    /// Constraints that are added to a table in use, also those that are written at a new column.
    fn added_constraints(&self) -> Vec<(&'a SmolStr, &'a Constraint)> {
        match self.alteration_in_use() {
            Some((table, AlterAction::AddConstraint(constraint))) => vec![(table, constraint)],
            Some((table, AlterAction::AddColumn { definition, .. })) => definition
                .constraints
                .iter()
                .map(|constraint| (table, constraint))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The models that run until the change is deployed, with the name of the branch they are on; where no change is
    /// judged that is not known.
    fn models_in_use(&self) -> Option<(&'a str, &'a Catalog)> {
        let change = self.environment.change.as_ref()?;
        let base = self.environment.base()?;
        Some((change.base_name, &base.model_schema().catalog))
    }

    /// A place in the models that run until the change is deployed. Where the change edits the file its lines are others now.
    fn label_on_base(&self, place: &FileSpan, base: &str) -> Option<Label> {
        let before = self.environment.base()?.sources();
        let after = self.environment.head.sources();
        if before.read(&place.file) == after.read(&place.file) {
            return Some(Label::at(place, format!("on `{base}`")));
        }
        let line = before
            .python(&place.file)?
            .text
            .position(place.span.start)
            .line;
        let message = format!("on `{base}`, in line {line}");
        Some(Label::new(place.file.clone(), None, message))
    }

    /// What a change comes to, with all its revisions.
    fn made_in_the_end(&self) -> Option<&'a Catalog> {
        let environment = self.environment;
        environment.change.as_ref()?;
        Some(environment.head.migrated())
    }

    /// True if the table has a column of this name in the end, another one or the same.
    fn column_comes_back(&self, table: &str, name: &str) -> bool {
        let is_at_end = || {
            let made = self.made_in_the_end()?.tables.get(table)?.column(name)?;
            Some(made.maybe.is_none())
        };
        is_at_end() == Some(true)
            || statements(self.later).any(|(ddl, _)| match ddl.as_ref() {
                Ddl::AlterTable {
                    table: other,
                    action,
                    ..
                } if other == table => match action {
                    AlterAction::AddColumn { definition, .. } => definition.column.name == name,
                    AlterAction::RenameColumn { new_name, .. } => new_name == name,
                    _ => false,
                },
                _ => false,
            })
    }

    /// True if a table is made again under the same name, or another takes its place.
    fn comes_back(&self, table: &str) -> bool {
        let is_at_end = || Some(self.made_in_the_end()?.tables.get(table)?.maybe.is_none());
        is_at_end() == Some(true)
            || statements(self.later).any(|(ddl, _)| match ddl.as_ref() {
                Ddl::CreateTable(create) => create.name == table,
                Ddl::AlterTable {
                    action: AlterAction::RenameTable { new_name },
                    ..
                } => new_name == table,
                Ddl::CreateObject {
                    kind: ObjectKind::View,
                    name,
                    ..
                } => name == table,
                _ => false,
            })
    }

    /// When another transaction comes in which to do the rest.
    fn afterwards(&self) -> &'static str {
        if self.commits_each() {
            return "in a statement after it";
        }
        match (self.way, self.environment.head.semantics().transactions) {
            (Way::Down, _) => "inside of `with op.get_context().autocommit_block():`",
            (Way::Up, Transactions::PerRun) => {
                "in a later revision, with `transaction_per_migration=True` in `env.py`: one transaction for all of them would keep the lock"
            }
            (Way::Up, _) => "in a later revision",
        }
    }

    /// How a constraint is added so that nobody waits while its rows are checked.
    fn validated_afterwards(&self) -> String {
        let is_made_by_operation = self.run().is_some_and(|run| {
            let mut operations = run.operations.iter();
            operations.any(|recorded| {
                recorded.place == *self.place
                    && !matches!(recorded.operation, crate::schema::Operation::Sql(_))
            })
        });
        let knows_it = self.environment.head.semantics().sqlalchemy >= (1, 4);
        let how = if is_made_by_operation && knows_it {
            "`postgresql_not_valid=True`"
        } else {
            "`NOT VALID` in SQL"
        };
        format!(
            "add it with {how}, and run `ALTER TABLE … VALIDATE CONSTRAINT …` {}",
            self.afterwards()
        )
    }

    fn is_postgresql(&self) -> bool {
        self.dialect() == Dialect::PostgreSql
    }

    /// True if the table is divided into partitions.
    fn is_partitioned(&self, table: &str) -> bool {
        is_partitioned(self.before(), table)
    }
}

fn is_partitioned(catalog: &Catalog, table: &str) -> bool {
    let mut pairs = catalog.partitions.iter();
    pairs.any(|(parent, _)| parent == table)
}

/// What a change of a table is among the actions whose locks are known.
fn action_of(action: &AlterAction) -> Option<Action> {
    Some(match action {
        AlterAction::AddColumn { .. } => Action::AddColumn,
        AlterAction::DropColumn { .. } => Action::DropColumn,
        AlterAction::AlterType { .. } => Action::ChangeType,
        AlterAction::SetNullable {
            nullable: false, ..
        } => Action::SetNotNull,
        AlterAction::SetNullable { nullable: true, .. } => Action::DropNotNull,
        AlterAction::SetDefault { .. } | AlterAction::DropGenerated { .. } => Action::SetDefault,
        AlterAction::SetIdentity { .. } => Action::SetIdentity,
        AlterAction::RenameColumn { .. } => Action::RenameColumn,
        AlterAction::RenameTable { .. } => Action::RenameTable,
        AlterAction::RenameConstraint { .. } => Action::RenameConstraint,
        AlterAction::SetSchema { .. } => Action::SetSchema,
        AlterAction::RowSecurity { .. } => Action::RowSecurity,
        AlterAction::AddConstraint(constraint) => match (&constraint.kind, constraint.not_valid) {
            (ConstraintKind::ForeignKey(_), true) => Action::AddForeignKeyNotValid,
            (ConstraintKind::ForeignKey(_), false) => Action::AddForeignKey,
            (ConstraintKind::Check { .. }, true) => Action::AddCheckNotValid,
            (ConstraintKind::Check { .. }, false) => Action::AddCheck,
            (ConstraintKind::Unique { .. }, _) => Action::AddUnique,
            (ConstraintKind::PrimaryKey { .. }, _) => Action::AddPrimaryKey,
            (ConstraintKind::Exclude { .. }, _) => Action::AddExclusion,
            (ConstraintKind::Unknown { .. }, _) => return None,
        },
        AlterAction::AddConstraintUsingIndex { .. } => Action::AddFromIndex,
        AlterAction::DropConstraint { .. } | AlterAction::DropPrimaryKey => Action::DropConstraint,
        AlterAction::ValidateConstraint { .. } => Action::ValidateConstraint,
        AlterAction::AttachPartition { .. } => Action::AttachPartition,
        AlterAction::DetachPartition { .. } => Action::DetachPartition,
        AlterAction::Other | AlterAction::Opaque { .. } => return None,
    })
}

/// True if nobody can even read the table until the transaction ends.
fn locks_exclusively(action: &AlterAction, version: u32) -> bool {
    action_of(action)
        .and_then(|action| cost_of(action, version))
        .is_some_and(|cost| cost.lock == Lock::AccessExclusive)
}

/// What PostgreSQL does to change a type. Values of one enum become those of another by way of their labels.
fn converted(before: &Catalog, from: &str, to: &str, version: u32) -> Option<Conversion> {
    let are_enums = from != to && before.enums.contains_key(from) && before.enums.contains_key(to);
    if are_enums {
        return Some(Conversion::Rewrite);
    }
    conversion(from, to, version)
}

/// True if all rows are written anew for another type.
fn rewrites(environment: &EnvironmentContext<'_>, before: &Catalog, from: &str, to: &str) -> bool {
    let version = environment.database_version();
    match environment.head.dialect().dialect {
        Dialect::PostgreSql => converted(before, from, to, version) == Some(Conversion::Rewrite),
        Dialect::MySql => mysql::copies_table(from, to) == Some(true),
        Dialect::Sqlite => false,
    }
}

/// How a statement treats an application that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Nobody waits for it.
    Taken,
    /// There is a way to make it so that nobody waits, and this is not it.
    Missing,
}

/// How a statement treats the table that it changes, if that was there before.
pub(crate) fn care(
    environment: &EnvironmentContext<'_>,
    before: &Catalog,
    ddl: &Ddl,
    fresh: &Fresh,
) -> Option<Care> {
    let of = |is_taken| Some(if is_taken { Care::Taken } else { Care::Missing });
    let (table, action) = match ddl {
        Ddl::CreateIndex {
            table,
            concurrently,
            ..
        } if !fresh.has_table(table) => return of(*concurrently),
        Ddl::AlterTable { table, action, .. } if !fresh.has_table(table) => (table, action),
        _ => return None,
    };
    let column_in_use = |name: &SmolStr| {
        let column = before.tables.get(table)?.column(name)?;
        (!fresh.has_column(table, name)).then_some(column)
    };
    match action {
        AlterAction::AddConstraintUsingIndex { .. } | AlterAction::ValidateConstraint { .. } => {
            of(true)
        }
        AlterAction::AddConstraint(constraint) if !constraint.not_valid => of(false),
        AlterAction::SetNullable {
            column,
            nullable: false,
        } if column_in_use(column)?.nullable.is(&true) => {
            of(is_proven_not_null(before.tables.get(table)?, column))
        }
        AlterAction::AlterType {
            column,
            column_type,
            ..
        } => {
            let from = column_in_use(column)?.column_type.known()?;
            let is_rewritten = rewrites(environment, before, from, column_type.known()?);
            is_rewritten.then_some(Care::Missing)
        }
        _ => None,
    }
}

/// The name of a constraint, or what it is on: "`fk_a`", "the foreign key on `user_id`".
fn called(constraint: &Constraint) -> String {
    match constraint.known_name().filter(|_| !constraint.is_unnamed) {
        Some(name) => format!("`{name}`"),
        None => format!(
            "the {} on {}",
            constraint.kind.noun(),
            crate::rules::list(constraint.kind.columns())
        ),
    }
}

/// A constraint that is added to a table in use, and what that costs.
struct CostlyConstraint<'a> {
    table: &'a str,
    constraint: &'a Constraint,
    cost: StatementCost,
    /// What is done meanwhile, with the table.
    what: fn(&str) -> String,
    help: Cow<'static, str>,
}

impl Violation for CostlyConstraint<'_> {
    fn message(&self) -> String {
        format!(
            "adding {} {}",
            called(self.constraint),
            (self.what)(self.table)
        )
    }

    fn subject(&self) -> String {
        format!(
            "{} {} {}",
            self.table,
            self.constraint.kind.noun(),
            self.constraint.kind.columns().join(",")
        )
    }

    fn notes(&self) -> Vec<String> {
        let referenced = match &self.constraint.kind {
            ConstraintKind::ForeignKey(key) => Some(key.references.as_str()),
            _ => None,
        };
        vec![locks(self.cost, self.table, referenced)]
    }

    fn help(&self) -> Option<String> {
        Some(self.help.clone().into_owned())
    }
}

/// Failures of both directions of a revision that are of one kind, each with its function and how bad it is.
fn failures_of(
    replayed: &ReplayedRevision,
    kind: FailureKind,
) -> impl Iterator<Item = (&Run, &Failed, Severity)> {
    let directions = [
        (Way::Up, &replayed.upgrade_failures),
        (Way::Down, &replayed.downgrade_failures),
    ];
    directions
        .into_iter()
        .filter_map(|(way, failures)| {
            let run = way.run(&replayed.migration)?;
            Some((run, failures, way.severity(Severity::Error)))
        })
        .flat_map(move |(run, failures, severity)| {
            let failures = failures.iter().filter(move |failed| failed.kind == kind);
            failures.map(move |failed| (run, failed, severity))
        })
}

/// The steps since the transaction began in which the last of them runs.
fn same_transaction(steps: &[Step]) -> &[Step] {
    let begins = |step: &Step| {
        !step.session.in_transaction
            || matches!(
                step.ddl,
                Ddl::Session(SessionChange::Begin | SessionChange::End)
            )
    };
    let start = steps.iter().rposition(begins).map_or(0, |at| at + 1);
    steps.get(start..).unwrap_or_default()
}

/// Single statements of steps that are certain.
fn statements(steps: &[Step]) -> impl Iterator<Item = (Cow<'_, Ddl>, &Step)> {
    steps.iter().filter(|step| step.certain).flat_map(|step| {
        simple(&step.ddl)
            .into_iter()
            .map(move |(ddl, _)| (ddl, step))
    })
}

/// True if the same direction has dropped a constraint of a table before that is meant.
fn has_dropped(
    ctx: &StatementContext<'_>,
    table: &str,
    is_meant: impl Fn(&ConstraintKind) -> bool,
) -> bool {
    statements(ctx.earlier).any(|(ddl, step)| match ddl.as_ref() {
        Ddl::AlterTable {
            table: other,
            action: AlterAction::DropConstraint { name, .. },
            ..
        } if other == table => {
            let known = step.before.tables.get(table);
            let dropped = known.and_then(|table| table.constraint(name));
            dropped.is_some_and(|dropped| is_meant(&dropped.kind))
        }
        _ => false,
    })
}

/// True if a valid CHECK of the table says that a column is never NULL.
fn is_proven_not_null(table: &Table, column: &str) -> bool {
    table.constraints.iter().any(|constraint| {
        !constraint.not_valid
            && constraint.maybe.is_none()
            && matches!(
                &constraint.kind,
                ConstraintKind::Check { expression, .. }
                    if expression.known().is_some_and(|text| says_not_null(text, column))
            )
    })
}

/// `a IS NOT NULL`, also as one side of `AND`.
fn says_not_null(expression: &str, column: &str) -> bool {
    let lower = expression.to_ascii_lowercase();
    lower.split(" and ").any(|part| {
        let part = part.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
        part.strip_suffix("is not null").is_some_and(|name| {
            name.trim().trim_matches(['"', '(', ')']) == column.to_ascii_lowercase()
        })
    })
}
