//! What an operation says of a table of which not all is known.

use smol_str::SmolStr;

use super::MigrationWithoutModel;
use crate::catalog::Catalog;
use crate::models::{ModelTable, Models};
use crate::project::ProjectEnvironment;
use crate::rules::EnvironmentContext;
use crate::schema::{Column, KnownTables, Operation};
use crate::source::FileSpan;

/// How an operation contradicts the models as they will be, if it certainly does.
pub(super) fn contradiction<'a>(
    operation: &'a Operation,
    models: &'a Models,
    tables: &KnownTables,
    before: Option<&Catalog>,
    head: &ProjectEnvironment<'_>,
) -> Option<(MigrationWithoutModel<'a>, Option<&'a FileSpan>)> {
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
                Some(&model.place),
            ))
        }
        Operation::DropColumn {
            table: Some(table),
            column: Some(column),
        } => {
            let model = only_model(table, models)?;
            let gone = state(table).is_some_and(|state| !state.columns.contains(column));
            let present = model.table.column(column)?;
            gone.then_some((
                MigrationWithoutModel::DroppedColumn { table, column },
                Some(place_of(present, model)),
            ))
        }
        Operation::DropTable { table: Some(table) } => {
            let model = only_model(table, models)?;
            state(table).is_none().then_some((
                MigrationWithoutModel::DroppedTable { table },
                Some(&model.place),
            ))
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
                let old = model.table.column(column)?;
                let is_new = model.table.column(new).is_none();
                return (is_new && !model.table.open).then_some((
                    MigrationWithoutModel::RenamedColumn {
                        table,
                        old: column,
                        new,
                    },
                    Some(place_of(old, model)),
                ));
            }
            let nullable = alter.nullable?;
            let declared = model.table.column(column)?;
            let says_nullable = match declared.facts.get("nullable") {
                None => !model.table.has_in_key(declared)?,
                Some(fact) => fact.known()? != "no",
            };
            let known = before.and_then(|before| before.tables.get(table));
            let known = known.and_then(|table| table.column(column));
            let was_so = known.is_some_and(|known| known.nullable.is(&nullable));
            // Who changes the type repeats what the column was: that is no news.
            let is_repeated =
                was_so && (alter.gives_type || alter.existing_nullable == Some(nullable));
            (says_nullable != nullable && !is_repeated).then_some((
                MigrationWithoutModel::Nullability {
                    table,
                    columns: vec![column],
                    nullable,
                    was_so,
                },
                Some(place_of(declared, model)),
            ))
        }
        _ => None,
    }
}

/// Where a model says what a column is: at the column, if that is written beside the class.
fn place_of<'a>(column: &'a Column, model: &'a ModelTable) -> &'a FileSpan {
    if column.place.file == model.place.file {
        &column.place
    } else {
        &model.place
    }
}

/// True if what an operation does is not to be seen any more after the whole change.
pub(super) fn is_undone(operation: &Operation, migrated: &Catalog) -> bool {
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

/// True for a table whose model is in a module that nothing imports any more, since the change: `env.py` led to it before. It
/// is a model no longer, though the file is there.
pub(super) fn is_let_go(table: &str, ctx: &EnvironmentContext<'_>) -> bool {
    let before = ctx.change.as_ref().and_then(|change| change.before);
    let was_seen = before.is_some_and(|before| {
        let catalog = &before.model_schema().catalog;
        catalog.tables.contains_key(table)
    });
    let models = ctx.head.model_schema();
    let mut unregistered = models.unregistered.iter();
    let model = unregistered.find(|model| model.name == table);
    model.is_some_and(|model| {
        was_seen && models.open.is_none() && !ctx.head.may_be_imported(&model.place.file)
    })
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
fn are_all_known(models: &Models, tables: &KnownTables, head: &ProjectEnvironment<'_>) -> bool {
    let may_be_others = || head.model_schema().whole().open.is_some();
    if models.env.metadata.is_empty() || tables.opaque || may_be_others() {
        return false;
    }
    let total = tables.names().count();
    let with_model = tables
        .names()
        .filter(|name| models.by_name(name).next().is_some())
        .count();
    total >= 5 && with_model * 10 >= total * 9
}
