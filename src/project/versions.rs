//! Where Alembic keeps the version of a database.

use super::ProjectEnvironment;

impl ProjectEnvironment<'_> {
    /// True if `env.py` names another table for the versions of databases than in another state: Alembic finds none there, and
    /// runs all revisions again.
    pub fn keeps_versions_elsewhere(&self, before: &ProjectEnvironment<'_>) -> bool {
        let (old, new) = (before.version_table(), self.version_table());
        old.zip(new).is_some_and(|(old, new)| old != new)
    }

    /// The table that holds the version of a database, and its schema; `None` where they are not known.
    fn version_table(&self) -> Option<(&str, Option<&str>)> {
        let facts = &self.env_models().env;
        let (table, schema) = (&facts.version_table, &facts.version_table_schema);
        let text = self.environment.env_file();
        let text = text.and_then(|file| self.sources.look_into(&file))?;
        let is_said = |name: &[u8]| memchr::memmem::find(&text, name).is_some();
        let is_known = table.is_some() || !is_said(b"version_table");
        let knows_schema = schema.is_some() || !is_said(b"version_table_schema");
        let table = table.as_deref().unwrap_or("alembic_version");
        (is_known && knows_schema).then_some((table, schema.as_deref()))
    }
}
