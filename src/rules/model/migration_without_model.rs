//! ML302

mod proven;
mod stated;
mod together;

use crate::catalog::{Change, Difference, Subject, split_object};
use crate::config::Pairing;
use crate::diagnostic::{Label, Leeway, Severity};
use crate::models::makes_rows_without;
use crate::project::{ProjectEnvironment, Registration};
use crate::rules::difference::{LabelsApart, is_one_for_rows};
use crate::rules::pairing;
use crate::rules::{
    ChangeContext, EnvironmentContext, Reporter, Violation, declare_rule, is_selected,
};
use crate::schema::{Fact, Operation, Recorded};
use crate::source::FileSpan;
use stated::{contradiction, is_let_go, is_undone};

declare_rule! {
    "ML302", "migration-without-model" in Model("model"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Change(check),
}

enum MigrationWithoutModel<'a> {
    AddedColumn {
        table: &'a str,
        column: &'a str,
    },
    DroppedColumn {
        table: &'a str,
        column: &'a str,
    },
    DroppedTable {
        table: &'a str,
    },
    CreatedTable {
        table: &'a str,
    },
    RenamedColumn {
        table: &'a str,
        old: &'a str,
        new: &'a str,
    },
    Nullability {
        table: &'a str,
        /// Several where one revision does the same to them.
        columns: Vec<&'a str>,
        nullable: bool,
        /// It was so before the revision.
        was_so: bool,
    },
}

impl MigrationWithoutModel<'_> {
    fn table(&self) -> &str {
        match self {
            Self::AddedColumn { table, .. }
            | Self::DroppedColumn { table, .. }
            | Self::DroppedTable { table }
            | Self::CreatedTable { table }
            | Self::RenamedColumn { table, .. }
            | Self::Nullability { table, .. } => table,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::AddedColumn { table, column } => {
                format!("the migration adds `{table}.{column}`, which the model does not have")
            }
            Self::DroppedColumn { table, column } => {
                format!("the migration drops `{table}.{column}`, which the model still has")
            }
            Self::DroppedTable { table } => {
                format!("the migration drops table `{table}`, which still has a model")
            }
            Self::CreatedTable { table } => {
                format!("the migration creates table `{table}`, which no model describes")
            }
            Self::RenamedColumn { table, old, new } => {
                format!("the migration renames `{table}.{old}` to `{new}`, the model does not")
            }
            Self::Nullability {
                table,
                columns,
                nullable,
                was_so,
            } => {
                let names = columns.iter().map(|column| format!("`{table}.{column}`"));
                let names = pairing::and(&names.collect::<Vec<_>>());
                let does = if *was_so { "leaves" } else { "makes" };
                let (migration, model) = if *nullable {
                    ("NULL", "NOT NULL")
                } else {
                    ("NOT NULL", "NULL")
                };
                format!("the migration {does} {names} {migration}, the model says {model}")
            }
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::AddedColumn { table, column } => format!("add {table}.{column}"),
            Self::DroppedColumn { table, column } => format!("drop {table}.{column}"),
            Self::DroppedTable { table } => format!("drop {table}"),
            Self::CreatedTable { table } => format!("create {table}"),
            Self::RenamedColumn { table, old, .. } => format!("rename {table}.{old}"),
            Self::Nullability { table, columns, .. } => {
                format!("nullable {table}.{}", columns.join(" "))
            }
        }
    }

    fn tables(&self) -> Vec<String> {
        vec![self.table().to_owned()]
    }

    fn is_half(&self) -> bool {
        matches!(
            self,
            Self::AddedColumn { .. } | Self::CreatedTable { .. } | Self::Nullability { .. }
        )
    }

    /// What the code meets.
    fn met(&self, is_expansion: bool, head: &ProjectEnvironment<'_>) -> Met {
        match self {
            Self::DroppedColumn { .. } | Self::DroppedTable { .. } | Self::RenamedColumn { .. } => {
                Met::Missing
            }
            Self::AddedColumn { .. } if !is_expansion => Met::Refused,
            Self::Nullability {
                table,
                columns,
                nullable: false,
                ..
            } if columns
                .iter()
                .any(|column| lacks_values(table, column, head)) =>
            {
                Met::Refused
            }
            _ => Met::Nothing,
        }
    }

    /// True for a column that is added to several tables, such as one and its history, and for columns of one table to which
    /// the same happens.
    fn goes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::AddedColumn { table, column },
                Self::AddedColumn {
                    table: other,
                    column: same,
                },
            ) => column == same || table == other,
            (Self::DroppedColumn { table, .. }, Self::DroppedColumn { table: other, .. }) => {
                table == other
            }
            (
                Self::Nullability {
                    table,
                    nullable,
                    was_so,
                    ..
                },
                Self::Nullability {
                    table: other,
                    nullable: same,
                    was_so: so,
                    ..
                },
            ) => table == other && nullable == same && was_so == so,
            (Self::CreatedTable { .. }, Self::CreatedTable { .. })
            | (Self::DroppedTable { .. }, Self::DroppedTable { .. }) => true,
            _ => false,
        }
    }

    /// Takes in what it goes with, where the message names it.
    fn join(&mut self, other: Self) {
        if let Self::Nullability { columns, .. } = self
            && let Self::Nullability { columns: more, .. } = other
        {
            let new = more.into_iter().filter(|column| !columns.contains(column));
            let new: Vec<&str> = new.collect();
            columns.extend(new);
        }
    }
}

