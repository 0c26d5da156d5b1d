//! A bounded abstract interpreter: runs Python as far as values are known, and says what is not.
//!
//! It is used for migrations, models, `env.py` and their helpers alike. Modules of the repository are loaded on
//! demand; everything else is a [`Symbol`](crate::python::value::Symbol) that only has a name. A branch on an unknown
//! condition runs both sides and joins what they did. Nothing here can fail: what is not understood is
//! [`Value::Unknown`] with a reason and a place.

mod assignment;
mod branches;
mod builtins;
mod calls;
mod classes;
mod context_managers;
mod decorators;
mod definitions;
mod enums;
mod exceptions;
mod expressions;
mod extent;
mod folders;
mod formatting;
mod generators;
mod host;
mod instances;
mod lazy;
mod library;
mod loops;
mod matching;
mod methods;
mod names;
mod numbers;
mod operators;
mod paths;
mod reach;
mod reflection;
mod regular;
mod sequences;
mod specifications;
mod statements;
mod strings;
mod subscripts;
mod text;

pub use self::extent::Extent;
pub use self::host::{Called, Host, Leaving, NoHost};
pub use self::reach::Reached;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::python::ast::{self, Name};
use crate::python::heap::Heap;
use crate::python::module_finder::{FoundModule, ModuleFinder};
use crate::python::protobuf;
use crate::python::sources::{ParsedFile, Sources};
use crate::python::value::{
    Call, CallArgument, Deferred, FileId, Import, Instance, Module, ModuleName, ModuleState,
    Namespace, Object, ObjectId, Place, Reason, Scope, ScopeKind, Symbol, Value,
};
use crate::source::{FileSpan, RepoPath, Span};

/// Bounds that keep hostile code from taking time or memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Statements and expressions evaluated in one run.
    pub fuel: u64,
    /// Calls inside calls, and modules loading modules.
    pub depth: u32,
    /// Elements of a list, and bytes of a string.
    pub size: usize,
}

/// How deep expressions, blocks and calls may stand in each other: the stack is finite.
const MAX_NESTING: u32 = 800;

/// How many values a generator may yield: one that goes on forever is stopped here.
const MAX_YIELDS: usize = 10_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 500_000,
            depth: 48,
            size: 1 << 20,
        }
    }
}

/// The interpreter, with the modules it has loaded so far.
pub struct Interpreter<'s, H: Host = NoHost> {
    pub heap: Heap,
    pub host: H,
    sources: &'s Sources<'s>,
    finder: &'s ModuleFinder<'s>,
    files: Vec<RepoPath>,
    file_ids: FxHashMap<RepoPath, FileId>,
    /// By dotted name; `None` for a module outside the repository.
    /// By the root that only their importers have, and by name.
    modules: FxHashMap<Option<RepoPath>, FxHashMap<Name, Option<ObjectId>>>,
    module_files: FxHashMap<RepoPath, ObjectId>,
    limits: Limits,
    lazy_imports: bool,
    /// The imports that were run, while somebody wants to know.
    import_log: Option<Vec<reach::LoggedImport>>,
    /// What was run, while somebody wants to know.
    used: Option<extent::Used>,
    /// What the constructors of bases outside the repository were called with, while somebody wants to know.
    constructors: Option<Vec<Call>>,
    fuel: Cell<u64>,
    /// What is left for the bodies of imported modules, which no single run pays for.
    module_fuel: u64,
    /// True while the body of an imported module runs.
    is_loading: bool,
    depth: u32,
    /// How many expressions and blocks the current one stands in, over all calls.
    nesting: u32,
    /// How many unknown conditions the current statement stands under.
    uncertainty: u32,
    /// An exception that a called function has raised, until the calling statement sees it.
    pending: Option<Value>,
    /// How many `try` statements whose handlers end a raise the current statement stands in.
    guards: u32,
    /// Exceptions that may have been raised inside those, with the states outside the interpreter at that point.
    raised: Vec<(Value, H::State)>,
    /// The exceptions that are being handled, the innermost last.
    handling: Vec<Value>,
    /// The functions that are running, the innermost last.
    activations: Vec<calls::Activation<H>>,
    /// The generators that are running, the innermost last.
    generators: Vec<generators::Generator<H>>,
    /// The class that a class body became, by the namespace of the body.
    classes_by_body: FxHashMap<ObjectId, ObjectId>,
    /// Values that were asked of classes, by their addresses, which are kept alive: which class it was, and the name.
    members: FxHashMap<usize, (Rc<Symbol>, ObjectId, Name)>,
    /// What `defaultdict` gives for keys it lacks.
    default_factories: FxHashMap<ObjectId, Value>,
    /// What imports have led to, by the address of the import, which is kept alive by it.
    followed_imports: FxHashMap<usize, (Rc<Import>, Value)>,
    /// The modules in which names are being looked for through `from module import *`.
    star_searches: FxHashSet<(ObjectId, Name)>,
    /// The namespaces that `globals()` has given out, by the dict that stands for each.
    given_namespaces: FxHashMap<ObjectId, ObjectId>,
    written_outside: Vec<names::Written>,
}

