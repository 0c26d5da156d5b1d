//! What is made from the program itself: completions, the man page, the schema and the reference of the configuration.

use clap::CommandFactory as _;

use crate::cli::{Cli, CompletionArgs};
use crate::commands::{CommandError, Exit, Streams};
use crate::config::{Key, environment_keys, keys, schema};
use crate::diagnostic::closest;
use crate::report::write_json;
use crate::rules::{Family, FixAvailability, RULES};

/// `generate-shell-completion`
pub(super) fn completion(
    args: &CompletionArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "migrate-lint", &mut script);
    streams.out.write_all(&script)?;
    Ok(Exit::Clean)
}

/// `generate-man`
pub(super) fn man(streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    streams.out.write_all(&page)?;
    Ok(Exit::Clean)
}

/// `generate-schema`
pub(super) fn configuration_schema(streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
    write_json(&schema(), streams.out)?;
    Ok(Exit::Clean)
}

/// `generate-configuration-reference`
pub(super) fn reference(streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
    let out = &mut *streams.out;
    writeln!(
        out,
        "# Configuration\n\n\
         The configuration is in `.migrate-lint.toml`, `migrate-lint.toml`, or under `[tool.migrate-lint]` in \
         `pyproject.toml`; of\nseveral in one folder the first of these counts. The file that is nearest to the folder \
         in which the program is started\ncounts, up to the root of the repository; an environment has the file that is \
         nearest to it. Nothing is merged but what\n`extend` asks for. `--config FILE` takes another file, `--config \
         'KEY = VALUE'` sets a key over what the file says, and\n`--isolated` does without files. `migrate-lint check \
         --show-settings` shows what counts.\n\n\
         Unknown keys and wrong types are errors. Editors that read JSON schemas find the one of this file in\n\
         [`migrate-lint.schema.json`](../migrate-lint.schema.json); put it into the first line of `migrate-lint.toml`:\n\n\
         ```toml\n\
         #:schema https://raw.githubusercontent.com/migrate-lint/migrate-lint/main/migrate-lint.schema.json\n\
         ```\n\n\
         This page is made from the source: `migrate-lint config KEY` says the same.\n"
    )?;
    for key in keys() {
        writeln!(out, "## {}\n", key.name)?;
        for paragraph in &key.text {
            writeln!(out, "{}\n", wrapped(paragraph))?;
        }
        writeln!(out, "Type: {}", key.kind)?;
        if let Some(default) = &key.default {
            writeln!(out, "\n{}", wrapped(&format!("Default: {default}")))?;
        }
        if let Some(example) = &key.example {
            writeln!(out, "\n```toml\n{example}\n```")?;
        }
        if key.name == "environments" {
            let keys = environment_keys();
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let text = format!("What may be said of one: {}.", keys.join(", "));
            writeln!(out, "\n{}", wrapped(&text))?;
        }
        writeln!(out)?;
    }
    Ok(Exit::Clean)
}

