//! Whether code of the application uses a model.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::ops::Range;

use rayon::prelude::*;
use regex::bytes::Regex;

use super::is_test_file;
use crate::python::Sources;
use crate::python::ast::{ExprKind, Module, StmtKind};
use crate::source::{FileSpan, RepoPath, Span};

/// Where the application names a model, apart from the module that describes it, packages that hand it on, tests and
/// migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelUse {
    /// Nowhere: no query and no row comes from it.
    Nowhere,
    /// In a tuple or a list, for code that may do anything with it or nothing.
    HandedOn,
    /// In quotes only, as relationships of other models do.
    InRelationships,
    /// In code, or its table in SQL.
    InCode,
    /// Where rows may be made of it.
    MakesRows,
}

/// So many other models have to be used in code: without them the code may be in another repository.
const MIN_OTHERS: usize = 5;
/// So many others are looked for.
const MOST_OTHERS: usize = 64;

/// How the model of a table is used, among the models of these tables; `None` where that cannot be told, because the model
/// has no name that could be looked for, or the repository does not use its other models either.
pub fn model_use(
    sources: &Sources<'_>,
    table: &str,
    models: &[(&str, &FileSpan)],
    migrations: &[RepoPath],
) -> Option<ModelUse> {
    let name_of = |place: &FileSpan| {
        let parsed = sources.python(&place.file)?;
        name_at(&parsed.module, place.span).map(ToOwned::to_owned)
    };
    let (_, place) = models.iter().find(|(name, _)| *name == table)?;
    let mut names = vec![name_of(place)?];
    let others = models.iter().filter(|(name, _)| *name != table);
    names.extend(
        others
            .filter_map(|(_, place)| name_of(place))
            .take(MOST_OTHERS),
    );
    let search = Search::new(&names, table)?;
    let paths: Vec<&RepoPath> = sources.snapshot().iter().map(|(path, _)| path).collect();
    let found: Vec<Found> = paths
        .into_par_iter()
        .filter(|path| {
            matches!(path.extension(), "py" | "sql")
                && !is_test_file(path)
                && !migrations.iter().any(|folder| path.is_within(folder))
        })
        .filter_map(|path| {
            let is_own = *path == place.file;
            // What is handed on is used elsewhere, if at all.
            let is_package = path.file_name() == "__init__.py";
            Some(search.of(&sources.look_into(path)?, is_own, is_package))
        })
        .collect();
    let others: BTreeSet<&String> = found.iter().flat_map(|found| &found.others).collect();
    // Of a few models, half of the others will do.
    let is_half = others.len() >= 2 && others.len() * 2 >= models.len().saturating_sub(1);
    if others.len() < MIN_OTHERS && !is_half {
        return None;
    }
    found.iter().map(|found| found.used).max()
}

/// Import statements, which may go over many lines in parentheses.
const IMPORTS: &str =
    r"(?m)^[ \t]*(?:from[ \t]+\S+[ \t]+import[ \t]*(?:\([^)]*\)|[^\n(]*)|import[ \t][^\n]*)";

struct Search {
    name: String,
    names: Regex,
    sql: Regex,
    inserts: Regex,
    imports: Regex,
}

/// What one file says.
struct Found {
    used: ModelUse,
    /// Other models that it uses in code.
    others: BTreeSet<String>,
}

impl Search {
    /// The first name is the one that matters.
    fn new(names: &[String], table: &str) -> Option<Self> {
        let any: Vec<String> = names.iter().map(|name| regex::escape(name)).collect();
        let table = regex::escape(table.rsplit('.').next()?);
        let sql = format!(
            r#"(?i-u)\b(?:from|join|into|update|table|truncate)\s+(?:only\s+)?(?:\w+\.)?["`]?{table}\b"#
        );
        let inserts = format!(r#"(?i-u)\b(?:into|copy)\s+(?:\w+\.)?["`]?{table}\b"#);
        Some(Self {
            name: names.first()?.clone(),
            names: Regex::new(&format!(r"(?-u)\b(?:{})\b", any.join("|"))).ok()?,
            sql: Regex::new(&sql).ok()?,
            inserts: Regex::new(&inserts).ok()?,
            imports: Regex::new(IMPORTS).ok()?,
        })
    }

    fn of(&self, bytes: &[u8], is_own: bool, is_package: bool) -> Found {
        let mut others = BTreeSet::new();
        let (mut in_code, mut in_quotes, mut handed_on) = (0, 0, 0);
        let (mut defines, mut makes) = (false, false);
        let imports = LazyCell::new(|| -> Vec<Range<usize>> {
            let found = self.imports.find_iter(bytes);
            found.map(|import| import.range()).collect()
        });
        let imports = || imports.iter();
        for found in self.names.find_iter(bytes) {
            let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\''));
            let before = bytes.get(..found.start()).unwrap_or_default();
            let after = bytes.get(found.end()..).unwrap_or_default();
            // What is only imported is handed on, unless it goes by another name.
            let is_imported = imports().any(|import| import.contains(&found.start()));
            if is_imported && !after.trim_ascii_start().starts_with(b"as ") {
                continue;
            }
            if before.ends_with(b"class ") {
                defines |= found.as_bytes() == self.name.as_bytes();
                continue;
            }
            if is_only_described(before) {
                continue;
            }
            let is_quoted = is_quote(before.last()) || is_quote(after.first());
            if found.as_bytes() != self.name.as_bytes() {
                if !is_quoted && !is_package {
                    others.insert(String::from_utf8_lossy(found.as_bytes()).into_owned());
                }
            } else if is_quoted {
                in_quotes += 1;
            } else if is_element(before, after) {
                handed_on += 1;
            } else {
                in_code += 1;
                // What goes by another name may do anything.
                makes |= is_imported || makes_rows(before, after);
            }
        }
        let in_code = match (is_own, is_package) {
            (_, true) => 0,
            // `mention = Table(…)`
            (true, _) if !defines => usize::saturating_sub(in_code, 1),
            _ => in_code,
        };
        let used = if makes && in_code > 0 || self.inserts.is_match(bytes) {
            ModelUse::MakesRows
        } else if in_code > 0 || self.sql.is_match(bytes) {
            ModelUse::InCode
        } else if in_quotes > 0 && !is_package {
            ModelUse::InRelationships
        } else if handed_on > 0 && !is_package {
            ModelUse::HandedOn
        } else {
            ModelUse::Nowhere
        };
        Found { used, others }
    }
}

