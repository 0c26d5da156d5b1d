//! What remarks on a function say.

use crate::python::remarks_by_row;
use crate::source::Span;

/// The tools that comments speak to.
const TOOLS: [&str; 12] = [
    "noqa",
    "type",
    "pylint",
    "pragma",
    "fmt",
    "isort",
    "ruff",
    "mypy",
    "nosec",
    "flake8",
    "migrate-lint",
    "squawk",
];

pub(super) fn is_said(remark: &str) -> bool {
    let first = remark
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_')))
        .next()
        .unwrap_or_default();
    let lower = remark.to_lowercase();
    let is_for_tools = TOOLS.contains(&first) && !remark.contains(". ");
    let is_of_template = (lower.contains("alembic")
        && (lower.contains("auto generated") || lower.starts_with("end ")))
        || lower == "downgrade schema."
        || lower == "please adjust!";
    let is_code = ["op.", "batch_op.", "with op.", "conn.", "pass"]
        .iter()
        .any(|code| remark.starts_with(code))
        || remark.ends_with(['(', ',']) && !remark.contains(' ');
    remark.chars().any(char::is_alphabetic) && !is_for_tools && !is_of_template && !is_code
}

/// What is said about a function, comments on lines that follow each other as one.
pub(super) fn passages(text: &str, function: Span) -> Vec<String> {
    let mut passages: Vec<(usize, String)> = Vec::new();
    let remarks = remarks_by_row(text, function).into_iter();
    for (row, remark) in remarks.filter(|(_, remark)| is_said(remark)) {
        match passages.last_mut() {
            Some((last, passage)) if *last + 1 == row => {
                *last = row;
                passage.push(' ');
                passage.push_str(&remark);
            }
            _ => passages.push((row, remark)),
        }
    }
    passages.into_iter().map(|(_, passage)| passage).collect()
}

/// "We are not changing the primary key back because that would lose rows."
pub(super) fn leaves_on_purpose(passage: &str, names: &[&str]) -> bool {
    sentences(passage).iter().any(|sentence| {
        let mut words = sentence.words.iter();
        let is_left = words.any(|word| {
            is_negation(word)
                || matches!(
                    word.as_str(),
                    "keep" | "keeping" | "keeps" | "kept" | "leave" | "leaving" | "leaves" | "left"
                )
        });
        let mut pairs = sentence.words.windows(2);
        // "There is no going back to the old key."
        let is_one_way =
            pairs.any(|pair| matches!(pair, [no, way] if no == "no" && matches!(way.as_str(), "going" | "way")));
        (is_left || is_one_way) && is_on_purpose(&sentence.text) && sentence.has_one_of(names)
    })
}

/// "The CHECK constraint isn't restored."
pub(super) fn is_not_restored(passage: &str, names: &[&str]) -> bool {
    sentences(passage).iter().any(|sentence| {
        let mut words = sentence.words.windows(2);
        let is_denied = words.any(
            |pair| matches!(pair, [first, second] if is_negation(first) && is_restoring(second)),
        );
        is_denied
            && !sentence.words.iter().any(|word| is_of_rows(word))
            && sentence.has_one_of(names)
    })
}

/// "`downgrade()` re-adds the legacy columns (nullable)."
pub(super) fn comes_back_nullable(passage: &str, names: &[&str]) -> bool {
    sentences(passage).iter().any(|sentence| {
        let has = |is_it: fn(&str) -> bool| sentence.words.iter().any(|word| is_it(word));
        has(|word| word == "nullable")
            && has(is_restoring)
            && !has(is_negation)
            && sentence.has_one_of(names)
    })
}

/// A sentence in lower case.
struct Sentence {
    text: String,
    words: Vec<String>,
}

impl Sentence {
    fn has_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| {
            let name: Vec<String> = name.split(' ').map(str::to_lowercase).collect();
            self.words.windows(name.len()).any(|part| part == name)
        })
    }
}

fn sentences(passage: &str) -> Vec<Sentence> {
    let passage = passage.replace('\n', " ").to_lowercase();
    let sentences = passage.split(['.', ';']).map(|text| Sentence {
        text: text.to_owned(),
        words: text
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '\'')))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
    });
    sentences.collect()
}

fn is_negation(word: &str) -> bool {
    word.ends_with("n't") || matches!(word, "not" | "cannot")
}

/// "restored", "brought back"; "re-add" is two words.
fn is_restoring(word: &str) -> bool {
    let begins = |start: &&str| word.starts_with(start);
    word == "re"
        || [
            "restor", "recreat", "readd", "reinstat", "rebuil", "return", "revert", "revers",
            "bring", "brought",
        ]
        .iter()
        .any(begins)
}

fn is_of_rows(word: &str) -> bool {
    matches!(
        word,
        "row" | "rows" | "data" | "value" | "values" | "content" | "contents"
    )
}

