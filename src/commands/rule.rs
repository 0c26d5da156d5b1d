//! `migrate-lint rule`

use serde::Serialize;

use crate::cli::{PlainFormat, RuleArgs};
use crate::commands::{CommandError, Exit, Streams};
use crate::config::{RuleIdentity, RuleSelector};
use crate::diagnostic::Severity;
use crate::report::write_json;
use crate::rules::{FixAvailability, RULES, Rule, find, identities};

#[derive(Serialize)]
struct RuleJson {
    code: &'static str,
    name: &'static str,
    family: &'static str,
    severity: Severity,
    since: &'static str,
    fix: bool,
    summary: String,
    url: String,
    page: &'static str,
}

impl From<&Rule> for RuleJson {
    fn from(rule: &Rule) -> Self {
        Self {
            code: rule.code,
            name: rule.name,
            family: rule.family.as_str(),
            severity: rule.severity,
            since: rule.since,
            fix: rule.fix == FixAvailability::Sometimes,
            summary: rule.summary(),
            url: rule.url(),
            page: rule.page,
        }
    }
}

pub(super) fn run(args: &RuleArgs, streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
    let Some(name) = &args.rule else {
        list(&RuleSelector::All, args.output_format, streams)?;
        return Ok(Exit::Clean);
    };
    let Some(rule) = find(name) else {
        return match RuleSelector::parse(name, identities()) {
            Err(error) => Err(CommandError::NoSuchRule {
                name: name.clone(),
                help: error.help,
            }),
            Ok(several) => {
                list(&several, args.output_format, streams)?;
                Ok(Exit::Clean)
            }
        };
    };
    match args.output_format {
        PlainFormat::Text => streams.out.write_all(rule.page.as_bytes())?,
        PlainFormat::Json => {
            write_json(&RuleJson::from(rule), streams.out)?;
        }
    }
    Ok(Exit::Clean)
}

fn list(
    wanted: &RuleSelector,
    format: PlainFormat,
    streams: &mut Streams<'_>,
) -> Result<(), CommandError> {
    let meant = RULES
        .iter()
        .filter(|rule| wanted.matches(RuleIdentity::from(**rule)));
    if format == PlainFormat::Json {
        let rules: Vec<RuleJson> = meant.map(|rule| RuleJson::from(*rule)).collect();
        write_json(&rules, streams.out)?;
        return Ok(());
    }
    let widest = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    for rule in meant {
        writeln!(
            streams.out,
            "{}  {:widest$}  {}",
            rule.code,
            rule.name,
            rule.summary()
        )?;
    }
    Ok(())
}
