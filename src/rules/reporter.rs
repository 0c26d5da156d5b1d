//! From violations to diagnostics.

use crate::diagnostic::{Diagnostic, Fingerprint, Fix, Label, Leeway, Severity};
use crate::rules::Rule;
use crate::source::Span;

/// What a rule has found, as data. Wording lives here, apart from detection.
pub(crate) trait Violation {
    /// One clause, lower case, no full stop, identifiers in backticks.
    fn message(&self) -> String;

    /// What it is about, for the fingerprint: names, never lines or files.
    fn subject(&self) -> String;

    /// Why it matters here.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// What to do.
    fn help(&self) -> Option<String> {
        None
    }

    /// True if it misses the other half of what a change begins, which some projects commit by itself.
    fn is_half(&self) -> bool {
        false
    }

    /// The tables of which one revision forgets something, where all of it is told together.
    fn tables(&self) -> Vec<String> {
        Vec::new()
    }

    /// True if many files with it come from one thing that was done to all of them.
    fn is_of_many_files(&self) -> bool {
        false
    }

    /// True if the same of another table, in whichever file, is the same slip.
    fn is_slip(&self) -> bool {
        false
    }

    /// True if one file is told so once, of all names, whether there is a fix for each or not.
    fn is_of_a_file(&self) -> bool {
        false
    }

    /// How bad it is, where that is not the same for all findings of the rule.
    fn severity(&self) -> Option<Severity> {
        None
    }
}

/// Takes the findings of one rule.
pub(crate) struct Reporter<'a> {
    rule: &'static Rule,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(rule: &'static Rule, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self { rule, diagnostics }
    }

    /// How bad the findings of the rule are.
    pub(crate) fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// Reports a violation at a place. More can be added to what is returned.
    pub(crate) fn report(&mut self, violation: &impl Violation, primary: Label) -> Report<'_> {
        self.report_on(violation, primary, None)
    }

    /// Reports a violation of a revision.
    pub(crate) fn report_on(
        &mut self,
        violation: &impl Violation,
        primary: Label,
        revision: Option<&str>,
    ) -> Report<'_> {
        let subject = violation.subject();
        let fingerprint = Fingerprint::of([self.rule.code, revision.unwrap_or_default(), &subject]);
        self.diagnostics.push(Diagnostic {
            code: self.rule.code,
            name: self.rule.name,
            severity: violation.severity().unwrap_or(self.rule.severity),
            message: violation.message(),
            primary,
            related: Vec::new(),
            notes: violation.notes(),
            help: violation.help(),
            revision: revision.map(str::to_owned),
            fix: None,
            concealed: None,
            is_half: violation.is_half(),
            tables: violation.tables(),
            is_of_many_files: violation.is_of_many_files(),
            is_slip: violation.is_slip(),
            is_of_a_file: violation.is_of_a_file(),
            leeway: Leeway::None,
            is_way_back: false,
            fingerprint,
        });
        Report {
            diagnostic: self.diagnostics.last_mut(),
        }
    }
}

/// A finding that was just reported.
pub(crate) struct Report<'a> {
    diagnostic: Option<&'a mut Diagnostic>,
}

impl Report<'_> {
    /// Says what it leaves to code that does not know of it.
    pub(crate) fn leeway(mut self, leeway: Leeway) -> Self {
        if let Some(diagnostic) = &mut self.diagnostic {
            diagnostic.leeway = leeway;
        }
        self
    }

    /// Says whether it only matters to whoever goes back.
    pub(crate) fn way_back(mut self, is_way_back: bool) -> Self {
        if let Some(diagnostic) = &mut self.diagnostic {
            diagnostic.is_way_back = is_way_back;
        }
        self
    }

    pub(crate) fn related(mut self, labels: impl IntoIterator<Item = Label>) -> Self {
        if let Some(diagnostic) = &mut self.diagnostic {
            diagnostic.related.extend(labels);
        }
        self
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        if let Some(diagnostic) = &mut self.diagnostic {
            diagnostic.severity = severity;
        }
        self
    }

    /// Keeps a part of the file of the primary place out of the output.
    pub(crate) fn concealing(mut self, span: Span) -> Self {
        if let Some(diagnostic) = &mut self.diagnostic {
            diagnostic.concealed = Some(span);
        }
        self
    }

    pub(crate) fn fix(mut self, fix: Option<Fix>) -> Self {
        if let Some(diagnostic) = &mut self.diagnostic {
            diagnostic.fix = fix;
        }
        self
    }
}
