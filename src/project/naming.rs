//! The naming convention of the metadata, which names constraints in migrations too.

use std::sync::Arc;

use super::ProjectEnvironment;
use crate::catalog::Why;
use crate::dependencies::Version;
use crate::models::{self, NamingFact};
use crate::source::{FileSpan, RepoPath, Span};
use crate::sqlalchemy::ddl::Naming;

impl ProjectEnvironment<'_> {
    /// The convention of what `env.py` leads to, else of what only the application leads to.
    pub(super) fn found_naming(&self) -> Naming {
        let env = &self.env_models().env;
        let elsewhere = |words: &[&'static str]| {
            models::naming_in(&self.modules_with(words), self.sources, &self.finder)
        };
        let unreached = || {
            let mut modules = self.modules_with(&[".naming_convention"]);
            modules.retain(|module| env.reached.binary_search(module).is_err());
            models::naming_in(&modules, self.sources, &self.finder)
        };
        let naming = match &env.naming {
            // Any module may set it.
            NamingFact::None if env.metadata.iter().any(|key| key == "sqlmodel") => {
                match elsewhere(&[".naming_convention"]) {
                    found @ NamingFact::Convention(_) => found,
                    _ => NamingFact::None,
                }
            }
            // A package that `env.py` imports from may import the module which does, for this metadata or another.
            NamingFact::None => match unreached() {
                NamingFact::Convention(_) => NamingFact::Unresolved,
                _ => NamingFact::None,
            },
            NamingFact::Unresolved if self.asks_flask() => {
                elsewhere(&["SQLAlchemy(", ".naming_convention"])
            }
            found => found.clone(),
        };
        match naming {
            NamingFact::Convention(convention) => Naming::Convention(convention),
            NamingFact::Unresolved if self.mentions_naming_convention() => {
                Naming::Unknown(Why::new(
                    "which naming convention the metadata has is not known",
                    self.environment
                        .env_file()
                        .map(|file| FileSpan::new(file, Span::at(0))),
                ))
            }
            NamingFact::None | NamingFact::Unresolved => Naming::None,
        }
    }

    /// True if the metadata is that of the running application: `current_app.extensions["migrate"].db.metadata`.
    pub(super) fn asks_flask(&self) -> bool {
        self.env_has("current_app")
    }

    /// True if `env.py` says in which schemas what has none in its name is looked for.
    pub fn sets_search_path(&self) -> bool {
        self.env_has("search_path")
    }

    /// False if autogenerate certainly looks at no schema but the default one. Flask-Migrate takes arguments of
    /// `context.configure()` anywhere in the application.
    pub fn compares_schemas(&self) -> bool {
        let is_said = || !self.modules_with(&["include_schemas"]).is_empty();
        match self.model_schema().comparison.compares_schemas {
            Some(compares) => compares,
            None => !self.asks_flask() || is_said(),
        }
    }

    /// True if what Flask-Migrate hands on leaves it to the default to compare types: nothing says otherwise.
    pub(super) fn compares_types_by_default(&self) -> bool {
        const COMPARES: (u32, u32) = (1, 12);
        // Flask-Migrate 4 is half a year older than the Alembic that does: what is pinned to an older one runs with any.
        const FLASK_MIGRATE: Version = Version::new(4, 0, 0);
        let dependencies = self.dependencies();
        let is_older = !dependencies.uses("alembic")
            && dependencies.is_at_least("flask-migrate", FLASK_MIGRATE) == Some(false);
        self.asks_flask()
            && !is_older
            && self.semantics().alembic >= COMPARES
            && !self.env_has("compare_type")
            && self.modules_with(&["compare_type"]).is_empty()
    }

    /// True if `env.py` may turn off the checks of foreign keys in MySQL.
    pub(super) fn sets_foreign_key_checks(&self) -> bool {
        self.env_has("foreign_key_checks") || self.env_has("FOREIGN_KEY_CHECKS")
    }

    pub(super) fn env_has(&self, word: &str) -> bool {
        let file = self.environment.env_file();
        let bytes = file.and_then(|file| self.sources.read(&file));
        bytes.is_some_and(|bytes| memchr::memmem::find(&bytes, word.as_bytes()).is_some())
    }

    /// The modules of the application in which one of these is written.
    fn modules_with(&self, words: &[&'static str]) -> Vec<RepoPath> {
        let scripts = self.script_folders();
        let mut found: Vec<RepoPath> = words
            .iter()
            .flat_map(|word| self.files_with(word).to_vec())
            .filter(|path| models::is_module(path) && !crate::git::is_foreign(path))
            .filter(|path| !scripts.iter().any(|folder| path.is_within(folder)))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// True if some Python file of the repository speaks of a naming convention.
    fn mentions_naming_convention(&self) -> bool {
        !self.files_with("naming_convention").is_empty()
    }

    /// The Python files in which a word is written.
    pub(super) fn files_with(&self, word: &'static str) -> Arc<Vec<RepoPath>> {
        self.sources.files_with(word, |path| {
            path.extension() == "py"
                && self
                    .sources
                    .look_into(path)
                    .is_some_and(|bytes| memchr::memmem::find(&bytes, word.as_bytes()).is_some())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::git::Snapshot;
    use crate::project::Project;
    use crate::python::{ParseCache, Sources};

    const CONVENTION: &str = "{'pk': 'pk_%(table_name)s'}";

    /// The template of primary keys; `?` where the convention is not known.
    fn key(env: &str, application: &str) -> String {
        let snapshot = Snapshot::in_memory([
            ("alembic.ini", "[alembic]\nscript_location = migrations\n"),
            ("migrations/env.py", env),
            ("app.py", application),
        ]);
        let cache = ParseCache::default();
        let sources = Sources::new(&snapshot, &cache);
        let project = Project::load(&sources, &Settings::default());
        match project
            .environments
            .first()
            .map(ProjectEnvironment::found_naming)
        {
            Some(Naming::Convention(convention)) => {
                convention.get("pk").cloned().unwrap_or_default()
            }
            Some(Naming::Unknown(_)) => "?".to_owned(),
            _ => "none".to_owned(),
        }
    }

    #[test]
    fn a_convention_that_is_assigned() {
        let env = "from app import Base\ntarget_metadata = Base.metadata\n";
        let base =
            "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n";
        let set = format!("{base}Base.metadata.naming_convention = {CONVENTION}\n");
        assert_eq!(key(env, base), "none");
        assert_eq!(key(env, &set), "pk_%(table_name)s");
        let perhaps = format!(
            "import os\n{base}if os.environ.get('X'):\n    Base.metadata.naming_convention = {CONVENTION}\n"
        );
        assert_eq!(key(env, &perhaps), "?");
        let other = format!(
            "{base}class Other(DeclarativeBase):\n    pass\nOther.metadata.naming_convention = {CONVENTION}\n"
        );
        assert_eq!(key(env, &other), "none");
    }

    #[test]
    fn a_convention_that_another_module_assigns() {
        let set = format!("from app import Base\nBase.metadata.naming_convention = {CONVENTION}\n");
        let files = [
            ("alembic.ini", "[alembic]\nscript_location = migrations\n"),
            (
                "migrations/env.py",
                "from app import Base\ntarget_metadata = Base.metadata\n",
            ),
            (
                "app.py",
                "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n",
            ),
            ("setup_models.py", &set),
        ];
        let cache = ParseCache::default();
        for (snapshot, is_unknown) in [
            (Snapshot::in_memory(files), true),
            (Snapshot::in_memory(files.into_iter().take(3)), false),
        ] {
            let sources = Sources::new(&snapshot, &cache);
            let project = Project::load(&sources, &Settings::default());
            let naming = project.environments.first().unwrap().found_naming();
            assert_eq!(matches!(naming, Naming::Unknown(_)), is_unknown);
        }
    }

    #[test]
    fn the_metadata_of_the_application() {
        let env = "from flask import current_app\ntarget_metadata = current_app.extensions['migrate'].db.metadata\n";
        let db = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n";
        assert_eq!(key(env, db), "none");
        let set = format!("{db}db.Model.metadata.naming_convention = {CONVENTION}\n");
        assert_eq!(key(env, &set), "pk_%(table_name)s");
        let given = format!(
            "from sqlalchemy import MetaData\nfrom flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy(metadata=MetaData(naming_convention={CONVENTION}))\n"
        );
        assert_eq!(key(env, &given), "pk_%(table_name)s");
        let two = format!("{given}other = SQLAlchemy()\n");
        assert_eq!(key(env, &two), "?");
    }

    #[test]
    fn the_metadata_of_sqlmodel() {
        let env = "from sqlmodel import SQLModel\ntarget_metadata = SQLModel.metadata\n";
        assert_eq!(key(env, ""), "none");
        let set = format!(
            "from sqlmodel import SQLModel\nSQLModel.metadata.naming_convention = {CONVENTION}\n"
        );
        assert_eq!(key(env, &set), "pk_%(table_name)s");
    }

    #[test]
    fn what_flask_migrate_hands_on_compares_types_by_default() {
        let compares_with = |needed: &str, env: &str, application: &str| {
            let flask = "from alembic import context\nfrom flask import current_app\n\
                         context.configure(**current_app.extensions['migrate'].configure_args";
            let env = format!("{flask}{env})\n");
            let snapshot = Snapshot::in_memory([
                ("alembic.ini", "[alembic]\nscript_location = migrations\n"),
                ("migrations/env.py", env.as_str()),
                ("app.py", application),
                ("requirements.txt", needed),
            ]);
            let cache = ParseCache::default();
            let sources = Sources::new(&snapshot, &cache);
            let project = Project::load(&sources, &Settings::default());
            let environment = project.environments.first();
            environment
                .unwrap()
                .model_schema()
                .comparison
                .compares_types
        };
        let compares = |env: &str, application: &str| compares_with("", env, application);
        assert_eq!(compares("", "migrate = Migrate(app, db)\n"), Some(true));
        for (needed, found) in [
            ("Flask-Migrate==3.*\n", None),
            ("Flask-Migrate==2.4.0\nalembic==1.13.0\n", Some(true)),
            ("Flask-Migrate>=3\n", Some(true)),
        ] {
            assert_eq!(
                compares_with(needed, "", "migrate = Migrate(app, db)\n"),
                found,
                "{needed}"
            );
        }
        let off = "migrate = Migrate(app, db, compare_type=False)\n";
        assert_eq!(compares("", off), None);
        assert_eq!(compares(", compare_type=False", ""), Some(false));
    }
}
