//! What lies in the folders of the repository: `os.listdir`, `glob`, `Path.iterdir`, `pkgutil.iter_modules`.
//!
//! Packages import what is in them by such loops. Of a folder only what git knows is there, in order of name, where
//! Python gives no order.

use std::collections::BTreeMap;

use super::paths::{Start, located_text, normal, path_text, repository_path};
use super::{Host, Interpreter};
use crate::python::ast::{self, ExprKind, Name};
use crate::python::value::{
    Call, CallArgument, Object, Place, Scope, ScopeKind, SymbolKind, Value,
};
use crate::source::RepoPath;

/// Packages in packages are walked to this depth.
const MAX_DEPTH: usize = 16;

/// What `pkgutil` says of a module.
const MODULE_INFO: &str = "pkgutil.ModuleInfo";

/// What finds the modules of a folder, which is its argument.
const MODULE_FINDER: &str = "pkgutil.module_finder";

impl<H: Host> Interpreter<'_, H> {
    /// Functions that list a folder.
    pub(super) fn folder_function(&mut self, name: &str, call: &Call, at: Place) -> Option<Value> {
        let argument = |position: usize, name: &str| {
            let argument = call.argument(position, name)?;
            Some(argument.value.clone())
        };
        match name {
            "os.listdir" => {
                let (_, folder) = located_text(&argument(0, "path")?)?;
                let names = self.entries(&folder)?.into_keys();
                let names = names.map(|name| Value::known_str(name, at)).collect();
                Some(self.sized_list(names, at))
            }
            "glob.glob" | "glob.iglob" if call.arguments.len() == 1 => {
                let (start, pattern) = located_text(&argument(0, "pathname")?)?;
                let known = pattern
                    .split_once(['*', '?', '['])
                    .map_or("", |(known, _)| known);
                let (folder, rest) = match known.rsplit_once('/') {
                    Some((folder, _)) => (folder, pattern.get(folder.len() + 1..)?),
                    None if start == Start::Working => ("", pattern.as_str()),
                    None => return None,
                };
                let found = self.matching(folder, rest)?;
                if start == Start::Working && found.is_empty() {
                    return None;
                }
                let found = found.iter().map(|path| start.text(path, at)).collect();
                Some(self.sized_list(found, at))
            }
            "pkgutil.iter_modules" | "pkgutil.walk_packages" => {
                let folders = self.iterate(&argument(0, "path")?)?;
                let prefix = match argument(1, "prefix") {
                    Some(prefix) => prefix.as_str()?.to_string(),
                    None => String::new(),
                };
                let mut found = Vec::new();
                for folder in folders {
                    let folder = repository_path(&folder)?;
                    let depth = usize::from(name == "pkgutil.walk_packages") * MAX_DEPTH;
                    self.modules_in(&folder, &prefix, depth, at, &mut found)?;
                }
                Some(self.sized_list(found, at))
            }
            _ => None,
        }
    }

    /// The files of `Path.iterdir()`, `Path.glob(pattern)` and `Path.rglob(pattern)`.
    pub(super) fn folder_method(
        &mut self,
        folder: &str,
        name: &str,
        positional: &[Value],
    ) -> Option<Vec<String>> {
        Some(match (name, positional) {
            ("iterdir", []) => {
                let names = self.entries(folder)?.into_keys();
                names.map(|name| join(folder, &name)).collect()
            }
            ("glob", [pattern]) => self.matching(folder, pattern.as_str()?)?,
            ("rglob", [pattern]) => {
                let pattern = format!("**/{}", pattern.as_str()?);
                self.matching(folder, &pattern)?
            }
            _ => return None,
        })
    }

    /// `module_info.name`
    pub(super) fn module_info_attribute(base: &Value, name: &str) -> Option<Value> {
        let index = match name {
            "module_finder" => 0,
            "name" => 1,
            "ispkg" => 2,
            _ => return None,
        };
        module_info(base)?
            .get(index)
            .map(|argument| argument.value.clone())
    }

    /// The names in a folder, and whether they are folders too.
    fn entries(&mut self, folder: &str) -> Option<BTreeMap<String, bool>> {
        let folder = normal(folder)?;
        let mut entries = BTreeMap::new();
        let mut count = 0;
        for (path, _) in self.sources.snapshot().under(&folder) {
            count += 1;
            let Some(rest) = inside(path, &folder) else {
                continue;
            };
            match rest.split_once('/') {
                Some((name, _)) => entries.insert(name.to_owned(), true),
                None => entries.insert(rest.to_owned(), false),
            };
        }
        self.spend(count);
        (!entries.is_empty()).then_some(entries)
    }

    /// The files below a folder that a pattern of `glob` is for.
    fn matching(&mut self, folder: &str, pattern: &str) -> Option<Vec<String>> {
        let expression = expression(pattern)?;
        let folder = normal(folder)?;
        let mut count = 0;
        let mut found = Vec::new();
        for (path, _) in self.sources.snapshot().under(&folder) {
            count += 1;
            if inside(path, &folder)
                .is_some_and(|rest| expression.is_match(rest).unwrap_or_default())
            {
                found.push(path.as_str().to_owned());
            }
        }
        self.spend(count);
        Some(found)
    }

    /// The modules of a folder as `pkgutil` lists them.
    fn modules_in(
        &mut self,
        folder: &str,
        prefix: &str,
        depth: usize,
        at: Place,
        found: &mut Vec<Value>,
    ) -> Option<()> {
        for (entry, is_folder) in self.entries(folder)? {
            let inner = join(folder, &entry);
            let is_package = is_folder
                && self
                    .sources
                    .snapshot()
                    .contains(&normal(&join(&inner, "__init__.py"))?);
            let name = if is_package {
                entry.as_str()
            } else {
                match entry.strip_suffix(".py") {
                    Some(name) if !is_folder && name != "__init__" => name,
                    _ => continue,
                }
            };
            if name.contains('.') {
                continue;
            }
            let full = format!("{prefix}{name}");
            let argument = |value| CallArgument::positional(value, at);
            let finder = Call {
                callee: Value::name(Name::new_static(MODULE_FINDER), at),
                arguments: vec![argument(path_text(folder, at))],
                open: false,
            };
            let info = Call {
                callee: Value::name(Name::new_static(MODULE_INFO), at),
                arguments: vec![
                    argument(Value::symbol(SymbolKind::Call(finder), at)),
                    argument(Value::known_str(full.as_str(), at)),
                    argument(Value::Bool(is_package)),
                ],
                open: false,
            };
            found.push(Value::symbol(SymbolKind::Call(info), at));
            if is_package && depth > 1 {
                // An empty package has nothing to list.
                let _ = self.modules_in(&inner, &format!("{full}."), depth - 1, at, found);
            }
        }
        Some(())
    }

    /// The parts of a `ModuleInfo`, which is a tuple.
    pub(super) fn module_info_items(value: &Value) -> Option<Vec<Value>> {
        let arguments = module_info(value)?;
        Some(
            arguments
                .iter()
                .map(|argument| argument.value.clone())
                .collect(),
        )
    }

    /// `module_finder.find_module(name)`: what is found there is loaded next.
    pub(super) fn log_found_module(&mut self, base: &Value, method: &str, arguments: &[Value]) {
        let Some(call) = base.as_call() else { return };
        let name = arguments.first().and_then(Value::as_str);
        let is_finder = call
            .callee
            .qualified_name()
            .is_some_and(|name| name == MODULE_FINDER);
        let (true, "find_module" | "find_spec", Some(name)) = (is_finder, method, name) else {
            return;
        };
        // The finder of a folder looks at the last part only.
        let name = name.rsplit('.').next().unwrap_or(name);
        let folder = call.arguments.first();
        let path = folder
            .and_then(|folder| repository_path(&folder.value))
            .and_then(|folder| normal(&join(&folder, &format!("{name}.py"))));
        if let (Some(path), Some(folder)) = (path, folder) {
            let module = self.finder.name_of(&path);
            self.log_import(&module, folder.at.file);
        }
    }

    /// Takes all that is in a package for imported where something is called with what leads to it, as in
    /// `import_submodules(globals(), __name__, __path__)`, and what that imports is not to be seen.
    pub(super) fn log_whole_package(
        &mut self,
        call: &ast::Call,
        callee: &Value,
        logged_before: usize,
        scope: &Scope,
    ) {
        let Some(log) = &self.import_log else { return };
        if scope.kind != ScopeKind::Module || !scope.module.is_package {
            return;
        }
        let prefix = format!("{}.", scope.module.name);
        let mut new = log.iter().skip(logged_before);
        if new.any(|import| import.is_in(&prefix)) || !leads_to_package(call, callee) {
            return;
        }
        let Some(init) = self.files.get(scope.file.0 as usize) else {
            return;
        };
        let folder = init.parent();
        let at = Self::place(scope, call.function.span);
        let mut found = Vec::new();
        let _ = self.modules_in(folder.as_str(), &prefix, MAX_DEPTH, at, &mut found);
        for info in found {
            if let Some(name) = Self::module_info_attribute(&info, "name")
                && let Some(name) = name.as_str()
            {
                self.log_import(name, scope.file);
            }
        }
    }

    /// `__path__` of a package in this folder.
    pub(super) fn search_path_of(&mut self, folder: &str, at: Place) -> Value {
        let list = Object::List(vec![path_text(folder, at)]);
        Value::Object(self.heap.allocate(list))
    }
}

