//! ML110

use jiff::civil::Date;
use smol_str::SmolStr;

use crate::alembic::{DocLine, Identifier, Revision, RevisionMap};
use crate::diagnostic::{Applicability, Edit, Fix};
use crate::git::ChangeKind;
use crate::rules::revision::edited_merged_revision::order;
use crate::rules::revision::{
    duplicate_revision, id_label, is_its_own_parent, label_at, parent_label, stale_parent,
};
use crate::rules::{Reporter, ScriptContext, Violation, declare_rule, list};
use crate::source::Span;

declare_rule! {
    "ML110", "docstring-mismatch" in Revision("revision"),
    severity: Warning,
    since: "0.1.0",
    fix: Sometimes,
    on: Script(check),
}

/// So many docstrings that stay wrong make a habit,
const MIN_LEFT: usize = 5;
/// if they are one in so many,
const ONE_IN: usize = 12;
/// or so many
const MIN_LATELY: usize = 4;
/// of the newest ones.
const RECENT: usize = 24;

/// The lines that do not say what the code says.
struct DocstringMismatch<'a> {
    revision: &'a Revision,
    /// What is wrong is `revision`: the name of the file says what the docstring says.
    blames_variable: bool,
    id_line: Option<&'a DocLine>,
    revises_line: Option<&'a DocLine>,
}

impl Violation for DocstringMismatch<'_> {
    fn message(&self) -> String {
        let id = &self.revision.id.value;
        let parents = match self.revision.down_revision.as_slice() {
            [] => "`None`".to_owned(),
            parents => list(parents.iter().map(|parent| &parent.value)),
        };
        let said = |line: &DocLine| match line.text.trim() {
            "" => "nothing".to_owned(),
            text => format!("`{text}`"),
        };
        match (self.id_line, self.revises_line) {
            (Some(own), _) if self.blames_variable => format!(
                "`revision` says `{id}`, the docstring and the name of the file say {}",
                said(own)
            ),
            (Some(own), None) => format!(
                "the docstring says this is revision {}, `revision` says `{id}`",
                said(own)
            ),
            (Some(own), Some(revises)) => format!(
                "the docstring says this is revision {} and revises {}, the variables say `{id}` and {parents}",
                said(own),
                said(revises)
            ),
            (None, Some(revises)) => format!(
                "the docstring says it revises {}, `down_revision` says {parents}",
                said(revises)
            ),
            (None, None) => String::new(),
        }
    }

    /// Who rearranges or renames revisions by the variables leaves all their docstrings behind.
    fn is_of_many_files(&self) -> bool {
        !self.blames_variable
    }

    fn subject(&self) -> String {
        let id = self.id_line.map(|_| "Revision ID");
        let revises = self.revises_line.map(|_| "Revises");
        let lines: Vec<&str> = id.into_iter().chain(revises).collect();
        lines.join(" ")
    }

    fn notes(&self) -> Vec<String> {
        vec![if self.blames_variable {
            "Alembic goes by the variable, and finds no revision under the id that the others say"
                .to_owned()
        } else {
            "Alembic goes by the variables; the docstring misleads whoever reads the file"
                .to_owned()
        }]
    }
}

