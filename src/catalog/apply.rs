//! What a statement makes of a database, and where the database would refuse it.
//!
//! A refusal is only claimed where the state is known well enough: of a table that no visible statement has made,
//! nothing is refused. A statement that is refused is still carried out as far as it was meant, so that what follows
//! is judged by itself.

mod batch;
mod columns;
mod conditional;
mod constraints;
mod copy;
mod discovered;
mod hint;
mod indexes;
mod labels;
mod like;
mod names;
mod objects;
mod partitions;
mod reflected;
mod schemas;
mod search_path;
mod sequences;
mod some_columns;
mod tables;
mod types;

use std::sync::Arc;

use conditional::Variables;
use imbl::OrdMap;
use smol_str::SmolStr;

use super::ddl::{AlterAction, Ddl};
use super::fact::Why;
use super::objects::Catalog;
use super::session::Session;
use super::table::{Gone, Table};
use crate::diagnostic::closest_within;
use crate::dialect::Dialect;
use crate::source::FileSpan;

/// How many letters of a table's name may be wrong.
const MOST_SLIPS: usize = 2;
/// Shorter names are near to each other by chance.
const MIN_NAME: usize = 5;

/// A database that is being changed by a revision.
#[derive(Clone, Debug)]
pub struct Database {
    pub dialect: Dialect,
    /// What it holds now.
    pub now: Catalog,
    /// What it held before the revision. Whatever the revision shows to have been there is added.
    pub before: Catalog,
    /// What tables were called before the revision that are called otherwise now.
    pub former_names: OrdMap<SmolStr, SmolStr>,
    /// The connection through which it is changed.
    pub session: Session,
    /// Why it is not known whether statements since the beginning of the direction have failed.
    pub doubts: Vec<Arc<Why>>,
    /// True while the revision has shown that all it touches is made by itself, in a database that was empty.
    pub began_empty: bool,
    /// The schemas in which names without one are looked for, in their order; empty where that is the default one.
    pub search_path: Arc<[SmolStr]>,
    /// False where something that is not understood says where names without a schema are looked for.
    pub knows_search_path: bool,
    /// The schemas that something else than migrations may make; `None` for any.
    pub made_elsewhere: Option<Arc<[SmolStr]>>,
    pub heading: Heading,
    /// On the way back, what the way there has changed by a name with a schema, where no other way leads to it.
    pub changed_with_schema: Arc<[SmolStr]>,
}

/// A statement that the database would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The cause, as one clause: ``column `a` of table `t` does not exist``.
    pub message: String,
    pub kind: FailureKind,
    /// What caused it, if that is not the whole statement.
    pub place: Option<FileSpan>,
    /// True if it is only refused where earlier revisions run in the same transaction.
    pub in_one_go: bool,
    /// The table and the column of it that it uses and nothing has made.
    pub lacks: Option<(SmolStr, SmolStr)>,
}

/// What is wrong with a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    Missing,
    Exists,
    /// Something else needs what is dropped.
    InUse,
    /// It is not to be done in a transaction.
    InTransaction,
    /// It uses what the same transaction has made and not committed.
    Uncommitted,
    /// Only this database asks for it; others do as they are told.
    OfDialect,
    Other,
}

impl FailureKind {
    pub(crate) fn because(self, message: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            kind: self,
            place: None,
            in_one_go: false,
            lacks: None,
        }
    }
}

/// Which way a revision goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    There,
    /// What is said of a column then is what the way there has left.
    Back,
    /// That of a first revision: what the way there has not made, then, is not there.
    BackToNothing,
}

/// What one statement did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Why the database would refuse it; empty if it would not, as far as is known.
    pub failures: Vec<Failure>,
}

/// One statement on its way into a database.
struct Statement<'d> {
    database: &'d mut Database,
    place: Option<&'d FileSpan>,
    failures: Vec<Failure>,
    /// Of the `DO` block that is carried out.
    variables: Variables,
    /// What the statement drops by name.
    falling: Vec<SmolStr>,
    /// True for `ONLY`: partitions stay as they are.
    leaves_partitions: bool,
}

