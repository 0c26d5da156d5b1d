//! Which modules of the repository a module imports, directly or through others, as Python would load them.

use std::collections::VecDeque;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::statements::Frame;
use super::{Host, Interpreter};
use crate::python::ast::{Name, StmtKind};
use crate::python::module_finder::FoundModule;
use crate::python::parse::parse;
use crate::python::value::{
    FileId, Module, ModuleState, Namespace, Object, ObjectId, Scope, ScopeKind, Value,
};
use crate::source::RepoPath;

/// An import statement that was run.
#[derive(Clone, Debug)]
pub(super) struct LoggedImport {
    module: Name,
    importer: FileId,
    is_certain: bool,
}

impl LoggedImport {
    /// True for a module of a package, which `prefix` is with a dot.
    pub(super) fn is_in(&self, prefix: &str) -> bool {
        self.module.starts_with(prefix)
    }
}

/// The modules that were reached.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    /// Files, with whether it is certain that they are imported.
    files: FxHashMap<RepoPath, bool>,
}

impl Reached {
    /// Whether a file is imported for certain; `None` if it is not imported at all.
    pub fn certainty(&self, file: &RepoPath) -> Option<bool> {
        self.files.get(file).copied()
    }
}

impl<H: Host> Interpreter<'_, H> {
    /// Writes down what is imported and run from now on, for [`Self::reach`] and [`Self::extents`].
    #[must_use]
    pub fn with_import_log(mut self) -> Self {
        self.import_log = Some(Vec::new());
        self.used = Some(super::extent::Used::default());
        self
    }

    pub(super) fn log_import(&mut self, module: &str, importer: FileId) {
        let is_certain = self.is_certain();
        if let Some(log) = &mut self.import_log {
            log.push(LoggedImport {
                module: Name::new(module),
                importer,
                is_certain,
            });
        }
    }

    /// Runs a file, and the modules it imports, as far as it takes to see what those import. Of the `wanted` ones the
    /// whole body is run. The files `beside` it are loaded as well: what they import counts.
    pub fn reach(
        &mut self,
        start: &RepoPath,
        beside: &[RepoPath],
        wanted: impl Fn(&RepoPath) -> bool,
    ) -> Reached {
        let mut reached = Reached::default();
        if self.run_file(start).is_none() {
            return reached;
        }
        reached.files.insert(start.clone(), true);
        // What is certain comes first, so that what is reached in both ways counts as certain.
        let mut waiting: VecDeque<LoggedImport> = VecDeque::new();
        self.drain_log(true, &mut waiting);
        for file in beside {
            self.load_beside(file);
        }
        self.drain_log(true, &mut waiting);
        while let Some(import) = waiting.pop_front() {
            self.load(&import, &wanted, &mut reached, &mut waiting);
        }
        reached
    }

    /// Runs the imports of a file that imports modules of the repository.
    fn load_beside(&mut self, path: &RepoPath) {
        let imports_own = self.sources.import_statements(path).map(|statements| {
            let is_own = |module: &Name| {
                !matches!(self.finder.find(module, Some(path)), FoundModule::External)
            };
            let (parsed, _) = parse(&statements);
            parsed.body.iter().any(|statement| match &statement.kind {
                StmtKind::Import(names) => names.iter().any(|alias| is_own(&alias.name)),
                StmtKind::ImportFrom(import) => import.level > 0 || is_own(&import.module),
                _ => false,
            })
        });
        if imports_own == Some(false) {
            return;
        }
        let Some(id) = self.file_module(path, &self.finder.name_of(path)) else {
            return;
        };
        self.refuel();
        self.module_fuel = self.limits.fuel * 8;
        if !self.run_imports(id, path) {
            self.run_module(id, true);
        }
    }

    fn drain_log(&mut self, is_certain: bool, waiting: &mut VecDeque<LoggedImport>) {
        for mut import in self
            .import_log
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
        {
            import.is_certain &= is_certain;
            if import.is_certain {
                waiting.push_front(import);
            } else {
                waiting.push_back(import);
            }
        }
    }

    fn load(
        &mut self,
        import: &LoggedImport,
        wanted: &impl Fn(&RepoPath) -> bool,
        reached: &mut Reached,
        waiting: &mut VecDeque<LoggedImport>,
    ) {
        // `a.b.c` loads `a` and `a.b` first.
        let ends = import.module.match_indices('.').map(|(at, _)| at);
        for end in ends.chain([import.module.len()]) {
            let name = Name::new(import.module.get(..end).unwrap_or_default());
            let Some(id) = self.find_module(&name, import.importer) else {
                return;
            };
            let file = self.heap.module(id).map(|module| module.scope.file);
            let Some(path) = file.and_then(|file| self.files.get(file.0 as usize).cloned()) else {
                return;
            };
            if reached.files.contains_key(&path) {
                continue;
            }
            self.refuel();
            self.module_fuel = self.limits.fuel * 8;
            if wanted(&path) {
                self.complete_module(id);
            } else if !self.run_imports(id, &path) {
                self.run_module(id, true);
            }
            reached.files.insert(path, import.is_certain);
            self.drain_log(import.is_certain, waiting);
        }
    }

    /// Runs only the imports of a module that nothing else is known of yet, if they can be told without parsing it.
    fn run_imports(&mut self, id: ObjectId, path: &RepoPath) -> bool {
        let is_new = |module: &&Module| module.state == ModuleState::Found;
        let Some(module) = self.heap.module(id).filter(is_new) else {
            return false;
        };
        let (file, name) = (module.scope.file, Rc::clone(&module.scope.module));
        let Some(statements) = self.sources.import_statements(path) else {
            return false;
        };
        let (parsed, error) = parse(&statements);
        if error.is_some() {
            return false;
        }
        let names = self.heap.allocate(Object::Namespace(Namespace::default()));
        let scope = Rc::new(Scope {
            names,
            outer: None,
            kind: ScopeKind::Module,
            file,
            module: name,
        });
        self.apart(true, |this| {
            let mut frame: Frame<H> = Frame::default();
            this.exec_block(&parsed.body, &scope, &mut frame);
        });
        self.note_imports(file, statements);
        true
    }

    /// Runs the whole body of a file as a module, also of one that was only run as far as it was needed.
    pub fn complete_file(&mut self, path: &RepoPath) -> Option<ObjectId> {
        let module = self.file_module(path, &self.finder.name_of(path))?;
        self.refuel();
        self.module_fuel = self.limits.fuel * 8;
        self.complete_module(module);
        Some(module)
    }

    fn complete_module(&mut self, id: ObjectId) {
        let Some(module) = self.heap.module(id) else {
            return;
        };
        if module.state == ModuleState::Found {
            self.run_module(id, false);
            return;
        }
        let scope = Rc::clone(&module.scope);
        self.note_whole(scope.file);
        let names = self.heap.namespace(scope.names).map(|namespace| {
            let postponed = namespace.names.values().filter(
                |value| matches!(value, Value::Import(import) if import.postponed.is_some()),
            );
            postponed.cloned().collect::<Vec<_>>()
        });
        for value in names.into_iter().flatten() {
            self.refuel();
            self.force(value);
        }
        let path = self.files.get(scope.file.0 as usize).cloned();
        if let Some(file) = path.and_then(|path| self.module_source(&path)) {
            self.exec_left_out(&file, &scope);
        }
    }
}
