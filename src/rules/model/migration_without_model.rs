//! ML302

use smol_str::SmolStr;

use crate::catalog::{Catalog, Change, Difference, Subject, split_object};
use crate::config::Pairing;
use crate::diagnostic::Label;
use crate::models::{DriftDifference, Introduced, ModelTable, Models};
use crate::project::ProjectEnvironment;
use crate::rules::difference::{Target, follows, nullability, plain, short};
use crate::rules::pairing;
use crate::rules::{ChangeContext, Reporter, Violation, declare_rule};
use crate::schema::{KnownTables, Operation, Recorded};
use crate::source::FileSpan;

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
        column: &'a str,
        nullable: bool,
    },
}

impl Violation for MigrationWithoutModel<'_> {
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
                column,
                nullable,
            } => {
                let (migration, model) = if *nullable {
                    ("NULL", "NOT NULL")
                } else {
                    ("NOT NULL", "NULL")
                };
                format!(
                    "the migration makes `{table}.{column}` {migration}, the model says {model}"
                )
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
            Self::Nullability { table, column, .. } => format!("nullable {table}.{column}"),
        }
    }

    fn notes(&self) -> Vec<String> {
        vec![UNDONE.to_owned()]
    }

    fn is_half(&self) -> bool {
        matches!(
            self,
            Self::AddedColumn { .. } | Self::CreatedTable { .. } | Self::Nullability { .. }
        )
    }
}

impl Contradicted<'_> {
    /// True for a default with which a column is added for the rows that are there, where the model fills in the same,
    /// or what it works out.
    fn fills_rows(&self, head: &ProjectEnvironment<'_>) -> bool {
        let found = self.found;
        if (found.subject, found.change) != (Subject::Column, Change::Changed("default"))
            || (self.change.subject, self.change.change) != (Subject::Column, Change::Added)
            || !found.to.is_null()
        {
            return false;
        }
        let (table, name) = split_object(&found.object, head.migrated());
        let column = head.migrated().tables.get(table).zip(name);
        let is_required = column
            .and_then(|(table, name)| table.column(name))
            .is_some_and(|column| column.nullable.is(&false));
        let models = head.model_schema().whole();
        let default = models.python_defaults.get(&found.object);
        let is_same = default
            .zip(found.from.as_str())
            .is_some_and(|(own, there)| {
                own.as_ref().is_none_or(|default| default.is_same_as(there))
            });
        is_required && is_same
    }
}

/// What a migration makes, and the models have otherwise.
struct Contradicted<'a> {
    /// From what the migrations make to what the models say.
    found: &'a Difference,
    table: &'a str,
    /// What the migration changes.
    change: &'a Difference,
    /// The name that the migration gives to the column that is missing.
    renamed: Option<&'a str>,
}

impl Violation for Contradicted<'_> {
    fn message(&self) -> String {
        let Difference {
            subject,
            change,
            object,
            from,
            to,
            ..
        } = self.found;
        let what = match subject {
            Subject::Column => format!("`{object}`"),
            _ => format!("{} `{object}`", subject.noun()),
        };
        if let Some(new) = self.renamed {
            return format!("the migration renames {what} to `{new}`, the model does not");
        }
        let makes_table = self.change.subject == Subject::Table
            && self.change.change == Change::Added
            && *subject != Subject::Table;
        let part = pairing::part_in_words(self.found, self.table);
        match (subject, change) {
            (Subject::Table, Change::Removed) => {
                format!("the migration creates table `{object}`, which no model describes")
            }
            (Subject::Table, Change::Added) => {
                format!("the migration drops table `{object}`, which still has a model")
            }
            (Subject::Enum, _) => {
                format!("the migration leaves labels out of {what} that the models have")
            }
            (_, Change::Removed) if makes_table => format!(
                "the migration creates table `{}` with {part}, which the model does not have",
                self.table
            ),
            (_, Change::Added) if makes_table => format!(
                "the migration creates table `{}` without {part}, which the model has",
                self.table
            ),
            (_, Change::Removed) => {
                format!("the migration adds {what}, which the model does not have")
            }
            (_, Change::Added) => format!("the migration drops {what}, which the model still has"),
            (_, Change::Renamed) => format!(
                "the migration calls {what} so, the model calls it `{}`",
                short(&plain(to))
            ),
            (_, Change::Changed("nullable")) => {
                format!(
                    "the migration makes {what} {}, the model says {}",
                    nullability(from),
                    nullability(to)
                )
            }
            (Subject::Column, Change::Changed(fact)) => format!(
                "the migration makes the {} of {what} `{}`, the model says `{}`",
                pairing::fact_in_words(fact),
                short(&plain(from)),
                short(&plain(to))
            ),
            (_, Change::Changed(_)) => {
                format!("the migration makes {what} otherwise than the model has it")
            }
        }
    }

    fn subject(&self) -> String {
        format!("{} {}", self.found.kind(), self.found.object)
    }

    fn notes(&self) -> Vec<String> {
        vec![UNDONE.to_owned()]
    }

    /// What the database has and the models do not, the models can follow; NULL is no matter to code that was written
    /// for both.
    fn is_half(&self) -> bool {
        matches!(
            self.found.change,
            Change::Removed | Change::Changed("nullable")
        )
    }
}

