//! What a database is told: the statements that Alembic emits and that raw SQL says, as plain data.

use smol_str::SmolStr;

use super::batch::Batch;
use super::constraint::{Constraint, IndexDefinition};
use super::fact::Fact;
use super::objects::ObjectKind;
use super::question::Condition;
use super::session::SessionChange;
use super::table::Column;

/// One statement. Names of tables, types and other objects carry their schema if that is not the default one:
/// `audit.events`. All names are as the catalog holds them: unquoted ones are in lower case on PostgreSQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Ddl {
    CreateTable(CreateTable),
    /// `CREATE TABLE t (a int, LIKE other INCLUDING ALL)`
    CreateTableLike {
        create: CreateTable,
        like: Vec<LikeClause>,
    },
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
        /// The table it is said to be on, as MySQL does.
        table: Option<SmolStr>,
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
    /// Takes labels away, which no `ALTER TYPE` does.
    DropEnumLabels {
        name: SmolStr,
        labels: Vec<SmolStr>,
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
    /// Drops several objects in one statement: what only they need of each other is in no way.
    Together(Vec<Self>),
    /// What is done to a table alone, and not to its partitions.
    Only(Box<Self>),
    /// A `DO` block with variables, which are its own.
    Block(Vec<Self>),
    /// `variable := condition` of a `DO` block.
    Assign {
        variable: SmolStr,
        value: Condition,
    },
    /// The operations of a `batch_alter_table` block on SQLite.
    Batch(Box<Batch>),
    /// `IF … THEN … ELSE` of a `DO` block. Either way may be taken where the condition is not known.
    If {
        condition: Condition,
        then: Vec<Self>,
        otherwise: Vec<Self>,
    },
    /// `BEGIN … EXCEPTION WHEN … THEN …` of a `DO` block: if any of the statements fails, all of them are undone, and
    /// others done instead.
    Try {
        statements: Vec<Self>,
        on_failure: Vec<Self>,
    },
    /// Rows of these tables; empty where they are not known.
    Data {
        tables: Vec<SmolStr>,
        rows: RowChange,
    },
    /// Work on what is there that changes no schema: `VACUUM FULL`, `REINDEX`.
    Maintenance {
        work: Maintenance,
        /// The table, index or view it is done to, if it is named.
        name: Option<SmolStr>,
        concurrently: bool,
    },
    /// Strings that a statement puts into columns of tables, or compares with them.
    Uses(Vec<UsedLiteral>),
    /// The connection changes, not the database.
    Session(SessionChange),
    /// Nothing that is followed: `SET`, `LOCK`, `SELECT`, `ANALYZE`.
    Nothing,
    /// Functions are called, which may be such as migrations have made.
    Call {
        functions: Vec<SmolStr>,
    },
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
    /// Columns are altered, of which it is not known in which tables they are.
    AlterSomeColumns {
        what: String,
        altered: SomeColumns,
    },
}

/// What columns become that are not known, each part only if it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SomeColumns {
    /// Their name, if that is known.
    pub name: Option<SmolStr>,
    pub column_type: Option<Fact<SmolStr>>,
    /// True if it is said how values are converted.
    pub has_using: bool,
    pub nullable: Option<Fact<bool>>,
    /// True if they get a default, or lose theirs.
    pub default: bool,
}

/// What happens to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// They are added.
    Added,
    /// They are changed: all, or those of a condition.
    Updated { all: bool },
    /// They are removed: all, or those of a condition.
    Removed { all: bool },
    /// Several of these, or it is not known which.
    Mixed,
}

/// Work that a database does on what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maintenance {
    /// `VACUUM FULL`
    VacuumFull,
    /// `CLUSTER`
    Cluster,
    /// `REINDEX` of a table or index.
    Reindex,
    /// `REFRESH MATERIALIZED VIEW`
    Refresh,
    /// `LOCK TABLE`
    Lock,
}

impl Maintenance {
    /// The statement's first words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VacuumFull => "VACUUM FULL",
            Self::Cluster => "CLUSTER",
            Self::Reindex => "REINDEX",
            Self::Refresh => "REFRESH MATERIALIZED VIEW",
            Self::Lock => "LOCK TABLE",
        }
    }
}

/// A string that is read as a value of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedLiteral {
    pub text: SmolStr,
    pub of: LiteralOf,
}

/// What gives a string its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralOf {
    Column {
        table: SmolStr,
        column: SmolStr,
    },
    /// A cast.
    Type(SmolStr),
}

/// What something of an unknown name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnnamedKind {
    /// A table that is made.
    NewTable,
    Index,
    /// A foreign key of any table.
    ForeignKey,
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

/// Columns of another table that are taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikeClause {
    pub table: SmolStr,
    /// How many columns are written before it.
    pub before: usize,
    /// What is taken over beyond names, types and `NOT NULL`.
    pub including: Vec<LikePart>,
}

impl LikeClause {
    pub fn takes(&self, part: LikePart) -> bool {
        self.including.contains(&part)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LikePart {
    Comments,
    /// Check constraints.
    Constraints,
    Defaults,
    Generated,
    Identity,
    /// Keys among them.
    Indexes,
}

impl LikePart {
    pub const ALL: [Self; 6] = [
        Self::Comments,
        Self::Constraints,
        Self::Defaults,
        Self::Generated,
        Self::Identity,
        Self::Indexes,
    ];

    /// The part by the word of SQL in lower case.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "comments" => Self::Comments,
            "constraints" => Self::Constraints,
            "defaults" => Self::Defaults,
            "generated" => Self::Generated,
            "identity" => Self::Identity,
            "indexes" => Self::Indexes,
            _ => return None,
        })
    }
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

impl ColumnDefinition {
    /// True where a row certainly has to be given a value for it.
    pub fn needs_value(&self) -> bool {
        let column = &self.column;
        column.nullable.is(&false)
            && column.default.is(&None)
            && column.identity.is(&None)
            && column.generated.is(&None)
            && !self.serial
    }
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
    AttachPartition {
        partition: SmolStr,
    },
    DetachPartition {
        partition: SmolStr,
    },
    /// Something that changes neither columns nor constraints: storage, owner, triggers switched off for a while.
    Other,
    /// Not understood: the table may be changed in any way.
    Opaque {
        what: String,
        /// The constraint that it certainly takes away or gives another name, where it says that it does so.
        takes: Option<Taken>,
    },
}

/// A constraint that is dropped or renamed by a statement in which a name is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It has this name, and another one afterwards.
    Named(SmolStr),
    /// Any of the table.
    One,
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
    /// The type of its values.
    Type(SmolStr),
    /// Its value or other options.
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
