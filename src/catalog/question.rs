//! Questions that a migration asks the database about itself before it does something.

use smol_str::SmolStr;

/// Which objects there are: those of a kind for which all conditions hold.
///
/// `SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'email'` asks whether there is
/// a [`Column`](QuestionKind::Column) whose [`Owner`](QuestionField::Owner) is `users` and whose
/// [`Name`](QuestionField::Name) is `email`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogQuestion {
    pub about: QuestionKind,
    pub conditions: Vec<(QuestionField, QuestionValue)>,
    pub answer: AnswerForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    Table,
    /// Tables and views, as `information_schema.tables` lists them.
    TableOrView,
    /// Anything that `pg_class` or `sqlite_master` lists: tables, views, indexes, sequences.
    Relation,
    View,
    MaterializedView,
    Column,
    /// Indexes, those of constraints included.
    Index,
    Constraint,
    /// Enums, domains and composite types.
    Type,
    EnumLabel,
    Sequence,
    Schema,
    Extension,
    Function,
    Trigger,
    Policy,
    /// Roles of the server, most of which are made elsewhere.
    Role,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionField {
    Name,
    /// The schema; `public` is the default one.
    Schema,
    /// The table of a column, an index, a constraint, a trigger; the type of a label.
    Owner,
    /// `p`, `u`, `f`, `c`, `x` of constraints, as `pg_constraint` has it.
    ConstraintKind,
    /// The table that a foreign key refers to, and the one that any other constraint is on.
    UsedTable,
    /// The columns of that table that the constraint is about.
    UsedColumn,
    /// The table that a foreign key refers to; other constraints refer to none.
    Referred,
    /// Another property, by the name of the column of the catalog: `data_type`, `is_nullable`, `column_default`.
    Property(SmolStr),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionValue {
    Text(SmolStr),
    /// The value of a bind parameter, which is given elsewhere.
    Bind(SmolStr),
    OneOf(Vec<SmolStr>),
    /// A pattern of `LIKE`.
    Like(SmolStr),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// One value: whether there is any.
    Exists,
    /// One value: a name, or `NULL` if there is none.
    NameOrNull,
    /// One value: how many there are.
    Count,
    /// A row for each, with these columns; `None` for a column that is the same for all: `SELECT 1`.
    Rows(Vec<Option<QuestionField>>),
}

/// What `IF` of a `DO` block asks, or a variable of it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Constant(bool),
    /// Whether there is any object of which the question holds.
    Exists(CatalogQuestion),
    /// The value of a variable: what was last put into it.
    Variable(SmolStr),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
    /// Whether a library does it by itself, which hangs on its version.
    OfALibrary,
    /// Not understood.
    Unknown,
}

impl Condition {
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(!value),
            Self::Not(inner) => *inner,
            Self::Unknown => Self::Unknown,
            other => Self::Not(Box::new(other)),
        }
    }
}
