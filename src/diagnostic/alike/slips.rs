//! A slip that was made several times, shown as one finding in whichever files it is.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    FURTHER, MOST_NAMED, SAME, names_in, new_names, pattern, same_for_many, same_of, wording,
};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::RepoPath;

/// A slip that is made again is shown with one that has it among its differences.
pub(super) fn join_slips(diagnostics: &mut Vec<Diagnostic>) {
    let slips: Vec<Option<Slip>> = diagnostics.iter().map(Slip::of).collect();
    let slip = |index: usize| slips.get(index).and_then(Option::as_ref);
    let mut by_length: Vec<usize> = (0..diagnostics.len())
        .filter(|index| slip(*index).is_some())
        .collect();
    by_length.sort_by_key(|index| {
        std::cmp::Reverse(slip(*index).map_or(0, |slip| slip.differences.len()))
    });
    let mut hosts: Vec<(usize, Vec<usize>)> = Vec::new();
    for index in by_length {
        let holds = |host: usize| {
            slip(host)
                .zip(slip(index))
                .is_some_and(|(host, slip)| host.holds(slip))
        };
        match hosts.iter_mut().find(|(host, _)| holds(*host)) {
            Some((_, others)) => others.push(index),
            None => hosts.push((index, Vec::new())),
        }
    }
    let mut all: Vec<Option<Diagnostic>> = diagnostics.drain(..).map(Some).collect();
    let mut take = |index: usize| all.get_mut(index).and_then(Option::take);
    let mut joined: Vec<(usize, Diagnostic)> = Vec::new();
    for (index, mut others) in hosts {
        others.sort_unstable();
        let others: Vec<Diagnostic> = others.into_iter().filter_map(&mut take).collect();
        if let Some(host) = take(index) {
            joined.push((index, with_slips(host, others)));
        }
    }
    let rest = all.into_iter().enumerate();
    joined.extend(rest.filter_map(|(index, one)| Some((index, one?))));
    joined.sort_by_key(|(index, _)| *index);
    diagnostics.extend(joined.into_iter().map(|(_, one)| one));
}

/// Names what others have a difference of as well after it.
fn with_slips(host: Diagnostic, others: Vec<Diagnostic>) -> Diagnostic {
    let mut host = host;
    if others.is_empty() {
        return host;
    }
    let mut known: Vec<String> = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    let mut of_message = None;
    for (index, (text, same)) in told(&host).into_iter().enumerate() {
        let words = strict(text);
        let is_new = !known.contains(&words);
        known.push(words);
        let same = if is_new {
            same_slips(text, same, &others)
        } else {
            same.map(str::to_owned)
        };
        if index == 0 {
            of_message = same;
        } else {
            notes.push(format!("{FURTHER}{text}"));
            notes.extend(same);
        }
    }
    // Behind a further difference it would be taken for what goes the same way as that.
    if !notes.is_empty() {
        notes.splice(0..0, of_message.take());
    }
    let rest = host.notes.iter();
    let rest = rest.filter(|note| !note.starts_with(SAME) && !note.starts_with(FURTHER));
    notes.extend(rest.cloned());
    notes.extend(of_message);
    host.notes = notes;
    for other in others {
        host.add_place(other.primary, "and so here");
    }
    host
}

