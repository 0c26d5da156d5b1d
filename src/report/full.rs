//! Findings with the source around them, through miette.

use std::fmt;
use std::io::{self, Write};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    NamedSource, SourceCode, SourceSpan, SpanContents,
};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::linter::Outcome;
use crate::report::{Paths, Reporter, Style, Texts, advice, sanitise, sanitise_line};
use crate::source::{RepoPath, Span};

/// Lines longer than this are not shown: they are data, or meant to flood the terminal. In bytes.
const MAX_LINE: usize = 400;

/// Lines shown before and after a place.
const CONTEXT: u32 = 1;

/// The default format.
#[derive(Clone, Debug, Default)]
pub struct Full {
    pub style: Style,
    pub paths: Paths,
}

impl Reporter for Full {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        let theme = if self.style.colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_links(self.style.links)
            .with_width(self.style.width)
            .with_context_lines(CONTEXT as usize)
            .with_cause_chain();
        let concealed = Concealed::of(&outcome.diagnostics);
        let texts = &Sight { texts, concealed };
        for diagnostic in &outcome.diagnostics {
            let shown = Shown::new(self, diagnostic, texts);
            // miette would put a heading over each related place; here they simply follow.
            for part in std::iter::once(&shown).chain(&shown.related) {
                let mut rendered = String::new();
                handler
                    .render_report(&mut rendered, part)
                    .map_err(io::Error::other)?;
                write!(out, "{rendered}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// What must not be shown, by file: the line around another finding may be that of a password.
struct Concealed<'a>(Vec<(&'a RepoPath, Span)>);

impl<'a> Concealed<'a> {
    fn of(diagnostics: &'a [Diagnostic]) -> Self {
        let spans = diagnostics
            .iter()
            .filter_map(|diagnostic| Some((&diagnostic.primary.file, diagnostic.concealed?)));
        Self(spans.collect())
    }

    /// The text with asterisks in those places, of the same length in bytes.
    fn conceal(&self, file: &RepoPath, text: String) -> String {
        let mut bytes = text.into_bytes();
        for (_, span) in self.0.iter().filter(|(other, _)| *other == file) {
            let range = span.start as usize..span.end as usize;
            if let Some(secret) = bytes.get_mut(range) {
                secret.fill(b'*');
            }
        }
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// The texts of files, and what of them is not to be seen.
struct Sight<'a> {
    texts: &'a Texts<'a>,
    concealed: Concealed<'a>,
}

/// A finding, or one of its related places, as miette wants it.
#[derive(Debug)]
struct Shown {
    message: String,
    code: Option<String>,
    severity: Option<miette::Severity>,
    help: Option<String>,
    url: Option<String>,
    source: Option<Source>,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown>,
}

impl Shown {
    fn new(report: &Full, diagnostic: &Diagnostic, texts: &Sight<'_>) -> Self {
        let Full { style, paths } = report;
        let primary = &diagnostic.primary;
        // miette heads with the first place of the file: one that lies before the finding follows it instead, unless both
        // are in one excerpt.
        let line = |label: &Label| {
            let text = texts.texts.get(&label.file)?;
            Some(text.position(label.span?.start).line)
        };
        let same_file = |label: &&Label| {
            label.file == primary.file
                && label.span.is_some()
                && line(label)
                    .zip(line(primary))
                    .is_none_or(|(line, finding)| line + 2 * CONTEXT >= finding)
        };
        let here: Vec<&Label> = std::iter::once(primary)
            .chain(diagnostic.related.iter().filter(same_file))
            .collect();
        let (source, labels) = snippet(&primary.file, &here, texts, paths);
        // Without a snippet the place goes into the message.
        let message = match &source {
            Some(_) => diagnostic.message.clone(),
            None => format!("{}: {}", place(primary, texts, paths), diagnostic.message),
        };
        let help: Vec<String> = advice(diagnostic)
            .iter()
            .flat_map(|part| part.lines().map(sanitise_line).collect::<Vec<_>>())
            .collect();
        Self {
            message: sanitise_line(&message),
            code: Some(format!("{} {}", diagnostic.code, diagnostic.name)),
            severity: Some(match diagnostic.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
                Severity::Info => miette::Severity::Advice,
            }),
            help: (!help.is_empty()).then(|| help.join("\n")),
            url: style
                .links
                .then(|| crate::rules::find(diagnostic.code).map(crate::rules::Rule::url))
                .flatten(),
            source,
            labels,
            related: diagnostic
                .related
                .iter()
                .filter(|label| !same_file(label))
                .map(|label| Self::related(label, texts, paths))
                .collect(),
        }
    }

    fn related(label: &Label, texts: &Sight<'_>, paths: &Paths) -> Self {
        let unlabelled = Label {
            message: String::new(),
            ..label.clone()
        };
        let (source, labels) = snippet(&label.file, &[&unlabelled], texts, paths);
        let message = match &source {
            Some(_) => label.message.clone(),
            None => format!("{}: {}", place(label, texts, paths), label.message),
        };
        Self {
            message: sanitise_line(&message),
            code: None,
            severity: Some(miette::Severity::Advice),
            help: None,
            url: None,
            source,
            labels,
            related: Vec::new(),
        }
    }
}

fn place(label: &Label, texts: &Sight<'_>, paths: &Paths) -> String {
    let file = paths.show_line(&label.file);
    let line = label
        .span
        .and_then(|span| Some(texts.texts.get(&label.file)?.position(span.start).line));
    match line {
        Some(line) => format!("{file}:{line}"),
        None => file,
    }
}

/// The text of a file and the labels in it; nothing where it cannot be shown.
fn snippet(
    file: &RepoPath,
    labels: &[&Label],
    texts: &Sight<'_>,
    paths: &Paths,
) -> (Option<Source>, Vec<LabeledSpan>) {
    let Some(text) = texts.texts.get(file) else {
        return (None, Vec::new());
    };
    let spans: Vec<(Span, &str)> = labels
        .iter()
        .filter_map(|label| Some((label.span?, label.message.as_str())))
        .collect();
    let is_showable = |span: &Span| {
        let lines = text.lines();
        let (first, last) = (lines.line(span.start), lines.line(span.end));
        last - first < 200
            && (first.saturating_sub(1).max(1)..=last + 1)
                .all(|line| lines.line_span(text.as_str(), line).len() as usize <= MAX_LINE)
    };
    if spans.is_empty() || !spans.iter().all(|(span, _)| is_showable(span)) {
        return (None, Vec::new());
    }
    let labels = spans
        .into_iter()
        .enumerate()
        .map(|(index, (span, message))| {
            // A statement of many lines is shown by its first.
            let line = text
                .lines()
                .line_span(text.as_str(), text.lines().line(span.start));
            let end = if span.end > line.end {
                line.end.max(span.start)
            } else {
                span.end
            };
            let message = (!message.is_empty()).then(|| sanitise_line(message));
            let range = (span.start as usize, end.saturating_sub(span.start) as usize);
            if index == 0 {
                LabeledSpan::new_primary_with_span(message, range)
            } else {
                LabeledSpan::new_with_span(message, range)
            }
        })
        .collect();
    let source = NamedSource::new(
        paths.show_line(file),
        texts.concealed.conceal(file, sanitise(text.as_str())),
    );
    (Some(Source(source)), labels)
}

/// The text of a file. miette takes two excerpts for one if the number of lines of the first reaches to the second, and
/// counts those of the file from its beginning; here they are those of the excerpt, so that what lies between two places
/// far apart is left out.
#[derive(Debug)]
struct Source(NamedSource<String>);

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.0.read_span(span, before, after)?;
        let lines = contents.data().split(|byte| *byte == b'\n').count();
        Ok(Box::new(MietteSpanContents::new_named(
            self.0.name().to_owned(),
            contents.data(),
            *contents.span(),
            contents.line(),
            contents.column(),
            lines,
        )))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code
            .as_ref()
            .map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.severity
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn url<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.url
            .as_ref()
            .map(|url| Box::new(url) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}
