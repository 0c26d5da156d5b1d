//! `migrate-lint config`

use std::collections::BTreeMap;

use serde::Serialize;

use crate::alembic::{Declaration, Environment};
use crate::cli::{ConfigArgs, GlobalArgs, PlainFormat, ProcessEnvironment};
use crate::commands::workspace::{SelectionFlags, Workspace, settings};
use crate::commands::{CommandError, Exit, Streams};
use crate::config::{NamingConvention, Pairing, RuleIdentity};
use crate::dependencies::Detected;
use crate::project::{Project, ProjectEnvironment};
use crate::python::{ParseCache, Sources};
use crate::report::{sanitise_line, write_json};
use crate::rules::RULES;
use crate::source::RepoPath;

#[derive(Serialize)]
struct ConfigJson {
    version: u32,
    root: String,
    git: bool,
    configuration: Option<String>,
    base: Option<BaseJson>,
    pairing: &'static str,
    naming_convention: BTreeMap<&'static str, String>,
    treat_as: BTreeMap<String, &'static str>,
    initial_metadata: Option<String>,
    initial_sql: Vec<String>,
    rules: Vec<&'static str>,
    environments: Vec<EnvironmentJson>,
    passed_over: Vec<PassedOverJson>,
    problems: Vec<ProblemJson>,
}

#[derive(Serialize)]
struct BaseJson {
    name: String,
    commit: String,
    reason: String,
}

#[derive(Serialize)]
struct EnvironmentJson {
    script_location: String,
    version_locations: Vec<String>,
    recursive: bool,
    outside: Vec<String>,
    declared_by: String,
    reasons: Vec<String>,
    revisions: usize,
    heads: Vec<String>,
    base_columns: Option<BaseColumnsJson>,
    metadata: Vec<String>,
    dialect: DialectJson,
    sqlalchemy: VersionJson,
    alembic: VersionJson,
    unreadable: Vec<PassedOverJson>,
}

#[derive(Serialize)]
struct DialectJson {
    name: &'static str,
    source: String,
}

#[derive(Serialize)]
struct VersionJson {
    version: String,
    source: String,
    assumed: bool,
}

#[derive(Serialize)]
struct BaseColumnsJson {
    class: String,
    file: String,
    columns: Vec<String>,
}

#[derive(Serialize)]
struct PassedOverJson {
    path: String,
    reason: String,
}

#[derive(Serialize)]
struct ProblemJson {
    file: String,
    message: String,
}

pub(super) fn run(
    args: &ConfigArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    let workspace = Workspace::open(&process.working_folder, global)?;
    let head = workspace.worktree()?;
    let configuration = workspace.configuration(&head, global)?;
    let settings = settings(&configuration, &head, &SelectionFlags::default(), global)?;
    let cache = ParseCache::default();
    let sources = Sources::new(&head, &cache);
    let project = Project::load(&sources, &settings);
    let base = workspace.repository.as_ref().and_then(|repository| {
        repository
            .choose_base(
                None,
                configuration.options.base_ref.as_deref(),
                &process.hints,
            )
            .ok()
    });
    let shown = ConfigJson {
        version: 1,
        root: workspace.root.display().to_string(),
        git: workspace.repository.is_some(),
        configuration: configuration.path.as_ref().map(ToString::to_string),
        base: base.map(|base| BaseJson {
            name: base.name.clone(),
            commit: base.commit.short(),
            reason: base.source.to_string(),
        }),
        pairing: match settings.pairing() {
            Pairing::Together => "together",
            Pairing::Separate => "separate",
            Pairing::Off => "off",
        },
        naming_convention: settings
            .naming_convention
            .iter()
            .flat_map(NamingConvention::templates)
            .map(|(key, template)| (key, template.as_str().to_owned()))
            .collect(),
        treat_as: settings
            .treat_as
            .iter()
            .map(|(function, operation)| (function.as_str().to_owned(), operation.as_str()))
            .collect(),
        initial_metadata: settings
            .initial_metadata
            .as_ref()
            .map(|name| name.as_str().to_owned()),
        initial_sql: settings.initial_sql.clone(),
        rules: RULES
            .iter()
            .filter(|rule| settings.selects(RuleIdentity::from(**rule), rule.is_default))
            .map(|rule| rule.code)
            .collect(),
        environments: project.environments.iter().map(environment).collect(),
        passed_over: project
            .discovery
            .passed_over
            .iter()
            .map(|passed| PassedOverJson {
                path: passed.path.to_string(),
                reason: passed.reason.clone(),
            })
            .collect(),
        problems: project
            .discovery
            .problems
            .iter()
            .map(|problem| ProblemJson {
                file: problem.place.file.to_string(),
                message: problem.message.clone(),
            })
            .collect(),
    };
    match args.output_format {
        PlainFormat::Json => {
            write_json(&shown, streams.out)?;
        }
        PlainFormat::Text => text(&shown, streams)?,
    }
    Ok(Exit::Clean)
}

