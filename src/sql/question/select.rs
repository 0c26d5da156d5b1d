//! `SELECT … FROM` a catalog.

use smol_str::SmolStr;

use super::super::source::{is_default_schema, qualified};
use super::super::token::{HOLE, Token, TokenKind};
use super::catalogs::{self, CatalogTable};
use super::{pattern_value, property, referred};
use crate::catalog::{AnswerForm, CatalogQuestion, QuestionField, QuestionKind, QuestionValue};
use crate::dialect::Dialect;

/// Words that end the list of tables or of conditions.
const CLAUSES: &[&str] = &[
    "where", "order", "limit", "group", "having", "union", "fetch", "offset", "for",
];

pub(super) fn select(tokens: &[Token<'_>]) -> Option<CatalogQuestion> {
    let tokens = tokens.get(1..)?;
    if let Some(inside) = exists(tokens) {
        let mut asked = select(inside)?;
        asked.answer = AnswerForm::Exists;
        return Some(asked);
    }
    if let Some(asked) = to_regclass(tokens) {
        return Some(asked);
    }
    let from = top_level(tokens, "from")?;
    let targets = tokens.get(..from)?;
    let rest = tokens.get(from + 1..)?;
    let tables_end = CLAUSES
        .iter()
        .filter_map(|clause| top_level(rest, clause))
        .min()
        .unwrap_or(rest.len());
    let mut conditions = Vec::new();
    let tables = tables(rest.get(..tables_end)?, &mut conditions)?;
    let after = rest.get(tables_end..)?;
    if let [first, after @ ..] = after
        && first.is_word("where")
    {
        let end = CLAUSES
            .iter()
            .filter_map(|clause| top_level(after, clause))
            .min()
            .unwrap_or(after.len());
        conditions.extend(split(after.get(..end)?, "and"));
        if ["group", "having", "union", "offset"]
            .iter()
            .any(|word| top_level(after, word).is_some())
        {
            return None;
        }
    }
    let entries: Vec<CatalogTable> = tables.iter().map(|(_, table)| *table).collect();
    let main = catalogs::main(&entries)?;
    // The relation could be the index's table as well.
    if main.name == "pg_index"
        && tables.len() > 1
        && conditions.iter().any(|condition| {
            condition
                .iter()
                .any(|token| token.text.ends_with("indrelid"))
        })
    {
        return None;
    }
    let referred = referred::aliases(&conditions);
    if main.name == "pg_constraint" && is_joined_twice(&tables, &referred) {
        return None;
    }
    let scope = Scope {
        tables,
        main,
        referred,
    };
    let mut asked = CatalogQuestion {
        about: main.about,
        conditions: Vec::new(),
        answer: scope.answer(targets)?,
    };
    for condition in conditions {
        scope.condition(condition, &mut asked)?;
    }
    Some(asked)
}

/// What stands in `EXISTS (…)`, if that is all, whatever it is called.
fn exists<'a, 'b>(tokens: &'b [Token<'a>]) -> Option<&'b [Token<'a>]> {
    let [word, open, inside @ ..] = tokens else {
        return None;
    };
    if !word.is_word("exists") || !open.is_punctuation("(") {
        return None;
    }
    let close = closing(inside)?;
    let alias = inside.get(close + 1..)?;
    let ends = match alias {
        [] => true,
        [name] => name.kind != TokenKind::Punctuation,
        [word, _] => word.is_word("as"),
        _ => false,
    };
    inside
        .get(..close)
        .filter(|inside| ends && inside.first().is_some_and(|first| first.is_word("select")))
}

/// Where the parenthesis closes that was open before the first token.
pub(super) fn closing(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_i32;
    tokens.iter().position(|token| {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        depth < 0
    })
}

