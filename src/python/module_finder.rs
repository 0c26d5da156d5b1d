//! Which file of the repository a module name stands for.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::git::{Snapshot, is_foreign};
use crate::python::ast::Name;
use crate::python::standard_library::is_standard_library;
use crate::source::RepoPath;

/// Libraries whose names repositories like to give to folders (`alembic/env.py`), and that always win: an installed
/// package hides a folder without `__init__.py`.
const EXTERNAL: &[&str] = &[
    "alembic",
    "flask_migrate",
    "flask_sqlalchemy",
    "sqlalchemy",
    "sqlmodel",
];

/// Where a module is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundModule {
    /// A file; for a package its `__init__.py`.
    File { path: RepoPath, is_package: bool },
    /// A folder without `__init__.py`.
    NamespacePackage(RepoPath),
    /// Not in the repository.
    External,
}

/// Finds modules along the search path, and where that leads nowhere, by the packages the repository holds.
pub struct ModuleFinder<'s> {
    snapshot: &'s Snapshot,
    /// Folders on `sys.path`, in order.
    roots: Vec<RepoPath>,
    top_levels: OnceLock<FxHashMap<String, Vec<RepoPath>>>,
    distributions: OnceLock<Vec<RepoPath>>,
    /// What functions are to be taken for, by their qualified names.
    stand_ins: FxHashMap<String, Name>,
}

impl<'s> ModuleFinder<'s> {
    /// `roots` are the folders known to be on `sys.path`; the root of the repository and `src` always are.
    pub fn new(snapshot: &'s Snapshot, roots: impl IntoIterator<Item = RepoPath>) -> Self {
        let mut unique: Vec<RepoPath> = Vec::new();
        for root in roots
            .into_iter()
            .chain([RepoPath::root(), RepoPath::new("src")])
        {
            if !unique.contains(&root) {
                unique.push(root);
            }
        }
        Self {
            snapshot,
            roots: unique,
            top_levels: OnceLock::new(),
            distributions: OnceLock::new(),
            stand_ins: FxHashMap::default(),
        }
    }

    /// Takes functions for others: by their qualified names, the qualified names of what they stand for.
    #[must_use]
    pub fn with_stand_ins(mut self, stand_ins: impl IntoIterator<Item = (String, Name)>) -> Self {
        self.stand_ins.extend(stand_ins);
        self
    }

    /// What a name of a module is to be taken for.
    pub fn stand_in(&self, module: &str, name: &str) -> Option<&Name> {
        if self.stand_ins.is_empty() {
            return None;
        }
        self.stand_ins.get(&format!("{module}.{name}"))
    }

    pub fn roots(&self) -> &[RepoPath] {
        &self.roots
    }

    /// Finds a module by its dotted name, as imported by `importer`.
    pub fn find(&self, name: &str, importer: Option<&RepoPath>) -> FoundModule {
        let mut parts = name.split('.');
        let Some(top) = parts.next().filter(|top| !top.is_empty()) else {
            return FoundModule::External;
        };
        if is_standard_library(top) || EXTERNAL.contains(&top) {
            return FoundModule::External;
        }
        let Some(root) = self.root_of(top, importer) else {
            return FoundModule::External;
        };
        let mut found = self.look(&root, top);
        for part in parts {
            let folder = match &found {
                FoundModule::File {
                    path,
                    is_package: true,
                } => path.parent(),
                FoundModule::NamespacePackage(folder) => folder.clone(),
                _ => return FoundModule::External,
            };
            found = self.look(&folder, part);
        }
        found
    }

    /// The dotted name under which a file is imported: from the outermost package it is in or, outside packages, from
    /// the longest folder on the search path.
    pub fn name_of(&self, path: &RepoPath) -> Name {
        let is_package = |folder: &RepoPath| {
            !folder.is_root()
                && folder
                    .join("__init__.py")
                    .is_some_and(|init| self.snapshot.contains(&init))
        };
        let mut root = path.parent();
        if is_package(&root) {
            while is_package(&root) {
                root = root.parent();
            }
        } else if let Some(longest) = self
            .roots
            .iter()
            .filter(|root| path.is_within(root))
            .max_by_key(|root| root.as_str().len())
        {
            root = longest.clone();
        }
        let relative = path.strip_prefix(&root).unwrap_or_else(|| path.as_str());
        let relative = relative.strip_suffix(".py").unwrap_or(relative);
        let relative = relative.strip_suffix("/__init__").unwrap_or(relative);
        Name::new(relative.replace('/', "."))
    }

