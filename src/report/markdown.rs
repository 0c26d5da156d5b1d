//! A card for reviewers, in the Markdown of GitHub and GitLab.

mod escape;

use std::io::{self, Write};

use crate::alembic::Verdict;
use crate::diagnostic::{Diagnostic, Severity};
use crate::linter::Outcome;
use crate::report::review::{Card, Models, RevisionCard};
use crate::report::{Reporter, Texts, positions, sanitise, summary_line, uri};
use crate::source::RepoPath;
use escape::{code, text};

/// For comments on pull requests and summaries of jobs.
pub(crate) struct Markdown<'a> {
    /// At most this many bytes are written.
    pub(crate) limit: usize,
    /// Whether a change is judged.
    pub(crate) is_change: bool,
    /// What the change does, an environment each.
    pub(crate) cards: &'a [Card],
    /// The address of the files as they are judged, with `/` at its end, where there is one.
    pub(crate) files_url: Option<&'a str>,
}

/// Marks the comment, so that whoever posts it finds it again.
const MARK: &str = "<!-- migrate-lint -->";

/// Bytes of SQL of a revision.
const MAX_SQL: usize = 8_000;

/// Changes of a revision that are listed before the rest is counted.
const MAX_CHANGES: usize = 40;

impl Markdown<'_> {
    /// What GitHub takes for a comment, with room for what others put around it.
    pub(crate) const COMMENT: usize = 60_000;
    /// What GitHub takes for the summary of a step, with room for other writers.
    pub(crate) const JOB_SUMMARY: usize = 1_000_000;
}

impl Reporter for Markdown<'_> {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut page = Page::new(self.limit);
        page.add(&format!(
            "{MARK}\n## migrate-lint\n\n{} {}\n",
            worst(outcome),
            text(&summary_line(outcome, self.is_change))
        ));
        for card in self.cards {
            self.overview(card, &mut page);
        }
        self.findings(outcome, texts, &mut page);
        for card in self.cards {
            pictures(card, &mut page);
            for revision in &card.revisions {
                page.add(&details(revision));
            }
        }
        if !outcome.notices.is_empty() {
            let notices = outcome.notices.iter();
            let notices: String = notices
                .map(|notice| format!("- {}\n", text(notice)))
                .collect();
            page.add(&format!("\n{notices}"));
        }
        out.write_all(page.finish().as_bytes())
    }
}

impl Markdown<'_> {
    /// A line for each revision of an environment.
    fn overview(&self, card: &Card, page: &mut Page) {
        page.add(&format!(
            "\n### {}\n\n| revision | upgrade | way back |\n|---|---|---|\n",
            code(&card.environment)
        ));
        for revision in &card.revisions {
            let place = self.link(&revision.file, None, &code(&revision.id));
            let merged = if revision.is_merged {
                ", *merged already*"
            } else {
                ""
            };
            let dropped = match revision.dropped.len() {
                0 => String::new(),
                1 => "<br>⚠️ drops data".to_owned(),
                count => format!("<br>⚠️ drops data in {count} places"),
            };
            let (changes, back) = match &revision.account {
                Some(account) => (
                    counts(&account.changes),
                    format!("{} {}", sign(account.verdict), text(&account.sentence)),
                ),
                None => ("?".to_owned(), "not replayed".to_owned()),
            };
            page.add(&format!(
                "| {place}{merged}<br>{} | {changes}{dropped} | {back} |\n",
                text(&revision.message)
            ));
        }
        let models = match &card.models {
            Models::Agree => "✅ Models and migrations agree.".to_owned(),
            Models::AgreeAsFarAsKnown(compared, doubtful) => format!(
                "✅ Models and migrations agree in {compared} tables; {doubtful} could not be compared, `migrate-lint drift \
                 --verbose` says why."
            ),
            Models::Differ(1) => {
                "⚠️ Models and migrations differ in one place; `migrate-lint drift` says where."
                    .to_owned()
            }
            Models::Differ(count) => {
                format!(
                    "⚠️ Models and migrations differ in {count} places; `migrate-lint drift` says where."
                )
            }
            Models::Unknown(why) => format!(
                "❔ Models and migrations could not be compared: {}.",
                text(why)
            ),
        };
        page.add(&format!(
            "\n{models} Replayed for {}.\n",
            text(&card.circumstances)
        ));
    }

    fn findings(&self, outcome: &Outcome, texts: &Texts<'_>, page: &mut Page) {
        if outcome.diagnostics.is_empty() {
            return;
        }
        let mut worst_first: Vec<&Diagnostic> = outcome.diagnostics.iter().collect();
        worst_first.sort_by_key(|diagnostic| diagnostic.severity);
        page.add("\n### Findings\n\n| | rule | where | what |\n|---|---|---|---|\n");
        for diagnostic in worst_first {
            let file = &diagnostic.primary.file;
            let line = positions(&diagnostic.primary, texts).map(|(start, _)| start.line);
            let place = match line {
                Some(line) => format!("{}:{line}", file.file_name()),
                None => file.file_name().to_owned(),
            };
            let name = match crate::rules::find(diagnostic.code) {
                Some(rule) => format!("[{}]({})", rule.name, rule.url()),
                None => diagnostic.name.to_owned(),
            };
            let help = diagnostic.help.as_ref();
            let help =
                help.map_or_else(String::new, |help| format!("<br><sub>{}</sub>", text(help)));
            page.add(&format!(
                "| {} | {} {name} | {} | {}{help} |\n",
                severity_sign(diagnostic.severity),
                diagnostic.code,
                self.link(file, line, &code(&place)),
                text(&diagnostic.message)
            ));
        }
    }

    fn link(&self, file: &RepoPath, line: Option<u32>, shown: &str) -> String {
        let Some(files) = self.files_url else {
            return shown.to_owned();
        };
        let line = line.map_or_else(String::new, |line| format!("#L{line}"));
        format!("[{shown}]({files}{}{line})", uri(file.as_str()))
    }
}