/// A note that adds to those of another the names of which others tell the same difference.
fn same_slips(own: &str, known: Option<&str>, others: &[Diagnostic]) -> Option<String> {
    let (names, mut further) = known.map_or((Vec::new(), 0), same_of);
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let words = strict(own);
    for (text, same) in others.iter().flat_map(told) {
        if strict(text) != words {
            continue;
        }
        let mut found = names_of_other(own, text);
        if let Some((same, more)) = same.map(same_of) {
            found.extend(same.into_iter().map(str::to_owned));
            further += more;
        }
        for name in found {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    same_for_many(&names, MOST_NAMED, further)
}

/// The names that tell one text from another; what is otherwise of a new table is named with it, unless it is just the same.
fn names_of_other(own: &str, text: &str) -> Vec<String> {
    let of_table = |text: &str| {
        let found = NEW_TABLE.captures(text)?;
        let (table, rest) = (found.name("table")?, found.name("rest")?);
        let names = names_in(rest.as_str()).into_iter();
        Some((
            table.as_str().to_owned(),
            names.map(str::to_owned).collect::<Vec<_>>(),
        ))
    };
    let (Some((own_table, own_parts)), Some((table, parts))) = (of_table(own), of_table(text))
    else {
        return new_names(own, text)
            .into_iter()
            .map(str::to_owned)
            .collect();
    };
    let levelled = |table: &str, parts: &[String]| -> Vec<String> {
        parts.iter().map(|part| part.replace(table, "_")).collect()
    };
    if levelled(&own_table, &own_parts) == levelled(&table, &parts) {
        return vec![format!("`{table}`")];
    }
    let named = |part: &String| match part.strip_prefix('`') {
        Some(name) => format!("`{table}.{name}"),
        None => format!("`{table}` {part}"),
    };
    parts.iter().map(named).collect()
}

/// What a new table has or lacks.
static NEW_TABLE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:new|creates) table `(?P<table>[^`]*)`(?P<rest>.*)"));

/// What a finding tells: its message, and the further differences in its notes.
fn differences(diagnostic: &Diagnostic) -> impl Iterator<Item = &str> {
    told(diagnostic).into_iter().map(|(text, _)| text)
}

/// What a finding tells, each with the note about what goes the same way.
fn told(diagnostic: &Diagnostic) -> Vec<(&str, Option<&str>)> {
    let mut told: Vec<(&str, Option<&str>)> = vec![(&diagnostic.message, None)];
    let mut is_further = false;
    for note in &diagnostic.notes {
        if note.starts_with(SAME) {
            let of = if is_further {
                told.last_mut()
            } else {
                told.first_mut()
            };
            if let Some((_, same)) = of {
                *same = Some(note);
            }
        }
        let text = note.strip_prefix(FURTHER);
        told.extend(text.map(|text| (text, None)));
        is_further = text.is_some();
    }
    told
}

/// A finding as the slip that others may have made as well.
struct Slip {
    code: &'static str,
    severity: Severity,
    file: RepoPath,
    is_of_a_revision: bool,
    help: Option<String>,
    message: String,
    differences: Vec<String>,
    names: Vec<String>,
    notes: Vec<String>,
}

impl Slip {
    fn of(diagnostic: &Diagnostic) -> Option<Self> {
        let is_meant =
            diagnostic.is_slip && diagnostic.concealed.is_none() && diagnostic.fix.is_none();
        let notes = diagnostic.notes.iter();
        let others = notes.filter(|note| !note.starts_with(SAME) && !note.starts_with(FURTHER));
        is_meant.then(|| Self {
            code: diagnostic.code,
            severity: diagnostic.severity,
            file: diagnostic.primary.file.clone(),
            is_of_a_revision: diagnostic.revision.is_some(),
            help: diagnostic.help.as_deref().map(wording),
            message: strict(&diagnostic.message),
            differences: differences(diagnostic).map(strict).collect(),
            names: names_in(&diagnostic.message)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            notes: others.map(|note| wording(note)).collect(),
        })
    }

    /// True if what the other one tells is told here of other names.
    fn holds(&self, other: &Self) -> bool {
        let is_here = |difference: &String| self.differences.contains(difference);
        self.code == other.code
            && self.severity == other.severity
            && self.help == other.help
            && is_here(&other.message)
            && (self.names != other.names || self.file != other.file)
            && (self.is_of_a_revision || are_made_alike(&self.names, &other.names))
            && other.differences.iter().all(is_here)
            && other.notes.iter().all(|note| self.notes.contains(note))
    }
}

/// False for names that hold the first of them, that of a table, and are something else besides: `ix_users_name` of `users` is
/// `ix_groups_name` of `groups`, and not `ix_groups_size`.
fn are_made_alike(own: &[String], other: &[String]) -> bool {
    let levelled = |names: &[String]| -> Option<Vec<String>> {
        let (table, names) = names.split_first()?;
        let table = table.trim_matches('`');
        let table = table.rsplit('.').next().unwrap_or(table);
        let names = names.iter();
        let levelled = names.map(|name| name.contains(table).then(|| name.replace(table, "_")));
        levelled.collect()
    };
    match (levelled(own), levelled(other)) {
        (Some(own), Some(other)) => own == other,
        _ => true,
    }
}

/// The text without the names in it, but with what two sides say: two types are not the slip of two others.
fn strict(text: &str) -> String {
    wording(&SAID.replace_all(text, "$there, the model says $here"))
}