/// Who will notice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aftermath {
    /// Autogenerate compares the models with the database.
    Undone,
    /// It may; no call of `context.configure(…)` was found in what `env.py` leads to.
    PerhapsUndone,
    /// `env.py` hands no metadata to Alembic, or does not let it look into the schema: nobody but the queries of the code.
    Queried,
    /// Nothing that `env.py` is seen to import leads to the model, but what runs it may.
    PerhapsKnown,
    /// Nothing that `env.py` imports leads to the model.
    Unknown,
}

/// What the code meets in a database of the migrations, whatever else is made of the models.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// What a query names is not there.
    Missing,
    /// Rows are refused.
    Refused,
    Nothing,
}

impl Met {
    /// What a difference between migrations and models comes to.
    pub(super) fn of(found: &Difference, head: &ProjectEnvironment<'_>) -> Self {
        let lacks_values = || {
            let models = &head.model_schema().whole().catalog;
            let (table, column) = split_object(&found.object, models);
            column.is_some_and(|column| lacks_values(table, column, head))
        };
        match (found.subject, found.change) {
            (Subject::Table | Subject::Column, Change::Added) => Self::Missing,
            (Subject::Column, Change::Removed) if !proven::is_expansion(found, head) => {
                Self::Refused
            }
            (Subject::Column, Change::Changed("nullable"))
                if found.to == serde_json::Value::Bool(true) && lacks_values() =>
            {
                Self::Refused
            }
            _ if LabelsApart::of(found).is_some_and(|apart| !apart.here.is_empty()) => {
                Self::Refused
            }
            _ => Self::Nothing,
        }
    }
}

/// True if the model says that rows may do without a value, and code makes such rows.
fn lacks_values(table: &str, column: &str, head: &ProjectEnvironment<'_>) -> bool {
    let models = head.model_schema().whole();
    let place = models.catalog.tables.get(table);
    let place = place.and_then(|table| table.place.as_ref());
    let name = format!("{table}.{column}");
    models.said_nullable.contains(&name)
        && !models.python_defaults.contains_key(&name)
        && place.is_some_and(|place| {
            makes_rows_without(head.sources(), place, column, &head.script_folders())
        })
}

impl Aftermath {
    fn of(head: &ProjectEnvironment<'_>) -> Self {
        if head.model_schema().lacks_target {
            Self::Queried
        } else if head.model_schema().comparison.is_configured {
            Self::Undone
        } else {
            Self::PerhapsUndone
        }
    }

    /// True if autogenerate sees what it is not certainly kept from.
    fn is_undone(self) -> bool {
        matches!(
            self,
            Self::Undone | Self::PerhapsUndone | Self::PerhapsKnown
        )
    }

    /// The same for the model of one table.
    fn of_table(table: &str, head: &ProjectEnvironment<'_>) -> Self {
        let of_all = Self::of(head);
        if !of_all.is_undone() {
            return of_all;
        }
        let registration = head.registration(table);
        if registration == Registration::None {
            Self::Unknown
        } else if registration == Registration::Doubtful {
            Self::PerhapsKnown
        } else if table.contains('.') && !head.compares_schemas() {
            Self::Queried
        } else {
            of_all
        }
    }

