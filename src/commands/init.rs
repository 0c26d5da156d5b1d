//! `migrate-lint init`

use std::fmt::Write as _;

use crate::cli::{GlobalArgs, InitArgs, ProcessEnvironment};
use crate::commands::files::replace;
use crate::commands::workspace::{SelectionFlags, Workspace, settings};
use crate::commands::{CommandError, Exit, Streams};
use crate::config::ConfigFile;
use crate::dialect::Dialect;
use crate::linter::{Input, lint};
use crate::project::{Project, ProjectEnvironment};
use crate::python::{ParseCache, Sources};
use crate::report::{circumstances, plural, sanitise_line};
use crate::rules::RULES;

/// What is written.
const FILE_NAME: &str = "migrate-lint.toml";

/// Writes a configuration to begin with, from what is found.
pub(super) fn run(
    args: &InitArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    let workspace = Workspace::open(&process.working_folder, global)?;
    let head = workspace.worktree()?;
    let found = ConfigFile::find(&head, &workspace.folder)?;
    if let Some(path) = found.path.filter(|_| !args.force) {
        return Err(CommandError::ConfigurationThere {
            path: path.to_string(),
        });
    }
    let settings = settings(
        &ConfigFile::default(),
        &head,
        &SelectionFlags::default(),
        global,
    )?;
    let cache = ParseCache::default();
    let sources = Sources::new(&head, &cache);
    let project = Project::load(&sources, &settings);
    let base = workspace
        .repository
        .as_ref()
        .and_then(|repository| repository.choose_base(None, None, &process.hints).ok());
    let text = configuration(&project, base.as_ref().map(|base| base.name.as_str()));
    if args.print {
        write!(streams.out, "{text}")?;
        return Ok(Exit::Clean);
    }
    let path = workspace.root.join(FILE_NAME);
    replace(&path, text.as_bytes())?;
    writeln!(streams.out, "wrote {FILE_NAME}")?;
    for environment in &project.environments {
        writeln!(
            streams.out,
            "  environment {}, {}",
            sanitise_line(environment.environment.script_location.as_str()),
            plural(environment.map.nodes().len(), "revision")
        )?;
    }
    if project.environments.is_empty() {
        writeln!(
            streams.out,
            "  no Alembic environment was found; `migrate-lint config` shows where it looked"
        )?;
        return Ok(Exit::Clean);
    }
    let input = Input {
        head: &head,
        change: None,
        settings: &settings,
    };
    let count = lint(&input, &cache)?.diagnostics.len();
    if count > 0 {
        let findings = plural(count, "finding");
        writeln!(
            streams.out,
            "\n`migrate-lint check` has {findings} here. To begin with what is new only, take one of these:\n  \
             migrate-lint check --add-baseline    knows them from then on, in a file of their own\n  \
             start-after in {FILE_NAME}      leaves the old revisions out\n\
             Commits and pull requests are judged by what they change in any case."
        )?;
    } else {
        writeln!(streams.out, "\n`migrate-lint check` has no findings here.")?;
    }
    if workspace.repository.is_some() {
        writeln!(
            streams.out,
            "`migrate-lint hook install` checks every commit from now on."
        )?;
    }
    Ok(Exit::Clean)
}