static SAID: LazyLock<Regex> =
    LazyLock::new(|| pattern("`(?P<there>[^`]*)`, the model says `(?P<here>[^`]*)`"));

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::alike::tests::{finding, joined};

    #[test]
    fn a_slip_is_one_finding_in_whichever_file_where_the_rule_says_so() {
        let of = |at, file: &str, message: &str, further: &[&str]| Diagnostic {
            is_slip: true,
            revision: Some(file.to_owned()),
            notes: further
                .iter()
                .map(|further| format!("and {further}"))
                .chain(["the next one proposes it".to_owned()])
                .collect(),
            ..finding(at, file, message)
        };
        let (cascade, null) = (
            "the foreign key on `a.x` is ON DELETE CASCADE",
            "`a.y` is NULL",
        );
        let findings = joined(vec![
            of(
                1,
                "a.py",
                "the foreign key on `b.z` is ON DELETE CASCADE",
                &[],
            ),
            of(5, "a.py", null, &[cascade]),
            of(1, "b.py", "`c.y` is NULL", &[]),
            of(5, "b.py", "`d.y` is NULL", &["`d.y` has a comment"]),
            of(
                1,
                "c.py",
                "the type of `d.t` is `x`, the model says `y`",
                &[],
            ),
            of(
                1,
                "d.py",
                "the type of `e.t` is `x`, the model says `z`",
                &[],
            ),
        ]);
        let messages: Vec<_> = findings.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                null,
                "`d.y` is NULL",
                "the type of `d.t` is `x`, the model says `y`",
                "the type of `e.t` is `x`, the model says `z`"
            ]
        );
        let first = findings.first().unwrap();
        assert_eq!(
            first.notes,
            [
                "the same holds for `c.y`",
                "and the foreign key on `a.x` is ON DELETE CASCADE",
                "the same holds for `b.z`",
                "the next one proposes it"
            ]
        );
        assert_eq!(first.related.len(), 2);
    }

    #[test]
    fn what_another_new_table_has_besides_is_named_with_it() {
        let of = |file: &str, has: &str, further: &[&str]| Diagnostic {
            is_slip: true,
            revision: Some(file.to_owned()),
            notes: further.iter().map(ToString::to_string).collect(),
            ..finding(1, file, &format!("the new table {has}, unlike the model"))
        };
        let key = "and the foreign key on `a.x` is ON DELETE CASCADE";
        let findings = joined(vec![
            of(
                "a.py",
                "`a` has column `x`",
                &[key, "the same holds for `c.x`"],
            ),
            of("b.py", "`b` has columns `x` and `y`", &[]),
            of("c.py", "`c` has column `x`", &[]),
            of(
                "d.py",
                "`d` has column `x`",
                &[
                    "and the foreign key on `d.x` is ON DELETE CASCADE",
                    "the same holds for `e.x` and 2 more",
                ],
            ),
        ]);
        let [one] = findings.as_slice() else {
            panic!("{findings:?}");
        };
        assert_eq!(
            one.notes,
            [
                "the same holds for `b.x`, `b.y`, `c`, `d`",
                key,
                "the same holds for `c.x`, `d.x`, `e.x` and 2 more"
            ]
        );
    }

    #[test]
    fn indexes_of_one_table_and_of_another_are_one_slip() {
        let of = |at, names: &str| Diagnostic {
            is_slip: true,
            notes: Vec::new(),
            ..finding(
                at,
                "a.py",
                &format!("the migration adds {names}, which the model does not have"),
            )
        };
        let findings = joined(vec![
            of(1, "indexes `i`, `j`, `k`, `l` and 2 more to `t`"),
            of(5, "index `u.ix`"),
            of(9, "indexes `m` and `n` to `v`"),
        ]);
        let [one] = findings.as_slice() else {
            panic!("{findings:?}");
        };
        assert_eq!(one.notes, ["the same holds for `u.ix`, `v`"]);
        assert_eq!(one.related.len(), 2);
    }

    #[test]
    fn the_same_of_several_models_has_names_that_are_made_alike() {
        let of = |file: &str, message: &str| Diagnostic {
            is_slip: true,
            revision: None,
            ..finding(1, file, message)
        };
        let findings = joined(vec![
            of("a.py", "the model of `a` loses index `ix_a_size`"),
            of("b.py", "the model of `b` loses index `ix_b_size`"),
            of("c.py", "the model of `c` loses index `ix_c_name`"),
        ]);
        let messages: Vec<_> = findings.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "the model of `a` loses index `ix_a_size`",
                "the model of `c` loses index `ix_c_name`"
            ]
        );
        let notes = findings.first().and_then(|first| first.notes.last());
        assert_eq!(notes.unwrap(), "the same holds for `b`");
    }
}
