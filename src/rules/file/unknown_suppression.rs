//! ML006

use crate::diagnostic::{Applicability, Edit, Fix, Label, closest_within};
use crate::rules::{
    DIRECTIVES, Directive, Misspelling, Reporter, SuppressionContext, Violation, declare_rule,
};

declare_rule! {
    "ML006", "unknown-suppression" in File("file"),
    severity: Warning,
    since: "0.1.0",
    fix: Sometimes,
    on: Suppressions(check),
}

enum Unknown<'a> {
    Directive(&'a str),
    Rule { written: &'a str, hint: &'a str },
    NoRule(&'a str),
}

impl Violation for Unknown<'_> {
    fn message(&self) -> String {
        match self {
            Self::Directive(written) => {
                format!("`{written}` is nothing that a comment can ask for")
            }
            Self::Rule { written, .. } => format!("no rule is called `{written}`"),
            Self::NoRule(name) => format!("`{name}` does not say which rule"),
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Directive(written) | Self::Rule { written, .. } | Self::NoRule(written) => {
                (*written).to_owned()
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        vec!["nothing is suppressed by it".to_owned()]
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Directive(_) => Some(
                "write `ignore[RULE]`, `file-ignore[RULE]`, `disable[RULE]` or `enable[RULE]`"
                    .to_owned(),
            ),
            Self::Rule { hint, .. } => Some((*hint).to_owned()),
            Self::NoRule(name) => Some(format!("name one or more: `{name}[ML202, data-loss] why`")),
        }
    }
}

/// How many letters may be wrong in a word that is meant as a directive.
const MAX_DISTANCE: usize = 2;

fn check(ctx: &SuppressionContext<'_>, reporter: &mut Reporter<'_>) {
    for suppression in ctx.suppressions {
        let file = &suppression.file;
        let revision = suppression.revision.as_deref();
        let replaced = |span, title: String, replacement: &str| Fix {
            // What was not suppressed so far will be.
            applicability: Applicability::Unsafe,
            title,
            edits: vec![Edit {
                file: file.clone(),
                span,
                replacement: replacement.to_owned(),
            }],
        };
        match &suppression.directive {
            Err(Misspelling { written, span }) => {
                let names = DIRECTIVES.iter().map(|(name, _)| *name);
                let meant = closest_within(MAX_DISTANCE, written, names);
                // Prose may begin with the same words.
                if meant.is_some() || suppression.list.is_some() {
                    let place = Label::new(file.clone(), *span, "not known");
                    let fix = meant.map(|name| replaced(*span, format!("write `{name}`"), name));
                    reporter
                        .report_on(&Unknown::Directive(written), place, revision)
                        .fix(fix);
                }
            }
            Ok(directive) => {
                if suppression.codes.is_empty() && *directive != Directive::Enable {
                    let place = Label::new(file.clone(), suppression.span, "of which rule?");
                    reporter.report_on(&Unknown::NoRule(suppression.name()), place, revision);
                }
                for code in &suppression.codes {
                    let Err(error) = &code.selector else {
                        continue;
                    };
                    let place = Label::new(file.clone(), code.span, "not known");
                    let violation = Unknown::Rule {
                        written: &code.written,
                        hint: &error.help,
                    };
                    let fix = match &error.closest {
                        Some(name) => replaced(code.span, format!("write `{name}`"), name),
                        None => suppression.without(&[code]),
                    };
                    reporter
                        .report_on(&violation, place, revision)
                        .fix(Some(fix));
                }
            }
        }
    }
}
