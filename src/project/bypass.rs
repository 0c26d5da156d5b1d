//! What goes past the migrations of an environment.

use super::ProjectEnvironment;
use crate::git::ChangeSet;
use crate::models::{
    Bypass, BypassSearch, MetadataKey, bypasses, is_test_file, makes_tables, makes_tables_at_start,
    may_bypass, may_start,
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
        self.search_past_migrations(&folders, |search| bypasses(search, &files))
    }

    /// True if the application makes the tables of its models whenever it starts, also those that no migration makes.
    pub fn makes_tables_at_start(&self) -> bool {
        *self.makes_tables_at_start.get_or_init(|| {
            if self.files_with("create_all").is_empty() {
                return false;
            }
            let is_code = |path: &RepoPath| {
                !crate::git::is_foreign(path) && may_start(path, || self.sources.look_into(path))
            };
            let files = self
                .sources
                .files_with("the start of an application", is_code);
            let folders = self.script_folders();
            self.search_past_migrations(&folders, |search| makes_tables_at_start(search, &files))
        })
    }

    /// True if code beside the migrations, other than tests, has SQL that makes the table, or a view of that name.
    pub fn makes_table_in_sql(&self, table: &str) -> bool {
        let name = regex::escape(table.rsplit('.').next().unwrap_or(table));
        let makes = |kind: &str, word| {
            let pattern = format!(
                r#"(?i)\bCREATE\s+{kind}\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:["`]?\w+["`]?\.)?["`]?{name}["`]?[\s(]"#
            );
            regex::bytes::Regex::new(&pattern).is_ok_and(|statement| {
                self.application_says(word, |bytes| statement.is_match(bytes))
            })
        };
        makes("TABLE", "CREATE TABLE")
            || makes(r"(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+)?VIEW", "VIEW")
    }

    /// True if code beside the migrations, other than tests, may read what the table is like from the database:
    /// `Table("users_history", metadata, autoload_with=connection)`.
    pub fn reflects(&self, table: &str) -> bool {
        let name = table.rsplit('.').next().unwrap_or(table);
        let quoted = [format!("\"{name}\""), format!("'{name}'")];
        self.application_says("autoload", |bytes| {
            let has = |text: &String| memchr::memmem::find(bytes, text.as_bytes()).is_some();
            quoted.iter().any(has)
        })
    }

    /// True for a file with this word, beside the migrations and other than tests, whose text says more.
    fn application_says(&self, word: &'static str, says: impl Fn(&[u8]) -> bool) -> bool {
        self.is_beside_migrations(word, |path| {
            !is_test_file(path)
                && self
                    .sources
                    .look_into(path)
                    .is_some_and(|bytes| says(&bytes))
        })
    }

    /// True for a file of the repository's own with this word beside the migrations.
    fn is_beside_migrations(
        &self,
        word: &'static str,
        is_meant: impl Fn(&RepoPath) -> bool,
    ) -> bool {
        let folders = self.script_folders();
        self.files_with(word).iter().any(|path| {
            !crate::git::is_foreign(path)
                && !folders.iter().any(|folder| path.is_within(folder))
                && is_meant(path)
        })
    }

    fn search_past_migrations<T>(
        &self,
        folders: &[RepoPath],
        find: impl FnOnce(&BypassSearch<'_>) -> T,
    ) -> T {
        find(&BypassSearch {
            sources: self.sources,
            finder: &self.finder,
            migrated: &|| self.migrated_metadata(),
            dialect: self.dialect().dialect,
            folders,
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

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::git::Snapshot;
    use crate::project::{Project, ProjectEnvironment};
    use crate::python::{ParseCache, Sources};

    /// Whether an application of this module makes its tables as it starts.
    fn makes_tables(main: &str) -> bool {
        ask(main, &|environment: &ProjectEnvironment<'_>| {
            environment.makes_tables_at_start()
        })
    }

    fn ask(main: &str, question: &dyn Fn(&ProjectEnvironment<'_>) -> bool) -> bool {
        let models =
            "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n";
        let main = format!(
            "import os\nfrom fastapi import FastAPI\nfrom database import engine\nfrom models import Base\n{main}"
        );
        let snapshot = Snapshot::in_memory([
            ("alembic.ini", "[alembic]\nscript_location = migrations\n"),
            (
                "migrations/env.py",
                "from models import Base\ntarget_metadata = Base.metadata\n",
            ),
            ("models.py", models),
            ("main.py", &main),
        ]);
        let cache = ParseCache::default();
        let sources = Sources::new(&snapshot, &cache);
        let project = Project::load(&sources, &Settings::default());
        question(project.environments.first().unwrap())
    }

    #[test]
    fn tables_read_from_the_database() {
        let reads = |code: &str| ask(code, &|environment| environment.reflects("items"));
        assert!(reads(
            "Table('items', Base.metadata, autoload_with=engine)\n"
        ));
        assert!(!reads(
            "Table('other', Base.metadata, autoload_with=engine)\n"
        ));
        assert!(!reads("Table('items', Base.metadata)\n"));
    }

    #[test]
    fn tables_made_in_sql() {
        let makes = |sql: &str| {
            let main = format!("engine.execute(\"\"\"{sql}\"\"\")\n");
            ask(&main, &|environment| {
                environment.makes_table_in_sql("items")
            })
        };
        assert!(makes("CREATE TABLE items (id int)"));
        assert!(makes(
            "CREATE TABLE IF NOT EXISTS public.\"items\" (id int)"
        ));
        assert!(!makes("CREATE TABLE items_old (id int)"));
        assert!(!makes("DROP TABLE items"));
        assert!(makes("CREATE VIEW items AS SELECT 1"));
        assert!(makes(
            "create OR REPLACE MATERIALIZED VIEW public.items AS SELECT 1"
        ));
        assert!(!makes("CREATE VIEW items_old AS SELECT * FROM items"));
        assert!(!makes("DROP VIEW items"));
    }

    #[test]
    fn tables_made_at_start() {
        const MAKE: &str = "Base.metadata.create_all(engine)\n";
        let under = |setting: &str| format!("if {setting}:\n    {MAKE}app = FastAPI()\n");
        let event = |body: &str| {
            format!("app = FastAPI()\n@app.on_event('startup')\ndef run():\n    {body}")
        };
        assert!(makes_tables(&format!("{MAKE}app = FastAPI()\n")));
        assert!(makes_tables(&under("os.getenv('MAKE', 'true') == 'true'")));
        assert!(!makes_tables(&under("os.getenv('MAKE') == 'true'")));
        assert!(!makes_tables(&under("os.environ['MAKE'] == 'true'")));
        assert!(makes_tables(&event(MAKE)));
        assert!(!makes_tables(&event("print('up')\n")));
        // What a route, a script or a command does is no start.
        let route = format!("app = FastAPI()\n@app.post('/setup')\ndef run():\n    {MAKE}");
        assert!(!makes_tables(&route));
        let factory = format!(
            "def make():\n    app = FastAPI()\n    init()\n    return app\ndef init():\n    {MAKE}"
        );
        assert!(makes_tables(&factory));
        let command = format!("def make():\n    return FastAPI()\ndef init():\n    {MAKE}");
        assert!(!makes_tables(&command));
    }
}