    /// False for what nobody notices.
    fn notices(self, met: Met) -> bool {
        self != Self::Queried || met != Met::Nothing
    }

    fn note(self, met: Met) -> String {
        let note = match (self, met) {
            (Self::Undone, _) => {
                "the next `alembic revision --autogenerate` would propose the difference again"
            }
            (Self::PerhapsUndone, _) => {
                "the next `alembic revision --autogenerate` may propose the difference again: how `env.py` has it compare \
                 was not found"
            }
            (Self::PerhapsKnown, _) => {
                "nothing that `env.py` is seen to import leads to the module of the model: autogenerate sees it only if \
                 something else imports that"
            }
            (_, Met::Missing) => "queries of the model fail: what they name is not there",
            (Self::Unknown, _) => {
                "nothing that `env.py` imports leads to the module of the model, so autogenerate does not see it"
            }
            (Self::Queried, _) => "the database refuses rows that the model allows",
        };
        note.to_owned()
    }

    fn severity(self, met: Met) -> Option<Severity> {
        (!self.is_undone() && self != Self::Unknown && met != Met::Missing)
            .then_some(Severity::Info)
    }
}

/// A contradiction and who will notice it.
struct Noticed<'a> {
    what: MigrationWithoutModel<'a>,
    aftermath: Aftermath,
    met: Met,
}

impl Violation for Noticed<'_> {
    fn message(&self) -> String {
        self.what.message()
    }

    fn subject(&self) -> String {
        self.what.subject()
    }

    fn notes(&self) -> Vec<String> {
        vec![self.aftermath.note(self.met)]
    }

    fn tables(&self) -> Vec<String> {
        self.what.tables()
    }

    fn is_slip(&self) -> bool {
        true
    }

    fn is_half(&self) -> bool {
        self.what.is_half()
    }

    fn severity(&self) -> Option<Severity> {
        self.aftermath.severity(self.met)
    }
}

/// True if this rule says where the migrations and models of a change differ.
pub(super) fn is_told(environment: &EnvironmentContext<'_>) -> bool {
    is_selected(&RULE, environment.settings) && environment.settings.pairing() == Pairing::Together
}

