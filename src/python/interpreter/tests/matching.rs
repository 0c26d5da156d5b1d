//! `match` statements.

use super::eval;

/// Matches one value against cases that say which they are.
fn matched(subject: &str, cases: &[&str]) -> String {
    let mut text = format!(
        "import os\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    a: int\n    b: int = 0\nclass K:\n    N = 3\nv = None\nx = None\ns = {subject}\nmatch s:\n"
    );
    for (index, case) in cases.iter().enumerate() {
        text.push_str(&format!("    case {case}:\n        x = [{index}, v]\n"));
    }
    eval(&text)
}

#[test]
fn patterns_match_as_in_python() {
    let mut wrong = Vec::new();
    for (subject, cases, answer) in [
        ("1", &["2", "1 | 3", "_"] as &[_], "[1, None]"),
        ("1", &["True", "1"], "[1, None]"),
        ("-1", &["1", "v"], "[1, -1]"),
        ("3", &["K.N"], "[0, None]"),
        ("[1, 2]", &["[v]", "[1, v]"], "[1, 2]"),
        ("(1, 2, 3)", &["[1, *v]"], "[0, [2, 3]]"),
        ("(1, 2, 3)", &["*v, 4", "1, *_, v"], "[1, 3]"),
        ("'ab'", &["[a, b]", "str(v)"], "[1, 'ab']"),
        (
            "{'a': 1, 'b': 2}",
            &["{'c': _}", "{'a': 1, 'b': v}"],
            "[1, 2]",
        ),
        ("P(1, 2)", &["P(a=2)", "P(1, b=v)"], "[1, 2]"),
        (
            "P(1, 2)",
            &["str()", "P() as v if v.b == 3", "P(v)"],
            "[2, 1]",
        ),
        ("5", &["(6)", "(5 as v)"], "[1, 5]"),
        ("[[1], 2]", &["[[_], v]"], "[0, 2]"),
        ("{'k': (2,)}", &["{'k': (v,)}"], "[0, 2]"),
        ("(2,)", &["(v,)"], "[0, 2]"),
        ("None", &["[]", "{}", "None"], "[2, None]"),
    ] {
        let shown = matched(subject, cases);
        if shown != answer {
            wrong.push(format!("{subject} {cases:?}: {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn what_is_not_known_may_match() {
    for subject in ["os.x", "[os.x]", "{'a': os.x}", "P(os.x)"] {
        let shown = matched(subject, &["1 | [1] | {'a': 1} | P(1)", "_"]);
        assert!(shown.starts_with("unknown"), "{subject} {shown}");
    }
    assert!(matched("-1", &["-1", "_"]).starts_with("unknown"));
}