fn pictures(card: &Card, page: &mut Page) {
    let titles = [
        ("The line of revisions; new ones are green", &card.line),
        ("The tables that are touched", &card.tables),
    ];
    for (title, picture) in titles {
        if let Some(picture) = picture {
            page.add(&format!(
                "\n<details><summary>{title}</summary>\n\n```mermaid\n{}\n```\n\n</details>\n",
                picture.trim_end()
            ));
        }
    }
}

/// What there is to say of a revision.
fn details(revision: &RevisionCard) -> String {
    let Some(account) = &revision.account else {
        return String::new();
    };
    let mut page = format!(
        "\n<details><summary><code>{}</code> {}</summary>\n\n{}\n",
        text(&revision.id),
        text(&revision.message),
        code(revision.file.as_str())
    );
    let changes: Vec<String> = account
        .changes
        .iter()
        .map(|(sign, change)| format!("{sign} {change}"))
        .collect();
    if !changes.is_empty() {
        let shown: Vec<&str> = changes
            .iter()
            .take(MAX_CHANGES)
            .map(String::as_str)
            .collect();
        page.push_str(&fenced("diff", &shown.join("\n")));
        if changes.len() > shown.len() {
            page.push_str(&format!("\n… and {} more\n", changes.len() - shown.len()));
        }
    }
    if !revision.ddl.is_empty() {
        page.push_str(&format!(
            "\n<details><summary>SQL</summary>\n{}\n</details>\n",
            fenced("sql", &sql(&revision.ddl))
        ));
    }
    let sections = [
        ("Data that the upgrade drops", &revision.dropped),
        ("After the downgrade", &account.losses),
        ("Fails", &account.failures),
        ("Taken not to hold", &account.assumptions),
        ("Not known", &account.unknown),
    ];
    for (title, lines) in sections {
        if lines.is_empty() {
            continue;
        }
        page.push_str(&format!("\n**{title}**\n\n"));
        for line in lines.iter().take(MAX_CHANGES) {
            page.push_str(&format!("- {}\n", text(line)));
        }
    }
    page.push_str("\n</details>\n");
    page
}

/// Statements up to a limit.
fn sql(statements: &[String]) -> String {
    let mut text = String::new();
    for (index, statement) in statements.iter().enumerate() {
        if text.len() + statement.len() > MAX_SQL {
            text.push_str(&format!("-- … and {} more", statements.len() - index));
            break;
        }
        text.push_str(&sanitise(statement));
        text.push('\n');
    }
    text.trim_end().to_owned()
}

/// A block of code that nothing in it can end.
fn fenced(language: &str, content: &str) -> String {
    let longest = content
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}{language}\n{content}\n{fence}\n")
}

fn worst(outcome: &Outcome) -> &'static str {
    let severities = outcome
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.severity);
    severities.min().map_or("✅", severity_sign)
}

fn severity_sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Info => "ℹ️",
    }
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reversible => "✅",
        Verdict::NotReversed | Verdict::Fails => "❌",
        Verdict::NoSchemaChange => "➖",
        Verdict::Refused => "⚠️",
        Verdict::Unknown => "❔",
    }
}

/// How many changes there are, or what they are if they are few.
fn counts(changes: &[(char, String)]) -> String {
    match changes {
        [] => "nothing of the schema".to_owned(),
        few if few.len() <= MAX_LISTED => {
            let lines = few
                .iter()
                .map(|(sign, change)| text(&format!("{sign} {change}")));
            lines.collect::<Vec<_>>().join("<br>")
        }
        _ => {
            let count = |wanted: char| changes.iter().filter(|(sign, _)| *sign == wanted).count();
            let parts = [('+', "added"), ('~', "changed"), ('-', "removed")];
            let parts = parts
                .into_iter()
                .filter_map(|(sign, word)| match count(sign) {
                    0 => None,
                    count => Some(format!("{count} {word}")),
                });
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Text up to a limit; what does not fit is left out and counted.
struct Page {
    text: String,
    limit: usize,
    left_out: usize,
}

/// Changes that are listed in the overview; of more than these only the number is told.
const MAX_LISTED: usize = 4;

/// Room for the line that says how much is missing.
const CLOSING: usize = 200;

impl Page {
    fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit: limit.saturating_sub(CLOSING),
            left_out: 0,
        }
    }

    fn add(&mut self, part: &str) {
        if part.is_empty() {
            return;
        }
        if self.text.len() + part.len() <= self.limit {
            self.text.push_str(part);
        } else {
            self.left_out += 1;
        }
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            self.text.push_str(&format!(
                "\n*{} parts did not fit in here; `migrate-lint check` has all of it.*\n",
                self.left_out
            ));
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_to_its_limit_and_says_so() {
        let mut page = Page::new(CLOSING + 10);
        page.add("0123456");
        page.add("89abc");
        page.add("xy\n");
        assert_eq!(
            page.finish(),
            "0123456xy\n\n*1 parts did not fit in here; `migrate-lint check` has all of it.*\n"
        );
    }

    #[test]
    fn a_fence_is_longer_than_those_inside() {
        assert_eq!(fenced("sql", "a ```` b"), "\n`````sql\na ```` b\n`````\n");
        assert_eq!(fenced("", "a"), "\n```\na\n```\n");
    }
}
