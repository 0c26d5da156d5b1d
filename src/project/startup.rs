//! Whether an application is down while its migrations run.

use rayon::prelude::*;

use super::ProjectEnvironment;
use super::revision_check::refuses_another_revision;
use crate::models::is_test_file;
use crate::source::RepoPath;

/// Why nobody uses a database while its migrations run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Downtime {
    /// The application runs them as it starts, refuses to start with another revision, or brings its database along.
    AtStart,
    /// A document says that it is stopped.
    Stopped,
    /// The application is built for the containers of one host.
    OneHost,
}

impl ProjectEnvironment<'_> {
    /// How the application is down while its migrations run, as far as files tell; `None` also where something in the
    /// repository deploys it so that the old processes go on meanwhile.
    pub fn downtime(&self) -> Option<Downtime> {
        let paths: Vec<&RepoPath> = self
            .files_beside_revisions()
            .filter(|path| !is_test_file(path) && !is_for_development(path))
            .collect();
        let read = |path: &RepoPath| self.sources.look_into(path);
        let brings_database = |path: &RepoPath| {
            (is_start(path) || path.file_name() == PROCFILE)
                && read(path).is_some_and(|bytes| copies_database(&bytes))
        };
        let is_started = |script: &RepoPath| {
            paths.iter().any(|path| {
                is_setting(path)
                    && read(path).is_some_and(|bytes| starts_script(&bytes, script.file_name()))
            })
        };
        let starts = |path: &&RepoPath| match path.extension() {
            "py" => read(path).is_some_and(|bytes| {
                upgrades_in_code(&bytes)
                    || checks_revision(&bytes)
                    || may_ask_for_revision(&bytes) && self.refuses_another_revision(path)
            }),
            _ => {
                let upgrades = || read(path).is_some_and(|bytes| runs_upgrade(&bytes));
                (is_start(path) || is_compose(path)) && upgrades()
                    || brings_database(path)
                    || path.extension() == "sh" && upgrades() && is_started(path)
            }
        };
        let is_built = |path: &&RepoPath| {
            is_compose(path) && read(path).is_some_and(|bytes| has(&bytes, "build:"))
        };
        let rolls_out = |path: &&RepoPath| {
            is_rollout(path) && !brings_database(path)
                || matches!(path.extension(), "yaml" | "yml" | "tpl" | "j2")
                    && read(path).is_some_and(|bytes| keeps_running(&bytes))
        };
        let any = |is_meant: &(dyn Fn(&&RepoPath) -> bool + Sync)| paths.par_iter().any(is_meant);
        if self.is_stopped_by_document() {
            return Some(Downtime::Stopped);
        }
        // Names and manifests tell this, before all code is read.
        if any(&rolls_out) {
            None
        } else if any(&starts) {
            Some(Downtime::AtStart)
        } else {
            any(&is_built).then_some(Downtime::OneHost)
        }
    }

    fn refuses_another_revision(&self, path: &RepoPath) -> bool {
        !path.is_within(&self.environment.script_location)
            && self
                .sources
                .python(path)
                .is_some_and(|parsed| refuses_another_revision(&parsed.module.body))
    }
}

/// True for files of tests, of CI and of the machines of developers.
fn is_for_development(path: &RepoPath) -> bool {
    const FOLDERS: [&str; 9] = [
        ".ci",
        ".circleci",
        ".devcontainer",
        ".github",
        "ci",
        "dev",
        "devel",
        "docs",
        "examples",
    ];
    path.as_str().split('/').any(|part| FOLDERS.contains(&part))
}

fn has(bytes: &[u8], word: &str) -> bool {
    memchr::memmem::find(bytes, word.as_bytes()).is_some()
}

/// True for code that calls Alembic, other than a command for whoever runs the migrations by hand.
fn upgrades_in_code(bytes: &[u8]) -> bool {
    // `alembic.config.main(argv=["upgrade", "head"])`
    let runs_command = || {
        (has(bytes, "alembic.config") || has(bytes, "from alembic import config"))
            && has(bytes, "config.main(")
            && (has(bytes, "'upgrade'") || has(bytes, "\"upgrade\""))
    };
    let calls = has(bytes, "alembic") && has(bytes, "command.upgrade(")
        || runs_command()
        || has(bytes, "flask_migrate.upgrade(")
        || has(bytes, "from flask_migrate import") && has(bytes, " upgrade(");
    calls
        && !["argparse", "@click.", ".command(", ".cli", "__main__"]
            .iter()
            .any(|word| has(bytes, word))
}

/// True for code that compares the revision of the database with that of the code: with another one it does not start.
fn checks_revision(bytes: &[u8]) -> bool {
    let is_compared = has(bytes, "get_current_head(")
        || has(bytes, "get_heads(")
        || has(bytes, "get_head_revision");
    may_ask_for_revision(bytes) && is_compared
}

/// True for code that may ask for the revision of the database.
fn may_ask_for_revision(bytes: &[u8]) -> bool {
    has(bytes, "get_current_revision(")
        || has(bytes, "get_current_heads(")
        || has(bytes, "alembic_version") && has(bytes, "version_num")
}

/// True for files that say what runs when a container starts.
pub(super) fn is_start(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    name.contains("entrypoint")
        || name.starts_with("dockerfile")
        || path.extension() == "sh" && name.starts_with("start")
}