/// `generate-rule-index`
pub(super) fn rule_index(streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
    let out = &mut *streams.out;
    let load = RULES.iter().filter(|rule| rule.is_about_load());
    let load: Vec<String> = load
        .filter(|rule| rule.is_default)
        .map(|rule| format!("`{}`", rule.name))
        .collect();
    let habits = wrapped(&format!(
        "Some rules are on and listen to the project: those about missing downgrades are silent where most revisions have \
         none, `base-columns-not-first` where the tables have it otherwise. Those about what blocks or breaks an application \
         in use ({}) are silent in changes of projects that show no care: of the newest sixty indexes, constraints and changes of types on \
         tables that were there none, or not one in thirty, was made so that nobody waits. `zero-downtime` in the configuration \
         decides it. \
         `migration-without-model` does not miss the model of what is added where most of the newest twenty commits that \
         added tables or columns changed no model; `pairing` decides it.",
        load.join(", ")
    ));
    writeln!(
        out,
        "# Rules\n\n\
         This page is made from the rules themselves. `migrate-lint rule NAME` shows a page, with its examples.\n\n\
         ## Which rules are on\n\n\
         A rule is on by default if what it says is wrong for everybody who uses Alembic: the next command fails, a \
         colleague's\ndatabase differs from the history, a downgrade does not do what it is there for, models and database \
         differ, a\ndeployment fails or stops an application in use. It has to be proven from the code alone, and on the real \
         histories that we\nread it has to be right: a false alarm costs more than a miss.\n\n\
         A rule is off where it depends on how a team works: on whether data may go (`data-loss`), on how commits and files \
         are made\n(`split-commit`, `unclear-message`, `mixed-data-and-schema`), on what types, names and indexes are meant for \
         (`json-column`,\n`narrow-primary-key`, `redundant-index`, `unnamed-constraint`). It is off, too, where it speaks of what \
         Alembic itself does\nnot see (`hidden-drift`, `unstable-name`), of what nobody can do better \
         (`blocking-exclusion-constraint`), or of what may be\nset where it is not read (`missing-lock-timeout`). The page of each \
         says why; `extend-select` switches it on.\n\n\
         {habits}\n\n\
         An **error** stops Alembic, loses data or leaves the database in a state that the history does not have. A \
         **warning** is\nwrong all the same, and can wait, or hurts a large table only. `severity` in the configuration \
         changes both. In `downgrade`\nwhat is said of single statements counts one step less.\n\n\
         *Listens to* says what a rule is asked about: the text of files, the revision map, the operations of a revision, its \
         replay on\na symbolic database, its statements with the schema that each of them meets, raw SQL, models, the drift \
         between models and\nmigrations, a change, or how Alembic is set up. Rules with a database in the column *databases* are \
         silent for the others.\n*Elsewhere* names the rules of other linters that look for the same; [the rules of \
         others](../docs/peer-rules.md) are listed\nfrom their side.\n"
    )?;
    for family in Family::ALL {
        let mut rules = RULES.iter().filter(|rule| rule.family == family).peekable();
        if rules.peek().is_none() {
            continue;
        }
        writeln!(
            out,
            "## {}\n\n\
             | code | name | severity | default | fix | databases | listens to | what it does | elsewhere |\n\
             |---|---|---|---|---|---|---|---|---|",
            family.as_str()
        )?;
        for rule in rules {
            let dialects = rule.dialects.iter().map(|dialect| dialect.title());
            writeln!(
                out,
                "| {} | [{}]({}/{}.md) | {} | {} | {} | {} | {} | {} | {} |",
                rule.code,
                rule.name,
                rule.family.as_str(),
                rule.name,
                rule.severity,
                if rule.is_default { "on" } else { "off" },
                if rule.fix == FixAvailability::Sometimes {
                    "sometimes"
                } else {
                    ""
                },
                dialects.collect::<Vec<_>>().join(", "),
                rule.subjects().join(", "),
                rule.summary().replace('|', "\\|"),
                rule.peers.join("; ")
            )?;
        }
        writeln!(out)?;
    }
    Ok(Exit::Clean)
}

/// `config KEY`
pub(super) fn explain(name: &str, streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
    let keys = keys();
    let Some(key) = keys.iter().find(|key| key.name == name.trim()) else {
        let names = || keys.iter().map(|key| key.name.as_str());
        return Err(CommandError::NoSuchKey {
            name: name.to_owned(),
            help: match closest(name, names()) {
                Some(key) => format!("did you mean `{key}`?"),
                None => format!("the keys are {}", names().collect::<Vec<_>>().join(", ")),
            },
        });
    };
    let Key {
        name,
        text,
        kind,
        default,
        example,
    } = key;
    writeln!(streams.out, "{name}\n")?;
    for paragraph in text {
        writeln!(streams.out, "{}\n", wrapped(paragraph))?;
    }
    writeln!(streams.out, "Type: {kind}")?;
    if let Some(default) = default {
        writeln!(streams.out, "{}", wrapped(&format!("Default: {default}")))?;
    }
    if let Some(example) = example {
        writeln!(streams.out, "Example: {example}")?;
    }
    Ok(Exit::Clean)
}

/// Lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let width = word.chars().count();
        if length > 0 && length + 1 + width > 120 {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += width;
    }
    lines
}
