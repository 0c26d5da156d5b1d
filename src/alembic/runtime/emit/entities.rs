//! The statements of `alembic_utils`, which makes them of the texts it is given.

use smol_str::SmolStr;

use super::Operation;
use crate::alembic::runtime::statement::Told;
use crate::catalog::{Ddl, Fact, ObjectKind};
use crate::dialect::Dialect;
use crate::sql::parse;

impl Operation<'_, '_> {
    /// An argument of `PGFunction(schema=…, signature=…, definition=…)` and its like.
    fn entity_argument(&self, position: usize, name: &str) -> Option<String> {
        let entity = self.value(0, "entity")?;
        let argument = entity.as_call()?.argument(position, name)?;
        argument.value.as_str().map(ToString::to_string)
    }

    /// `"public"."name"(arguments)`, where a schema is part of the name.
    fn entity_name(&self, kind: ObjectKind) -> Option<String> {
        let signature = self.entity_argument(1, "signature")?;
        let schema = self.entity_argument(0, "schema")?;
        Some(match kind {
            ObjectKind::Function => {
                let (name, arguments) = signature.split_once('(')?;
                format!("\"{schema}\".\"{}\"({arguments}", name.trim())
            }
            ObjectKind::View | ObjectKind::MaterializedView => {
                format!("\"{schema}\".\"{signature}\"")
            }
            ObjectKind::Trigger | ObjectKind::Extension => format!("\"{signature}\""),
            _ => return None,
        })
    }

    /// `None` where the text is not known, or the kind is not followed.
    pub(super) fn entity_created(&self, kind: ObjectKind, or_replace: bool) -> Option<Vec<Told>> {
        let name = self.entity_name(kind)?;
        if kind == ObjectKind::Extension {
            let schema = self.entity_argument(0, "schema")?;
            let text = format!("CREATE EXTENSION {name} WITH SCHEMA \"{schema}\"");
            return Some(vec![Told::Sql(text)]);
        }
        let definition = self.entity_argument(2, "definition")?;
        // A colon that would be read as a parameter is escaped.
        let definition = definition.replace("\\:", ":");
        let definition = definition.trim().trim_end_matches(';');
        let text = match (kind, or_replace) {
            (ObjectKind::Function, false) => format!("CREATE FUNCTION {name} {definition}"),
            (ObjectKind::Function, true) => {
                format!("CREATE OR REPLACE FUNCTION {name} {definition}")
            }
            (ObjectKind::View, false) => format!("CREATE VIEW {name} AS {definition}"),
            (ObjectKind::View, true) => format!("CREATE OR REPLACE VIEW {name} AS {definition}"),
            (ObjectKind::MaterializedView, false) => {
                format!("CREATE MATERIALIZED VIEW {name} AS {definition} WITH DATA")
            }
            (ObjectKind::Trigger, false) => {
                format!("CREATE TRIGGER {name} {}", self.with_schema(definition))
            }
            _ => return None,
        };
        Some(vec![Told::Sql(text)])
    }

    /// The name and the text of a function or view as they are read from its statement.
    pub(super) fn entity_as_sql(&self, kind: ObjectKind) -> Option<(SmolStr, Fact<SmolStr>)> {
        let is_read_alike = matches!(
            kind,
            ObjectKind::Function | ObjectKind::View | ObjectKind::MaterializedView
        );
        let told = is_read_alike.then(|| self.entity_created(kind, false))??;
        let [Told::Sql(text)] = told.as_slice() else {
            return None;
        };
        let statements = parse(text, Dialect::PostgreSql, &|_| None);
        let [statement] = statements.as_slice() else {
            return None;
        };
        match statement.ddl.as_slice() {
            [
                Ddl::CreateObject {
                    kind: made,
                    name,
                    definition,
                    ..
                },
            ] if *made == kind => Some((name.clone(), definition.clone())),
            _ => None,
        }
    }

    /// `BEFORE INSERT ON account …` with the schema of the table.
    fn with_schema(&self, definition: &str) -> String {
        let mut words: Vec<&str> = definition.split_whitespace().collect();
        let schema = self.entity_argument(0, "schema").unwrap_or_default();
        let table = words
            .iter()
            .position(|word| word.eq_ignore_ascii_case("on"))
            .and_then(|at| words.get_mut(at + 1));
        let Some(table) = table else {
            return definition.to_owned();
        };
        let qualified = format!("{schema}.{}", table.rsplit('.').next().unwrap_or(table));
        *table = &qualified;
        words.join(" ")
    }

    pub(super) fn entity_dropped(&self, kind: ObjectKind) -> Option<Vec<Told>> {
        let mut name = self.entity_name(kind)?;
        let what = match kind {
            ObjectKind::Function => {
                // Defaults are no part of what tells functions apart.
                let (head, arguments) = name.split_once('(')?;
                let arguments = arguments.strip_suffix(')')?;
                let types: Vec<String> = arguments
                    .split(',')
                    .map(|argument| {
                        let end = argument.to_lowercase().find("default");
                        let kept = argument.get(..end.unwrap_or(argument.len()));
                        kept.unwrap_or(argument).trim().to_owned()
                    })
                    .collect();
                name = format!("{head}({})", types.join(", "));
                "FUNCTION"
            }
            ObjectKind::Extension => "EXTENSION",
            ObjectKind::View => "VIEW",
            ObjectKind::MaterializedView => "MATERIALIZED VIEW",
            ObjectKind::Trigger => {
                let table = self.entity_argument(usize::MAX, "on_entity")?;
                name = format!("{name} ON {table}");
                "TRIGGER"
            }
            _ => return None,
        };
        let cascade = if self.flag("cascade") { " cascade" } else { "" };
        Some(vec![Told::Sql(format!("DROP {what} {name}{cascade}"))])
    }
}
