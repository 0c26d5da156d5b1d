//! Two values in a message, so that it shows in what they differ.

use serde_json::Value;

use super::{plain, short};
use crate::catalog::{Change, Difference, Subject, enum_labels};
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
    let (from, to) = (plain(from), plain(to));
    let shown = (short(&from), short(&to));
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
pub(crate) struct LabelsApart<'d> {
    pub(crate) there: Vec<&'d str>,
    pub(crate) here: Vec<&'d str>,
}

impl<'d> LabelsApart<'d> {
    /// `None` for what is no difference of labels.
    pub(crate) fn of(difference: &'d Difference) -> Option<Self> {
        let (before, after) = match (difference.subject, difference.change) {
            (Subject::Enum, Change::Changed("labels")) => {
                (difference.labels_before(), difference.labels_after())
            }
            (Subject::Column, Change::Changed("type")) => (
                enum_labels(difference.from.as_str()?)?,
                enum_labels(difference.to.as_str()?)?,
            ),
            _ => return None,
        };
        let without = |labels: &[&'d str], others: &[&str]| -> Vec<&'d str> {
            let own = labels.iter().filter(|label| !others.contains(*label));
            own.copied().collect()
        };
        let apart = Self {
            there: without(&before, &after),
            here: without(&after, &before),
        };
        (!apart.there.is_empty() || !apart.here.is_empty()).then_some(apart)
    }
}

/// ``label `a` ``, ``labels `a` and `b` ``
pub(crate) fn labels(labels: &[&str]) -> String {
    let noun = if labels.len() == 1 { "label" } else { "labels" };
    format!("{noun} {}", label_names(labels))
}

/// `` `a` ``, `` `a` and `b` ``
pub(crate) fn label_names(labels: &[&str]) -> String {
    let mut names: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
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