fn environment(found: &ProjectEnvironment<'_>) -> EnvironmentJson {
    let environment: &Environment = &found.environment;
    let declared_by = match &environment.declaration {
        Declaration::Ini { file, section, .. } => format!("{file} [{section}]"),
        Declaration::PyProject { file, .. } => format!("{file} [tool.alembic]"),
        Declaration::FlaskMigrate { file } => format!("{file} (Flask-Migrate)"),
        Declaration::Folder => "the folder itself".to_owned(),
        Declaration::Override => "the configuration of migrate-lint".to_owned(),
    };
    let heads = found.map.heads();
    let models = found.env_models();
    EnvironmentJson {
        script_location: environment.script_location.to_string(),
        version_locations: environment
            .version_locations
            .iter()
            .map(ToString::to_string)
            .collect(),
        recursive: environment.recursive,
        outside: environment.outside.clone(),
        declared_by,
        reasons: environment.reasons.clone(),
        revisions: found.map.nodes().len(),
        heads: found.ids(&heads).iter().map(ToString::to_string).collect(),
        base_columns: models.base_columns.as_ref().map(|columns| BaseColumnsJson {
            class: columns.class.to_string(),
            file: columns.place.file.to_string(),
            columns: columns.names().map(ToString::to_string).collect(),
        }),
        metadata: models
            .env
            .metadata
            .iter()
            .map(|key| metadata_place(key, found))
            .collect(),
        dialect: DialectJson {
            name: found.dialect().dialect.as_str(),
            source: found.dialect().source.to_string(),
        },
        sqlalchemy: version(&found.versions().sqlalchemy),
        alembic: version(&found.versions().alembic),
        unreadable: found
            .dependencies()
            .unreadable()
            .iter()
            .map(|file| PassedOverJson {
                path: file.path.to_string(),
                reason: file.reason.clone(),
            })
            .collect(),
    }
}

fn version(detected: &Detected) -> VersionJson {
    VersionJson {
        version: detected.version.to_string(),
        source: detected.source.to_string(),
        assumed: detected.source.is_assumed(),
    }
}

/// Where a metadata is made, by line; the name of one that is made outside the repository.
fn metadata_place(key: &str, environment: &ProjectEnvironment<'_>) -> String {
    let place = key.rsplit_once(':').and_then(|(file, offset)| {
        let parsed = environment.sources().python(&RepoPath::new(file))?;
        let line = parsed.text.position(offset.parse().ok()?).line;
        Some(format!("{file}:{line}"))
    });
    place.unwrap_or_else(|| key.to_owned())
}

fn text(shown: &ConfigJson, streams: &mut Streams<'_>) -> Result<(), CommandError> {
    let out = &mut *streams.out;
    let git = if shown.git {
        ""
    } else {
        " (not a git repository)"
    };
    writeln!(out, "root           {}{git}", sanitise_line(&shown.root))?;
    writeln!(
        out,
        "configuration  {}",
        shown.configuration.as_deref().unwrap_or("none")
    )?;
    match &shown.base {
        Some(base) => writeln!(
            out,
            "base           {} ({}), from {}",
            sanitise_line(&base.name),
            base.commit,
            base.reason
        )?,
        None => writeln!(out, "base           none is known")?,
    }
    writeln!(out, "pairing        {}", shown.pairing)?;
    for (key, template) in &shown.naming_convention {
        writeln!(out, "naming         {key} is {}", sanitise_line(template))?;
    }
    for file in &shown.initial_sql {
        writeln!(out, "begins with    {}", sanitise_line(file))?;
    }
    if let Some(name) = &shown.initial_metadata {
        writeln!(out, "begins with    the tables of {}", sanitise_line(name))?;
    }
    for (function, operation) in &shown.treat_as {
        writeln!(
            out,
            "treated        {} as {operation}",
            sanitise_line(function)
        )?;
    }
    writeln!(
        out,
        "rules          {} of {}",
        shown.rules.len(),
        RULES.len()
    )?;
    if shown.environments.is_empty() {
        writeln!(
            out,
            "\nno Alembic environment was found: no alembic.ini or [tool.alembic] names one, and no folder has env.py and versions"
        )?;
    }
    for environment in &shown.environments {
        writeln!(
            out,
            "\nenvironment {}",
            sanitise_line(&environment.script_location)
        )?;
        for reason in &environment.reasons {
            writeln!(out, "  {}", sanitise_line(reason))?;
        }
        for location in &environment.version_locations {
            let below = if environment.recursive {
                " and below"
            } else {
                ""
            };
            writeln!(out, "  revisions in {}{below}", sanitise_line(location))?;
        }
        for outside in &environment.outside {
            writeln!(
                out,
                "  revisions outside the repository: {}",
                sanitise_line(outside)
            )?;
        }
        let heads = if environment.heads.is_empty() {
            "none".to_owned()
        } else {
            sanitise_line(&environment.heads.join(", "))
        };
        writeln!(out, "  {} revisions, heads: {heads}", environment.revisions)?;
        if let Some(columns) = &environment.base_columns {
            writeln!(
                out,
                "  base columns of {} ({}): {}",
                columns.class,
                sanitise_line(&columns.file),
                sanitise_line(&columns.columns.join(", "))
            )?;
        }
        writeln!(
            out,
            "  dialect {} ({})",
            environment.dialect.name,
            sanitise_line(&environment.dialect.source)
        )?;
        for (package, version) in [
            ("SQLAlchemy", &environment.sqlalchemy),
            ("Alembic", &environment.alembic),
        ] {
            writeln!(
                out,
                "  {package} {} ({})",
                version.version,
                sanitise_line(&version.source)
            )?;
        }
        for file in &environment.unreadable {
            writeln!(
                out,
                "  {} is passed over: {}",
                sanitise_line(&file.path),
                sanitise_line(&file.reason)
            )?;
        }
        if environment.metadata.is_empty() {
            writeln!(
                out,
                "  env.py does not say which metadata it uses, as far as it can be read"
            )?;
        }
    }
    if !shown.passed_over.is_empty() {
        writeln!(out, "\nnot taken")?;
        for passed in &shown.passed_over {
            writeln!(
                out,
                "  {}: {}",
                sanitise_line(&passed.path),
                sanitise_line(&passed.reason)
            )?;
        }
    }
    if !shown.problems.is_empty() {
        writeln!(out, "\nproblems")?;
        for problem in &shown.problems {
            writeln!(
                out,
                "  {}: {}",
                sanitise_line(&problem.file),
                sanitise_line(&problem.message)
            )?;
        }
    }
    Ok(())
}
