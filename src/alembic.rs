//! Alembic without Alembic: its configuration, its revisions and the map they form.

mod configured;
mod credentials;
mod discovery;
mod file_template;
mod ini;
mod locations;
mod pyproject;
mod revision;
mod revision_map;
mod runtime;
mod script_directory;

pub use configured::{configured_flag, each_metadata, run_configuring, target_metadata};
pub use credentials::{Credential, credentials};
pub use discovery::{ConfigProblem, Declaration, Discovery, Environment, PassedOver, discover};
pub use file_template::FileTemplate;
pub use ini::{IniError, IniFile, IniProblem, InterpolationError};
pub use revision::{Answered, DocLine, Identifier, Revision, RevisionDoc, written_links};
pub use revision_map::{BrokenLink, HeadGroup, Heads, LabelConflict, RevisionMap, RevisionNode};
pub use runtime::{
    Comparison, Copied, Direction, End, Failed, LiveCause, LiveKind, LiveUse, MetadataOrigin,
    Migration, ModelFiles, ModelReading, ModelSchema, NamedTable, RawSql, Replay, ReplayedRevision,
    Run, Runtime, Statement, Step, Told, UNKNOWN, UnregisteredTable, Upgraded, Verdict,
};
pub use script_directory::{Script, ScriptDirectory, ScriptProblem, ScriptProblemKind};