fn check(ctx: &ScriptContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(revision) = &ctx.script.revision else {
        return;
    };
    let id = revision.id.value.as_str();
    let id_line = revision.doc.revision_id.as_ref().filter(|line| {
        let said = single_id(&line.text);
        said.is_some_and(|said| {
            said != id
                && said.contains(char::is_alphanumeric)
                && !is_numbered(said, id)
                && !is_shortened(said, id)
                && !is_renamed(said, ctx)
        })
    });
    let revises_line = revision
        .doc
        .revises
        .as_ref()
        // A line that is left empty claims nothing.
        .filter(|line| !line.text.trim().is_empty() && !is_explained(line, revision))
        .filter(|line| is_wrong(line, revision, &ctx.environment.judged().map))
        .filter(|line| {
            let meant = single_id(&line.text);
            let newer = meant.and_then(|_| stale_parent::asks_for(revision, ctx.environment));
            // Both lines are put right at once.
            newer.is_none_or(|newer| {
                !stale_parent::is_told(ctx.environment) && Some(newer.as_str()) != meant
            })
        });
    let Some(first) = id_line.or(revises_line) else {
        return;
    };
    let said = revision.doc.revision_id.as_ref();
    let said = said.and_then(|line| single_id(&line.text));
    if id_line.is_none() && said.is_some_and(|said| said != id && is_renamed(said, ctx)) {
        return;
    }
    if stands_on_the_base(revision, ctx)
        || ctx.environment.is_only_moved(&revision.file)
        // The variables may be what was copied.
        || id_line.is_some() && duplicate_revision::tells_of(id, ctx.environment)
        || id_line.is_none()
            && (was_wrong_before(revision, ctx)
                || has_moved_away(revision, ctx)
                || leaves_them_behind(ctx))
    {
        return;
    }
    let blames_variable = id_line.is_some_and(|line| is_wrong_id(line, revision, ctx));
    let violation = DocstringMismatch {
        revision,
        blames_variable,
        id_line,
        revises_line,
    };
    if blames_variable {
        let docstring = label_at(revision, first.span, "says the docstring");
        reporter
            .report_on(&violation, id_label(revision, "says the code"), Some(id))
            .related([docstring]);
        return;
    }
    let edits = id_line
        .map(|line| rewrite(revision, line, id.to_owned()))
        .into_iter()
        .chain(revises_line.map(|line| {
            let parents = revision.down_revision.iter();
            let parents: Vec<&str> = parents.map(|parent| parent.value.as_str()).collect();
            rewrite(revision, line, parents.join(", "))
        }))
        .collect();
    let code = id_line
        .map(|_| id_label(revision, "says the code"))
        .into_iter()
        .chain(revises_line.map(|_| parent_label(revision, "says the code")));
    reporter
        .report_on(
            &violation,
            label_at(revision, first.span, "says the docstring"),
            Some(id),
        )
        .related(code)
        .fix(Some(Fix {
            applicability: Applicability::Safe,
            title: "correct the docstring".to_owned(),
            edits,
        }));
}

