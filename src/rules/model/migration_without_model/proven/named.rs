//! Differences that are two sides of one thing: each is named by both.

use serde_json::Value;

use super::super::together::{Contradicted, Renaming};
use crate::catalog::{Change, Difference, Subject};
use crate::source::FileSpan;

/// A column that is renamed is missing under one name and is there under another: that is said once.
pub(super) fn name_renamed<'a>(contradictions: &mut Vec<Contradicted<'a>>) {
    let new_names: Vec<(&FileSpan, &str, &str)> = contradictions
        .iter()
        .filter(|one| {
            one.renaming == Some(Renaming::Column)
                && (one.found.subject, one.found.change) == (Subject::Column, Change::Removed)
        })
        .filter_map(|one| {
            let name = one.found.object.strip_prefix(one.table)?;
            Some((one.operation, one.table, name.get(1..)?))
        })
        .collect::<Vec<(&'a FileSpan, &'a str, &'a str)>>();
    // A later statement may be about the column under its new name.
    let mut said: Vec<(&str, &str)> = Vec::new();
    let all: Vec<Contradicted<'a>> = contradictions.clone();
    for one in contradictions.iter_mut() {
        let is_old = (one.found.subject, one.found.change) == (Subject::Column, Change::Added);
        let new = all.iter().find(|other| {
            (other.found.subject, other.found.change) == (Subject::Column, Change::Removed)
                && other.renaming.is_none()
                && (other.node, other.table) == (one.node, one.table)
                && Some(other.part()) == one.new_name
        });
        if let Some(name) = one.new_name.filter(|_| is_old && new.is_some()) {
            one.renamed = Some(name);
            said.push((one.table, name));
        }
    }
    contradictions.retain_mut(|one| {
        if one.renamed.is_some() {
            return true;
        }
        let is_new = (one.found.subject, one.found.change) == (Subject::Column, Change::Removed);
        if is_new && said.contains(&(one.table, one.part())) {
            return false;
        }
        if one.found.subject != Subject::Column || one.renaming != Some(Renaming::Column) {
            return true;
        }
        let mut names = new_names.iter();
        let is_here = |(operation, table, _): &&(&FileSpan, &str, &str)| {
            *operation == one.operation && *table == one.table
        };
        match (one.found.change, names.find(is_here)) {
            (Change::Added, name) => {
                one.renamed = name.map(|(_, _, name)| *name);
                true
            }
            // The old name says it.
            (Change::Removed, _) => false,
            _ => true,
        }
    });
}

/// A column with `unique=True, index=True` has one unique index: a constraint and an index that is not unique in its place
/// are one slip.
pub(super) fn name_doubled(contradictions: &mut Vec<Contradicted<'_>>) {
    let columns = |value: &Value| value.get("columns").cloned();
    let is_unique = |value: &Value| value.get("unique") == Some(&Value::Bool(true));
    let mut doubled: Vec<&Difference> = Vec::new();
    let all: Vec<Contradicted<'_>> = contradictions.clone();
    for one in contradictions.iter_mut() {
        if (one.found.subject, one.found.change) != (Subject::Unique, Change::Removed) {
            continue;
        }
        let index = all
            .iter()
            .map(|other| (other, other.found))
            .find(|(other, index)| {
                index.subject == Subject::Index
                    && matches!(index.change, Change::Changed(_))
                    && (other.node, other.table) == (one.node, one.table)
                    && columns(&index.from).is_some()
                    && [&index.from, &index.to]
                        .into_iter()
                        .all(|value| columns(value) == columns(&one.found.from))
                    && !is_unique(&index.from)
                    && is_unique(&index.to)
            });
        if let Some((_, index)) = index {
            one.doubled = Some(index);
            doubled.push(index);
        }
    }
    contradictions.retain(|one| !doubled.iter().any(|index| std::ptr::eq(*index, one.found)));
}
