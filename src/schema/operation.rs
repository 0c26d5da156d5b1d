//! What a migration does, operation by operation.

use smol_str::SmolStr;

use crate::schema::{Column, Table};
use crate::source::{FileSpan, RepoPath};
use crate::sql;

/// An operation and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    pub operation: Operation,
    pub place: FileSpan,
    /// False where it stands under a condition that is not known.
    pub certain: bool,
    /// True for `IF EXISTS` and the like: on a database that is there already it does nothing.
    pub guarded: bool,
    /// The whole operation with its arguments in canonical spelling; `None` where part of it is not known.
    pub definition: Option<String>,
    /// Arguments that do nothing, or not what they say.
    pub ignored: Vec<IgnoredArgument>,
    /// Defaults that hold a value of the moment at which the migration runs.
    pub frozen: Vec<FrozenDefault>,
    /// The metadata whose tables are created or dropped all at once.
    pub metadata: Option<MetadataUse>,
}

/// `metadata.create_all(…)` or `metadata.drop_all(…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataUse {
    pub creates: bool,
    /// As it is written: `Base.metadata`.
    pub name: String,
    /// The file that makes the metadata; `None` where that is outside the repository.
    pub file: Option<RepoPath>,
}

/// A default that is worked out once and then stays as it is: `server_default=str(datetime.now())`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenDefault {
    /// The column, if its name is known.
    pub column: Option<SmolStr>,
    /// `server_default`
    pub keyword: SmolStr,
    /// What was called: `datetime.datetime.now`.
    pub function: SmolStr,
    pub place: FileSpan,
}

/// An argument that an operation takes and does not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredArgument {
    /// `alter_column`
    pub operation: SmolStr,
    pub name: SmolStr,
    pub place: FileSpan,
    pub kind: IgnoredKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredKind {
    /// A keyword that nobody reads.
    UnknownKeyword,
    /// `False` where that means: leave it as it is.
    LeftAsItIs,
    /// Text where a list of names is expected.
    Letters { text: SmolStr },
    /// A `Column` where the name of one is expected, with its name.
    Column { name: Option<SmolStr> },
    /// A type where `nullable` was, and nothing is since Alembic 1.11.
    TypeByPosition,
}

impl Recorded {
    /// True if a run that succeeds certainly changes what the operation says.
    pub fn is_certain(&self) -> bool {
        self.certain && !self.guarded
    }
}

/// One operation. A name that is not known is `None`.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    CreateTable(Table),
    DropTable {
        table: Option<SmolStr>,
    },
    RenameTable {
        table: Option<SmolStr>,
        new_name: Option<SmolStr>,
    },
    AddColumn {
        table: Option<SmolStr>,
        column: Option<Column>,
    },
    DropColumn {
        table: Option<SmolStr>,
        column: Option<SmolStr>,
    },
    AlterColumn(AlterColumn),
    CreateIndex {
        table: Option<SmolStr>,
        name: Option<SmolStr>,
    },
    DropIndex {
        table: Option<SmolStr>,
        name: Option<SmolStr>,
    },
    /// Any constraint: unique, foreign key, primary key, check, exclude.
    CreateConstraint {
        table: Option<SmolStr>,
        name: Option<SmolStr>,
    },
    DropConstraint {
        table: Option<SmolStr>,
        name: Option<SmolStr>,
        /// `foreignkey`, `unique`, `check` or `primary`, if it says so.
        kind: Option<SmolStr>,
    },
    /// A comment on a table.
    Comment {
        table: Option<SmolStr>,
    },
    CreateType {
        name: Option<SmolStr>,
    },
    DropType {
        name: Option<SmolStr>,
    },
    /// One statement of raw SQL.
    Sql(sql::Statement),
    /// Rows only.
    Data {
        table: Option<SmolStr>,
    },
    /// Something that may change anything: a call that leads out of the repository, SQL that is not known.
    Opaque {
        what: SmolStr,
    },
}

/// What `alter_column` says, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct AlterColumn {
    pub table: Option<SmolStr>,
    pub column: Option<SmolStr>,
    pub new_name: Option<SmolStr>,
    /// The new nullability; `None` where it is left as it is or not known.
    pub nullable: Option<bool>,
    /// What `existing_nullable` says of the column.
    pub existing_nullable: Option<bool>,
    /// A type of MySQL's own that `existing_type` says, as SQL: Alembic writes it so where it has read it from a database.
    pub read_type: Option<SmolStr>,
    /// True if it gives the column a type.
    pub gives_type: bool,
    /// True if anything beside the name changes.
    pub changes_definition: bool,
    /// True if it says whether the column may be NULL, or may be so already.
    pub says_nullable: bool,
    /// True if it says which default the column gets, or has already.
    pub says_default: bool,
}

/// What an operation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tables, columns or constraints: what a model describes.
    Structure,
    /// An index only.
    Index,
    /// Other objects: types, functions, extensions, comments, grants.
    Objects,
    Data,
    Nothing,
    Unknown,
}

