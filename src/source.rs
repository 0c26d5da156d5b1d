//! Text of the files under judgement: paths, decoded text, spans and positions.

mod decode;
mod line_index;
mod path;
mod similarity;
mod span;

pub use decode::{DecodeError, DecodeProblem, SourceText};
pub use line_index::{LineIndex, Position};
pub use path::RepoPath;
pub use similarity::shared_lines;
pub use span::{FileSpan, Span};
