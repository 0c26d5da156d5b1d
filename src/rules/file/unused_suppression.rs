//! ML005

use crate::diagnostic::Label;
use crate::rules::{
    Directive, Reporter, SuppressedCode, Suppression, SuppressionContext, Violation, declare_rule,
    list,
};

declare_rule! {
    "ML005", "unused-suppression" in File("file"),
    severity: Warning,
    since: "0.1.0",
    fix: Sometimes,
    on: Suppressions(check),
}

struct Unused<'a> {
    suppression: &'a Suppression,
    codes: &'a [&'a SuppressedCode],
}

impl Unused<'_> {
    fn names(&self) -> Vec<&str> {
        let codes = self.codes.iter();
        codes.map(|code| code.written.as_str()).collect()
    }
}

impl Violation for Unused<'_> {
    fn message(&self) -> String {
        let what = match self.suppression.directive {
            Ok(Directive::FileIgnore) => "in this file",
            Ok(Directive::Disable) => "from here on",
            _ => "here",
        };
        format!(
            "nothing of {} is to be suppressed {what}",
            list(self.names())
        )
    }

    fn subject(&self) -> String {
        self.names().join(",")
    }

    fn help(&self) -> Option<String> {
        Some("a comment that suppresses nothing hides what comes later".to_owned())
    }
}

fn check(ctx: &SuppressionContext<'_>, reporter: &mut Reporter<'_>) {
    for suppression in ctx.suppressions {
        if !matches!(
            suppression.directive,
            Ok(Directive::Ignore | Directive::FileIgnore | Directive::Disable)
        ) {
            continue;
        }
        let codes: Vec<&SuppressedCode> = suppression
            .codes
            .iter()
            .filter(|code| code.is_judged && !code.is_used)
            .collect();
        let Some(first) = codes.first() else {
            continue;
        };
        let violation = Unused {
            suppression,
            codes: &codes,
        };
        let place = Label::new(suppression.file.clone(), first.span, "unused");
        reporter
            .report_on(&violation, place, suppression.revision.as_deref())
            .fix(Some(suppression.without(&codes)));
    }
}
