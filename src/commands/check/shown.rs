//! What `check` would look at.

use std::collections::BTreeSet;

use super::Check;
use crate::commands::{CommandError, Exit, Streams};
use crate::config::{RuleIdentity, Settings, SeverityOption};
use crate::project::Project;
use crate::python::{ParseCache, Sources};
use crate::report::{Paths, sanitise_line};
use crate::rules::RULES;

impl Check<'_> {
    /// The files that findings may be about: revisions, `env.py`, configuration, and the modules that make tables.
    pub(super) fn show_files(&self, streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
        let (judged, settings) = self.prepare()?;
        let cache = ParseCache::default();
        let sources = Sources::new(&judged.head, &cache);
        let project = Project::load(&sources, &settings);
        let mut files = BTreeSet::new();
        for environment in &project.environments {
            files.extend(
                environment
                    .scripts
                    .scripts
                    .iter()
                    .map(|script| script.file.clone()),
            );
            files.extend(environment.environment.env_file());
            let tables = environment.model_schema().catalog.tables.values();
            files.extend(
                tables
                    .filter_map(|table| table.place.as_ref())
                    .map(|place| place.file.clone()),
            );
        }
        let paths = Paths::from_folder(self.workspace.folder.clone());
        for file in files
            .iter()
            .filter(|file| !settings.exclude.iter().any(|pattern| pattern.matches(file)))
        {
            writeln!(streams.out, "{}", paths.show_line(file))?;
        }
        Ok(Exit::Clean)
    }

    /// The settings that count, and the rules that they select.
    pub(super) fn show_settings(&self, streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
        let (judged, settings) = self.prepare()?;
        let path = judged.configuration.path.as_ref();
        let path = path.map_or_else(|| "none".to_owned(), ToString::to_string);
        writeln!(streams.out, "# configuration: {}", sanitise_line(&path))?;
        show(&settings, streams)?;
        for (location, own) in &settings.of_environments {
            writeln!(streams.out, "\n# {}", sanitise_line(location.as_str()))?;
            show(own, streams)?;
        }
        Ok(Exit::Clean)
    }
}

fn show(settings: &Settings, streams: &mut Streams<'_>) -> Result<(), CommandError> {
    for line in format!("{:#?}", Shown(settings)).lines() {
        writeln!(streams.out, "{}", sanitise_line(line))?;
    }
    Ok(())
}

/// The settings with rules by name.
struct Shown<'a>(&'a Settings);

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings = self.0;
        let rules: Vec<String> = RULES
            .iter()
            .filter(|rule| settings.selects(RuleIdentity::from(**rule), rule.is_default))
            .map(|rule| {
                let severity = settings.severity(RuleIdentity::from(*rule));
                let severity = match severity {
                    Some(SeverityOption::Error) => "error".to_owned(),
                    Some(SeverityOption::Warning) => "warning".to_owned(),
                    Some(SeverityOption::Info | SeverityOption::Off) => "info".to_owned(),
                    None => rule.severity.to_string(),
                };
                format!("{} {} ({severity})", rule.code, rule.name)
            })
            .collect();
        f.debug_struct("settings")
            .field("rules", &rules)
            .field("exclude", &settings.exclude)
            .field("per-file-ignores", &settings.per_file_ignores)
            .field("start-after", &settings.start_after)
            .field(
                "baseline",
                &settings.baseline.as_ref().map(|baseline| {
                    format!("{} ({} findings)", baseline.path, baseline.entries.len())
                }),
            )
            .field("pairing", &settings.pairing)
            .field("downgrades", &settings.downgrades)
            .field("base-columns", &settings.base_columns)
            .field("hidden-drift", &settings.hidden_drift)
            .field("environments", &settings.environments)
            .field("dialect", &settings.dialect)
            .field("sqlalchemy-version", &settings.sqlalchemy_version)
            .field("alembic-version", &settings.alembic_version)
            .field("naming-convention", &settings.naming_convention)
            .field("treat-as", &settings.treat_as)
            .field("initial-metadata", &settings.initial_metadata)
            .field("initial-sql", &settings.initial_sql)
            .finish()
    }
}