impl Database {
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            now: Catalog::default(),
            before: Catalog::default(),
            former_names: OrdMap::new(),
            session: Session::default(),
            doubts: Vec::new(),
            began_empty: false,
            search_path: Arc::from([]),
            knows_search_path: true,
            made_elsewhere: Some(Arc::from([])),
            heading: Heading::There,
            changed_with_schema: Arc::from([]),
        }
    }

    /// Begins a revision: what is now is what was before it.
    pub fn begin(&mut self) {
        self.before = self.now.clone();
        self.former_names = OrdMap::new();
        self.began_empty = self.now.is_empty();
        self.heading = Heading::There;
        self.changed_with_schema = Arc::from([]);
    }

    /// True where nothing is there that was not made: on the way back of a first revision.
    fn lacks_what_is_not_made(&self) -> bool {
        self.began_empty && self.heading == Heading::BackToNothing && self.now.opaque.is_none()
    }

    fn statement<'d>(&'d mut self, place: Option<&'d FileSpan>) -> Statement<'d> {
        Statement {
            database: self,
            place,
            failures: Vec::new(),
            variables: Variables::new(),
            falling: Vec::new(),
            leaves_partitions: false,
        }
    }

    /// Carries a statement out.
    pub fn apply(&mut self, ddl: &Ddl, place: Option<&FileSpan>) -> Applied {
        let mut statement = self.statement(place);
        statement.run(ddl);
        Applied {
            failures: statement.failures,
        }
    }
}