/// `to_regclass('s.t')`, alone or compared with `NULL`.
fn to_regclass(tokens: &[Token<'_>]) -> Option<CatalogQuestion> {
    let (name, rest) = regclass_name(tokens)?;
    let answer = match rest {
        [] => AnswerForm::NameOrNull,
        [is, not, null] if is.is_word("is") && not.is_word("not") && null.is_word("null") => {
            AnswerForm::Exists
        }
        _ => return None,
    };
    Some(relation_named(&name, answer))
}

/// The question for a relation of this name.
pub(super) fn relation_named(name: &QuestionValue, answer: AnswerForm) -> CatalogQuestion {
    let mut conditions = Vec::new();
    named(name, QuestionField::Name, &mut conditions);
    CatalogQuestion {
        about: QuestionKind::Relation,
        conditions,
        answer,
    }
}

pub(super) fn regclass_name<'a, 'b>(
    tokens: &'b [Token<'a>],
) -> Option<(QuestionValue, &'b [Token<'a>])> {
    let mut tokens = tokens;
    if let [schema, dot, rest @ ..] = tokens
        && schema.is_word("pg_catalog")
        && dot.is_punctuation(".")
    {
        tokens = rest;
    }
    let [function, open, rest @ ..] = tokens else {
        return None;
    };
    if !function.is_word("to_regclass") || !open.is_punctuation("(") {
        return None;
    }
    let close = closing(rest)?;
    let name = value(rest.get(..close)?)?;
    Some((name, rest.get(close + 1..)?))
}

/// A name that may have its schema before it, as two conditions.
fn named(
    value: &QuestionValue,
    field: QuestionField,
    conditions: &mut Vec<(QuestionField, QuestionValue)>,
) {
    let QuestionValue::Text(text) = value else {
        conditions.push((field, value.clone()));
        return;
    };
    let tokens = super::super::token::tokens_of(text, Dialect::PostgreSql);
    let mut parts: Vec<SmolStr> = tokens
        .iter()
        .filter_map(|token| token.catalog_name(Dialect::PostgreSql))
        .collect();
    let Some(name) = parts.pop() else {
        return;
    };
    conditions.push((field, QuestionValue::Text(name)));
    if let Some(schema) = parts.pop().filter(|schema| !is_default_schema(schema)) {
        conditions.push((QuestionField::Schema, QuestionValue::Text(schema)));
    }
}

/// Where a word stands outside of parentheses.
fn top_level(tokens: &[Token<'_>], word: &str) -> Option<usize> {
    let mut depth = 0_i32;
    tokens.iter().position(|token| {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        depth == 0 && token.is_word(word)
    })
}

/// The pieces between a word outside of parentheses.
pub(super) fn split<'a, 'b>(tokens: &'b [Token<'a>], word: &str) -> Vec<&'b [Token<'a>]> {
    let mut parts = Vec::new();
    let mut rest = tokens;
    while let Some(at) = top_level(rest, word) {
        parts.extend(rest.get(..at));
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    parts.push(rest);
    parts
}

/// The tables after `FROM`, with the names they go by. The conditions of joins are collected.
fn tables<'a, 'b>(
    tokens: &'b [Token<'a>],
    conditions: &mut Vec<&'b [Token<'a>]>,
) -> Option<Vec<(SmolStr, CatalogTable)>> {
    let mut found = Vec::new();
    let mut rest = tokens;
    loop {
        let (entry, after) = table(rest)?;
        found.push(entry);
        rest = after;
        if let [on, after @ ..] = rest
            && on.is_word("on")
        {
            let end = after
                .iter()
                .position(|token| {
                    ["join", "inner", "left", "cross"]
                        .iter()
                        .any(|word| token.is_word(word))
                })
                .unwrap_or(after.len());
            conditions.extend(split(after.get(..end)?, "and"));
            rest = after.get(end..)?;
        }
        while let [word, after @ ..] = rest
            && ["inner", "left", "outer", "cross"]
                .iter()
                .any(|join| word.is_word(join))
        {
            rest = after;
        }
        match rest {
            [] => return Some(found),
            [join, after @ ..] if join.is_word("join") || join.is_punctuation(",") => rest = after,
            _ => return None,
        }
    }
}