    /// One step: a package, a module or a plain folder called `name` in `folder`.
    fn look(&self, folder: &RepoPath, name: &str) -> FoundModule {
        let at = |suffix: &str| {
            folder
                .join(&format!("{name}{suffix}"))
                .filter(|path| self.snapshot.contains(path))
        };
        if let Some(path) = at("/__init__.py") {
            return FoundModule::File {
                path,
                is_package: true,
            };
        }
        if let Some(path) = at(".py") {
            return FoundModule::File {
                path,
                is_package: false,
            };
        }
        match folder.join(name) {
            Some(path) if self.snapshot.is_folder(&path) => FoundModule::NamespacePackage(path),
            _ => FoundModule::External,
        }
    }

    /// The folder on the search path that holds a top-level module or package.
    fn on_path(&self, top: &str) -> Option<&RepoPath> {
        let is_file = |root: &&RepoPath| matches!(self.look(root, top), FoundModule::File { .. });
        self.roots.iter().find(is_file)
    }

    /// The closest folder above the importing file that holds one.
    fn above(&self, top: &str, importer: &RepoPath) -> Option<&RepoPath> {
        let holds = |root: &&RepoPath| importer.is_within(root);
        let candidates = self.top_levels().get(top)?.iter();
        candidates
            .filter(holds)
            .max_by_key(|root| root.as_str().len())
    }

    /// Where an importer of another application of the repository has a package of its own under a name that is on the search
    /// path, too. A name means one module everywhere but there.
    pub fn own_root(&self, name: &str, importer: Option<&RepoPath>) -> Option<&RepoPath> {
        let top = name.split('.').next().unwrap_or_default();
        let importer = importer?;
        // Most packages are in no folder of the repository, which is a look into a table.
        let own = self.above(top, importer)?;
        let on_path = self.on_path(top)?;
        (!importer.is_within(on_path)).then_some(own)
    }

    fn root_of(&self, top: &str, importer: Option<&RepoPath>) -> Option<RepoPath> {
        if let Some(root) = self.own_root(top, importer).or_else(|| self.on_path(top)) {
            return Some(root.clone());
        }
        if let Some(root) = importer.and_then(|importer| self.above(top, importer)) {
            return Some(root.clone());
        }
        // The only package of that name there is.
        let none = Vec::new();
        let candidates = self.top_levels().get(top).unwrap_or(&none);
        let packages: Vec<&RepoPath> = candidates
            .iter()
            .filter(|root| {
                matches!(
                    self.look(root, top),
                    FoundModule::File {
                        is_package: true,
                        ..
                    }
                )
            })
            .collect();
        match packages.as_slice() {
            [only] => Some((*only).clone()),
            [] => {
                let holds = |root: &&RepoPath| {
                    matches!(self.look(root, top), FoundModule::NamespacePackage(_))
                };
                let mut distributed = self.distributions().iter().filter(holds);
                let on_path = self.roots.iter().find(holds);
                on_path
                    .or_else(|| distributed.next().filter(|_| distributed.next().is_none()))
                    .cloned()
            }
            several => {
                // Take the one that shares most with the importer, if one alone does.
                let importer = importer?;
                let shared = |root: &RepoPath| {
                    root.components()
                        .zip(importer.components())
                        .take_while(|(one, other)| one == other)
                        .count()
                };
                let most = several.iter().map(|root| shared(root)).max()?;
                let mut closest = several.iter().filter(|root| shared(root) == most);
                let first = closest.next()?;
                closest.next().is_none().then(|| (*first).clone())
            }
        }
    }

    /// The folders that hold the packages of a distribution, and may be installed.
    fn distributions(&self) -> &[RepoPath] {
        self.distributions.get_or_init(|| {
            let is_project = |path: &RepoPath| {
                matches!(
                    path.file_name(),
                    "setup.py" | "setup.cfg" | "pyproject.toml"
                )
            };
            let projects = self.snapshot.iter().map(|(path, _)| path);
            let projects = projects.filter(|path| is_project(path) && !is_foreign(path));
            let mut found: Vec<RepoPath> = projects
                .map(RepoPath::parent)
                .flat_map(|root| [root.join("src"), Some(root)])
                .flatten()
                .collect();
            found.sort();
            found.dedup();
            found
        })
    }

