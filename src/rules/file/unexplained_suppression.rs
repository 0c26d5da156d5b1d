//! ML007

use crate::diagnostic::Label;
use crate::rules::{Directive, Reporter, Suppression, SuppressionContext, Violation, declare_rule};

declare_rule! {
    "ML007", "unexplained-suppression" in File("file"),
    severity: Warning,
    default: Off,
    since: "0.1.0",
    fix: None,
    on: Suppressions(check),
}

struct Unexplained<'a> {
    suppression: &'a Suppression,
}

impl Violation for Unexplained<'_> {
    fn message(&self) -> String {
        format!("`{}` gives no reason", self.suppression.name())
    }

    fn subject(&self) -> String {
        let codes = self.suppression.codes.iter();
        let codes: Vec<&str> = codes.map(|code| code.written.as_str()).collect();
        codes.join(",")
    }

    fn help(&self) -> Option<String> {
        Some("write behind the list why the rule is wrong here".to_owned())
    }
}

fn check(ctx: &SuppressionContext<'_>, reporter: &mut Reporter<'_>) {
    for suppression in ctx.suppressions {
        let suppresses = matches!(
            suppression.directive,
            Ok(Directive::Ignore | Directive::FileIgnore | Directive::Disable)
        );
        if suppresses && suppression.reason.is_none() {
            let place = Label::new(suppression.file.clone(), suppression.span, "why?");
            let revision = suppression.revision.as_deref();
            reporter.report_on(&Unexplained { suppression }, place, revision);
        }
    }
}
