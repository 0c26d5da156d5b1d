//! ML108

pub(super) mod order;
mod said;

use std::cell::LazyCell;

use self::said::{is_emptied, says_it};
use crate::alembic::Revision;
use crate::catalog::{Change, Difference, Subject};
use crate::diagnostic::{Label, Severity};
use crate::project::{ProjectEnvironment, SeveralHeads};
use crate::python::ParsedFile;
use crate::python::ast::{ExprKind, Module, StmtKind};
use crate::rules::difference::{enumerated, object_in_words};
use crate::rules::edit;
use crate::rules::revision::deleted_merged_revision::restart::is_begun_anew;
use crate::rules::revision::{
    Released, are_alike, below, is_fresh, is_only_with_developers, numbered_anew, renamed_to,
    severity_of, squashed_into, whereabouts,
};
use crate::rules::{ChangeContext, Past, Reporter, Violation, declare_rule, list};
use crate::source::Span;

declare_rule! {
    "ML108", "edited-merged-revision" in Revision("revision"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Change(check),
}

struct EditedMergedRevision<'a> {
    id: &'a str,
    changed: Vec<String>,
    release: Option<Released>,
    base_name: &'a str,
    /// Which revision it is now, if another one has taken its id.
    moved_to: Option<&'a str>,
    /// Others that are numbered anew with it, with what they are now.
    also_moved: Vec<(&'a str, &'a str)>,
    /// True if it comes after the one that has its id.
    comes_again: bool,
    /// True if nothing but views and functions differs, which hold no rows and are made anew at will, or nothing but names.
    is_soft: bool,
    is_fresh: bool,
    /// What databases that have run it lack, or have otherwise, as far as it is known.
    missing: Vec<Difference>,
    /// The same of their rows, in words.
    rows: Vec<String>,
    /// More revisions that the change edits, with what databases that have run them lack.
    more: Vec<(&'a str, String)>,
}

impl Violation for EditedMergedRevision<'_> {
    fn message(&self) -> String {
        let whereabouts = whereabouts(self.release.as_ref(), self.base_name);
        match self.moved_to {
            Some(moved_to) if !self.also_moved.is_empty() => {
                let moved = [(self.id, moved_to)]
                    .into_iter()
                    .chain(self.also_moved.iter().copied());
                let (ids, now): (Vec<&str>, Vec<&str>) = moved.unzip();
                format!(
                    "revisions {} are {whereabouts}, and this gives their ids to other ones: they are {} now",
                    list(&ids),
                    list(&now)
                )
            }
            Some(moved_to) => format!(
                "revision `{}` is {whereabouts}, and this gives its id to another one: it is `{moved_to}` now",
                self.id
            ),
            None => format!(
                "revision `{}` is {whereabouts}, and this changes its {}",
                self.id,
                list(&self.changed)
            ),
        }
    }

    fn subject(&self) -> String {
        self.changed.join(" ")
    }

    fn notes(&self) -> Vec<String> {
        let them = if self.also_moved.is_empty() {
            "it"
        } else {
            "them"
        };
        let mut notes = vec![format!(
            "databases that have run {them} will not run {them} again: they {}",
            kept(&self.missing, &self.rows)
        )];
        if self.moved_to.is_some() {
            notes = self.notes_on_ids();
        }
        let (told, rest) = self.more.split_at(self.more.len().min(MOST_NAMED));
        for (id, kept) in told {
            notes.push(format!("the change edits `{id}`, too: they {kept}"));
        }
        if !rest.is_empty() {
            let ids = list(rest.iter().take(MOST_NAMED).map(|(id, _)| *id));
            let more = match rest.len().saturating_sub(MOST_NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            notes.push(format!("and so it does with {ids}{more}"));
        }
        notes
    }

    fn help(&self) -> Option<String> {
        if self.moved_to.is_some() {
            let help = if self.also_moved.is_empty() {
                "let it keep its id, and give the new revision another"
            } else {
                "let them keep their ids, and give the new revisions others"
            };
            return Some(help.to_owned());
        }
        Some(
            "put what databases that have run it still need into a new revision; where the old version only failed, they need nothing"
                .to_owned(),
        )
    }

    fn severity(&self) -> Option<Severity> {
        if self.is_fresh {
            return Some(Severity::Info);
        }
        severity_of(self.release.as_ref()).filter(|_| !self.is_soft)
    }
}

impl EditedMergedRevision<'_> {
    /// What becomes of databases at a revision whose id another one has.
    fn notes_on_ids(&self) -> Vec<String> {
        let (them, new_ones, ids) = if self.also_moved.is_empty() {
            ("it", "the one that has", "its id")
        } else {
            ("them", "those that have", "their ids")
        };
        // What holds no rows may come from elsewhere, as a whole, whenever the application starts.
        let tables: Vec<Difference> = self
            .missing
            .iter()
            .filter(|difference| !matches!(difference.subject, Subject::Object(_)))
            .cloned()
            .collect();
        let lost = if tables.is_empty() {
            String::new()
        } else {
            format!(": they {}", kept(&tables, &[]))
        };
        let mut notes = vec![format!(
            "databases that have run {them} never run {new_ones} {ids} now{lost}"
        )];
        if self.comes_again {
            notes.push("those that stand there go on with what they have run already".to_owned());
        }
        notes
    }

    /// True for two revisions whose ids others have taken: all behind a new one are numbered anew.
    fn is_numbered_anew_with(&self, other: &Self) -> bool {
        self.moved_to.is_some()
            && other.moved_to.is_some()
            && self.severity() == other.severity()
            && self.release.as_ref().map(|release| &release.name)
                == other.release.as_ref().map(|release| &release.name)
    }
}

