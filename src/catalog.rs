//! A database as far as it is known: tables, types and other objects, the statements that change them, and what two
//! states of it differ in.
//!
//! Nothing here knows Python or Alembic. [`Ddl`] is what a database is told, by Alembic or by raw SQL; [`Catalog`] is
//! what it then holds. Whatever is not known is said to be unknown, with the reason.

mod answer;
mod apply;
mod batch;
mod constraint;
mod ddl;
mod defaults;
mod difference;
mod dropped;
mod fact;
mod join;
mod mentions;
mod objects;
mod question;
mod session;
mod table;

pub use answer::{Answer, Found};
pub use apply::{Applied, Database, Failure, FailureKind, Heading};
pub use batch::{Batch, BatchChange, BatchStep, NewColumn, Recreate, Versions};
pub use constraint::{Constraint, ConstraintKind, ForeignKey, Index, IndexDefinition, IndexKey};
pub use ddl::{
    AlterAction, ColumnDefinition, CommentTarget, CreateTable, Ddl, LabelPosition, LikeClause,
    LikePart, LiteralOf, Maintenance, RowChange, SequenceChange, SomeColumns, Taken, UnnamedKind,
    UsedLiteral,
};
pub use difference::{
    Change, Difference, Differences, Subject, compare, constraint_value, index_value,
    sequence_value, split_object,
};
pub use fact::{Fact, Why};
pub use mentions::is_named_in;
pub use objects::{Catalog, Enum, Object, ObjectKey, ObjectKind, Sequence};
pub(crate) use objects::{in_schema, split_schema};
pub use question::{
    AnswerForm, CatalogQuestion, Condition, QuestionField, QuestionKind, QuestionValue,
};
pub use session::{Session, SessionChange};
pub use table::{Column, Gone, Table};

#[cfg(test)]
mod tests;