/// True if this rule, or the one about models, reports the type of a column in the change, so that others need not.
pub(in crate::rules) fn tells_type_of(
    environment: &EnvironmentContext<'_>,
    table: &str,
    column: &str,
) -> bool {
    let is_told = is_told(environment);
    let Some(change) = environment.change.as_ref().filter(|_| is_told) else {
        return false;
    };
    let Some(introduced) = pairing::introduced(&ChangeContext {
        environment,
        change,
    }) else {
        return false;
    };
    let mut found = introduced.by_models.iter().chain(&introduced.others);
    found.any(|found| {
        let difference = &found.difference;
        (difference.subject, difference.change) == (Subject::Column, Change::Changed("type"))
            && split_object(
                &difference.object,
                &environment.head.model_schema().whole().catalog,
            ) == (table, Some(column))
            && found.is_seen()
            && !is_one_for_rows(
                difference,
                environment.head.migrated(),
                environment.head.dialect().dialect,
            )
            && !introduced.was_usual(difference)
    })
}

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.environment.settings.pairing() != Pairing::Together {
        return;
    }
    let head = ctx.environment.head;
    let new = new_revisions(head, ctx.environment);
    let judged: Vec<(usize, Vec<Recorded>)> = new
        .iter()
        .filter_map(|node| {
            let migration = head.migration(*node)?;
            let operations = migration
                .upgrade
                .run()?
                .operations
                .iter()
                .filter(|recorded| recorded.is_certain());
            Some((*node, operations.cloned().collect::<Vec<_>>()))
        })
        .collect();
    if judged.iter().all(|(_, operations)| operations.is_empty()) {
        return;
    }
    let introduced = pairing::introduced(ctx);
    let told = match &introduced {
        Some(introduced) => proven::report(ctx.environment, introduced, &new, reporter),
        None => Vec::new(),
    };
    // A table and the one that holds its history are given the same column.
    let is_told = |node: usize, violation: &MigrationWithoutModel<'_>| {
        matches!(violation, MigrationWithoutModel::AddedColumn { column, .. }
            if told.iter().any(|(other, name)| *other == node && name == column))
    };
    // `include_name`, `include_object`
    let is_left_out = |table: &str| {
        let comparison = &head.model_schema().comparison;
        comparison.includes(Subject::Table, table) == Some(false)
    };
    let is_no_business = |violation: &MigrationWithoutModel<'_>| {
        matches!(violation, MigrationWithoutModel::CreatedTable { table }
            if is_left_out(table) || proven::is_private(table, &new, head) || head.reflects(table))
            || matches!(violation, MigrationWithoutModel::DroppedTable { table }
                if is_let_go(table, ctx.environment))
    };
    let is_proven = |operation: &Operation| {
        let tables = operation.tables();
        introduced
            .as_ref()
            .is_some_and(|introduced| tables.iter().any(|table| introduced.is_proven(table)))
    };
    let models = head.models();
    let tables = head.tables_at_head();
    for (node, operations) in &judged {
        let revision = &head.map.node(*node).revision;
        let mut found: Vec<Found<'_>> = Vec::new();
        for recorded in operations {
            if is_proven(&recorded.operation) || is_refused(ctx.environment, *node, &recorded.place)
            {
                continue;
            }
            let before = head.replay().get(*node).map(|replayed| &replayed.before);
            let contradicted = contradiction(&recorded.operation, models, tables, before, head);
            let Some((violation, model)) = contradicted else {
                continue;
            };
            if is_told(*node, &violation)
                || is_undone(&recorded.operation, head.migrated())
                || is_no_business(&violation)
            {
                continue;
            }
            let same = found
                .iter_mut()
                .find(|(known, ..)| known.goes_with(&violation));
            let expands = is_expansion(&recorded.operation);
            let met = violation.met(expands, head);
            let aftermath = Aftermath::of_table(violation.table(), head);
            let is_nullability = matches!(violation, MigrationWithoutModel::Nullability { .. });
            if !aftermath.notices(met)
                || is_nullability && !aftermath.is_undone() && met == Met::Nothing
            {
                continue;
            }
            match same {
                Some((what, _, related, is_expansion, known)) => {
                    what.join(violation);
                    if *known == Met::Nothing {
                        *known = met;
                    }
                    related.push(Label::at(&recorded.place, "here too"));
                    *is_expansion &= expands;
                }
                None => {
                    let label = Label::at(&recorded.place, "in the migration");
                    let model = model.map(|place| Label::at(place, "the model"));
                    found.push((violation, label, model.into_iter().collect(), expands, met));
                }
            }
        }
        for (what, label, related, is_expansion, met) in found {
            let violation = Noticed {
                aftermath: Aftermath::of_table(what.table(), head),
                what,
                met,
            };
            reporter
                .report_on(&violation, label, Some(&revision.id.value))
                .related(related)
                .leeway(if is_expansion {
                    Leeway::Expansion
                } else {
                    Leeway::None
                });
        }
    }
}

/// A contradiction with its place and others that belong to it, whether code need not know of it, and what it meets.
type Found<'a> = (MigrationWithoutModel<'a>, Label, Vec<Label>, bool, Met);

/// True for a new column of which rows can do without a value.
fn is_expansion(operation: &Operation) -> bool {
    let Operation::AddColumn {
        column: Some(column),
        ..
    } = operation
    else {
        return false;
    };
    let is_nullable =
        !matches!(column.facts.get("nullable"), Some(Fact::Known(said)) if said == "no");
    is_nullable || column.facts.contains_key("server default")
}

/// True for a statement that the database refuses, which is told: what comes of it is not to be compared.
fn is_refused(ctx: &EnvironmentContext<'_>, node: usize, place: &FileSpan) -> bool {
    ctx.head.replay().get(node).is_some_and(|replayed| {
        let mut failures = replayed.upgrade_failures.iter();
        failures.any(|failed| failed.place == *place && !failed.in_one_go)
    })
}

/// The revisions of the change that nobody has yet.
fn new_revisions(of: &ProjectEnvironment<'_>, ctx: &EnvironmentContext<'_>) -> Vec<usize> {
    let is_new = |node: &usize| {
        let revision = &of.map.node(*node).revision;
        ctx.is_judged(&revision.file) && !ctx.is_upstream(&revision.id.value)
    };
    (0..of.map.nodes().len()).filter(is_new).collect()
}
