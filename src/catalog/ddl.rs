//! What a database is told: the statements that Alembic emits and that raw SQL says, as plain data.

use smol_str::SmolStr;

use super::batch::Batch;
use super::constraint::{Constraint, IndexDefinition};
use super::fact::Fact;
use super::objects::ObjectKind;
use super::question::CatalogQuestion;
use super::table::Column;

/// One statement. Names of tables, types and other objects carry their schema if that is not the default one:
/// `audit.events`. All names are as the catalog holds them: unquoted ones are in lower case on PostgreSQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Ddl {
    CreateTable(CreateTable),
    DropTable {
        name: SmolStr,
        if_exists: bool,
        cascade: bool,
    },
    AlterTable {
        table: SmolStr,
        if_exists: bool,
        action: AlterAction,
    },
    CreateIndex {
        /// `None` lets the database make a name.
        name: Option<SmolStr>,
        table: SmolStr,
        definition: Fact<IndexDefinition>,
        if_not_exists: bool,
        /// `CONCURRENTLY`, which no transaction allows.
        concurrently: bool,
    },
    DropIndex {
        name: SmolStr,
        /// The table it is said to be on; PostgreSQL does not ask for it.
        table: Option<SmolStr>,
        if_exists: bool,
        concurrently: bool,
    },
    RenameIndex {
        name: SmolStr,
        new_name: SmolStr,
        if_exists: bool,
    },
    CreateEnum {
        name: SmolStr,
        labels: Fact<Vec<SmolStr>>,
        if_not_exists: bool,
    },
    AddEnumLabel {
        name: SmolStr,
        label: SmolStr,
        position: LabelPosition,
        if_not_exists: bool,
    },
    RenameEnumLabel {
        name: SmolStr,
        label: SmolStr,
        new_label: SmolStr,
    },
    /// Gives an enum other labels altogether, by whatever means.
    SetEnumLabels {
        name: SmolStr,
        labels: Fact<Vec<SmolStr>>,
    },
    /// Renames an enum, a domain or a composite type.
    RenameType {
        name: SmolStr,
        new_name: SmolStr,
    },
    /// Drops an enum, a domain or a composite type.
    DropType {
        name: SmolStr,
        if_exists: bool,
        cascade: bool,
    },
    CreateSequence {
        name: SmolStr,
        /// The column that owns it: table and column.
        owned_by: Option<(SmolStr, SmolStr)>,
        if_not_exists: bool,
    },
    AlterSequence {
        name: SmolStr,
        change: SequenceChange,
        if_exists: bool,
    },
    DropSequence {
        name: SmolStr,
        if_exists: bool,
        cascade: bool,
    },
    /// Makes an object that is known by kind, name and text only.
    CreateObject {
        kind: ObjectKind,
        name: SmolStr,
        /// The table it is part of: of triggers, policies and rules.
        on: Option<SmolStr>,
        definition: Fact<SmolStr>,
        if_not_exists: bool,
        or_replace: bool,
    },
    /// Changes an object in a way that is not followed, or renames it.
    AlterObject {
        kind: ObjectKind,
        name: SmolStr,
        on: Option<SmolStr>,
        new_name: Option<SmolStr>,
        /// The whole statement in canonical spelling.
        change: SmolStr,
    },
    DropObject {
        kind: ObjectKind,
        name: SmolStr,
        on: Option<SmolStr>,
        if_exists: bool,
        cascade: bool,
    },
    Comment {
        target: CommentTarget,
        text: Fact<Option<SmolStr>>,
    },
    /// The operations of a `batch_alter_table` block on SQLite.
    Batch(Box<Batch>),
    /// `IF … THEN … ELSE` of a `DO` block.
    If {
        /// What is asked; `None` if that is not understood, so that either way may be taken.
        question: Option<CatalogQuestion>,
        /// True for `IF NOT EXISTS`: the first way is taken if there is no such object.
        negated: bool,
        then: Vec<Ddl>,
        otherwise: Vec<Ddl>,
    },
    /// `BEGIN … EXCEPTION WHEN … THEN …` of a `DO` block: if any of the statements fails, all of them are undone, and
    /// others done instead.
    Try {
        statements: Vec<Ddl>,
        on_failure: Vec<Ddl>,
    },
    /// Rows of these tables; empty where they are not known.
    Data {
        tables: Vec<SmolStr>,
    },
    /// Nothing that stays: `SET`, `LOCK`, `SELECT`, `ANALYZE`.
    Nothing,
    /// Something is made, changed or dropped whose name is not known. Tables that exist keep their columns and
    /// constraints.
    OpaqueObject {
        what: String,
        kind: UnnamedKind,
    },
    /// Not understood. It may change what it names, or anything if it names nothing.
    Opaque {
        what: String,
        names: Vec<SmolStr>,
    },
}

