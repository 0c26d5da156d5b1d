//! What goes past the migrations of an environment.

use super::ProjectEnvironment;
use crate::git::ChangeSet;
use crate::models::{
    Bypass, BypassSearch, MetadataKey, bypasses, is_test_file, makes_tables, may_bypass,
};
use crate::source::RepoPath;

impl ProjectEnvironment<'_> {
    /// The calls of `create_all()` and `drop_all()` for the migrated tables outside of migrations and tests; of a change
    /// only those in files that it touches.
    pub fn bypasses(&self, changes: Option<&ChangeSet>) -> Vec<Bypass> {
        let folders = self.script_folders();
        let may_hold = |path: &RepoPath| {
            !crate::git::is_foreign(path) && may_bypass(path, || self.sources.look_into(path))
        };
        let mut files: Vec<RepoPath> = match changes {
            Some(changes) => {
                let touched = changes.iter().map(|(path, _)| path);
                touched.filter(|path| may_hold(path)).cloned().collect()
            }
            None => {
                let files = self
                    .sources
                    .files_with("calls past the migrations", may_hold);
                files.to_vec()
            }
        };
        files.retain(|path| !folders.iter().any(|folder| path.is_within(folder)));
        if files.is_empty() {
            return Vec::new();
        }
        let search = BypassSearch {
            sources: self.sources,
            finder: &self.finder,
            migrated: &|| self.migrated_metadata(),
            dialect: self.dialect().dialect,
            folders: &folders,
        };
        bypasses(&search, &files)
    }

    /// True if code beside the migrations, tests included, may make tables from the models.
    pub fn may_create_all(&self) -> bool {
        let folders = self.script_folders();
        self.files_with("create_all").iter().any(|path| {
            !crate::git::is_foreign(path) && !folders.iter().any(|folder| path.is_within(folder))
        })
    }

    /// True if new databases are made of the models and stamped with the newest revision: the first run of the migrations is
    /// not from the beginning.
    pub fn begins_with_models(&self) -> bool {
        let stamps = |path: &RepoPath| {
            let bytes = self.sources.look_into(path).unwrap_or_default();
            ["create_all(", "stamp(", "head"]
                .iter()
                .all(|word| memchr::memmem::find(&bytes, word.as_bytes()).is_some())
        };
        self.files_with("create_all")
            .iter()
            .any(|path| !crate::git::is_foreign(path) && !is_test_file(path) && stamps(path))
    }

    /// True if a table of the models may be there although no migration has made it: the application makes what is missing
    /// as it starts.
    pub fn may_make_table(&self, table: &str) -> bool {
        let folders = self.script_folders();
        let makes_tables = |path: &RepoPath| {
            !crate::git::is_foreign(path)
                && !folders.iter().any(|folder| path.is_within(folder))
                && makes_tables(path, || self.sources.look_into(path))
        };
        !self
            .sources
            .files_with("create_all beside versions", makes_tables)
            .is_empty()
            && self.model_schema().catalog.tables.contains_key(table)
    }

    /// The metadata whose tables the migrations build: what `env.py` names, else that of most of the models.
    fn migrated_metadata(&self) -> Vec<MetadataKey> {
        let named = &self.env_models().env.metadata;
        if named.is_empty() {
            self.model_schema().metadata.clone()
        } else {
            named.clone()
        }
    }
}
