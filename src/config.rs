//! Configuration: options as written, settings as used, and which rules are selected.

mod conventions;
mod hidden_drift;
mod options;
mod selector;
mod settings;

pub use conventions::{
    BaseColumnOrder, FunctionName, MetadataName, NameTemplate, NamingConvention, OperationName,
    TreatAs,
};
pub use hidden_drift::{HiddenDrift, ParseHiddenDriftError};
pub use options::{ConfigError, ConfigFile, Downgrades, EnvironmentOptions, Options, Pairing};
pub use selector::{RuleIdentity, RuleSelector, Selection, SelectorError};
pub use settings::Settings;