/// What becomes of databases that have run the old version: "lack table `teams`; still have index `ix_users_email`".
fn kept(missing: &[Difference], rows: &[String]) -> String {
    let of = |is_meant: fn(Change) -> bool| {
        let mut objects: Vec<String> = Vec::new();
        for difference in missing.iter().filter(|one| is_meant(one.change)) {
            let object = object_in_words(difference);
            if !objects.contains(&object) {
                objects.push(object);
            }
        }
        objects
    };
    let clauses = [
        ("lack ", named(&of(|change| change == Change::Added))),
        (
            "still have ",
            named(&of(|change| change == Change::Removed)),
        ),
        (
            "have under another name ",
            named(&of(|change| change == Change::Renamed)),
        ),
        (
            "do not get the changed ",
            named_together(&of(|change| matches!(change, Change::Changed(_)))),
        ),
    ];
    let clauses = clauses
        .into_iter()
        .filter(|(_, objects)| !objects.is_empty());
    let mut clauses: Vec<String> = clauses
        .map(|(verb, objects)| format!("{verb}{objects}"))
        .collect();
    if clauses.is_empty() {
        clauses.extend(rows.iter().take(MOST_NAMED).cloned());
    }
    if clauses.is_empty() {
        return "keep what the old version made".to_owned();
    }
    clauses.join("; ")
}

