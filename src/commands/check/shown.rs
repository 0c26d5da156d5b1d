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

    /// What is configured, and the rules that are used.
    pub(super) fn show_settings(&self, streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
        let (judged, settings) = self.prepare()?;
        let out = &mut *streams.out;
        let path = judged.configuration.path.as_ref();
        let path = path.map_or_else(|| "none".to_owned(), ToString::to_string);
        writeln!(out, "# configuration: {}", sanitise_line(&path))?;
        if let Some(baseline) = &settings.baseline {
            writeln!(
                out,
                "# baseline: {}, {} findings",
                sanitise_line(baseline.path.as_str()),
                baseline.entries.len()
            )?;
        }
        for line in judged.configuration.to_toml().lines() {
            writeln!(out, "{}", sanitise_line(line))?;
        }
        writeln!(out, "\n# rules")?;
        for line in rules(&settings) {
            writeln!(out, "# {line}")?;
        }
        for (location, own) in &settings.of_environments {
            writeln!(
                out,
                "\n# rules of {}, which has a configuration of its own",
                sanitise_line(location.as_str())
            )?;
            for line in rules(own) {
                writeln!(out, "# {line}")?;
            }
        }
        Ok(Exit::Clean)
    }
}

/// The rules that settings select, with their severities.
fn rules(settings: &Settings) -> Vec<String> {
    RULES
        .iter()
        .filter(|rule| settings.selects(RuleIdentity::from(**rule), rule.is_default))
        .map(|rule| {
            let configured = settings.severity(RuleIdentity::from(*rule));
            let severity = configured
                .and_then(SeverityOption::severity)
                .unwrap_or(rule.severity);
            format!("{} {} ({severity})", rule.code, rule.name)
        })
        .collect()
}
