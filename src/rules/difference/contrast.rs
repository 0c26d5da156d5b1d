//! Two values in a message, so that it shows in what they differ.

use serde_json::Value;

use super::{plain, short};
use crate::catalog::{Change, Difference, Subject};
use crate::dialect::mysql::labels_of;
use crate::rules::pairing;

/// What comes before the first difference of two long values, so that one sees where it is.
const BEFORE: usize = 10;
/// How much is shown from there on.
const MOST: usize = 60;
/// So many labels are named.
const MOST_LABELS: usize = 4;

/// Both sides of a difference, each on one line. Where all that is shown of long ones would be the same, it begins shortly
/// before they part.
pub(crate) fn contrasted(from: &Value, to: &Value) -> (String, String) {
    apart(&plain(from), &plain(to))
}

/// The same for what is spelled already.
pub(crate) fn apart(from: &str, to: &str) -> (String, String) {
    let shown = (short(from), short(to));
    if shown.0 != shown.1 {
        return shown;
    }
    let (one, other): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let same = one
        .iter()
        .zip(&other)
        .take_while(|(one, other)| one == other);
    let begin = same.count().saturating_sub(BEFORE);
    let rest = |of: &[char]| {
        let rest: String = of.iter().skip(begin).collect();
        // What differs in blanks alone is written with them.
        let mut rest: Vec<char> = rest.escape_debug().collect();
        if rest.len() > MOST {
            rest.truncate(MOST - 1);
            rest.push('…');
        }
        let cut = if begin > 0 { "…" } else { "" };
        cut.chars().chain(rest).collect::<String>()
    };
    (rest(&one), rest(&other))
}

/// The labels of an enum that only one side of a difference has.
pub(crate) struct LabelsApart {
    pub(crate) there: Vec<String>,
    pub(crate) here: Vec<String>,
}

impl LabelsApart {
    /// `None` for what is no difference of labels.
    pub(crate) fn of(difference: &Difference) -> Option<Self> {
        let (before, after) = both_labels(difference)?;
        let without = |labels: &[String], others: &[String]| -> Vec<String> {
            let own = labels.iter().filter(|label| !others.contains(*label));
            own.cloned().collect()
        };
        let apart = Self {
            there: without(&before, &after),
            here: without(&after, &before),
        };
        (!apart.there.is_empty() || !apart.here.is_empty()).then_some(apart)
    }
}

/// True for an enum of MySQL whose labels only stand in another order: they sort otherwise, no more.
pub(crate) fn only_orders_labels(difference: &Difference) -> bool {
    difference.subject == Subject::Column
        && both_labels(difference).is_some()
        && LabelsApart::of(difference).is_none()
}

fn both_labels(difference: &Difference) -> Option<(Vec<String>, Vec<String>)> {
    let owned = |labels: Vec<&str>| labels.into_iter().map(str::to_owned).collect();
    match (difference.subject, difference.change) {
        (Subject::Enum, Change::Changed("labels")) => Some((
            owned(difference.labels_before()),
            owned(difference.labels_after()),
        )),
        (Subject::Column, Change::Changed("type")) => {
            let (of, before) = labels_of(difference.from.as_str()?)?;
            let (now_of, after) = labels_of(difference.to.as_str()?)?;
            (of == now_of).then_some((before, after))
        }
        _ => None,
    }
}

/// ``label `'a'` ``, ``labels `'a'` and `'b'` ``
pub(crate) fn labels(labels: &[String]) -> String {
    let noun = if labels.len() == 1 { "label" } else { "labels" };
    format!("{noun} {}", label_names(labels))
}

/// `` `'a'` ``, `` `'a'` and `'b'` ``
pub(crate) fn label_names(labels: &[String]) -> String {
    let mut names: Vec<String> = labels.iter().map(|label| format!("`'{label}'`")).collect();
    if names.len() > MOST_LABELS + 1 {
        let more = names.len() - MOST_LABELS;
        names.truncate(MOST_LABELS);
        names.push(format!("{more} more"));
    }
    pairing::and(&names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_to_be_seen() {
        let long = "x".repeat(100);
        for (from, to, shown) in [
            (json!("a"), json!(null), ("a".to_owned(), "none".to_owned())),
            (
                json!(format!("{long}a")),
                json!(format!("{long}b")),
                ("…xxxxxxxxxxa".to_owned(), "…xxxxxxxxxxb".to_owned()),
            ),
            (
                json!("a b"),
                json!("a  b"),
                ("a b".to_owned(), "a  b".to_owned()),
            ),
            (
                json!("a\nb"),
                json!("a b"),
                ("a\\nb".to_owned(), "a b".to_owned()),
            ),
        ] {
            assert_eq!(contrasted(&from, &to), shown);
        }
    }
}
