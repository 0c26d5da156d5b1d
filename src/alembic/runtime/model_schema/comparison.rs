//! How models and database are compared, as far as it is known.

use std::collections::BTreeMap;

use crate::catalog::Subject;

/// How `context.configure(…)` wants models and database to be compared.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// `compare_type`; `None` where that is a function, or not known.
    pub compares_types: Option<bool>,
    /// `compare_server_default`
    pub compares_defaults: Option<bool>,
    /// Whether identities are, which go with defaults from Alembic 1.18 on.
    pub compares_identities: Option<bool>,
    /// True if `env.py` imports a package with which autogenerate compares the labels of enums.
    pub compares_labels: bool,
    /// Whether indexes over expressions are: the database is only asked for them by newer versions, and not every one.
    pub compares_expressions: Option<bool>,
    /// True if a call of `context.configure(…)` was found.
    pub is_configured: bool,
    /// `include_schemas`: without it, tables of the database are only looked for in the default schema.
    pub compares_schemas: Option<bool>,
    /// What `include_schemas`, `include_object` and `include_name` say, by kind and name; what is not listed is taken
    /// in.
    pub(super) included: BTreeMap<(Subject, String), Option<bool>>,
}

impl Comparison {
    /// Whether an object is compared, by its name as differences have it; `None` where that is not known.
    pub fn includes(&self, subject: Subject, object: &str) -> Option<bool> {
        // A map that is asked with a borrowed pair would need an owned one.
        let answer = self.included.get(&(subject, object.to_owned()));
        answer.copied().unwrap_or(Some(true))
    }
}