const UNDONE: &str = "the next `alembic revision --autogenerate` would propose to undo it";

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.environment.settings.pairing() != Pairing::Together {
        return;
    }
    let head = ctx.environment.head;
    let new: Vec<usize> = (0..head.map.nodes().len())
        .filter(|node| {
            let revision = &head.map.node(*node).revision;
            ctx.environment.is_judged(&revision.file)
                && !ctx.environment.is_upstream(&revision.id.value)
        })
        .collect();
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
    if let Some(introduced) = &introduced {
        report_proven(head, introduced, &new, reporter);
    }
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
        for recorded in operations {
            if is_proven(&recorded.operation) {
                continue;
            }
            let Some((violation, model)) = contradiction(&recorded.operation, models, tables, head)
            else {
                continue;
            };
            if is_undone(&recorded.operation, head.migrated()) {
                continue;
            }
            let label = Label::at(&recorded.place, "in the migration");
            let related = model.map(|model| Label::at(&model.place, "the model"));
            reporter
                .report_on(&violation, label, Some(&revision.id.value))
                .related(related);
        }
    }
}

/// A contradiction and where it is.
struct Place<'a> {
    operation: &'a FileSpan,
    model: Option<&'a FileSpan>,
    node: usize,
    /// True if the operation there gives a column another name.
    renames: bool,
}

/// Reports what the schemas of models and migrations differ in since these revisions.
fn report_proven(
    head: &ProjectEnvironment<'_>,
    introduced: &Introduced<'_>,
    new: &[usize],
    reporter: &mut Reporter<'_>,
) {
    let others = &introduced.others;
    let expects_models = !introduced.had_tables_without_model();
    let all: Vec<Difference> = others
        .iter()
        .map(|found| found.difference.clone())
        .collect();
    let tables: Vec<String> = all
        .iter()
        .map(|difference| pairing::table_of(difference, head))
        .collect();
    let mut contradictions: Vec<(Contradicted<'_>, Place<'_>)> = others
        .iter()
        .zip(&tables)
        .filter(|(found, _)| found.is_seen() || found.difference.subject == Subject::Enum)
        .filter(|(found, _)| {
            let Difference {
                subject, change, ..
            } = found.difference;
            expects_models || (subject, change) != (Subject::Table, Change::Removed)
        })
        .filter(|(found, _)| !follows(&found.difference, &all))
        .filter(|(found, _)| !pairing::holds_the_labels(found, head))
        .filter_map(|(found, table)| contradicted(found, table, new, head))
        .filter(|(violation, _)| !violation.fills_rows(head))
        .collect();
    // A column that is renamed is missing under one name and is there under another.
    let new_names: Vec<(FileSpan, &str, &str)> = contradictions
        .iter()
        .filter(|(violation, place)| {
            let found = violation.found;
            place.renames && (found.subject, found.change) == (Subject::Column, Change::Removed)
        })
        .filter_map(|(violation, place)| {
            let name = violation.found.object.strip_prefix(violation.table)?;
            Some((place.operation.clone(), violation.table, name.get(1..)?))
        })
        .collect();
    let new_name = |violation: &Contradicted<'_>, place: &Place<'_>| {
        let mut names = new_names.iter();
        names
            .find(|(operation, table, _)| operation == place.operation && *table == violation.table)
            .map(|(_, _, name)| *name)
    };
    contradictions.retain_mut(|(violation, place)| {
        if violation.found.subject != Subject::Column || !place.renames {
            return true;
        }
        match (violation.found.change, new_name(violation, place)) {
            (Change::Added, name) => {
                violation.renamed = name;
                true
            }
            // The old name says it.
            (Change::Removed, _) => false,
            _ => true,
        }
    });
    for (violation, place) in contradictions {
        let operation = place.operation;
        let label = Label::at(operation, "in the migration");
        let related = place.model.map(|model| Label::at(model, "the model"));
        let revision = &head.map.node(place.node).revision;
        reporter
            .report_on(&violation, label, Some(&revision.id.value))
            .related(related);
    }
}

/// The revision that makes a difference, if it is one of these, and where it does.
fn contradicted<'a>(
    found: &'a DriftDifference,
    table: &'a str,
    new: &[usize],
    head: &'a ProjectEnvironment<'_>,
) -> Option<(Contradicted<'a>, Place<'a>)> {
    let matched = pairing::last_to_touch(&found.difference, new, head)?;
    let run = head.replay().get(matched.node)?.migration.upgrade.run()?;
    let revision = &head.map.node(matched.node).revision;
    let made = matched.change.place.as_ref();
    let made = made
        .filter(|place| matched.change.change != Change::Removed && place.file == revision.file);
    let operation = Target::of(matched.change)
        .last_in(run)
        .or(made)
        .or(found.migration.as_ref())?;
    let renames = run.operations.iter().any(|recorded| {
        recorded.place == *operation
            && matches!(&recorded.operation, Operation::AlterColumn(alter) if alter.new_name.is_some())
    });
    let violation = Contradicted {
        found: &found.difference,
        table,
        change: matched.change,
        renamed: None,
    };
    let place = Place {
        operation,
        model: found.model.as_ref(),
        node: matched.node,
        renames,
    };
    Some((violation, place))
}