/// "index `a`, table `b` and 2 more"
fn named(objects: &[String]) -> String {
    let shown = objects.get(..MOST_NAMED).unwrap_or(objects);
    match objects.len() - shown.len() {
        0 => enumerated(shown),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The same without articles, and with the noun once where all are of one kind: "foreign keys `a` of `t` and `b` of `t`".
fn named_together(objects: &[String]) -> String {
    let bare: Vec<&str> = objects
        .iter()
        .map(|object| object.strip_prefix("the ").unwrap_or(object))
        .collect();
    let parts: Option<Vec<(&str, &str)>> =
        bare.iter().map(|object| object.split_once(" `")).collect();
    let one_kind = parts.filter(|parts| {
        let mut nouns = parts.iter().map(|(noun, _)| *noun);
        let first = nouns.next();
        parts.len() > 1
            && first.is_some_and(|first| !first.ends_with(" of") && nouns.all(|noun| noun == first))
    });
    let Some(parts) = one_kind else {
        return named(&bare.into_iter().map(str::to_owned).collect::<Vec<_>>());
    };
    let noun = parts.first().map_or("", |(noun, _)| *noun);
    let ending = if noun.ends_with('x') { "es" } else { "s" };
    let names: Vec<String> = parts.iter().map(|(_, name)| format!("`{name}")).collect();
    format!("{noun}{ending} {}", named(&names))
}

/// So many objects are named that a database lacks.
const MOST_NAMED: usize = 3;

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(upstream) = ctx.change.upstream else {
        return;
    };
    let head = ctx.environment.head;
    // What databases have run is run again then.
    if head.keeps_versions_elsewhere(upstream) {
        return;
    }
    order::check(ctx, reporter);
    let dialect = head.dialect().dialect;
    let is_new_beginning = LazyCell::new(|| is_begun_anew(upstream, head));
    let mut found = Vec::new();
    for (node, revision) in head
        .map
        .nodes()
        .iter()
        .map(|node| &node.revision)
        .enumerate()
    {
        if !ctx.environment.is_judged(&revision.file) {
            continue;
        }
        let Some(before) = upstream.map.find(&revision.id.value) else {
            continue;
        };
        let old = &upstream.map.node(before).revision;
        // A file that cannot be read says nothing about what was meant; that is reported by itself.
        if old.source.syntax_error.is_some() || revision.source.syntax_error.is_some() {
            continue;
        }
        if order::is_ambiguous(&upstream.map, &revision.id.value)
            || order::is_ambiguous(&head.map, &revision.id.value)
        {
            continue;
        }
        let changed = edit::changed_in_effect(upstream, before, head, node);
        // A squash that keeps the id, or a new beginning, is told by what it deletes.
        if changed.is_empty()
            || is_given_back(ctx, old, revision)
            || squashed_into(revision, upstream, head).is_some()
            || *is_new_beginning
        {
            continue;
        }
        let Some(missing) = edit::missing(upstream, before, head, node) else {
            continue;
        };
        let place = changed
            .iter()
            .find_map(|name| definition_span(&revision.source.module, name));
        // A release counts if it has what is changed as it is on the base.
        let is_as_on_the_base = |bytes: &[u8]| {
            let differs = edit::changed(&ParsedFile::new(bytes), &old.source, dialect);
            !changed.iter().any(|name| differs.contains(name))
        };
        let past = ctx.change.past;
        let release = past
            .oldest_with(&old.file, &is_as_on_the_base)
            .map(|name| Released::new(name, past));
        let moved_to = numbered_anew(old, upstream, head)
            .or_else(|| renamed_to(old, upstream, head))
            .filter(|_| !are_alike(old, revision))
            .map(|moved| moved.id.value.as_str());
        // Who gives the file another name, too, means to, unless it is another revision that has its id.
        let is_meant = release.is_none()
            && past.has_releases()
            && old.file != revision.file
            && moved_to.is_none();
        let messages = || past.messages_about(&revision.file);
        let is_said = |is_out: bool| {
            let id = revision.id.value.as_str();
            messages()
                .iter()
                .any(|message| says_it(message, id, is_out))
        };
        if is_meant
            || is_only_with_developers(old, release.as_ref(), upstream, past, &is_as_on_the_base)
            || release.is_none() && comes_to_several_heads(before, upstream, past)
            || moved_to.is_none()
                && (is_emptied(node, upstream, head) || is_said(release.is_some()))
        {
            continue;
        }
        let is_fresh = is_fresh(old, release.as_ref(), upstream, past);
        let is_of_names = !missing.is_empty()
            && missing
                .iter()
                .all(|difference| difference.change == Change::Renamed);
        if is_fresh && is_of_names {
            continue;
        }
        let changed = changed
            .iter()
            .map(|name| {
                if name.is_empty() {
                    "code".to_owned()
                } else {
                    name.clone()
                }
            })
            .collect();
        let violation = EditedMergedRevision {
            is_fresh,
            id: &revision.id.value,
            changed,
            release,
            base_name: ctx.change.base_name,
            comes_again: moved_to.is_some_and(|moved| {
                let moved = head.map.find(moved);
                moved.is_some_and(|moved| below(&head.map, moved).contains(&revision.id.value))
            }),
            moved_to,
            also_moved: Vec::new(),
            is_soft: !missing.is_empty()
                && missing.iter().all(|difference| {
                    matches!(difference.subject, Subject::Object(_))
                        || difference.change == Change::Renamed
                }),
            rows: if missing.is_empty() {
                edit::rows_apart(upstream, before, head, node)
            } else {
                Vec::new()
            },
            missing,
            more: Vec::new(),
        };
        let label = Label::new(
            revision.file.clone(),
            place.unwrap_or(revision.id.span),
            "changed",
        );
        let objects = violation.missing.iter();
        let objects = objects
            .map(|difference| difference.object.clone())
            .collect();
        found.push((violation, label, objects));
    }
    let past = ctx.change.past;
    let is_edited = |violation: &EditedMergedRevision<'_>| violation.moved_to.is_none();
    let is_custom = found
        .iter()
        .any(|(violation, label, _)| is_edited(violation) && past.versions(&label.file) >= OFTEN);
    found.retain(|(violation, ..)| !(is_custom && is_edited(violation)));
    report_joined(found, reporter);
}

/// Reports edits. What one revision no longer does and another does now has moved, and revisions are numbered anew together:
/// that is one correction.
fn report_joined(
    found: Vec<(EditedMergedRevision<'_>, Label, Vec<String>)>,
    reporter: &mut Reporter<'_>,
) {
    let mut joined: Vec<Told<'_>> = Vec::new();
    for (mut violation, label, mut missing) in found {
        let known = joined.iter_mut().find(|(known, _, objects, _)| {
            known.is_numbered_anew_with(&violation)
                || objects.iter().any(|object| missing.contains(object))
        });
        match known {
            Some((known, _, objects, others)) => {
                if known.is_numbered_anew_with(&violation) {
                    let moved = violation.moved_to.map(|now| (violation.id, now));
                    known.also_moved.extend(moved);
                    known.missing.append(&mut violation.missing);
                }
                objects.append(&mut missing);
                others.push(label);
            }
            None => joined.push((violation, label, missing, Vec::new())),
        }
    }
    let joined = if joined.len() > MOST_EDITS {
        told_together(joined)
    } else {
        joined
    };
    for (violation, label, _, others) in joined {
        let others = others.into_iter().take(MOST_PLACES);
        reporter
            .report_on(&violation, label, Some(violation.id))
            .related(others);
    }
}

/// A revision that has had as many versions on the base is edited in place as a custom.
const OFTEN: usize = 5;

/// An edit with all that is told of it.
type Told<'a> = (EditedMergedRevision<'a>, Label, Vec<String>, Vec<Label>);

/// Makes one of the edits that weigh the same. Who edits many revisions does one thing to all of them: moves them, or writes
/// a convention into them.
fn told_together(edits: Vec<Told<'_>>) -> Vec<Told<'_>> {
    let mut together: Vec<Told<'_>> = Vec::new();
    for edit in edits {
        let known = together.iter_mut().find(|(known, ..)| {
            known.severity() == edit.0.severity()
                && known.moved_to.is_none()
                && edit.0.moved_to.is_none()
        });
        match known {
            Some((known, .., others)) => {
                let (violation, label, _, more) = edit;
                let kept = kept(&violation.missing, &violation.rows);
                known.more.push((violation.id, kept));
                others.push(label);
                others.extend(more);
            }
            None => together.push(edit),
        }
    }
    together
}

/// More edits than this are told together.
const MOST_EDITS: usize = 2;

/// So many further places are shown with a finding.
const MOST_PLACES: usize = 8;

/// True if the base had another head when it got a revision that leads to one of its own, and commands of the repository only
/// upgrade to a single head: they stop, and no database has got the revision.
fn comes_to_several_heads(node: usize, upstream: &ProjectEnvironment<'_>, past: &dyn Past) -> bool {
    let map = &upstream.map;
    let file = |node: usize| &map.node(node).revision.file;
    let is_above = |head: &usize| *head == node || map.ancestors(*head).contains(&node);
    let was_there_first = |head: usize| {
        DAYS_BEFORE.iter().any(|&days| {
            past.had(file(head), days) == Some(true) && past.had(file(node), days) == Some(false)
        })
    };
    let by_branch = map.heads_by_branch();
    let comes_later = by_branch.conflicts().any(|group| {
        let (own, others): (Vec<usize>, Vec<usize>) =
            group.heads.iter().partition(|head| is_above(head));
        !own.is_empty() && others.into_iter().any(was_there_first)
    });
    comes_later && upstream.several_heads() == SeveralHeads::Unexpected
}

/// The days at which it is looked which of two revisions was there first.
const DAYS_BEFORE: [u32; 4] = [1, 3, 7, 30];

/// True if the newest release has what the change makes of the revision: then what was merged since is taken back.
fn is_given_back(ctx: &ChangeContext<'_>, old: &Revision, revision: &Revision) -> bool {
    let dialect = ctx.environment.head.dialect().dialect;
    let released = ctx.change.past.newest(&old.file);
    released.is_some_and(|bytes| {
        edit::changed(&ParsedFile::new(&bytes), &revision.source, dialect).is_empty()
    })
}

/// Where a name is defined at the top of a module.
fn definition_span(module: &Module, name: &str) -> Option<Span> {
    module.body.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::FunctionDef(def) if def.name == name => Some(def.name_span),
        StmtKind::ClassDef(def) if def.name == name => Some(def.name_span),
        StmtKind::Assign { targets, .. } => {
            targets.iter().find(|target| matches!(&target.kind, ExprKind::Name(bound) if bound == name)).map(|_| stmt.span)
        }
        StmtKind::AnnAssign { target, .. } if matches!(&target.kind, ExprKind::Name(bound) if bound == name) => {
            Some(stmt.span)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_one_kind_is_called_so_once() {
        let together = |objects: &[&str]| {
            let objects: Vec<String> = objects.iter().map(|&object| object.to_owned()).collect();
            named_together(&objects)
        };
        assert_eq!(together(&["index `a` of `t`"]), "index `a` of `t`");
        assert_eq!(
            together(&["index `a` of `t`", "index `b` of `t`"]),
            "indexes `a` of `t` and `b` of `t`"
        );
        assert_eq!(
            together(&[
                "column `t.a`",
                "column `t.b`",
                "column `t.c`",
                "column `t.d`"
            ]),
            "columns `t.a`, `t.b`, `t.c` and 1 more"
        );
        assert_eq!(
            together(&["the primary key of `t`", "column `t.a`"]),
            "primary key of `t` and column `t.a`"
        );
    }
}
