//! Which rules run.

use miette::Diagnostic;
use thiserror::Error;

use crate::diagnostic::closest;

/// A rule, a family or all of them, as users write it: `ML101`, `ML1`, `multiple-heads`, `revision`, `ALL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleSelector {
    All,
    /// A code or the beginning of one.
    Prefix(String),
    Name(String),
    Family(String),
}

/// A selector that selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
#[error("no rule is called `{written}`")]
pub struct SelectorError {
    pub written: String,
    #[help]
    pub help: String,
    /// The rule that was meant, perhaps.
    pub closest: Option<String>,
}

/// What a selector is matched with.
#[derive(Clone, Copy, Debug)]
pub struct RuleIdentity<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub family: &'a str,
}

impl RuleSelector {
    /// Understands a selector, given all the rules there are.
    pub fn parse<'a>(
        written: &str,
        rules: impl Iterator<Item = RuleIdentity<'a>> + Clone,
    ) -> Result<Self, SelectorError> {
        let trimmed = written.trim();
        if trimmed.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let upper = trimmed.to_ascii_uppercase();
        let is_prefix =
            upper.starts_with("ML") && rules.clone().any(|rule| rule.code.starts_with(&upper));
        if is_prefix {
            return Ok(Self::Prefix(upper));
        }
        let lower = trimmed.to_ascii_lowercase();
        if rules.clone().any(|rule| rule.name == lower) {
            return Ok(Self::Name(lower));
        }
        if rules.clone().any(|rule| rule.family == lower) {
            return Ok(Self::Family(lower));
        }
        let names = rules.flat_map(|rule| [rule.name, rule.code]);
        let meant = closest(trimmed, names);
        Err(SelectorError {
            written: trimmed.to_owned(),
            help: match meant {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`migrate-lint rule --all` lists the rules".to_owned(),
            },
            closest: meant.map(str::to_owned),
        })
    }

    pub fn matches(&self, rule: RuleIdentity<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Prefix(prefix) => rule.code.starts_with(prefix.as_str()),
            Self::Name(name) => rule.name == name,
            Self::Family(family) => rule.family == family,
        }
    }

    /// How narrow it is: of two that match, the narrower decides.
    pub fn specificity(&self) -> usize {
        match self {
            Self::All => 0,
            Self::Family(_) => 1,
            Self::Prefix(prefix) => prefix.len(),
            Self::Name(_) => FULL_CODE,
        }
    }
}

/// How many characters a code has.
const FULL_CODE: usize = "ML000".len();

/// Selected and ignored rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// `None` for the default set.
    pub select: Option<Vec<RuleSelector>>,
    pub ignore: Vec<RuleSelector>,
    pub extend_select: Vec<RuleSelector>,
}

impl Selection {
    /// Whether a rule is selected. `--select ML101 --ignore ML1` selects ML101: the narrower selector decides, and of
    /// two equally narrow ones the one that ignores.
    pub fn selects(&self, rule: RuleIdentity<'_>, on_by_default: bool) -> bool {
        let narrowest = |selectors: &[RuleSelector]| {
            selectors
                .iter()
                .filter(|selector| selector.matches(rule))
                .map(RuleSelector::specificity)
                .max()
        };
        // A family or the beginning of a code means those of its rules that are on; the others have to be named.
        let names = |selectors: &[RuleSelector]| {
            let is_for_all = |selector: &RuleSelector| *selector == RuleSelector::All;
            narrowest(selectors).filter(|specificity| {
                on_by_default || *specificity == FULL_CODE || selectors.iter().any(is_for_all)
            })
        };
        let selected = match &self.select {
            Some(select) => names(select),
            None => on_by_default.then_some(0),
        };
        let selected = selected.max(names(&self.extend_select));
        match (selected, narrowest(&self.ignore)) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(selected), Some(ignored)) => selected > ignored,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [RuleIdentity<'static>; 2] = [
        RuleIdentity {
            code: "ML101",
            name: "multiple-heads",
            family: "revision",
        },
        RuleIdentity {
            code: "ML201",
            name: "missing-downgrade",
            family: "downgrade",
        },
    ];

    fn parse(written: &str) -> Result<RuleSelector, SelectorError> {
        RuleSelector::parse(written, RULES.iter().copied())
    }

    fn selected(select: Option<&[&str]>, ignore: &[&str], extend: &[&str]) -> Vec<&'static str> {
        let selectors = |written: &[&str]| {
            written
                .iter()
                .map(|written| parse(written).unwrap())
                .collect()
        };
        let selection = Selection {
            select: select.map(selectors),
            ignore: selectors(ignore),
            extend_select: selectors(extend),
        };
        RULES
            .iter()
            .filter(|rule| selection.selects(**rule, rule.code == "ML101"))
            .map(|rule| rule.code)
            .collect()
    }

    #[test]
    fn codes_prefixes_names_and_families() {
        assert_eq!(parse("ml1"), Ok(RuleSelector::Prefix("ML1".into())));
        assert_eq!(
            parse("multiple-heads"),
            Ok(RuleSelector::Name("multiple-heads".into()))
        );
        assert_eq!(
            parse("Downgrade"),
            Ok(RuleSelector::Family("downgrade".into()))
        );
        assert_eq!(
            parse("multiple-head").unwrap_err().help,
            "did you mean `multiple-heads`?"
        );
        assert!(parse("ML999").is_err());
    }

    #[test]
    fn rules_that_are_off_have_to_be_named() {
        // ML201 is off here.
        assert!(selected(Some(&["downgrade"]), &[], &[]).is_empty());
        assert!(selected(Some(&["ML2"]), &[], &[]).is_empty());
        assert_eq!(selected(Some(&["ML201"]), &[], &[]), ["ML201"]);
        assert_eq!(selected(Some(&["ALL"]), &[], &[]), ["ML101", "ML201"]);
    }

    #[test]
    fn the_narrower_selector_decides() {
        assert_eq!(selected(None, &[], &[]), ["ML101"]);
        assert_eq!(selected(Some(&["ALL"]), &["ML2"], &[]), ["ML101"]);
        assert_eq!(selected(Some(&["ML201"]), &["ALL"], &[]), ["ML201"]);
        assert_eq!(
            selected(None, &[], &["missing-downgrade"]),
            ["ML101", "ML201"]
        );
        assert_eq!(
            selected(
                Some(&["ALL"]),
                &["multiple-heads", "missing-downgrade"],
                &[]
            ),
            Vec::<&str>::new()
        );
    }
}