    /// For each top-level module name, the folders that hold it.
    fn top_levels(&self) -> &FxHashMap<String, Vec<RepoPath>> {
        self.top_levels.get_or_init(|| {
            let packages: FxHashSet<RepoPath> = self
                .snapshot
                .iter()
                .filter(|(path, _)| path.file_name() == "__init__.py")
                .map(|(path, _)| path.parent())
                .collect();
            let mut top_levels: FxHashMap<String, Vec<RepoPath>> = FxHashMap::default();
            for (path, _) in self.snapshot.iter() {
                if path.extension() != "py" || is_foreign(path) {
                    continue;
                }
                let folder = path.parent();
                let (root, name) = if path.file_name() == "__init__.py" {
                    (folder.parent(), folder.file_name().to_owned())
                } else {
                    (folder, path.stem().to_owned())
                };
                if !packages.contains(&root) && !name.is_empty() {
                    top_levels.entry(name).or_default().push(root);
                }
            }
            top_levels
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(files: &[&str], roots: &[&str], name: &str, importer: &str) -> FoundModule {
        let snapshot = Snapshot::in_memory(files.iter().map(|path| (*path, "")));
        let finder = ModuleFinder::new(&snapshot, roots.iter().map(RepoPath::new));
        finder.find(name, Some(&RepoPath::new(importer)))
    }

    fn file(path: &str) -> FoundModule {
        FoundModule::File {
            path: RepoPath::new(path),
            is_package: path.ends_with("__init__.py"),
        }
    }

    #[test]
    fn packages_modules_and_namespace_packages() {
        let files = [
            "app/__init__.py",
            "app/models.py",
            "app/db/base.py",
            "tool.py",
        ];
        assert_eq!(find(&files, &[], "app", "x.py"), file("app/__init__.py"));
        assert_eq!(
            find(&files, &[], "app.models", "x.py"),
            file("app/models.py")
        );
        assert_eq!(
            find(&files, &[], "app.db.base", "x.py"),
            file("app/db/base.py")
        );
        assert_eq!(
            find(&files, &[], "app.db", "x.py"),
            FoundModule::NamespacePackage(RepoPath::new("app/db"))
        );
        assert_eq!(find(&files, &[], "tool", "x.py"), file("tool.py"));
        assert_eq!(
            find(&files, &[], "app.nothing", "x.py"),
            FoundModule::External
        );
        assert_eq!(find(&files, &[], "requests", "x.py"), FoundModule::External);
    }

    #[test]
    fn files_have_the_name_they_are_imported_by() {
        let snapshot = Snapshot::in_memory(
            [
                "a/src/shop/__init__.py",
                "a/src/shop/db/__init__.py",
                "src/x/y.py",
            ]
            .map(|path| (path, "")),
        );
        let finder = ModuleFinder::new(&snapshot, []);
        let name = |path: &str| finder.name_of(&RepoPath::new(path)).to_string();
        assert_eq!(name("a/src/shop/db/base.py"), "shop.db.base");
        assert_eq!(name("a/src/shop/db/__init__.py"), "shop.db");
        assert_eq!(name("src/x/y.py"), "x.y");
        assert_eq!(name("tool.py"), "tool");
    }

    #[test]
    fn installed_libraries_hide_folders_of_the_same_name() {
        let files = ["alembic/env.py", "logging/__init__.py"];
        assert_eq!(
            find(&files, &[], "alembic.op", "alembic/versions/a.py"),
            FoundModule::External
        );
        assert_eq!(find(&files, &[], "logging", "x.py"), FoundModule::External);
    }

    #[test]
    fn a_package_deep_in_a_monorepo_is_found_from_its_neighbours() {
        let files = [
            "services/a/src/shop/__init__.py",
            "services/b/src/shop/__init__.py",
            "services/b/migrations/env.py",
        ];
        assert_eq!(
            find(&files, &[], "shop", "services/b/migrations/env.py"),
            file("services/b/src/shop/__init__.py")
        );
        assert_eq!(
            find(&files, &["services/a/src"], "shop", "x.py"),
            file("services/a/src/shop/__init__.py")
        );
        assert_eq!(
            find(&files, &[], "shop", "other/env.py"),
            FoundModule::External
        );
    }

    #[test]
    fn applications_side_by_side_have_packages_of_one_name() {
        let files = [
            "a/app/__init__.py",
            "a/app/db.py",
            "b/app/__init__.py",
            "b/app/db.py",
        ];
        let roots = ["a"];
        assert_eq!(
            find(&files, &roots, "app.db", "b/app/models.py"),
            file("b/app/db.py")
        );
        for importer in ["a/app/models.py", "tests/x.py"] {
            assert_eq!(
                find(&files, &roots, "app.db", importer),
                file("a/app/db.py")
            );
        }
    }

    #[test]
    fn namespace_packages_of_another_distribution() {
        let files = ["lib/setup.py", "lib/_shop/db/__init__.py", "other/x.py"];
        assert_eq!(
            find(&files, &[], "_shop.db", "app/models.py"),
            file("lib/_shop/db/__init__.py")
        );
        let without = ["lib/_shop/db/__init__.py"];
        let found = find(&without, &[], "_shop.db", "app/models.py");
        assert_eq!(found, FoundModule::External);
    }
}
