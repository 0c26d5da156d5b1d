//! Where the findings go: standard output and files, each in a format of its own.

use std::path::{Path, PathBuf};

use crate::cli::{CheckArgs, CheckFormat, GlobalArgs, OutputTarget, ProcessEnvironment};
use crate::commands::files::{append, replace};
use crate::commands::workspace::{Workspace, relative};
use crate::commands::{CommandError, Streams, style};
use crate::linter::Outcome;
use crate::report::{
    Azure, Card, Concise, Full, Github, Gitlab, Grouped, Json, JsonLines, Junit, Markdown, Paths,
    Provenance, Pylint, Rdjson, Reporter, Sarif, Style, Texts, sanitise_line, statistics,
    summary_line,
};
use crate::source::RepoPath;

/// The outputs that were asked for.
#[derive(Clone, Debug)]
pub(super) struct Outputs {
    /// The format of standard output.
    stdout: CheckFormat,
    files: Vec<(CheckFormat, PathBuf)>,
    is_silent: bool,
    /// The file of GitHub's job summary, where the format for its workflows is written.
    job_summary: Option<PathBuf>,
}

impl Outputs {
    /// Understands the flags. Without a format for standard output that is the full one, so that a log says what the
    /// files say.
    pub(super) fn choose(
        args: &CheckArgs,
        global: &GlobalArgs,
        process: &ProcessEnvironment,
    ) -> Result<Self, CommandError> {
        let mut stdout = None;
        let mut files = Vec::new();
        for OutputTarget { format, path } in &args.output_format {
            match path {
                Some(path) => files.push((*format, path.clone())),
                None if stdout.is_some() => return Err(CommandError::SeveralOutputs),
                None => stdout = Some(*format),
            }
        }
        if let Some(path) = &args.output_file {
            files.push((stdout.take().unwrap_or_default(), path.clone()));
            if args
                .output_format
                .iter()
                .all(|target| target.path.is_none())
            {
                return Ok(Self {
                    stdout: CheckFormat::Full,
                    files,
                    is_silent: true,
                    job_summary: None,
                });
            }
        }
        let stdout = stdout.unwrap_or_default();
        let is_for_github = stdout == CheckFormat::Github;
        Ok(Self {
            stdout,
            files,
            is_silent: global.silent,
            job_summary: process
                .github_step_summary
                .clone()
                .filter(|_| is_for_github),
        })
    }

    /// True if an output tells what the revisions of the change do.
    pub(super) fn has_review(&self) -> bool {
        let mut formats = self.files.iter().map(|(format, _)| *format);
        self.job_summary.is_some()
            || self.stdout == CheckFormat::Markdown
            || formats.any(|format| format == CheckFormat::Markdown)
    }
}

/// What is to be written, and for whom.
pub(super) struct Output<'a> {
    pub(super) outputs: &'a Outputs,
    pub(super) global: &'a GlobalArgs,
    pub(super) process: &'a ProcessEnvironment,
    pub(super) workspace: &'a Workspace,
    pub(super) has_statistics: bool,
    pub(super) is_change: bool,
    pub(super) cards: &'a [Card],
}

impl Output<'_> {
    /// Writes all outputs. What cannot be written does not keep the others from being written.
    pub(super) fn write(
        &self,
        outcome: &Outcome,
        texts: &Texts<'_>,
        streams: &mut Streams<'_>,
    ) -> Result<(), CommandError> {
        let mut written = Ok(());
        for (format, path) in &self.outputs.files {
            let mut text = Vec::new();
            self.reporter(*format, Style::default())
                .write(outcome, texts, &mut text)?;
            written = written.and(replace(&self.process.working_folder.join(path), &text));
        }
        if let Some(path) = &self.outputs.job_summary {
            let mut text = Vec::new();
            self.markdown(Markdown::JOB_SUMMARY)
                .write(outcome, texts, &mut text)?;
            written = written.and(append(path, &text));
        }
        if !self.outputs.is_silent {
            self.write_stdout(outcome, texts, streams)?;
        }
        written
    }

    fn write_stdout(
        &self,
        outcome: &Outcome,
        texts: &Texts<'_>,
        streams: &mut Streams<'_>,
    ) -> Result<(), CommandError> {
        let format = self.outputs.stdout;
        let is_quiet = self.global.quiet;
        let style = style(self.global, self.process);
        self.reporter(format, style)
            .write(outcome, texts, streams.out)?;
        if !is_quiet {
            for notice in &outcome.notices {
                writeln!(streams.err, "note: {}", sanitise_line(notice))?;
            }
        }
        if !format.is_for_people() || outcome.summary.environments == 0 {
            return Ok(());
        }
        if self.has_statistics {
            write!(streams.out, "{}", statistics(outcome))?;
        }
        if !is_quiet {
            writeln!(streams.out, "{}", summary_line(outcome, self.is_change))?;
        }
        Ok(())
    }

    fn reporter(&self, format: CheckFormat, style: Style) -> Box<dyn Reporter + '_> {
        let paths = Paths::from_folder(self.workspace.folder.clone());
        let workspace = |folder: &Option<PathBuf>| self.inside(folder.as_deref());
        match format {
            CheckFormat::Full => Box::new(Full { style, paths }),
            CheckFormat::Concise => Box::new(Concise { style, paths }),
            CheckFormat::Grouped => Box::new(Grouped { style, paths }),
            CheckFormat::Json => Box::new(Json),
            CheckFormat::JsonLines => Box::new(JsonLines),
            CheckFormat::Sarif => Box::new(Sarif {
                provenance: self.provenance(),
            }),
            CheckFormat::Github => Box::new(Github {
                paths: workspace(&self.process.github_workspace),
                has_summary: self.outputs.job_summary.is_some(),
            }),
            CheckFormat::Gitlab => Box::new(Gitlab {
                paths: workspace(&self.process.gitlab_project),
            }),
            CheckFormat::Rdjson => Box::new(Rdjson { paths }),
            CheckFormat::Junit => Box::new(Junit {
                paths: Paths::default(),
            }),
            CheckFormat::Azure => Box::new(Azure {
                paths: workspace(&self.process.azure_sources),
            }),
            CheckFormat::Pylint => Box::new(Pylint { paths }),
            CheckFormat::Markdown => Box::new(self.markdown(Markdown::COMMENT)),
        }
    }

    fn markdown(&self, limit: usize) -> Markdown<'_> {
        Markdown {
            limit,
            is_change: self.is_change,
            cards: self.cards,
            files_url: self.process.files_url.as_deref(),
        }
    }

    /// Paths as a CI system sees them whose workspace holds the repository.
    fn inside(&self, workspace: Option<&Path>) -> Paths {
        let workspace = workspace.and_then(|folder| folder.canonicalize().ok());
        let checkout = workspace.and_then(|folder| relative(&self.workspace.root, &folder));
        Paths::into_checkout(&checkout.unwrap_or_else(RepoPath::root))
    }

    fn provenance(&self) -> Option<Provenance> {
        let repository = self.workspace.repository.as_ref()?;
        let head = repository.head().ok()?;
        Some(Provenance {
            repository_uri: repository.remote_url()?,
            revision_id: head.commit().map(|commit| commit.to_string()),
            branch: head.branch().map(str::to_owned),
        })
    }
}
