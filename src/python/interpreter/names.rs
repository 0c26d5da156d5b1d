//! Names, attributes and imports.

use std::rc::Rc;

use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{
    CallArgument, FileId, Function, Import, ModuleState, Object, ObjectId, Place, Reason, Scope,
    ScopeKind, SymbolKind, Value,
};
use crate::source::RepoPath;

/// An attribute of something outside the repository that was assigned to: `Base.metadata.naming_convention = {…}`
#[derive(Clone, Debug)]
pub struct Written {
    pub object: Value,
    name: Name,
    pub value: Value,
    /// False under a condition that is not known.
    pub is_certain: bool,
}

/// How many of them are kept.
const MOST_WRITTEN: usize = 10_000;

impl<H: Host> Interpreter<'_, H> {
    /// Binds a name in a scope, or in the outer one that `global` or `nonlocal` names.
    pub(super) fn bind(&mut self, name: &Name, value: Value, scope: &Rc<Scope>) {
        let mut target = scope;
        while let Some(outer) = &target.outer {
            let handed_out = self
                .heap
                .namespace(target.names)
                .is_some_and(|namespace| namespace.outer.contains(name));
            if !handed_out {
                break;
            }
            target = outer;
        }
        if let Some(namespace) = self.heap.namespace_mut(target.names) {
            namespace.names.insert(name.clone(), value);
        }
    }

    /// The value of a name as seen from a scope.
    pub(super) fn lookup(&mut self, name: &Name, scope: &Rc<Scope>, at: Place) -> Value {
        let mut current = Some(scope);
        let mut innermost = true;
        let mut sees_all = false;
        while let Some(scope) = current {
            // The names of a class body are only seen from the body itself.
            if innermost || scope.kind != ScopeKind::Class {
                let found = self
                    .heap
                    .namespace(scope.names)
                    .and_then(|namespace| namespace.names.get(name).cloned());
                if let Some(value) = found {
                    return self.force_in(value, scope);
                }
            }
            innermost = false;
            if scope.outer.is_none() {
                if let Some(value) = self.lookup_stars(name, scope, at) {
                    return value;
                }
                sees_all = self.sees_all_names(scope);
            }
            current = scope.outer.as_ref();
        }
        if Self::is_builtin(name) {
            return Value::Builtin(name.clone());
        }
        let reason = if sees_all {
            Reason::Undefined
        } else {
            Reason::Name
        };
        Value::unknown(reason(name.clone()), at)
    }

    /// True if what is not among the names of a module is not defined there: it was run to its end, and nothing came in by
    /// `from module import *`.
    fn sees_all_names(&self, scope: &Scope) -> bool {
        let is_plain = self
            .heap
            .namespace(scope.names)
            .is_some_and(|namespace| namespace.stars.is_empty());
        let is_readable = self
            .files
            .get(scope.file.0 as usize)
            .and_then(|path| self.sources.python(path))
            .is_some_and(|parsed| parsed.syntax_error.is_none());
        is_plain && is_readable && !self.is_exhausted()
    }

    /// A name that came in by `from module import *`.
    fn lookup_stars(&mut self, name: &Name, scope: &Rc<Scope>, at: Place) -> Option<Value> {
        let stars = self
            .heap
            .namespace(scope.names)
            .map(|namespace| namespace.stars.clone())
            .unwrap_or_default();
        let mut external = Vec::new();
        for star in stars.iter().rev() {
            match self.find_module(star, scope.file) {
                Some(module) => {
                    self.run_module_if_allowed(module);
                    if let Some(value) = self.module_member(module, name) {
                        return Some(value);
                    }
                }
                None => external.push(star.clone()),
            }
        }
        // One library imported whole may well define the name, unless Python itself does.
        match external.as_slice() {
            [only] if !Self::is_builtin(name) => {
                Some(Value::name(smol_str::format_smolstr!("{only}.{name}"), at))
            }
            _ => None,
        }
    }

    fn run_module_if_allowed(&mut self, module: ObjectId) {
        self.run_module(module, self.lazy_imports);
    }

    /// What a module of the repository binds to a name, including what it imports whole. Its body has run.
    fn module_member(&mut self, module: ObjectId, name: &Name) -> Option<Value> {
        let scope = Rc::clone(&self.heap.module(module)?.scope);
        let value = self.heap.namespace(scope.names)?.names.get(name).cloned();
        // `from package import module` in the package itself binds what is not there yet: the module.
        let is_own = matches!(&value, Some(Value::Import(import))
            if import.attribute.as_ref() == Some(name) && import.module == scope.module.name);
        if let Some(value) = value.filter(|_| !is_own) {
            return Some(self.force_in(value, &scope));
        }
        let stars = self.heap.namespace(scope.names)?.stars.clone();
        if stars.is_empty() || self.depth >= self.limits.depth {
            return None;
        }
        // Modules may import each other whole.
        if !self.star_searches.insert((module, name.clone())) {
            return None;
        }
        self.depth += 1;
        let found = self.lookup_stars(
            name,
            &scope,
            Place {
                file: scope.file,
                span: crate::source::Span::at(0),
            },
        );
        self.depth -= 1;
        self.star_searches.remove(&(module, name.clone()));
        found
    }

    /// Follows an import when its value is needed, and remembers it.
    fn force_in(&mut self, value: Value, scope: &Scope) -> Value {
        let Value::Import(import) = &value else {
            return value;
        };
        // The name stays bound to the import: following it on one side of a branch is no difference between the two.
        let key = Rc::as_ptr(import) as usize;
        if let Some((_, forced)) = self.followed_imports.get(&key) {
            return forced.clone();
        }
        let forced = self.follow(import, scope.file);
        // Inside a circular import more may be known later.
        if !forced.is_unknown() {
            let known = (Rc::clone(import), forced.clone());
            self.followed_imports.insert(key, known);
        }
        forced
    }

    /// Follows an import that was kept for later.
    pub(super) fn force(&mut self, value: Value) -> Value {
        match &value {
            Value::Import(import) => self.follow(import, import.at.file),
            _ => value,
        }
    }

    fn follow(&mut self, import: &Import, importer: FileId) -> Value {
        // Two modules may each import a name from the other.
        if self.depth >= self.limits.depth {
            return Value::unknown(Reason::Limit("nested imports"), import.at);
        }
        self.depth += 1;
        let value = self.followed(import, importer);
        self.depth -= 1;
        value
    }

    fn followed(&mut self, import: &Import, importer: FileId) -> Value {
        if let Some(postponed) = &import.postponed {
            return self.exec_postponed(postponed, import.at);
        }
        if let Some(attribute) = &import.attribute
            && let Some(other) = self.finder.stand_in(&import.module, attribute)
        {
            return Value::name(other.clone(), import.at);
        }
        let module = self.find_module(&import.module, importer);
        match (&import.attribute, module) {
            (None, Some(module)) => Value::Module(module),
            (None, None) => Value::name(import.module.clone(), import.at),
            (Some(attribute), Some(module)) => self.module_value(module, attribute, import.at),
            (Some(attribute), None) => {
                // Until 1.0 Flask had its extensions under a name of its own as well.
                let qualified = match import.module.strip_prefix("flask.ext.") {
                    Some(extension) => smol_str::format_smolstr!("flask_{extension}.{attribute}"),
                    None => smol_str::format_smolstr!("{}.{attribute}", import.module),
                };
                Value::name(qualified, import.at)
            }
        }
    }

    /// `module.name`: what its body binds, else a submodule.
    fn module_value(&mut self, module: ObjectId, name: &Name, at: Place) -> Value {
        let other = self
            .heap
            .module(module)
            .and_then(|module| self.finder.stand_in(&module.name, name));
        if let Some(other) = other {
            return Value::name(other.clone(), at);
        }
        self.run_module_if_allowed(module);
        if let Some(value) = self.module_member(module, name) {
            return value;
        }
        let Some((module_name, file, state)) = self
            .heap
            .module(module)
            .map(|module| (module.name.clone(), module.scope.file, module.state))
        else {
            return Value::unknown(Reason::Attribute(name.clone()), at);
        };
        let submodule = smol_str::format_smolstr!("{module_name}.{name}");
        if let Some(submodule) = self.find_module(&submodule, file) {
            return Value::Module(submodule);
        }
        if state == ModuleState::Done
            && let Some(getter @ Value::Function(_)) =
                self.module_member(module, &Name::new_static("__getattr__"))
        {
            let argument = CallArgument {
                name: None,
                value: Value::known_str(name.as_str(), at),
                at,
            };
            return self.apart(true, |this| {
                this.call_value(&getter, vec![argument], false, at)
            });
        }
        match state {
            ModuleState::Done => Value::unknown(Reason::Attribute(name.clone()), at),
            _ => Value::unknown(Reason::Module(module_name), at),
        }
    }

    /// `import a.b.c` makes `a.b` and `a.b.c` attributes of what it binds; finding them is enough.
    pub(super) fn import_submodules(&mut self, name: &Name, scope: &Scope, _at: Place) {
        if name.contains('.') {
            self.find_module(name, scope.file);
        }
    }

    /// `value.name`
    pub(super) fn attribute(&mut self, value: &Value, name: &Name, at: Place) -> Value {
        match value {
            Value::Unknown(unknown) => Value::Unknown(Rc::clone(unknown)),
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Name(base) if base == "sys.version_info" && name == "major" => {
                    Value::Int(3)
                }
                SymbolKind::Name(base) => match self.finder.stand_in(base, name) {
                    Some(other) => Value::name(other.clone(), at),
                    None => Value::name(smol_str::format_smolstr!("{base}.{name}"), at),
                },
                _ => Self::path_attribute(value, name, at)
                    .or_else(|| Self::module_info_attribute(value, name))
                    .or_else(|| H::attribute(self, value, name, at))
                    .unwrap_or_else(|| {
                        Value::symbol(
                            SymbolKind::Attribute {
                                base: value.clone(),
                                name: name.clone(),
                            },
                            at,
                        )
                    }),
            },
            Value::Module(module) => self.module_value(*module, name, at),
            Value::Class(class) => self.class_attribute(*class, name, at),
            Value::Instance(instance) => self.instance_attribute(*instance, name, at),
            Value::Import(_) => {
                let value = self.force(value.clone());
                self.attribute(&value, name, at)
            }
            Value::Object(id) => match self.heap.get(*id) {
                Object::Super { owner, after } => {
                    let (owner, after) = (owner.clone(), *after);
                    self.super_attribute(&owner, after, name, at)
                }
                _ => Value::BuiltinMethod(Rc::new((value.clone(), name.clone()))),
            },
            // A row of a result, of which a column is named.
            Value::Tuple(items) if !matches!(name.as_str(), "count" | "index") => {
                match items.as_ref() {
                    [only] if !name.starts_with('_') => only.clone(),
                    _ => Value::unknown(Reason::Attribute(name.clone()), at),
                }
            }
            Value::Str(_) | Value::Tuple(_) | Value::Bytes | Value::Int(_) => {
                Value::BuiltinMethod(Rc::new((value.clone(), name.clone())))
            }
            Value::Builtin(base) => Value::Builtin(smol_str::format_smolstr!("{base}.{name}")),
            Value::Function(function) if name == "__name__" => {
                Value::known_str(function.def.name.as_str(), at)
            }
            _ => Value::unknown(Reason::Attribute(name.clone()), at),
        }
    }

    /// What `import module`, or `from module import attribute`, in a file would bind.
    pub fn imported(
        &mut self,
        module: &Name,
        attribute: Option<&Name>,
        importer: &RepoPath,
    ) -> Value {
        let file = self.file_id(importer);
        let import = Import {
            module: module.clone(),
            attribute: attribute.cloned(),
            at: Place {
                file,
                ..Place::default()
            },
            postponed: None,
        };
        self.follow(&import, file)
    }

    /// What a function finds under a name in its module. Imports are followed.
    pub fn global_of(&mut self, function: &Function, name: &Name) -> Option<Value> {
        let mut scope = &function.scope;
        while let Some(outer) = &scope.outer {
            scope = outer;
        }
        let names = scope.names;
        let value = self.heap.namespace(names)?.names.get(name)?.clone();
        Some(self.force(value))
    }

    /// `value.name`, as from outside.
    pub fn attribute_of(&mut self, value: &Value, name: &str, at: Place) -> Value {
        self.attribute(value, &Name::new(name), at)
    }

    /// Gives an instance an attribute, as if its constructor had.
    pub fn set_instance_attribute(&mut self, instance: &Value, name: &'static str, value: Value) {
        self.set_attribute(instance, &Name::new_static(name), value);
    }

    pub(super) fn set_attribute(&mut self, object: &Value, name: &Name, value: Value) {
        match object {
            Value::Instance(id) => {
                if let Object::Instance(instance) = self.heap.get_mut(*id) {
                    instance.names.insert(name.clone(), value);
                }
            }
            Value::Class(id) => {
                let names = match self.heap.get(*id) {
                    Object::Class(class) => class.scope.names,
                    _ => return,
                };
                if let Some(namespace) = self.heap.namespace_mut(names) {
                    namespace.names.insert(name.clone(), value);
                }
            }
            Value::Module(id) => {
                // Its body would bind the name again later.
                self.run_module(*id, self.lazy_imports);
                let names = self.heap.module(*id).map(|module| module.scope.names);
                if let Some(namespace) = names.and_then(|names| self.heap.namespace_mut(names)) {
                    namespace.names.insert(name.clone(), value);
                }
            }
            // What reads it is outside the repository as well.
            Value::Symbol(_) if self.written_outside.len() < MOST_WRITTEN => {
                self.written_outside.push(Written {
                    object: object.clone(),
                    name: name.clone(),
                    value,
                    is_certain: self.is_certain(),
                });
            }
            _ => {}
        }
    }

    /// `kind.name = value` of what a call outside the repository made, `kind = Enum(…, name=…)`: from here on it is as if
    /// the call had been given that argument. Whatever name has it in sight of the scope has the new one then.
    pub(super) fn set_argument(
        &mut self,
        object: &Value,
        name: &Name,
        value: &Value,
        scope: &Rc<Scope>,
    ) {
        let Value::Symbol(symbol) = object else {
            return;
        };
        let SymbolKind::Call(call) = &symbol.kind else {
            return;
        };
        let mut call = call.clone();
        let Some(argument) = call
            .arguments
            .iter_mut()
            .find(|argument| argument.name.as_ref() == Some(name))
        else {
            return;
        };
        argument.value = value.clone();
        let changed = Value::symbol(SymbolKind::Call(call), symbol.at);
        let mut sight = Some(scope);
        while let Some(scope) = sight {
            sight = scope.outer.as_ref();
            let Some(namespace) = self.heap.namespace(scope.names) else {
                continue;
            };
            let is_it =
                |value: &Value| matches!(value, Value::Symbol(one) if Rc::ptr_eq(one, symbol));
            let found = namespace.names.iter().filter(|(_, value)| is_it(value));
            let found: Vec<Name> = found.map(|(name, _)| name.clone()).collect();
            self.spend(namespace.names.len());
            if let Some(namespace) = self.heap.namespace_mut(scope.names) {
                let changed = found.into_iter().map(|name| (name, changed.clone()));
                namespace.names.extend(changed);
            }
        }
    }

    /// What was assigned to attributes of this name of things outside the repository, in order.
    pub fn written_outside(&self, name: &str) -> Vec<Written> {
        let written = self.written_outside.iter();
        written.filter(|one| one.name == name).cloned().collect()
    }

    /// `globals()`, `locals()` and `vars()`: the names as they are now. What is put into `globals()` is bound.
    pub(super) fn names_as_dict(&mut self, name: &Name, scope: &Rc<Scope>, at: Place) -> Value {
        let mut scope = scope;
        if name == "globals" {
            while let Some(outer) = &scope.outer {
                scope = outer;
            }
        }
        let names = scope.names;
        let Some(namespace) = self.heap.namespace(names) else {
            return Value::unknown(Reason::Call(name.clone()), at);
        };
        let pairs: Vec<(Value, Value)> = namespace
            .names
            .iter()
            .map(|(name, value)| (Value::known_str(name.as_str(), at), value.clone()))
            .collect();
        self.spend(pairs.len());
        let dict = self.heap.allocate(Object::Dict(pairs));
        self.given_namespaces.insert(dict, names);
        Value::Object(dict)
    }
}