/// How an operation contradicts the models as they will be, if it certainly does.
fn contradiction<'a>(
    operation: &'a Operation,
    models: &'a Models,
    tables: &KnownTables,
    head: &ProjectEnvironment<'_>,
) -> Option<(MigrationWithoutModel<'a>, Option<&'a ModelTable>)> {
    let state = |table: &SmolStr| tables.get(table);
    match operation {
        Operation::AddColumn {
            table: Some(table),
            column: Some(column),
        } => {
            let model = only_model(table, models)?;
            // A later revision of the change may have taken it away again.
            let stays = state(table)?.has(&column.name) == Some(true);
            let missing = !model.table.open && model.table.column(&column.name).is_none();
            (stays && missing).then_some((
                MigrationWithoutModel::AddedColumn {
                    table,
                    column: &column.name,
                },
                Some(model),
            ))
        }
        Operation::DropColumn {
            table: Some(table),
            column: Some(column),
        } => {
            let model = only_model(table, models)?;
            let gone = state(table).is_some_and(|state| !state.columns.contains(column));
            let present = model.table.column(column).is_some();
            (gone && present).then_some((
                MigrationWithoutModel::DroppedColumn { table, column },
                Some(model),
            ))
        }
        Operation::DropTable { table: Some(table) } => {
            let model = only_model(table, models)?;
            state(table)
                .is_none()
                .then_some((MigrationWithoutModel::DroppedTable { table }, Some(model)))
        }
        Operation::CreateTable(table) => {
            let none = models.by_name(&table.name).next().is_none();
            let stays = state(&table.name).is_some();
            (none && stays && are_all_known(models, tables, head)).then_some((
                MigrationWithoutModel::CreatedTable { table: &table.name },
                None,
            ))
        }
        Operation::AlterColumn(alter) => {
            let (table, column) = (alter.table.as_ref()?, alter.column.as_ref()?);
            let model = only_model(table, models)?;
            if let Some(new) = &alter.new_name {
                let is_old =
                    model.table.column(column).is_some() && model.table.column(new).is_none();
                return (is_old && !model.table.open).then_some((
                    MigrationWithoutModel::RenamedColumn {
                        table,
                        old: column,
                        new,
                    },
                    Some(model),
                ));
            }
            let nullable = alter.nullable?;
            let declared = model.table.column(column)?;
            let says_nullable = match declared.facts.get("nullable") {
                None => !declared.facts.contains_key("primary key"),
                Some(fact) => fact.known()? != "no",
            };
            (says_nullable != nullable).then_some((
                MigrationWithoutModel::Nullability {
                    table,
                    column,
                    nullable,
                },
                Some(model),
            ))
        }
        _ => None,
    }
}

/// True if what an operation does is not to be seen any more after the whole change.
fn is_undone(operation: &Operation, migrated: &Catalog) -> bool {
    let table = |name: &Option<SmolStr>| migrated.tables.get(name.as_ref()?);
    let has = |name: &Option<SmolStr>, column: &str| {
        let table = table(name)?;
        Some(table.column(column).is_some())
    };
    match operation {
        Operation::AddColumn {
            table,
            column: Some(column),
        } => has(table, &column.name) == Some(false),
        Operation::DropColumn {
            table,
            column: Some(column),
        } => has(table, column) == Some(true),
        Operation::DropTable { table: name } => table(name).is_some(),
        Operation::CreateTable(made) => !migrated.tables.contains_key(&made.name),
        Operation::AlterColumn(alter) => {
            let Some(column) = &alter.column else {
                return false;
            };
            match (&alter.new_name, alter.nullable) {
                (Some(new), _) => has(&alter.table, new) == Some(false),
                (None, Some(nullable)) => table(&alter.table)
                    .and_then(|table| table.column(column))
                    .is_some_and(|now| !now.nullable.is(&nullable)),
                (None, None) => false,
            }
        }
        _ => false,
    }
}

/// The one model of a table.
fn only_model<'a>(table: &str, models: &'a Models) -> Option<&'a ModelTable> {
    let mut found = models.by_name(table).filter(|model| {
        let metadata = &models.env.metadata;
        metadata.is_empty()
            || model
                .metadata
                .as_ref()
                .is_none_or(|key| metadata.contains(key))
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// True if the models account for nearly every table the migrations make: then one without a model stands out.
fn are_all_known(models: &Models, tables: &KnownTables, _head: &ProjectEnvironment<'_>) -> bool {
    if models.env.metadata.is_empty() || tables.opaque {
        return false;
    }
    let total = tables.names().count();
    let with_model = tables
        .names()
        .filter(|name| models.by_name(name).next().is_some())
        .count();
    total >= 5 && with_model * 10 >= total * 9
}