/// True for a description of the containers of one host.
pub(super) fn is_compose(path: &RepoPath) -> bool {
    let name = path.file_name();
    matches!(path.extension(), "yml" | "yaml")
        && (name.starts_with("docker-compose") || name.starts_with("compose"))
}

/// True for settings of what starts and watches processes.
fn is_setting(path: &RepoPath) -> bool {
    matches!(path.extension(), "cfg" | "conf" | "ini")
}

/// True for settings by which a script runs before the processes of an application start. What a container starts with may
/// run while the one before it still works.
fn starts_script(bytes: &[u8], script: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().any(|line| {
        let mut words = line.split([' ', '\t', '=', '"', '\'', ',', '[', ']', ';', '&']);
        line.contains(script)
            && !line.trim_start().starts_with('#')
            && words.any(|word| word.rsplit('/').next() == Some(script))
    })
}

fn runs_upgrade(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().any(|line| {
        let line = line.trim_start();
        !line.starts_with('#')
            && (line.contains("alembic") || line.contains("db"))
            && line.contains("upgrade")
            && (line.contains("head") || line.contains("db upgrade"))
    })
}

/// True for a file that copies a database of SQLite to where the processes look for it: each has its own, of its version.
fn copies_database(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().any(|line| {
        let mut words = line.split([' ', '\t', ';', '&', '"', '\'']);
        !line.trim_start().starts_with('#')
            && words.any(|word| word == "cp")
            && words.any(|word| word.contains(".sqlite"))
    })
}

/// Says what a platform runs.
const PROCFILE: &str = "Procfile";

/// True for files by which platforms replace processes one by one.
fn is_rollout(path: &RepoPath) -> bool {
    const NAMES: [&str; 9] = [
        "Chart.yaml",
        PROCFILE,
        "app.yaml",
        "cdk.json",
        "fly.toml",
        "railway.json",
        "railway.toml",
        "render.yaml",
        "serverless.yml",
    ];
    NAMES.contains(&path.file_name()) || matches!(path.extension(), "tf" | "hcl" | "nomad")
}

/// True for a manifest of what Kubernetes or a swarm replaces step by step.
fn keeps_running(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().any(|line| {
        let words = ["Deployment", "DeploymentConfig", "Rollout", "StatefulSet"];
        let kind = line.strip_prefix("kind:").map(str::trim);
        kind.is_some_and(|kind| words.contains(&kind)) || line.trim_start().starts_with("replicas:")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_code_that_bring_the_database_up_to_date() {
        for (text, is_meant) in [
            ("alembic upgrade head\n", true),
            (
                "CMD alembic -c app/alembic.ini upgrade head && uvicorn app\n",
                true,
            ),
            ("flask db upgrade\nexec gunicorn app\n", true),
            ("# alembic upgrade head\n", false),
            ("pip install --upgrade pip\n", false),
        ] {
            assert_eq!(runs_upgrade(text.as_bytes()), is_meant, "{text}");
        }
        for (text, is_meant) in [
            ("web: cp app/db.sqlite cache.sqlite; gunicorn app\n", true),
            ("web: gunicorn app\n", false),
            ("COPY requirements.txt .\nRUN cp a.conf b.conf\n", false),
        ] {
            assert_eq!(copies_database(text.as_bytes()), is_meant, "{text}");
        }
        let code =
            "from alembic import command\ndef start():\n    command.upgrade(config, 'head')\n";
        assert!(upgrades_in_code(code.as_bytes()));
        let with_arguments = "import alembic.config\ndef start():\n    alembic.config.main(argv=['upgrade', 'head'])\n";
        assert!(upgrades_in_code(with_arguments.as_bytes()));
        assert!(!upgrades_in_code(
            with_arguments.replace("'upgrade'", "'stamp'").as_bytes()
        ));
        let check = "from alembic.migration import MigrationContext\nif context.get_current_revision() != script.get_current_head():\n    raise RuntimeError('upgrade first')\n";
        assert!(checks_revision(check.as_bytes()));
        assert!(!checks_revision(code.as_bytes()));
        let by_hand = format!("import click\n@click.command()\n{code}");
        assert!(!upgrades_in_code(by_hand.as_bytes()));
        let prints = format!("import click\n{code}    click.echo('done')\n");
        assert!(upgrades_in_code(prints.as_bytes()));
    }

    #[test]
    fn scripts_that_run_before_the_processes_start() {
        for (text, is_meant) in [
            ("[uwsgi]\nexec-pre-app = /app/boot.sh\n", true),
            ("command=/app/boot.sh\n", true),
            ("command=/app/reboot.sh\n", false),
            ("# exec-pre-app = boot.sh\n", false),
        ] {
            assert_eq!(
                starts_script(text.as_bytes(), "boot.sh"),
                is_meant,
                "{text}"
            );
        }
    }

    #[test]
    fn what_replaces_processes_one_by_one() {
        for path in ["deploy/Chart.yaml", "Procfile", "infra/main.tf"] {
            assert!(is_rollout(&RepoPath::new(path)), "{path}");
        }
        assert!(keeps_running(b"apiVersion: apps/v1\nkind: Deployment\n"));
        assert!(!keeps_running(b"kind: Job\n"));
    }
}