fn configuration(project: &Project<'_>, base: Option<&str>) -> String {
    let mut text = String::from(
        "# What can be configured: `migrate-lint config KEY`, or docs/configuration.md of migrate-lint.\n\
         # Without a word here everything is found or has its default; uncomment what is to be otherwise.\n",
    );
    for environment in &project.environments {
        let _ = writeln!(text, "#\n# {}", described(environment));
    }
    let off: Vec<String> = RULES
        .iter()
        .filter(|rule| !rule.is_default)
        .map(|rule| format!("\"{}\"", rule.name))
        .collect();
    let _ = write!(
        text,
        "\n# Rules that are off by default.\n# extend-select = [{}]\n\n\
         # Rules that do not suit you, by code, name, prefix or family.\n# ignore = [\"docstring-mismatch\"]\n\n\
         # The branch that changes are compared with.\n# base-ref = \"{}\"\n\n\
         # \"together\": a change of models comes with its migration; \"separate\": never in one change; \"off\".\n\
         # pairing = \"together\"\n",
        off.join(", "),
        base.map_or("origin/main".to_owned(), plain)
    );
    let mut environments = project.environments.iter();
    let (with, without) = environments
        .by_ref()
        .fold((0, 0), |(with, without), environment| {
            let (more, less) = environment.downgrade_habits();
            (with + more, without + less)
        });
    let habit = if with >= without {
        "required"
    } else {
        "optional"
    };
    let _ = write!(
        text,
        "\n# Whether revisions have to have a way back; {with} of those here that change the schema have one, {without} do \
         not.\n# downgrades = \"{habit}\"\n"
    );
    let dialect = project
        .environments
        .first()
        .map_or(Dialect::PostgreSql, |environment| {
            environment.dialect().dialect
        });
    let oldest = match dialect {
        Dialect::PostgreSql => "15",
        Dialect::MySql => "8.0",
        Dialect::Sqlite => "3",
    };
    let _ = write!(
        text,
        "\n# Whether migrations run while the application is in use: \"required\" reports all locks, \"optional\" none;\n\
         # without it the newest revisions tell.\n# zero-downtime = \"required\"\n\n\
         # The oldest version of the database that is in use, which decides about locks.\n# target-version = \"{oldest}\"\n\n\
         # Tables that are small and stay so: locks on them are no matter.\n# small-tables = [\"countries\"]\n"
    );
    let mut several = project.environments.iter();
    if let (Some(only), None) = (several.next(), several.next()) {
        let heads = only.ids(&only.map.heads());
        let start = heads.first().map_or("REVISION", |head| head.as_str());
        let _ = write!(
            text,
            "\n# The database and the versions that migrations run with, where they are found wrongly.\n\
             # dialect = \"{}\"\n# sqlalchemy-version = \"{}\"\n# alembic-version = \"{}\"\n\n\
             # Only revisions after this one are reported on; the others are replayed.\n# start-after = \"{}\"\n",
            only.dialect().dialect,
            only.versions().sqlalchemy.version,
            only.versions().alembic.version,
            plain(start)
        );
    }
    text.push_str(
        "\n# Files on which nothing is reported, and rules that do not count in some.\n\
         # exclude = [\"legacy/**\"]\n\
         # [per-file-ignores]\n\
         # \"migrations/versions/2019*\" = [\"downgrade\"]\n\n\
         # How bad findings are: \"error\", \"warning\", \"info\" or \"off\".\n\
         # [severity]\n\
         # schema-drift = \"error\"\n",
    );
    text
}

fn described(environment: &ProjectEnvironment<'_>) -> String {
    let heads = environment.ids(&environment.map.heads());
    let heads: Vec<&str> = heads.iter().map(smol_str::SmolStr::as_str).collect();
    let location = environment.environment.script_location.as_str();
    format!(
        "Found: {}, {} revisions, heads {}; {}",
        sanitise_line(location),
        environment.map.nodes().len(),
        sanitise_line(&heads.join(", ")),
        circumstances(environment)
    )
}

/// Text that can stand between quotes of TOML.
fn plain(text: &str) -> String {
    sanitise_line(text).replace(['"', '\\'], "?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::git::Snapshot;

    #[test]
    fn what_is_written_is_a_valid_configuration_with_and_without_its_comments() {
        let snapshot = Snapshot::in_memory([
            ("migrations/env.py", "from alembic import context\n"),
            (
                "migrations/versions/a1.py",
                "revision = \"a\\\"1\"\ndown_revision = None\ndef upgrade(): pass\n",
            ),
        ]);
        let cache = ParseCache::default();
        let sources = Sources::new(&snapshot, &cache);
        let project = Project::load(&sources, &Settings::default());
        let text = configuration(&project, Some("origin/a\"b"));
        ConfigFile::parse(FILE_NAME, &text).unwrap();
        let is_setting = |line: &&str| {
            let key = line.split(['=', ' ']).next().unwrap_or_default();
            let is_key =
                key.chars().all(|c| c.is_ascii_lowercase() || c == '-') || key.starts_with('"');
            line.starts_with('[') || line.contains(" = ") && is_key
        };
        let active: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(is_setting)
            .collect();
        assert!(active.len() > 8, "{text}");
        ConfigFile::parse(FILE_NAME, &active.join("\n")).unwrap();
    }
}