/// True for a call that is given where a package lies, and does more than list it: by `__path__`, or by its name or file if
/// what is called speaks of importing.
fn leads_to_package(call: &ast::Call, callee: &Value) -> bool {
    let is_given = |names: &[&str]| {
        let mut arguments = call.arguments.iter();
        arguments.any(
            |argument| matches!(&argument.value.kind, ExprKind::Name(name) if names.contains(&name.as_str())),
        )
    };
    let name = match &call.function.kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => name.as_str(),
        _ => "",
    };
    let only_lists = callee
        .qualified_name()
        .is_some_and(|name| name.starts_with("pkgutil."))
        || matches!(callee, Value::Builtin(_) | Value::BuiltinMethod(_));
    let imports = ["import", "discover"]
        .iter()
        .any(|word| name.contains(word));
    !only_lists
        && (is_given(&["__path__"])
            || imports && is_given(&["__name__", "__package__", "__file__"]))
}

fn module_info(value: &Value) -> Option<&[CallArgument]> {
    let call = value.as_call()?;
    (call.callee.qualified_name()? == MODULE_INFO).then_some(call.arguments.as_slice())
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn inside<'p>(path: &'p RepoPath, folder: &RepoPath) -> Option<&'p str> {
    let rest = path.as_str().strip_prefix(folder.as_str())?;
    Some(rest.strip_prefix('/').unwrap_or(rest))
}

/// A pattern of `glob` as a regular expression; `None` for what is not followed.
fn expression(pattern: &str) -> Option<fancy_regex::Regex> {
    let mut text = String::from("^");
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                match rest.next() {
                    Some('/') => text.push_str("(?:[^/]+/)*"),
                    None => text.push_str(".*"),
                    Some(_) => return None,
                }
            }
            '*' => text.push_str("[^/]*"),
            '?' => text.push_str("[^/]"),
            '[' => {
                let mut class: String = rest.by_ref().take_while(|c| *c != ']').collect();
                if let Some(negated) = class.strip_prefix('!') {
                    class = format!("^{negated}");
                }
                if class.contains(['\\', '[', '&', '~']) {
                    return None;
                }
                text.push_str(&format!("[{class}]"));
            }
            other => text.push_str(&fancy_regex::escape(&other.to_string())),
        }
    }
    text.push('$');
    fancy_regex::Regex::new(&text).ok()
}