/// True if a catalog is joined twice, both times to the side of the table that a constraint is of.
fn is_joined_twice(tables: &[(SmolStr, CatalogTable)], referred: &[SmolStr]) -> bool {
    let own = tables.iter().filter(|(alias, _)| !referred.contains(alias));
    let mut names: Vec<&str> = own.map(|(_, table)| table.name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair.first() == pair.last())
}

type Named<'a, 'b> = ((SmolStr, CatalogTable), &'b [Token<'a>]);

/// One table of a catalog with its alias.
fn table<'a, 'b>(tokens: &'b [Token<'a>]) -> Option<Named<'a, 'b>> {
    let (schema, name, mut rest) = match tokens {
        [schema, dot, name, rest @ ..] if dot.is_punctuation(".") => {
            (Some(schema.name()?), name.name()?, rest)
        }
        [name, rest @ ..] => (None, name.name()?, rest),
        [] => return None,
    };
    let name = name.to_lowercase();
    let table = catalogs::find(schema.map(|schema| schema.to_lowercase()).as_deref(), &name)?;
    if let [word, after @ ..] = rest
        && word.is_word("as")
    {
        rest = after;
    }
    let alias = match rest {
        [alias, after @ ..]
            if alias.kind == TokenKind::Word
                && !["join", "inner", "left", "cross", "on"]
                    .iter()
                    .any(|word| alias.is_word(word)) =>
        {
            rest = after;
            alias.name()?
        }
        _ => name,
    };
    Some(((alias.into(), table), rest))
}

/// The tables of a query.
struct Scope {
    tables: Vec<(SmolStr, CatalogTable)>,
    main: CatalogTable,
    /// The aliases of what foreign keys refer to.
    referred: Vec<SmolStr>,
}