/// True for an id that is another one with a number before it, as some projects put it.
fn is_numbered(said: &str, id: &str) -> bool {
    let number = id.strip_suffix(said).unwrap_or_default();
    let number = number.trim_end_matches(['_', '-', '.']);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for a number that the id begins with: `006` of `006_feedback`.
fn is_shortened(said: &str, id: &str) -> bool {
    let rest = id.strip_prefix(said);
    rest.is_some_and(|rest| rest.starts_with(['_', '-', '.']))
        && said.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for an id that a revision of the base has and that is gone: another rule tells of it, and asks for it back.
fn is_renamed(said: &str, ctx: &ScriptContext<'_>) -> bool {
    let change = ctx.environment.change.as_ref();
    let upstream = change.and_then(|change| change.upstream);
    upstream.is_some_and(|upstream| upstream.revision(said).is_some())
        && ctx.environment.head.revision(said).is_none()
}

/// Longer ids have no room in `alembic_version.version_num`: whoever shortens the variable means to.
const LONGEST_ID: usize = 32;

/// True if what is wrong is the variable of a revision that the change brings: the name of the file says what the docstring
/// says, no other revision has that id, and none goes by the one that the variable has.
fn is_wrong_id(line: &DocLine, revision: &Revision, ctx: &ScriptContext<'_>) -> bool {
    let Some(said) = single_id(&line.text) else {
        return false;
    };
    let id = revision.id.value.as_str();
    let map = &ctx.environment.judged().map;
    let base = ctx.environment.base();
    let is_new = ctx.environment.change.is_some()
        && base.is_none_or(|base| base.revision(id).is_none() && base.revision(said).is_none());
    let goes_by_it = |other: &Revision| {
        let mut named = other.down_revision.iter().chain(&other.depends_on);
        named.any(|named| named.value == id)
    };
    is_new
        && said.len() <= LONGEST_ID
        && names_file(said, revision)
        && !names_file(id, revision)
        && map.find(said).is_none()
        && !map.nodes().iter().any(|node| goes_by_it(&node.revision))
}

/// True if the name of the file begins or ends with an id, as a word.
fn names_file(id: &str, revision: &Revision) -> bool {
    let stem = revision.file.stem();
    let is_apart = |rest: &str, at: fn(&str) -> Option<char>| {
        at(rest).is_none_or(|next| !next.is_alphanumeric())
    };
    let first = |rest: &str| rest.chars().next();
    let last = |rest: &str| rest.chars().next_back();
    stem.strip_prefix(id)
        .is_some_and(|rest| is_apart(rest, first))
        || stem
            .strip_suffix(id)
            .is_some_and(|rest| is_apart(rest, last))
}

/// True for a line that does not name the parents; where the variable is what is wrong, other rules tell it.
fn is_wrong(line: &DocLine, revision: &Revision, map: &RevisionMap) -> bool {
    !revises(line, revision, map) && !has_wrong_parent(revision, map)
}

/// True for a project that moves revisions by the variable alone, and leaves what the docstrings say of their parents.
fn leaves_them_behind(ctx: &ScriptContext<'_>) -> bool {
    let environment = match &ctx.environment.change {
        Some(_) => ctx.environment.base(),
        None => Some(ctx.environment.head),
    };
    let Some(map) = environment.map(|environment| &environment.map) else {
        return false;
    };
    let lines = map.nodes().iter().filter_map(|node| {
        let line = node.revision.doc.revises.as_ref()?;
        (!line.text.trim().is_empty()).then_some((line, &node.revision))
    });
    let mut left: Vec<(Option<Date>, bool)> = lines
        .map(|(line, revision)| (revision.created(), is_wrong(line, revision, map)))
        .collect();
    left.sort_by_key(|(created, _)| std::cmp::Reverse(*created));
    let count = |of: &[(Option<Date>, bool)]| of.iter().filter(|(_, is_left)| *is_left).count();
    let newest = left.get(..RECENT).unwrap_or(&left);
    let all = count(&left);
    all >= MIN_LEFT && all * ONE_IN >= left.len() || count(newest) >= MIN_LATELY
}

/// True if a comment at `down_revision` names the parent of the docstring, or one that the variable has: whoever moved the
/// revision says so there.
fn is_explained(line: &DocLine, revision: &Revision) -> bool {
    let text = revision.source.text.as_str();
    let Span { start, end } = revision.down_revision_span;
    let (Some(before), Some(after)) = (text.get(..start as usize), text.get(end as usize..)) else {
        return false;
    };
    let above = before.lines().rev().skip(1).map(str::trim);
    let above = above.take_while(|line| line.starts_with('#'));
    let beside = after.lines().next().unwrap_or_default();
    let beside = beside.split_once('#').map(|(_, comment)| comment);
    let parents = revision.down_revision.iter();
    let mut names: Vec<&str> = parents.map(|parent| parent.value.as_str()).collect();
    names.extend(single_id(&line.text));
    above
        .chain(beside)
        .any(|comment| names.iter().any(|name| comment.contains(name)))
        || are_commented(revision)
}

/// True if each of several parents has a comment of its own.
fn are_commented(revision: &Revision) -> bool {
    let text = revision.source.text.as_str();
    let mut parents = revision.down_revision.iter();
    let is_commented = |parent: &Identifier| {
        let rest = text.get(parent.span.end as usize..);
        let line = rest.and_then(|rest| rest.lines().next());
        line.is_some_and(|line| line.contains('#'))
    };
    parents.len() > 1 && parents.all(is_commented)
}

/// True for a revision that is its own parent, or whose parent is nowhere.
fn has_wrong_parent(revision: &Revision, map: &RevisionMap) -> bool {
    let mut parents = revision.down_revision.iter();
    is_its_own_parent(revision) || parents.any(|parent| map.find(&parent.value).is_none())
}

/// True if docstring and variables said the same before the change.
fn stands_on_the_base(revision: &Revision, ctx: &ScriptContext<'_>) -> bool {
    let base = ctx.environment.base();
    let Some(before) = base.and_then(|base| base.revision(&revision.id.value)) else {
        return is_moved_from_elsewhere(revision, ctx);
    };
    let said = |revision: &Revision| {
        let text = |line: &Option<DocLine>| line.as_ref().map(|line| line.text.clone());
        let parents = revision.down_revision.iter();
        let parents: Vec<SmolStr> = parents.map(|parent| parent.value.clone()).collect();
        (
            text(&revision.doc.revision_id),
            text(&revision.doc.revises),
            parents,
        )
    };
    said(before) == said(revision)
}

/// True if the change takes a revision from a folder that is not known to be one of versions, as it was there.
fn is_moved_from_elsewhere(revision: &Revision, ctx: &ScriptContext<'_>) -> bool {
    let environment = ctx.environment;
    let (Some(change), Some(base)) = (&environment.change, environment.base()) else {
        return false;
    };
    let text = revision.source.text.as_str();
    let lines = [&revision.doc.revision_id, &revision.doc.revises];
    let lines = lines.into_iter().flatten().map(|line| line.span);
    // With what stands before them in their lines.
    let with_line = |Span { start, end }: Span| {
        let before = text.get(..start as usize)?;
        let begin = before.rfind('\n').map_or(0, |end| end + 1);
        text.get(begin..end as usize)
    };
    let said = lines.chain([revision.down_revision_span]);
    let said: Vec<&str> = said.filter_map(with_line).collect();
    let mut gone = change.changes.iter().filter(|(path, kind)| {
        *kind == ChangeKind::Deleted && path.file_name() == revision.file.file_name()
    });
    gone.any(|(path, _)| {
        let before = base.sources().python(path);
        before.is_some_and(|before| said.iter().all(|said| before.text.as_str().contains(said)))
    })
}

/// True if the line was wrong before the change, of whatever parent: that this is another one now is no news of the docstring.
fn was_wrong_before(revision: &Revision, ctx: &ScriptContext<'_>) -> bool {
    let Some(base) = ctx.environment.base() else {
        return false;
    };
    let Some(before) = base.revision(&revision.id.value) else {
        return false;
    };
    let text = |line: &DocLine| line.text.clone();
    let is_kept = before.doc.revises.as_ref().map(text) == revision.doc.revises.as_ref().map(text);
    let told = before.doc.revises.as_ref().filter(|_| is_kept);
    told.is_some_and(|line| is_wrong(line, before, &base.map))
}

/// True for a revision whose docstring names the parent of the base still, where the change gives it others, and a release has
/// it or another rule tells of the move: what is wrong is the variable.
fn has_moved_away(revision: &Revision, ctx: &ScriptContext<'_>) -> bool {
    let environment = ctx.environment;
    let Some(base) = environment.base() else {
        return false;
    };
    let Some(before) = base.revision(&revision.id.value) else {
        return false;
    };
    let line = |revision: &Revision| revision.doc.revises.as_ref().map(|line| line.text.clone());
    let keeps_one = revision.down_revision.iter().any(|parent| {
        let mut old = before.down_revision.iter();
        old.any(|old| old.value == parent.value)
    });
    let told = before.doc.revises.as_ref();
    let is_released = || {
        let is_it = |bytes: &[u8]| bytes == before.source.text.as_str().as_bytes();
        let past = environment.change.as_ref().map(|change| change.past);
        past.is_some_and(|past| past.oldest_with(&before.file, &is_it).is_some())
    };
    line(before) == line(revision)
        && !keeps_one
        && told.is_some_and(|line| revises(line, before, &base.map))
        && (is_released() || order::tells_of(revision, environment))
}

/// True if the line names the parents, or says something that is no list of ids.
fn revises(line: &DocLine, revision: &Revision, map: &RevisionMap) -> bool {
    let words: Vec<&str> = line
        .text
        .split([',', ' ', '\t', '(', ')', '\'', '"', '[', ']', '<', '>', '`'])
        .filter(|word| !word.is_empty() && *word != "and")
        .collect();
    let names_no_parent = matches!(words.as_slice(), [] | ["None" | "none" | "base" | "-"]);
    if names_no_parent {
        return revision.is_base();
    }
    // Prose is nobody's mistake.
    if !words.iter().all(|word| looks_like_id(word, map)) {
        return true;
    }
    let parents: Vec<&str> = revision
        .down_revision
        .iter()
        .map(|parent| parent.value.as_str())
        .collect();
    let names = |parent: &&str, word: &&str| {
        parent == word || (word.len() >= 4 && parent.starts_with(*word))
    };
    // What it depends on comes before it as well.
    let before: Vec<&str> = revision
        .depends_on
        .iter()
        .map(|dependency| dependency.value.as_str())
        .chain(parents.iter().copied())
        .collect();
    words
        .iter()
        .all(|word| before.iter().any(|other| names(other, word)))
        && parents
            .iter()
            .all(|parent| words.iter().any(|word| names(parent, word)))
}

fn looks_like_id(word: &str, map: &RevisionMap) -> bool {
    let is_hexadecimal = word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hexadecimal || map.find(word).is_some()
}

/// True for a line that names one revision, whether it is the parent or not.
pub(super) fn names_one(line: &DocLine, map: &RevisionMap) -> bool {
    single_id(&line.text).is_some_and(|word| looks_like_id(word, map))
}

/// A line that holds one word.
fn single_id(text: &str) -> Option<&str> {
    let mut words = text.split_whitespace();
    let word = words.next()?;
    words.next().is_none().then_some(word)
}

fn rewrite(revision: &Revision, line: &DocLine, replacement: String) -> Edit {
    let replacement = if line.text.is_empty()
        && revision.source.text.slice(Span::new(
            line.span.start.saturating_sub(1),
            line.span.start,
        )) == ":"
    {
        format!(" {replacement}")
    } else {
        replacement
    };
    Edit {
        file: revision.file.clone(),
        span: line.span,
        replacement,
    }
}