/// How a function that was called from outside has ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    Returned(Value),
    /// It raises, whatever the conditions.
    Raised(Value),
    /// A limit was reached before its end.
    Stopped,
}

impl<'s, H: Host> Interpreter<'s, H> {
    pub fn new(sources: &'s Sources<'s>, finder: &'s ModuleFinder<'s>, host: H) -> Self {
        let limits = Limits::default();
        Self {
            heap: Heap::default(),
            host,
            sources,
            finder,
            files: Vec::new(),
            file_ids: FxHashMap::default(),
            modules: FxHashMap::default(),
            module_files: FxHashMap::default(),
            limits,
            lazy_imports: false,
            import_log: None,
            used: None,
            constructors: None,
            fuel: Cell::new(limits.fuel),
            module_fuel: limits.fuel * 8,
            is_loading: false,
            depth: 0,
            nesting: 0,
            uncertainty: 0,
            pending: None,
            guards: 0,
            raised: Vec::new(),
            handling: Vec::new(),
            activations: Vec::new(),
            generators: Vec::new(),
            classes_by_body: FxHashMap::default(),
            members: FxHashMap::default(),
            default_factories: FxHashMap::default(),
            followed_imports: FxHashMap::default(),
            star_searches: FxHashSet::default(),
            given_namespaces: FxHashMap::default(),
            written_outside: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self.fuel.set(limits.fuel);
        self
    }

    /// All files that were read, or found where they might be imported.
    pub fn files(&self) -> &[RepoPath] {
        &self.files
    }

    /// The file a place is in.
    pub fn file(&self, place: Place) -> FileSpan {
        let path = self
            .files
            .get(place.file.0 as usize)
            .cloned()
            .unwrap_or_else(RepoPath::root);
        FileSpan::new(path, place.span)
    }

    /// The text that stands at a place.
    pub fn text_at(&self, place: Place) -> String {
        let path = self.files.get(place.file.0 as usize);
        let file = path.and_then(|path| self.sources.python(path));
        file.map(|file| file.text.slice(place.span).to_owned())
            .unwrap_or_default()
    }

    /// True if the file of a place holds a name as a string, or assigns to an attribute of that name.
    pub fn mentions(&self, place: Place, name: &str) -> bool {
        let path = self.files.get(place.file.0 as usize);
        let Some(file) = path.and_then(|path| self.sources.python(path)) else {
            return true;
        };
        let text = file.text.as_str();
        text.match_indices(name).any(|(start, _)| {
            let before = text.get(..start).and_then(|text| text.chars().next_back());
            let after = text.get(start + name.len()..).unwrap_or_default();
            match before {
                Some('"' | '\'') => after.starts_with(['"', '\'']),
                Some('.') => after.trim_start().starts_with('='),
                _ => false,
            }
        })
    }

    /// The dotted name of the module a class is defined in.
    pub fn module_of(&self, class: ObjectId) -> Option<Name> {
        self.class(class)
            .map(|class| class.scope.module.name.clone())
    }

    /// Gives a new run its full measure of steps. Modules stay loaded.
    pub fn refuel(&mut self) {
        self.fuel.set(self.limits.fuel);
        self.uncertainty = 0;
        self.nesting = 0;
        self.pending = None;
        self.guards = 0;
        self.raised.clear();
        self.handling.clear();
        self.activations.clear();
        self.generators.clear();
    }

    /// True if the current statement certainly runs, in a run that succeeds.
    pub fn is_certain(&self) -> bool {
        self.uncertainty == 0
    }

    /// True if an exception raised now may be handled by the code that is running.
    pub fn is_guarded(&self) -> bool {
        self.guards > 0
    }

    /// True if the last run stopped for lack of fuel.
    pub fn is_exhausted(&self) -> bool {
        self.fuel.get() == 0
    }

    /// Loads the file at a path as a module and runs its body. `None` where there is no such file.
    pub fn run_file(&mut self, path: &RepoPath) -> Option<ObjectId> {
        let module = self.file_module(path, &self.finder.name_of(path))?;
        self.run_module(module, false);
        Some(module)
    }

    /// Imports a module of the repository by its dotted name, runs the whole of its body, and those of all modules of
    /// the repository that it imports, as Python would.
    pub fn run_named(&mut self, name: &str) -> Option<ObjectId> {
        let importer = self.file_id(&RepoPath::root());
        let wanted = self.find_module(&Name::new(name), importer)?;
        let mut seen = FxHashSet::from_iter([wanted]);
        let mut waiting = vec![wanted];
        while let Some(id) = waiting.pop() {
            self.refuel();
            self.run_module(id, false);
            for import in self.imports_of(id) {
                let file = self.heap.module(id)?.scope.file;
                if let Some(imported) = self.find_module(&import, file)
                    && seen.insert(imported)
                {
                    waiting.push(imported);
                }
            }
        }
        Some(wanted)
    }

    /// The modules that the names of a module were imported from.
    fn imports_of(&self, module: ObjectId) -> Vec<Name> {
        let scope = self.heap.module(module).map(|module| module.scope.names);
        let Some(namespace) = scope.and_then(|names| self.heap.namespace(names)) else {
            return Vec::new();
        };
        let bound = namespace.names.values().flat_map(|value| match value {
            Value::Import(import) => {
                let module = import.module.clone();
                // `from package import module`
                let submodule = import
                    .attribute
                    .as_ref()
                    .map(|name| smol_str::format_smolstr!("{module}.{name}"));
                [Some(module), submodule]
            }
            _ => [None, None],
        });
        bound
            .flatten()
            .chain(namespace.stars.iter().cloned())
            .collect()
    }

    /// The value a module binds to a name, its body having been run. Imports are followed.
    pub fn module_attribute(&mut self, module: ObjectId, name: &str) -> Option<Value> {
        let scope = Rc::clone(&self.heap.module(module)?.scope);
        let value = self.heap.namespace(scope.names)?.names.get(name)?.clone();
        Some(self.force(value))
    }

    /// All names a module binds, in order.
    pub fn module_names(&self, module: ObjectId) -> Vec<Name> {
        let scope = self.heap.module(module).map(|module| module.scope.names);
        scope
            .and_then(|names| self.heap.namespace(names))
            .map(|namespace| namespace.names.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Calls a value with arguments, as from outside any function.
    pub fn call(&mut self, callee: &Value, arguments: Vec<CallArgument>, at: Place) -> Outcome {
        self.pending = None;
        let value = self.call_value(callee, arguments, false, at);
        match self.pending.take() {
            Some(exception) => Outcome::Raised(exception),
            None if self.is_exhausted() => Outcome::Stopped,
            None => Outcome::Returned(value),
        }
    }

    /// Follows a value that an import bound.
    pub fn resolve(&mut self, value: Value) -> Value {
        self.force(value)
    }

    /// Evaluates an expression in a scope.
    pub fn evaluate(&mut self, expr: &ast::Expr, scope: &Rc<Scope>) -> Value {
        self.eval(expr, scope)
    }

    fn file_id(&mut self, path: &RepoPath) -> FileId {
        if let Some(id) = self.file_ids.get(path) {
            return *id;
        }
        let id = FileId(self.files.len() as u32);
        self.files.push(path.clone());
        self.file_ids.insert(path.clone(), id);
        id
    }

    /// The module object of a file, its body not necessarily run.
    fn file_module(&mut self, path: &RepoPath, name: &Name) -> Option<ObjectId> {
        if let Some(module) = self.module_files.get(path) {
            return Some(*module);
        }
        if !self.sources.snapshot().contains(path) {
            return None;
        }
        let is_package = path.file_name() == "__init__.py";
        let file = self.file_id(path);
        let module = self.new_module(name, is_package, file, ModuleState::Found);
        self.module_files.insert(path.clone(), module);
        Some(module)
    }

    fn new_module(
        &mut self,
        name: &Name,
        is_package: bool,
        file: FileId,
        state: ModuleState,
    ) -> ObjectId {
        let mut namespace = Namespace::default();
        let place = Place {
            file,
            span: Span::at(0),
        };
        namespace.names.insert(
            Name::new_static("__name__"),
            Value::known_str(name.as_str(), place),
        );
        if let Some(path) = self.files.get(file.0 as usize).cloned() {
            let text = paths::path_text(path.as_str(), place);
            namespace.names.insert(Name::new_static("__file__"), text);
            let folder = path.as_str().strip_suffix("/__init__.py");
            if let Some(folder) = folder.filter(|_| is_package) {
                let search_path = self.search_path_of(folder, place);
                namespace
                    .names
                    .insert(Name::new_static("__path__"), search_path);
            }
        }
        let package = match name.rsplit_once('.') {
            _ if is_package => name.as_str(),
            Some((package, _)) => package,
            None => "",
        };
        namespace.names.insert(
            Name::new_static("__package__"),
            Value::known_str(package, place),
        );
        let names = self.heap.allocate(Object::Namespace(namespace));
        let module_name = Rc::new(ModuleName {
            name: name.clone(),
            is_package,
        });
        let scope = Rc::new(Scope {
            names,
            outer: None,
            kind: ScopeKind::Module,
            file,
            module: module_name,
        });
        self.heap.allocate(Object::Module(Module {
            name: name.clone(),
            scope,
            state,
        }))
    }

    /// Puts off the definitions of imported modules until they are needed, and leaves out what they do besides.
    #[must_use]
    pub fn with_lazy_imports(mut self) -> Self {
        self.lazy_imports = true;
        self
    }

    /// Runs the body of a module, once. A lazy one runs only what its names need, when they are needed.
    fn run_module(&mut self, id: ObjectId, is_lazy: bool) {
        let Some(module) = self.heap.module(id) else {
            return;
        };
        if module.state != ModuleState::Found || self.depth >= self.limits.depth {
            return;
        }
        let scope = Rc::clone(&module.scope);
        let path = self.files.get(scope.file.0 as usize).cloned();
        if !is_lazy {
            self.note_whole(scope.file);
        }
        self.set_module_state(id, ModuleState::Running);
        if let Some(file) = path.and_then(|path| self.module_source(&path)) {
            self.note_soundness(&file, scope.file);
            self.apart(is_lazy, |this| {
                if is_lazy {
                    this.exec_definitions(&file, &scope);
                } else {
                    let mut frame: statements::Frame<H> = statements::Frame::default();
                    this.exec_block(&file.module.body, &scope, &mut frame);
                }
            });
        }
        self.set_module_state(id, ModuleState::Done);
    }

    /// What runs when a file is imported.
    fn module_source(&self, path: &RepoPath) -> Option<Arc<ParsedFile>> {
        let file = self.sources.python(path)?;
        Some(protobuf::meaning(path, &file).unwrap_or(file))
    }

    /// An instance of a class whose constructor has not run.
    pub fn bare_instance(&mut self, class: ObjectId) -> Value {
        let instance = Instance {
            class,
            names: crate::python::value::Names::default(),
        };
        Value::Instance(self.heap.allocate(Object::Instance(instance)))
    }

    /// Runs something, and gives what `super().__init__(…)` was called with where it led out of the repository.
    pub fn constructors_called<R>(&mut self, run: impl FnOnce(&mut Self) -> R) -> (R, Vec<Call>) {
        let outer = self.constructors.replace(Vec::new());
        let result = run(self);
        let seen = std::mem::replace(&mut self.constructors, outer);
        (result, seen.unwrap_or_default())
    }

    /// Runs something that happens once, whoever needs it first: the branches and conditions it is needed under are no
    /// part of it. What is imported does not use up the steps of the run that imports it.
    fn apart<R>(&mut self, is_imported: bool, run: impl FnOnce(&mut Self) -> R) -> R {
        let branches = self.heap.suspend_branches();
        let uncertainty = std::mem::take(&mut self.uncertainty);
        let pending = self.pending.take();
        let guards = std::mem::take(&mut self.guards);
        let raised = std::mem::take(&mut self.raised);
        let generators = std::mem::take(&mut self.generators);
        let is_outermost = is_imported && !std::mem::replace(&mut self.is_loading, true);
        let fuel = self.fuel.get();
        // What one of them leads to may not use up what the others need.
        let measure = if is_outermost {
            self.module_fuel.min(self.limits.fuel / 4)
        } else if is_imported {
            (fuel - fuel / 8).min(self.limits.fuel / 16)
        } else {
            fuel
        };
        self.fuel.set(measure);
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        if self.fuel.get() == 0 {
            self.note_gap(
                "a module takes more steps than are allowed",
                Place::default(),
            );
        }
        let spent = measure - self.fuel.get();
        if is_outermost {
            self.module_fuel -= spent;
            self.is_loading = false;
            self.fuel.set(fuel);
        } else {
            self.fuel.set(fuel - spent);
        }
        self.generators = generators;
        self.raised = raised;
        self.guards = guards;
        self.pending = pending;
        self.uncertainty = uncertainty;
        self.heap.resume_branches(branches);
        result
    }

    fn set_module_state(&mut self, id: ObjectId, state: ModuleState) {
        if let Object::Module(module) = self.heap.get_mut(id) {
            module.state = state;
        }
    }

    /// The module of a dotted name, found but not run; `None` outside the repository.
    fn find_module(&mut self, name: &Name, importer: FileId) -> Option<ObjectId> {
        let importer = self.files.get(importer.0 as usize);
        let own_root = self.finder.own_root(name, importer);
        let known = self.modules.get(&own_root.cloned());
        if let Some(known) = known.and_then(|modules| modules.get(name)) {
            return *known;
        }
        let own_root = own_root.cloned();
        let module = match self.finder.find(name, importer) {
            FoundModule::File { path, .. } => self.file_module(&path, name),
            FoundModule::NamespacePackage(folder) => {
                let file = self.file_id(&folder);
                Some(self.new_module(name, true, file, ModuleState::Done))
            }
            FoundModule::External => None,
        };
        let modules = self.modules.entry(own_root).or_default();
        modules.insert(name.clone(), module);
        module
    }

    /// Spends what handling this many elements costs.
    fn spend(&self, elements: usize) {
        let cost = elements as u64 / 8;
        self.fuel.set(self.fuel.get().saturating_sub(cost));
    }

    /// True while an exception is on its way to the statement that will see it.
    fn is_raising(&self) -> bool {
        self.pending.is_some()
    }

    /// Raises an exception from inside an expression. What the expression would give is never used.
    fn raise(&mut self, exception: Value, at: Place) -> Value {
        self.pending = Some(exception);
        Value::unknown(Reason::Unsupported("what follows an exception"), at)
    }

    /// Spends one step, and what branches have copied and joined since the last; false when none is left.
    fn step(&self) -> bool {
        let left = self.fuel.get();
        let copied = self.heap.take_work() / 4;
        self.fuel.set(left.saturating_sub(1 + copied));
        left > 0
    }

    fn place(scope: &Scope, span: Span) -> Place {
        Place {
            file: scope.file,
            span,
        }
    }

    fn out_of_fuel(at: Place) -> Value {
        Value::unknown(Reason::Limit("steps"), at)
    }
}

#[cfg(test)]
mod tests;