impl Operation {
    pub fn effect(&self) -> Effect {
        match self {
            Self::CreateTable(_)
            | Self::DropTable { .. }
            | Self::RenameTable { .. }
            | Self::AddColumn { .. }
            | Self::DropColumn { .. }
            | Self::CreateConstraint { .. }
            | Self::DropConstraint { .. } => Effect::Structure,
            Self::AlterColumn(alter) => {
                if alter.changes_definition || alter.new_name.is_some() {
                    Effect::Structure
                } else {
                    Effect::Nothing
                }
            }
            Self::CreateIndex { .. } | Self::DropIndex { .. } => Effect::Index,
            Self::Comment { .. } | Self::CreateType { .. } | Self::DropType { .. } => {
                Effect::Objects
            }
            Self::Data { .. } => Effect::Data,
            Self::Opaque { .. } => Effect::Unknown,
            Self::Sql(statement) => match statement.kind {
                sql::StatementKind::CreateTable
                | sql::StatementKind::AlterTable
                | sql::StatementKind::DropTable => Effect::Structure,
                sql::StatementKind::CreateIndex
                | sql::StatementKind::AlterIndex
                | sql::StatementKind::DropIndex => Effect::Index,
                kind => match kind.effect() {
                    sql::Effect::Schema => Effect::Objects,
                    sql::Effect::Data => Effect::Data,
                    sql::Effect::Nothing => Effect::Nothing,
                    sql::Effect::Unknown => Effect::Unknown,
                },
            },
        }
    }

    /// True for a change of the schema that a downgrade is expected to take back. What has no way back (a new enum
    /// label), and what is customarily left in place (an extension), is not.
    pub fn wants_reversal(&self) -> bool {
        match self {
            Self::Sql(statement) => {
                matches!(
                    self.effect(),
                    Effect::Structure | Effect::Index | Effect::Objects
                ) && !matches!(
                    statement.kind,
                    sql::StatementKind::AddEnumValue
                        | sql::StatementKind::CreateExtension
                        | sql::StatementKind::Comment
                        | sql::StatementKind::Grant
                )
            }
            _ => matches!(
                self.effect(),
                Effect::Structure | Effect::Index | Effect::Objects
            ),
        }
    }

    /// True if a type of the database, such as an enum, is made, altered or dropped. Columns of the type change with it.
    pub fn changes_a_type(&self) -> bool {
        match self {
            Self::CreateType { .. } | Self::DropType { .. } => true,
            Self::Sql(statement) => matches!(
                statement.kind,
                sql::StatementKind::CreateType
                    | sql::StatementKind::AlterType
                    | sql::StatementKind::AddEnumValue
                    | sql::StatementKind::DropType
            ),
            _ => false,
        }
    }

    /// The tables the operation names, schema left out.
    pub fn tables(&self) -> Vec<&SmolStr> {
        match self {
            Self::CreateTable(table) => vec![&table.name],
            Self::DropTable { table }
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::CreateIndex { table, .. }
            | Self::DropIndex { table, .. }
            | Self::CreateConstraint { table, .. }
            | Self::DropConstraint { table, .. }
            | Self::Comment { table }
            | Self::Data { table } => table.iter().collect(),
            Self::RenameTable { table, new_name } => table.iter().chain(new_name).collect(),
            Self::AlterColumn(alter) => alter.table.iter().collect(),
            Self::Sql(statement) => statement.tables.iter().collect(),
            Self::CreateType { .. } | Self::DropType { .. } | Self::Opaque { .. } => Vec::new(),
        }
    }

    /// The operation in few words, for messages.
    pub fn describe(&self) -> String {
        let name = |name: &Option<SmolStr>| {
            name.as_ref()
                .map_or_else(|| "…".to_owned(), |name| format!("`{name}`"))
        };
        match self {
            Self::CreateTable(table) => format!("creates table `{}`", table.name),
            Self::DropTable { table } => format!("drops table {}", name(table)),
            Self::RenameTable { table, .. } => format!("renames table {}", name(table)),
            Self::AddColumn { table, column } => {
                let column = column.as_ref().map(|column| column.name.clone());
                format!("adds column {} to {}", name(&column), name(table))
            }
            Self::DropColumn { table, column } => {
                format!("drops column {} of {}", name(column), name(table))
            }
            Self::AlterColumn(alter) => format!(
                "alters column {} of {}",
                name(&alter.column),
                name(&alter.table)
            ),
            Self::CreateIndex { name: index, .. } => format!("creates index {}", name(index)),
            Self::DropIndex { name: index, .. } => format!("drops index {}", name(index)),
            Self::CreateConstraint { table, .. } => format!("adds a constraint to {}", name(table)),
            Self::DropConstraint {
                name: constraint, ..
            } => format!("drops constraint {}", name(constraint)),
            Self::Comment { table } => format!("comments on {}", name(table)),
            Self::CreateType { name: ty } => format!("creates type {}", name(ty)),
            Self::DropType { name: ty } => format!("drops type {}", name(ty)),
            Self::Data { table } => format!("changes rows of {}", name(table)),
            Self::Opaque { what } => format!("calls `{what}`"),
            Self::Sql(statement) => {
                use sql::StatementKind as Kind;
                let table = statement.tables.first().cloned();
                match statement.kind {
                    Kind::CreateTable => format!("creates table {}", name(&table)),
                    Kind::AlterTable => format!("alters table {}", name(&table)),
                    Kind::DropTable => format!("drops table {}", name(&table)),
                    Kind::CreateIndex => "creates an index".to_owned(),
                    Kind::AlterIndex => "alters an index".to_owned(),
                    Kind::DropIndex => "drops an index".to_owned(),
                    Kind::CreateType => "creates a type".to_owned(),
                    Kind::AlterType | Kind::AddEnumValue => "alters a type".to_owned(),
                    Kind::DropType => "drops a type".to_owned(),
                    Kind::Data => format!("changes rows of {}", name(&table)),
                    _ => "runs SQL that changes the schema".to_owned(),
                }
            }
        }
    }
}