/// How one says that nothing happens on purpose.
const PURPOSES: [&str; 31] = [
    "no-op",
    "noop",
    "no op",
    "by design",
    "intentional",
    "on purpose",
    "purposely",
    "deliberate",
    "irreversible",
    "not reversible",
    "non-reversible",
    "one-way",
    "one way",
    "forward-only",
    "forward only",
    "cannot be ",
    "can't be ",
    "not be reversed",
    "not possible",
    "not supported",
    "nothing to ",
    "because",
    "data loss",
    "do not drop",
    "don't drop",
    "not want to",
    "n't want to",
    "no way back",
    "no going back",
    "not go back",
    "never go back",
];

/// True for a remark that says that there is a purpose, or that something is still to be done: its author knows.
pub(super) fn is_on_purpose(remark: &str) -> bool {
    let is_to_do = ["TODO", "FIXME", "XXX"]
        .iter()
        .any(|mark| remark.contains(mark));
    let lower = remark.to_lowercase();
    is_to_do || PURPOSES.iter().any(|purpose| lower.contains(purpose))
}

/// "Just keep this version for compatibility", "Superseded by 33cc"
pub(super) fn is_kept(remark: &str) -> bool {
    let lower = remark.to_lowercase();
    let words = [
        "compatib",
        "supersed",
        "replaced by",
        "moved to",
        "obsolete",
    ];
    let mut words = words.iter().chain(&["keep this", "kept ", "placeholder"]);
    is_on_purpose(remark) || words.any(|word| lower.contains(word))
}

/// "We do not support migration downgrade", "NO WAY!"
pub(super) fn rules_out(remark: &str) -> bool {
    let lower = remark.to_lowercase().replace("don't", "do not");
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let is_of_all = !words
        .iter()
        .any(|word| matches!(*word, "this" | "these" | "for" | "because" | "if" | "yet"));
    let says = |phrase: &[&str]| words.windows(phrase.len()).any(|part| part == phrase);
    let is_refused = says(&["not", "support"]) || says(&["not", "supported"]);
    WITHOUT_A_WAY.contains(&words.join(" ").as_str())
        || is_of_all && is_refused && words.iter().any(|word| word.starts_with("downgrad"))
}

/// Remarks of so few words speak for all revisions.
const WITHOUT_A_WAY: [&str; 4] = [
    "no way",
    "no way back",
    "there is no way back",
    "no going back",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_that_leave_something_as_it_is() {
        let names = ["index", "indexes", "ix_a"];
        for (passage, is_left) in [
            (
                "NOTE: We are not changing the key and index back because rows would be lost.",
                true,
            ),
            ("`ix_a` is kept on purpose", true),
            ("There is no going back to the old index.", true),
            (
                "The rows do not come back because they are gone. Drop the index",
                false,
            ),
            ("The index comes back, because it is needed", false),
            ("Not the ix_ab, because it is needed", false),
        ] {
            assert_eq!(leaves_on_purpose(passage, &names), is_left, "{passage}");
        }
    }

    #[test]
    fn sentences_that_say_what_does_not_come_back() {
        let names = ["check", "checks", "ck_a"];
        for (passage, is_lost) in [
            (
                "As text; the CHECK constraint isn't restored (no way to know it).",
                true,
            ),
            ("Does not re-create `ck_a`.", true),
            ("The rows that ck_a refuses are not restored", false),
            ("The check is restored, but not the index", false),
            ("The index is not restored. So is the check", false),
        ] {
            assert_eq!(is_not_restored(passage, &names), is_lost, "{passage}");
        }
    }

    #[test]
    fn sentences_that_say_what_comes_back_nullable() {
        let names = ["level", "column", "columns"];
        for (passage, is_said) in [
            ("``downgrade()`` re-adds the old columns (nullable)", true),
            (
                "Restores the column `level` as nullable, without values.",
                true,
            ),
            ("The level is not restored as nullable", false),
            ("upgrade() makes the column nullable", false),
        ] {
            assert_eq!(comes_back_nullable(passage, &names), is_said, "{passage}");
        }
    }

    #[test]
    fn comments_on_lines_that_follow_each_other_are_one_passage() {
        let text = "def f():\n    # ### commands auto generated by Alembic ###\n    # one\n    # two\n    x()\n    # three\n";
        let function = Span::new(0, text.len() as u32);
        assert_eq!(passages(text, function), ["one two", "three"]);
    }

    #[test]
    fn remarks_that_speak_for_all_revisions() {
        for (remark, is_of_all) in [
            ("NO WAY!", true),
            ("We do not support migration downgrade.", true),
            ("we don't support migration downgrade", true),
            ("Downgrade not supported", true),
            ("Downgrade is not supported for this migration.", false),
            ("SQLite does not support DROP CONSTRAINT", false),
            ("No way to tell which rows there were", false),
        ] {
            assert_eq!(rules_out(remark), is_of_all, "{remark}");
        }
    }
}