impl Scope {
    fn answer(&self, targets: &[Token<'_>]) -> Option<AnswerForm> {
        let targets = match targets {
            [distinct, rest @ ..] if distinct.is_word("distinct") => rest,
            targets => targets,
        };
        if let [count, open, ..] = targets
            && count.is_word("count")
            && open.is_punctuation("(")
        {
            return Some(match targets {
                // `count(*) > 0`
                [.., sign, zero] if sign.is_punctuation(">") && zero.text == "0" => {
                    AnswerForm::Exists
                }
                _ => AnswerForm::Count,
            });
        }
        if targets.iter().any(|token| token.is_punctuation("(")) {
            return None;
        }
        let mut fields = Vec::new();
        for target in targets.split(|token| token.is_punctuation(",")) {
            let target = match target {
                [value @ .., word, _] if word.is_word("as") => value,
                target => target,
            };
            fields.push(match target {
                [] => None,
                [one] if matches!(one.kind, TokenKind::Number | TokenKind::String) => None,
                [one] if one.is_word("true") || one.is_word("null") || one.is_punctuation("*") => {
                    None
                }
                target => Some(match self.column(target)? {
                    Some(field) => field,
                    None => property(&target.last()?.name()?),
                }),
            });
        }
        Some(AnswerForm::Rows(fields))
    }

    /// What a column says: the outer `None` if it is none of a catalog, the inner if all objects agree on it.
    #[expect(clippy::option_option, reason = "no column, or one that says nothing")]
    fn column(&self, tokens: &[Token<'_>]) -> Option<Option<QuestionField>> {
        let tokens = without_cast(tokens);
        let (table, column) = match tokens {
            [column] if is_name(column) => (self.main, column.name()?),
            [alias, dot, column] if dot.is_punctuation(".") && is_name(column) => {
                let alias = alias.name()?;
                if self.referred.iter().any(|name| *name == alias) {
                    return referred::column(&column.name()?);
                }
                let (_, table) = self.tables.iter().find(|(name, _)| *name == alias)?;
                (*table, column.name()?)
            }
            _ => return None,
        };
        let column = column.to_lowercase();
        // Without an alias it may be of any of them.
        if tokens.len() == 1
            && let Some(owner) = self
                .tables
                .iter()
                .find(|(_, table)| catalogs::owns(table.name, &column))
        {
            return Some(catalogs::field(owner.1, self.main, &column));
        }
        Some(catalogs::field(table, self.main, &column))
    }

    fn condition(&self, tokens: &[Token<'_>], asked: &mut CatalogQuestion) -> Option<()> {
        let tokens = without_parentheses(tokens);
        // `attnum > 0`, `NOT attisdropped`, `indisunique`
        if let [not, rest @ ..] = tokens
            && not.is_word("not")
        {
            return match self.column(rest)? {
                None => Some(()),
                Some(field) => flag(field, "false", asked),
            };
        }
        if let Some(Some(field)) = self.column(tokens) {
            return flag(field, "true", asked);
        }
        if let Some(at) = tokens
            .iter()
            .position(|token| matches!(token.text, "=" | ">" | "<"))
        {
            let left = tokens.get(..at)?;
            let right = tokens.get(at + 1..)?;
            if tokens.get(at)?.text != "=" {
                return matches!(self.column(left), Some(None)).then_some(());
            }
            if self.column(left).is_some() && self.column(right).is_some() {
                // How tables are joined is known.
                return Some(());
            }
            let (column, other) = match self.column(left) {
                Some(column) => (column, right),
                None => (self.column(right)?, left),
            };
            let Some(field) = column else {
                return Some(());
            };
            return equality(field, other, asked);
        }
        let at = tokens
            .iter()
            .position(|token| token.is_word("in") || token.is_word("like"))?;
        let field = self.column(tokens.get(..at)?)??;
        let right = tokens.get(at + 1..)?;
        if tokens.get(at)?.is_word("like") {
            let [pattern] = right else {
                return None;
            };
            asked
                .conditions
                .push((field, pattern_value(&pattern.string_value()?)));
            return Some(());
        }
        let inside = without_parentheses(right);
        let values = inside
            .split(|token| token.is_punctuation(","))
            .map(|value| match value {
                [one] => one.string_value().map(SmolStr::from),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()?;
        asked.conditions.push((field, QuestionValue::OneOf(values)));
        Some(())
    }
}

/// A condition that a field is equal to a value.
fn equality(field: QuestionField, other: &[Token<'_>], asked: &mut CatalogQuestion) -> Option<()> {
    if field == QuestionField::Schema && is_current_schema(other) {
        asked
            .conditions
            .push((field, QuestionValue::Text("public".into())));
        return Some(());
    }
    if matches!(other, [word] if word.is_word("false") || word.is_word("true")) {
        return None;
    }
    let value = value(other)?;
    match &field {
        QuestionField::Property(name) if name == "relkind" || name == "type" => {
            asked.about = relation_kind(&value)?;
        }
        QuestionField::Property(name) if name == "table_type" => {
            asked.about = if value == QuestionValue::Text("VIEW".into()) {
                QuestionKind::View
            } else {
                QuestionKind::Table
            };
        }
        QuestionField::ConstraintKind => {
            asked.conditions.push((field, constraint_kind(&value)?));
        }
        QuestionField::Owner => named(&value, field, &mut asked.conditions),
        // The schema would be that of another table than the constraint's.
        QuestionField::Referred => {
            let mut parts = Vec::new();
            named(&value, field, &mut parts);
            parts.truncate(1);
            asked.conditions.append(&mut parts);
        }
        _ => asked.conditions.push((field, value)),
    }
    Some(())
}

/// A property that is true or false.
fn flag(field: QuestionField, value: &str, asked: &mut CatalogQuestion) -> Option<()> {
    if !matches!(field, QuestionField::Property(_)) {
        return None;
    }
    asked
        .conditions
        .push((field, QuestionValue::Text(value.into())));
    Some(())
}

fn is_name(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
}

/// A column without `::text` behind it.
fn without_cast<'a, 'b>(tokens: &'b [Token<'a>]) -> &'b [Token<'a>] {
    match tokens {
        [value @ .., one, two, _] if one.is_punctuation(":") && two.is_punctuation(":") => value,
        tokens => tokens,
    }
}

pub(super) fn without_parentheses<'a, 'b>(tokens: &'b [Token<'a>]) -> &'b [Token<'a>] {
    match tokens {
        [open, inside @ .., close]
            if open.is_punctuation("(")
                && close.is_punctuation(")")
                && closing(inside).is_none() =>
        {
            without_parentheses(inside)
        }
        tokens => tokens,
    }
}

fn is_current_schema(tokens: &[Token<'_>]) -> bool {
    let tokens = without_parentheses(tokens);
    let function = match tokens {
        [function] | [function, _, _] => function,
        [select, function] | [select, function, _, _] if select.is_word("select") => function,
        _ => return false,
    };
    ["current_schema", "database", "schema"]
        .iter()
        .any(|name| function.is_word(name))
}

/// A literal or a parameter, with whatever it is cast to; or the object that a subquery looks up by its name.
fn value(tokens: &[Token<'_>]) -> Option<QuestionValue> {
    let tokens = without_parentheses(tokens);
    match tokens {
        [string] if string.kind == TokenKind::String => {
            Some(QuestionValue::Text(string.string_value()?.into()))
        }
        [string, one, two, _]
            if string.kind == TokenKind::String
                && one.is_punctuation(":")
                && two.is_punctuation(":") =>
        {
            Some(QuestionValue::Text(string.string_value()?.into()))
        }
        [number] if number.kind == TokenKind::Number => {
            Some(QuestionValue::Text(number.text.into()))
        }
        [colon, name, ..]
            if colon.is_punctuation(":")
                && name.kind == TokenKind::Word
                && !name.text.contains(HOLE) =>
        {
            without_cast_of_bind(tokens).then(|| QuestionValue::Bind(name.text.into()))
        }
        [percent, open, name, close, _]
            if percent.is_punctuation("%")
                && open.is_punctuation("(")
                && close.is_punctuation(")") =>
        {
            Some(QuestionValue::Bind(name.text.into()))
        }
        [select, ..] if select.is_word("select") => {
            let asked = super::select::select(tokens)?;
            match asked.conditions.as_slice() {
                [(QuestionField::Name, value)] => Some(value.clone()),
                [
                    (QuestionField::Name, QuestionValue::Text(name)),
                    (QuestionField::Schema, QuestionValue::Text(schema)),
                ]
                | [
                    (QuestionField::Schema, QuestionValue::Text(schema)),
                    (QuestionField::Name, QuestionValue::Text(name)),
                ] => Some(QuestionValue::Text(qualified(&[
                    schema.clone(),
                    name.clone(),
                ])?)),
                _ => None,
            }
        }
        _ => regclass_name(tokens)
            .filter(|(_, rest)| rest.is_empty())
            .map(|(name, _)| name),
    }
}

/// `:name` alone or `:name::regclass`.
fn without_cast_of_bind(tokens: &[Token<'_>]) -> bool {
    match tokens {
        [_, _] => true,
        [_, _, one, two, _] => one.is_punctuation(":") && two.is_punctuation(":"),
        _ => false,
    }
}

fn relation_kind(value: &QuestionValue) -> Option<QuestionKind> {
    let QuestionValue::Text(text) = value else {
        return None;
    };
    Some(match text.as_str() {
        "r" | "p" | "table" => QuestionKind::Table,
        "i" | "index" => QuestionKind::Index,
        "v" | "view" => QuestionKind::View,
        "m" => QuestionKind::MaterializedView,
        "S" => QuestionKind::Sequence,
        "trigger" => QuestionKind::Trigger,
        _ => return None,
    })
}

/// The letter of `pg_constraint` for a kind.
fn constraint_kind(value: &QuestionValue) -> Option<QuestionValue> {
    let QuestionValue::Text(text) = value else {
        return None;
    };
    let letter = match text.as_str() {
        "PRIMARY KEY" | "p" => "p",
        "UNIQUE" | "u" => "u",
        "FOREIGN KEY" | "f" => "f",
        "CHECK" | "c" => "c",
        "x" => "x",
        _ => return None,
    };
    Some(QuestionValue::Text(letter.into()))
}
