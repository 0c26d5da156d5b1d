//! Names of libraries that `env.py` gives another meaning, as `sa.Enum = Enum` does for all revisions.

use rustc_hash::FxHashMap;

use crate::alembic::Environment;
use crate::python::Sources;
use crate::python::ast::{ExprKind, Module, Name, StmtKind};

/// The full names of what the body of `env.py` replaces, each with what takes its place.
pub(super) fn patched_names(
    environment: &Environment,
    sources: &Sources<'_>,
) -> Vec<(String, Name)> {
    let parsed = environment
        .env_file()
        .and_then(|file| sources.python(&file));
    parsed.map_or_else(Vec::new, |parsed| of_module(&parsed.module))
}

fn of_module(module: &Module) -> Vec<(String, Name)> {
    let mut modules: FxHashMap<&Name, &Name> = FxHashMap::default();
    let mut imported: FxHashMap<&Name, Name> = FxHashMap::default();
    let mut patched = Vec::new();
    for statement in &module.body {
        match &statement.kind {
            StmtKind::Import(aliases) => {
                for alias in aliases {
                    modules.insert(alias.asname.as_ref().unwrap_or(&alias.name), &alias.name);
                }
            }
            StmtKind::ImportFrom(import) if import.level == 0 => {
                for alias in &import.names {
                    let full = smol_str::format_smolstr!("{}.{}", import.module, alias.name);
                    imported.insert(alias.asname.as_ref().unwrap_or(&alias.name), full);
                }
            }
            StmtKind::Assign { targets, value } => {
                let stands_in = match &value.kind {
                    ExprKind::Name(name) => imported.get(name),
                    _ => None,
                };
                for target in targets {
                    if let ExprKind::Attribute { value: base, name } = &target.kind
                        && let ExprKind::Name(base) = &base.kind
                        && let Some(library) = modules.get(base)
                    {
                        let full = format!("{library}.{name}");
                        let other = stands_in.cloned();
                        patched.push((
                            full,
                            other.unwrap_or_else(|| smol_str::format_smolstr!("env.{name}")),
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    patched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::ParsedFile;

    #[test]
    fn what_env_py_replaces() {
        let text = "import sqlalchemy as sa\nimport os.path\nfrom app.types import Enum as E\nsa.Enum = E\nsa.JSON = make()\nconfig.attributes = E\n";
        let patched = of_module(&ParsedFile::new(text.as_bytes()).module);
        assert_eq!(
            patched,
            [
                ("sqlalchemy.Enum".to_owned(), Name::new("app.types.Enum")),
                ("sqlalchemy.JSON".to_owned(), Name::new("env.JSON")),
            ]
        );
    }
}
