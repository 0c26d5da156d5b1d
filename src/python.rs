//! Python read without running it: syntax tree, names, and a bounded abstract interpreter.

pub mod ast;
mod canonical;
mod comments;
mod exception_hierarchy;
mod heap;
mod imports;
mod influence;
mod interpreter;
mod module_finder;
mod parse;
mod protobuf;
mod scopes;
mod sources;
mod standard_library;
mod strings;
pub mod unparse;
pub mod value;
mod visit;

pub use canonical::{Definitions, Likeness, definitions};
pub use comments::{Comment, comments, remarks, remarks_by_row, string_around};
pub(crate) use exception_hierarchy::ANY_DATABASE_ERROR;
pub use heap::Heap;
pub(crate) use influence::decided;
pub use interpreter::{
    Called, Extent, Host, Interpreter, Leaving, Limits, NoHost, Outcome, Reached,
};
pub use module_finder::{FoundModule, ModuleFinder};
pub use parse::{SyntaxError, parse};
pub use scopes::{
    ImportedName, NameUse, UnboundName, UndefinedName, dead_branches, ignores_parameter,
    imported_names, names_used_in, place_for_import, unbound_names, undefined_names,
};
pub use sources::{MAX_FILE_SIZE, ParseCache, ParsedFile, Sources};
pub(crate) use standard_library::is_standard_library;
pub(crate) use visit::{Visitor, walk, walk_expression};