/// What something of an unknown name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnnamedKind {
    /// A table that is made.
    NewTable,
    Index,
    Sequence,
    /// An enum, a domain or a composite type.
    Type,
    Object(ObjectKind),
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    pub name: SmolStr,
    pub columns: Vec<ColumnDefinition>,
    /// Without those that stand at a column.
    pub constraints: Vec<Constraint>,
    /// Set where columns or constraints may be missing here, with the reason.
    pub open: Option<String>,
    pub comment: Option<SmolStr>,
    /// The table it is a partition of: it has its columns, and falls with it.
    pub partition_of: Option<SmolStr>,
    pub temporary: bool,
    pub if_not_exists: bool,
}

/// A column with the constraints that were written at it.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    pub column: Column,
    /// In the order they were written. Of keys only the name and the options count, the column is this one.
    pub constraints: Vec<Constraint>,
    /// True for SERIAL and its like: the column gets a sequence of its own.
    pub serial: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AlterAction {
    AddColumn {
        definition: Box<ColumnDefinition>,
        if_not_exists: bool,
    },
    DropColumn {
        name: SmolStr,
        if_exists: bool,
        cascade: bool,
    },
    AlterType {
        column: SmolStr,
        column_type: Fact<SmolStr>,
        /// True with `USING`: the values are converted as it says.
        using: bool,
    },
    SetNullable {
        column: SmolStr,
        nullable: bool,
    },
    SetDefault {
        column: SmolStr,
        default: Fact<Option<SmolStr>>,
    },
    SetIdentity {
        column: SmolStr,
        identity: Option<SmolStr>,
        if_exists: bool,
    },
    /// `DROP EXPRESSION`
    DropGenerated {
        column: SmolStr,
        if_exists: bool,
    },
    RenameColumn {
        name: SmolStr,
        new_name: SmolStr,
    },
    AddConstraint(Constraint),
    /// Makes a constraint from an index that exists.
    AddConstraintUsingIndex {
        name: SmolStr,
        index: SmolStr,
        primary_key: bool,
    },
    DropConstraint {
        name: SmolStr,
        if_exists: bool,
        cascade: bool,
    },
    /// `DROP PRIMARY KEY`, as MySQL says it.
    DropPrimaryKey,
    RenameConstraint {
        name: SmolStr,
        new_name: SmolStr,
    },
    ValidateConstraint {
        name: SmolStr,
    },
    RenameTable {
        new_name: SmolStr,
    },
    SetSchema {
        schema: SmolStr,
    },
    RowSecurity {
        enabled: bool,
    },
    /// Something that changes neither columns nor constraints: storage, owner, triggers switched off for a while.
    Other,
    /// Not understood: the table may be changed in any way.
    Opaque {
        what: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelPosition {
    Last,
    Before(SmolStr),
    After(SmolStr),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceChange {
    Rename(SmolStr),
    /// Table and column; `None` for `OWNED BY NONE`.
    OwnedBy(Option<(SmolStr, SmolStr)>),
    /// Its value or options.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentTarget {
    Table(SmolStr),
    Column {
        table: SmolStr,
        column: SmolStr,
    },
    /// Of something whose comments are not kept.
    Other,
}