/// How functions and methods begin that only read, or change rows that are there.
const READING: &[&[u8]] = &[
    b"aliased",
    b"all",
    b"by_",
    b"contains_eager",
    b"count",
    b"delete",
    b"exists",
    b"fetch",
    b"filter",
    b"find",
    b"get",
    b"has_",
    b"is_",
    b"isinstance",
    b"isouter",
    b"join",
    b"list",
    b"load",
    b"outerjoin",
    b"query",
    b"relationship",
    b"search",
    b"select",
    b"update",
    b"with_",
];

fn only_reads(function: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(function, word).is_some();
    READING.iter().any(|word| function.starts_with(word)) && !has(b"create") && !has(b"insert")
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What comes before the name of a model, and before the modules that it is an attribute of: `models.users.User`
fn before_path(before: &[u8]) -> &[u8] {
    let is_path = |byte: &&u8| is_word(**byte) || **byte == b'.';
    let qualifier = match before.last() {
        Some(b'.') => before.iter().rev().take_while(is_path).count(),
        _ => 0,
    };
    before.get(..before.len() - qualifier).unwrap_or_default()
}

/// The function whose first argument comes after a text; empty without a name.
fn called_with(before: &[u8]) -> Option<&[u8]> {
    let called = before.strip_suffix(b"(")?;
    let length = called
        .iter()
        .rev()
        .take_while(|byte| is_word(**byte))
        .count();
    called.get(called.len() - length..)
}

/// True where marshmallow-sqlalchemy makes the field of a form like a column: it asks the mapper, not the database.
fn is_only_described(before: &[u8]) -> bool {
    called_with(before_path(before)) == Some(b"field_for")
}

/// True where a tuple or a list that is kept begins with the name of a model: `"users": (models.User, UserSchema)`
fn is_element(before: &[u8], after: &[u8]) -> bool {
    let before = before_path(before)
        .strip_suffix(b"(")
        .or_else(|| before_path(before).strip_suffix(b"["));
    let kept_by = before.and_then(|before| before.trim_ascii_end().last());
    matches!(kept_by, Some(b':' | b'=' | b',' | b'(' | b'['))
        && !matches!(after.first(), Some(b'.' | b'('))
}

/// True for the name of a model where it is called, one of its methods is called that may do so, or it is handed to something
/// that may.
fn makes_rows(before: &[u8], after: &[u8]) -> bool {
    let word = |text: &[u8]| text.iter().take_while(|byte| is_word(**byte)).count();
    match after.first() {
        Some(b'(') => return true,
        Some(b'.') => {
            let rest = after.get(1..).unwrap_or_default();
            let (method, rest) = rest.split_at(word(rest));
            return rest.first() == Some(&b'(') && !only_reads(method);
        }
        _ => {}
    }
    let before = before_path(before);
    match before.last() {
        Some(b'(') => called_with(before)
            .is_some_and(|function| !function.is_empty() && !only_reads(function)),
        // `Repository(model=User)`
        Some(b'=') => true,
        // `Repository[User]`
        Some(b'[') => {
            let line = before.rsplit(|byte| *byte == b'\n').next();
            line.is_some_and(|line| line.trim_ascii_start().starts_with(b"class "))
        }
        Some(b' ') => before.trim_ascii_end().last() == Some(&b','),
        _ => false,
    }
}

/// The class or the variable that is defined at a place.
pub(super) fn name_at(module: &Module, place: Span) -> Option<&str> {
    module.body.iter().find_map(|statement| {
        let span = statement.span;
        if !(span.start <= place.start && place.start <= span.end) {
            return None;
        }
        match &statement.kind {
            StmtKind::ClassDef(class) => Some(class.name.as_str()),
            StmtKind::Assign { targets, .. } => match &targets.first()?.kind {
                ExprKind::Name(name) => Some(name.as_str()),
                _ => None,
            },
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Snapshot;
    use crate::python::ParseCache;

    const MODELS: [&str; 6] = ["Mention", "Note", "Group", "Reader", "Flag", "Document"];

    fn used(other: &str, text: &str) -> Option<ModelUse> {
        let mut files: Vec<(String, String)> = MODELS
            .iter()
            .map(|name| {
                (
                    format!("app/models/{name}.py"),
                    format!("class {name}(Base):\n    pass\n"),
                )
            })
            .collect();
        for (path, text) in [
            ("app/models/__init__.py", "from .mention import Mention\n"),
            ("tests/test_mention.py", "Mention()\n"),
            ("migrations/a.py", "Mention()\n"),
            ("app/all.py", "from .models import (\n    Mention,\n)\n"),
            (other, text),
        ] {
            files.push((path.to_owned(), text.to_owned()));
        }
        let snapshot = Snapshot::in_memory(
            files
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str())),
        );
        let cache = ParseCache::default();
        let sources = Sources::new(&snapshot, &cache);
        let places: Vec<FileSpan> = MODELS
            .iter()
            .map(|name| {
                FileSpan::new(
                    RepoPath::new(format!("app/models/{name}.py")),
                    Span::new(6, 9),
                )
            })
            .collect();
        let models: Vec<(&str, &FileSpan)> = MODELS.into_iter().zip(&places).collect();
        model_use(&sources, "Mention", &models, &[RepoPath::new("migrations")])
    }

    const OTHERS: &str = "x = [Note, Group, Reader, Flag, Document]\n";

    #[test]
    fn what_only_its_own_module_names_is_used_nowhere() {
        let text = format!("{OTHERS}Mentions()\n");
        assert_eq!(used("app/views.py", &text), Some(ModelUse::Nowhere));
    }

    #[test]
    fn fields_like_columns_ask_no_table() {
        let text = format!("{OTHERS}name = field_for(models.Mention, \"name\")\n");
        assert_eq!(used("app/schemas.py", &text), Some(ModelUse::Nowhere));
    }

    #[test]
    fn what_is_kept_in_a_tuple_is_handed_on() {
        for (line, use_) in [
            (
                "KINDS = {MENTION: (models.Mention, Schema)}",
                ModelUse::HandedOn,
            ),
            ("KINDS = [Mention, Note]", ModelUse::HandedOn),
            ("for model in (Mention, Note): ...", ModelUse::InCode),
            ("first = (Mention.query.first(), 1)", ModelUse::InCode),
            ("KINDS = (Mention, Note)\nMention.query", ModelUse::InCode),
        ] {
            let text = format!("{OTHERS}{line}\n");
            assert_eq!(used("app/views.py", &text), Some(use_), "{line}");
        }
    }

    #[test]
    fn relationships_name_models_in_quotes() {
        let text = format!("{OTHERS}x = relationship(\"Mention\")\n");
        assert_eq!(used("app/views.py", &text), Some(ModelUse::InRelationships));
    }

    #[test]
    fn code_and_sql_use_a_model() {
        for (line, use_) in [
            ("session.query(Mention)", ModelUse::InCode),
            ("session.query(models.all.Mention)", ModelUse::InCode),
            ("Mention.query.all()", ModelUse::InCode),
            ("Mention.get_by_id(1)", ModelUse::InCode),
            ("def f(mention: Mention) -> Mention: ...", ModelUse::InCode),
            ("class Meta:\n    model = Mention", ModelUse::InCode),
            ("text('SELECT * FROM mention')", ModelUse::InCode),
            (
                "text('INSERT INTO mention VALUES (1)')",
                ModelUse::MakesRows,
            ),
            ("from .models import Mention as M", ModelUse::MakesRows),
            ("session.add(models.Mention(id=1))", ModelUse::MakesRows),
            (
                "session.execute(insert(models.Mention))",
                ModelUse::MakesRows,
            ),
            ("Mention.get_or_create(id=1)", ModelUse::MakesRows),
            (
                "class Mentions(Repository[Mention]): ...",
                ModelUse::MakesRows,
            ),
            ("Repository(model=Mention)", ModelUse::MakesRows),
        ] {
            let text = format!("{OTHERS}{line}\n");
            assert_eq!(used("app/views.py", &text), Some(use_), "{line}");
        }
    }

    #[test]
    fn where_no_model_is_used_the_code_is_elsewhere() {
        assert_eq!(used("app/views.py", "Note\n"), None);
    }
}