impl Statement<'_> {
    fn run(&mut self, ddl: &Ddl) {
        if let Some(meant) = self.database.with_forgotten_schema(ddl) {
            self.fail(FailureKind::Missing.because(meant.refusal));
            self.carry_out(&meant.ddl);
            return;
        }
        match self.database.with_schemas(ddl) {
            Some(meant) => self.carry_out(&meant),
            None => self.carry_out(ddl),
        }
    }

    fn carry_out(&mut self, ddl: &Ddl) {
        match ddl {
            Ddl::CreateTable(create) => self.create_table(create),
            Ddl::CreateTableLike { create, like } => self.create_table_like(create, like),
            Ddl::DropTable {
                name,
                if_exists,
                cascade,
            } => self.drop_table(name, *if_exists, *cascade),
            Ddl::AlterTable {
                table,
                if_exists,
                action,
            } => self.alter_table(table, *if_exists, action),
            Ddl::CreateIndex {
                name,
                table,
                definition,
                if_not_exists,
                concurrently,
            } => {
                self.check_transaction("CREATE INDEX CONCURRENTLY", *concurrently);
                self.create_index(name.as_ref(), table, definition, *if_not_exists);
            }
            Ddl::DropIndex {
                name,
                table,
                if_exists,
                concurrently,
            } => {
                self.check_transaction("DROP INDEX CONCURRENTLY", *concurrently);
                self.drop_index(name, table.as_ref(), *if_exists);
            }
            Ddl::RenameIndex {
                name,
                table,
                new_name,
                if_exists,
            } => self.rename_index(name, table.as_ref(), new_name, *if_exists),
            Ddl::CreateEnum {
                name,
                labels,
                if_not_exists,
            } => self.create_enum(name, labels, *if_not_exists),
            Ddl::AddEnumLabel {
                name,
                label,
                position,
                if_not_exists,
            } => self.add_enum_label(name, label, position, *if_not_exists),
            Ddl::RenameEnumLabel {
                name,
                label,
                new_label,
            } => self.rename_enum_label(name, label, new_label),
            Ddl::DropEnumLabels { name, labels } => self.drop_enum_labels(name, labels),
            Ddl::SetEnumLabels { name, labels } => self.set_enum_labels(name, labels),
            Ddl::RenameType { name, new_name } => self.rename_type(name, new_name),
            Ddl::DropType {
                name,
                if_exists,
                cascade,
            } => self.drop_type(name, *if_exists, *cascade),
            Ddl::CreateSequence {
                name,
                owned_by,
                if_not_exists,
            } => self.create_sequence(name, owned_by.as_ref(), *if_not_exists),
            Ddl::AlterSequence { name, change, .. } => self.alter_sequence(name, change),
            Ddl::DropSequence {
                name,
                if_exists,
                cascade,
            } => self.drop_sequence(name, *if_exists, *cascade),
            Ddl::CreateObject {
                kind,
                name,
                on,
                definition,
                if_not_exists,
                or_replace,
            } => self.create_object(
                Catalog::key(*kind, name, on.as_ref()),
                on.as_ref(),
                definition,
                *if_not_exists,
                *or_replace,
            ),
            Ddl::AlterObject {
                kind,
                name,
                on,
                new_name,
                change,
            } => self.alter_object(*kind, name, on.as_ref(), new_name.as_ref(), change),
            Ddl::DropObject {
                kind,
                name,
                on,
                if_exists,
                cascade,
            } => self.drop_object(*kind, name, on.as_ref(), *if_exists, *cascade),
            Ddl::Comment { target, text } => self.comment(target, text),
            Ddl::Together(statements) => self.together(statements),
            Ddl::Only(ddl) => self.only(ddl),
            Ddl::Block(statements) => self.block(statements),
            Ddl::Assign { variable, value } => self.assign(variable, value),
            Ddl::Batch(batch) => self.batch(batch),
            Ddl::If {
                condition,
                then,
                otherwise,
            } => self.choose(condition, then, otherwise),
            Ddl::Try {
                statements,
                on_failure,
            } => self.attempt(statements, on_failure),
            Ddl::OpaqueObject { what, kind } => self.unnamed(what, *kind),
            Ddl::Session(change) => self.database.session.change(*change),
            Ddl::Uses(literals) => self.check_literals(literals),
            Ddl::Data { .. } | Ddl::Maintenance { .. } | Ddl::Nothing => {}
            Ddl::Opaque { what, names } => self.opaque(what, names),
            Ddl::AlterSomeColumns { what, altered } => self.alter_some_columns(what, altered),
            Ddl::Call { functions } => self.call(functions),
        }
    }

    fn alter_table(&mut self, table: &SmolStr, if_exists: bool, action: &AlterAction) {
        if if_exists && !self.may_exist(table) {
            return;
        }
        if matches!(action, AlterAction::Other) {
            return;
        }
        // `ALTER TABLE` also serves views, sequences and indexes, by way of their names.
        if self.database.now.tables.get(table).is_none() && self.alter_other_relation(table, action)
        {
            return;
        }
        if !self.needs_table(table) {
            return;
        }
        let failures = self.failures.len();
        match action {
            AlterAction::AddColumn {
                definition,
                if_not_exists,
            } => self.add_column(table, definition, *if_not_exists),
            AlterAction::DropColumn {
                name,
                if_exists,
                cascade,
            } => self.drop_column(table, name, *if_exists, *cascade),
            AlterAction::AlterType {
                column,
                column_type,
                using,
            } => self.alter_type(table, column, column_type, *using),
            AlterAction::SetNullable { column, nullable } => {
                self.set_nullable(table, column, *nullable);
            }
            AlterAction::SetDefault { column, default } => self.set_default(table, column, default),
            AlterAction::SetIdentity {
                column,
                identity,
                if_exists,
            } => self.set_identity(table, column, identity.as_ref(), *if_exists),
            AlterAction::DropGenerated { column, .. } => self.drop_generated(table, column),
            AlterAction::RenameColumn { name, new_name } => {
                self.rename_column(table, name, new_name);
            }
            AlterAction::AddConstraint(constraint) => self.add_constraint(table, constraint),
            AlterAction::AddConstraintUsingIndex {
                name,
                index,
                primary_key,
            } => self.add_constraint_using_index(table, name, index, *primary_key),
            AlterAction::DropConstraint {
                name,
                if_exists,
                cascade,
            } => self.drop_constraint(table, name, *if_exists, *cascade),
            AlterAction::DropPrimaryKey => self.drop_primary_key(table),
            AlterAction::RenameConstraint { name, new_name } => {
                self.rename_constraint(table, name, new_name);
            }
            AlterAction::ValidateConstraint { name } => self.validate_constraint(table, name),
            AlterAction::RenameTable { new_name } => self.rename_table(table, new_name),
            AlterAction::SetSchema { schema } => self.set_schema(table, schema),
            AlterAction::RowSecurity { enabled } => {
                self.change(table, |table| table.row_security = *enabled);
            }
            AlterAction::AttachPartition { partition } => self.attach_partition(table, partition),
            AlterAction::DetachPartition { partition } => self.detach_partition(table, partition),
            AlterAction::Opaque { what, takes } => {
                self.opaque(what, std::slice::from_ref(table));
                if let Some(taken) = takes {
                    self.doubt_constraints(table, taken);
                }
            }
            AlterAction::Other => {}
        }
        if self.failures.len() == failures {
            self.reach_partitions(table, action);
        }
    }

    /// Something not understood: what it names, or everything, may be different now.
    fn opaque(&mut self, what: &str, names: &[SmolStr]) {
        let why = Why::new(what, self.place.cloned());
        if names.is_empty() {
            self.database.now.opaque = Some(why);
            // What was dropped may be there again.
            let now = &mut self.database.now;
            let with_gaps: Vec<SmolStr> = now
                .tables
                .iter()
                .filter(|(_, table)| table.gone != Gone::default())
                .map(|(name, _)| name.clone())
                .collect();
            for name in with_gaps {
                self.change(&name, |table| table.gone = Gone::default());
            }
            return;
        }
        for name in names {
            if let Some(table) = self.database.now.tables.get(name) {
                let mut table = Table::clone(table);
                table.unsure = Some(Arc::clone(&why));
                table.open.get_or_insert_with(|| Arc::clone(&why));
                table.gone = Gone::default();
                self.database
                    .now
                    .tables
                    .insert(name.clone(), Arc::new(table));
            } else if let Some(known) = self.database.now.enums.get(name) {
                let mut known = super::Enum::clone(known);
                known.labels = super::Fact::Unknown(Arc::clone(&why));
                self.database
                    .now
                    .enums
                    .insert(name.clone(), Arc::new(known));
            } else {
                let mut table = Table::unknown(&why);
                table.maybe = Some(Arc::clone(&why));
                table.unsure = Some(Arc::clone(&why));
                self.database.now.dropped_tables.remove(name);
                self.database
                    .now
                    .tables
                    .insert(name.clone(), Arc::new(table));
            }
        }
    }

    fn check_transaction(&mut self, statement: &str, concurrently: bool) {
        if concurrently
            && self.database.session.in_transaction
            && self.database.dialect == Dialect::PostgreSql
        {
            self.fail(FailureKind::InTransaction.because(format!(
                "`{statement}` cannot run in a transaction: use `with op.get_context().autocommit_block():`"
            )));
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.failures.push(failure);
    }

    fn place(&self) -> Option<FileSpan> {
        self.place.cloned()
    }

    fn why(&self, reason: &str) -> Arc<Why> {
        Why::new(reason, self.place.cloned())
    }

    /// Whether a table is there, or may be for all that is known.
    fn may_exist(&self, table: &str) -> bool {
        let now = &self.database.now;
        now.tables.contains_key(table) || !now.dropped_tables.contains(table)
    }

    /// True if a table is there; one that nothing visible has made is taken to have been there before. Says so where
    /// it certainly is not.
    fn needs_table(&mut self, name: &SmolStr) -> bool {
        if self.database.now.tables.contains_key(name) {
            return true;
        }
        if self.database.now.dropped_tables.contains(name) && self.database.now.opaque.is_none() {
            self.fail(FailureKind::Missing.because(format!("table `{name}` does not exist")));
            return false;
        }
        if let Some(meant) = self.meant_table(name) {
            self.fail(
                FailureKind::Missing
                    .because(format!("table `{name}` does not exist, `{meant}` does")),
            );
            return false;
        }
        if self.database.lacks_what_is_not_made() {
            // Said once; what else is done to it is judged as if it were there.
            self.fail(FailureKind::Missing.because(format!("table `{name}` does not exist")));
            let why = self.why(&format!("no migration read here creates `{name}`"));
            let table = Arc::new(Table::unknown(&why));
            self.database.now.tables.insert(name.clone(), table);
            return true;
        }
        self.discover_table(name);
        true
    }

    /// The table that a name is a slip of: the migrations have made all others that they touch, and one of them is called
    /// nearly so.
    fn meant_table(&self, name: &str) -> Option<SmolStr> {
        let now = &self.database.now;
        if !now.is_made_by_migrations() || now.objects.keys().any(|key| key.name == *name) {
            return None;
        }
        let schema = |name: &str| name.rsplit_once('.').map(|(schema, _)| schema.to_owned());
        // Others make partitions by month and by number.
        let digits = |name: &str| -> String { name.chars().filter(char::is_ascii_digit).collect() };
        let is_other = |known: &str| {
            self.database.dialect == Dialect::PostgreSql || !known.eq_ignore_ascii_case(name)
        };
        let near = now.tables.keys().map(SmolStr::as_str).filter(|known| {
            known.len() >= MIN_NAME
                && schema(known) == schema(name)
                && digits(known) == digits(name)
                && is_other(known)
        });
        closest_within(MOST_SLIPS, name, near).map(SmolStr::new)
    }

    /// Changes a table in place.
    fn change<R>(&mut self, name: &str, change: impl FnOnce(&mut Table) -> R) -> Option<R> {
        self.database
            .now
            .tables
            .get_mut(name)
            .map(|table| change(Arc::make_mut(table)))
    }

    /// Changes a table as it was before the revision: something about it was learned. There is nothing to learn where
    /// everything was known; what is met then comes from a statement of the revision that is not understood.
    fn learn(&mut self, name: &str, change: impl FnOnce(&mut Table)) {
        let Database {
            before,
            former_names,
            ..
        } = &mut *self.database;
        let name = former_names.get(name).map_or(name, SmolStr::as_str);
        let may_hold_more = before.opaque.is_some();
        if let Some(table) = before.tables.get_mut(name)
            && (may_hold_more || table.open.is_some() || table.unsure.is_some())
        {
            change(Arc::make_mut(table));
        }
    }

    fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.database.now.tables.get(name)
    }

    /// True if something was done since a table was made that may have changed anything.
    fn may_have_changed(&self, name: &str) -> bool {
        let opaque = &self.database.now.opaque;
        opaque.is_some()
            && self
                .table(name)
                .is_none_or(|table| table.made_after != *opaque)
    }

    /// True if everything in a table is known by name.
    fn is_closed(&self, name: &str) -> bool {
        self.table(name)
            .is_some_and(|table| self.database.now.doubt_about(table).is_none())
    }
}
