//! Configuration, suppressions, the baseline, fixes: what a team needs to begin with, and to keep going.

use serde_json::Value;

use crate::repository::{Repository, file_of, models, revision, revision_with_column};

fn without_downgrade(id: &str, parent: &str) -> String {
    revision(id, Some(parent)).replace(&format!("op.drop_table(\"t_{id}\")"), "pass")
}

/// Two revisions with empty downgrades.
fn old_project() -> Repository {
    let repository = Repository::with_project();
    repository.write(&file_of("b1"), without_downgrade("b1", "a1"));
    repository.write(&file_of("c1"), without_downgrade("c1", "b1"));
    repository
}

#[test]
fn a_parent_that_is_overtaken_is_told_once_whatever_the_docstring_says() {
    let repository = Repository::with_project();
    repository.revision("b1", Some("a1"));
    repository.commit("b1");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.revision("c1", Some("b1"));
    repository.commit("c1");
    repository.git(&["checkout", "--quiet", "side"]);
    let text = revision("d1", Some("b1")).replace("Revises: b1", "Revises: a1");
    repository.write(&file_of("d1"), text);
    repository.commit("d1");
    let answer = repository.lint(&["check", "--changed"]);
    assert_eq!(answer.codes(), ["107"], "{answer:?}");
    let answer = repository.lint(&["check", "--changed", "--ignore", "ML107,ML101"]);
    assert_eq!(answer.codes(), ["110"], "{answer:?}");
    repository.lint(&["check", "--changed", "--fix", "--unsafe-fixes"]);
    let mended = repository.read(&file_of("d1"));
    assert!(mended.contains("Revises: c1"), "{mended}");
    assert!(mended.contains("down_revision = \"c1\""), "{mended}");
}

#[test]
fn a_baseline_hides_what_is_known_and_says_what_is_gone() {
    let repository = old_project();
    let answer = repository.lint(&["check", "--add-baseline=before we began"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(
        answer
            .err
            .contains("2 findings are in migrate-lint-baseline.json: 2 new, 0 gone"),
        "{answer:?}"
    );
    let baseline: Value =
        serde_json::from_str(&repository.read("migrate-lint-baseline.json")).unwrap();
    assert_eq!(baseline["findings"][0]["rule"], "empty-downgrade");
    assert_eq!(baseline["findings"][0]["reason"], "before we began");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(
        repository.lint(&["check", "--no-ignores"]).codes(),
        ["202", "202"]
    );

    // A third one is new; moved lines and renamed files are not.
    repository.write(&file_of("d1"), without_downgrade("d1", "c1"));
    let text = repository.read(&file_of("b1"));
    repository.remove(&file_of("b1"));
    repository.write("migrations/versions/moved.py", format!("\n\n{text}"));
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.codes(), ["202"]);
    assert!(answer.out.contains("d1.py"), "{answer:?}");

    // What was mended is stale; writing the baseline again takes it out and keeps the rest.
    repository.write(&file_of("c1"), revision("c1", Some("b1")));
    let answer = repository.lint(&["check", "--ignore", "ML202"]);
    assert_eq!(
        answer.codes(),
        Vec::<&str>::new(),
        "rules that do not run say nothing"
    );
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.codes(), ["008", "202"], "{answer:?}");
    let answer = repository.lint(&["check", "--add-baseline"]);
    assert!(
        answer
            .err
            .contains("2 findings are in migrate-lint-baseline.json: 1 new, 1 gone"),
        "{answer:?}"
    );
    let baseline: Value =
        serde_json::from_str(&repository.read("migrate-lint-baseline.json")).unwrap();
    let reasons: Vec<&Value> = baseline["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["reason"])
        .collect();
    assert!(
        reasons.iter().any(|reason| *reason == "before we began"),
        "{baseline}"
    );
    assert_eq!(repository.lint(&["check"]).status, 0);
}

#[test]
fn a_baseline_that_cannot_be_used_is_an_error() {
    let repository = old_project();
    repository.write("migrate-lint-baseline.json", "{\"version\": 1");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.err.contains("migrate-lint-baseline.json"),
        "{answer:?}"
    );
    repository.write(
        "migrate-lint-baseline.json",
        "{\"version\": 9, \"findings\": []}",
    );
    assert_eq!(repository.lint(&["check"]).status, 2);
    repository.remove("migrate-lint-baseline.json");
    repository.write("migrate-lint.toml", "baseline = \"known-baseline.json\"\n");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("--add-baseline"), "{answer:?}");
    assert_eq!(repository.lint(&["check", "--add-baseline"]).status, 0);
    assert_eq!(repository.lint(&["check"]).status, 0);
}

#[test]
fn comments_that_were_added_suppress_and_are_of_use() {
    let repository = old_project();
    let answer = repository.lint(&["check", "--add-ignore=the old system reads it"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let text = repository.read(&file_of("b1"));
    assert!(
        text.contains("# migrate-lint: ignore[ML202] the old system reads it"),
        "{text}"
    );
    let answer = repository.lint(&["check"]);
    assert_eq!(
        (answer.status, answer.codes()),
        (0, Vec::new()),
        "{answer:?}"
    );
    let sarif = repository.lint(&["check", "--output-format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif.out).unwrap();
    let suppression = &sarif["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppression["kind"], "inSource");
    assert_eq!(suppression["justification"], "the old system reads it");

    // When the downgrade comes, the comment is of no use, and goes.
    repository.write(
        &file_of("b1"),
        text.replace("    pass", "    op.drop_table(\"t_b1\")"),
    );
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.codes(), ["005"], "{answer:?}");
    let answer = repository.lint(&["check", "--diff"]);
    assert_eq!(answer.status, 1);
    assert!(
        answer.out.contains("-def downgrade():  # migrate-lint"),
        "{answer:?}"
    );
    assert!(repository.read(&file_of("b1")).contains("migrate-lint"));
    let answer = repository.lint(&["check", "--fix"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(
        answer.err.contains("fixed 1 finding in 1 file"),
        "{answer:?}"
    );
    assert!(!repository.read(&file_of("b1")).contains("migrate-lint"));
}

#[test]
fn merged_revisions_are_not_fixed() {
    let repository = Repository::with_project();
    let wrong = |id: &str, parent: &str| {
        revision(id, Some(parent)).replace(&format!("Revision ID: {id}"), "Revision ID: other")
    };
    repository.write(&file_of("b1"), wrong("b1", "a1"));
    repository.commit("b1");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write(&file_of("c1"), wrong("c1", "b1"));
    // Both are one finding.
    assert_eq!(repository.lint(&["check"]).codes(), ["110"]);
    let answer = repository.lint(&["check", "--fix"]);
    assert_eq!(answer.codes(), ["110"], "{answer:?}");
    assert!(
        repository
            .read(&file_of("b1"))
            .contains("Revision ID: other")
    );
    assert!(repository.read(&file_of("c1")).contains("Revision ID: c1"));
}

#[test]
fn rules_count_from_a_revision_on() {
    let repository = old_project();
    repository.write("migrate-lint.toml", "start-after = \"b1\"\n");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.codes(), ["202"]);
    assert!(answer.out.contains("c1.py"), "{answer:?}");
    repository.write("migrate-lint.toml", "start-after = \"nowhere\"\n");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("nowhere"), "{answer:?}");
}

#[test]
fn a_path_that_is_not_there_is_no_success() {
    let repository = old_project();
    let answer = repository.lint(&["chek"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    assert!(
        answer.err.contains("did you mean `migrate-lint check`?"),
        "{answer:?}"
    );
    assert_eq!(repository.lint(&["check", "migratons/"]).status, 2);
    // A file that the change deletes is known.
    repository.commit("all");
    repository.remove(&file_of("c1"));
    let answer = repository.lint(&["check", "--changed", "--from-ref", "HEAD", &file_of("c1")]);
    assert_ne!(answer.status, 2, "{answer:?}");
}

#[test]
fn a_baseline_keeps_what_was_not_asked_for() {
    let repository = old_project();
    repository.lint(&["check", "--add-baseline"]);
    let answer = repository.lint(&["check", "--add-baseline", "--select", "ML101"]);
    assert!(answer.err.contains("0 new, 0 gone"), "{answer:?}");
    assert_eq!(repository.lint(&["check"]).status, 0);
}

#[test]
fn another_database_is_not_judged_as_ours() {
    let repository = old_project();
    let ini = repository.read("alembic.ini");
    repository.write(
        "alembic.ini",
        format!("{ini}sqlalchemy.url = mssql+pyodbc://a/b\n"),
    );
    let text = revision("d1", Some("c1")).replace(
        "sa.Column(\"id\", sa.Integer(), primary_key=True)",
        "sa.Column(\"id\", sa.Enum(\"a\", name=\"e\"), primary_key=True)",
    );
    repository.write(&file_of("d1"), text);
    let answer = repository.lint(&["check"]);
    assert_eq!(
        answer.codes(),
        ["202", "202"],
        "an enum is no type of its own there: {answer:?}"
    );
    assert!(answer.err.contains("is for mssql"), "{answer:?}");
    let answer = repository.lint(&["check", "--dialect", "postgresql"]);
    assert!(answer.codes().contains(&"205"), "{answer:?}");
}

#[test]
fn comments_where_nothing_is_reported_are_left_alone() {
    let repository = old_project();
    repository.lint(&["check", "--add-ignore"]);
    for configuration in [
        "start-after = \"c1\"\n",
        "exclude = [\"migrations/**\"]\n",
        "per-file-ignores = { \"migrations/**\" = [\"ML202\"] }\n",
        "downgrades = \"optional\"\n",
    ] {
        repository.write("migrate-lint.toml", configuration);
        let answer = repository.lint(&["check"]);
        assert_eq!(answer.status, 0, "{configuration}{answer:?}");
    }
}

#[test]
fn files_and_severities_as_configured() {
    let repository = old_project();
    repository.write(
        "migrate-lint.toml",
        "[per-file-ignores]\n\"migrations/versions/b*.py\" = [\"empty-downgrade\"]\n[severity]\ndowngrade = \"info\"\n",
    );
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.codes(), ["202"]);
    assert!(
        answer.out.contains("c1.py") && answer.out.contains("info[ML202]"),
        "{answer:?}"
    );
    repository.write("migrate-lint.toml", "exclude = [\"c1.py\"]\n");
    let answer = repository.lint(&["check"]);
    assert!(
        !answer.out.contains("c1.py") && answer.out.contains("b1.py"),
        "{answer:?}"
    );
    let answer = repository.lint(&["check", "--exclude", "versions"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    repository.write("migrate-lint.toml", "[severity]\nML202 = \"off\"\n");
    assert_eq!(repository.lint(&["check"]).status, 0);
    repository.write("migrate-lint.toml", "exclude = [\"a[\"]\n");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("a["), "{answer:?}");
    repository.write("migrate-lint.toml", "select = []\n");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 0);
    assert!(answer.err.contains("no rule is selected"), "{answer:?}");
}

#[test]
fn configurations_build_on_others() {
    let repository = old_project();
    repository.write(
        "shared/base.toml",
        "ignore = [\"ML202\"]\ndowngrades = \"required\"\n",
    );
    repository.write("migrate-lint.toml", "extend = \"shared/base.toml\"\n");
    assert_eq!(repository.lint(&["check"]).status, 0);
    repository.write(
        "migrate-lint.toml",
        "extend = \"shared/base.toml\"\nignore = []\n",
    );
    assert_eq!(repository.lint(&["check"]).codes(), ["202", "202"]);
    repository.write("shared/base.toml", "extend = \"../migrate-lint.toml\"\n");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("extends itself"), "{answer:?}");
    repository.write("migrate-lint.toml", "extend = \"nowhere.toml\"\n");
    let answer = repository.lint(&["check"]);
    assert!(answer.err.contains("nowhere.toml"), "{answer:?}");
    repository.write("migrate-lint.toml", "required-version = \">=99\"\n");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains(">=99"), "{answer:?}");
    // Of two in one folder one counts, and that is said.
    repository.write("migrate-lint.toml", "ignore = [\"ML202\"]\n");
    repository.write("pyproject.toml", "[tool.migrate-lint]\npairing = \"off\"\n");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 0);
    assert!(answer.err.contains("pyproject.toml"), "{answer:?}");
}

#[test]
fn keys_on_the_command_line_count_before_files() {
    let repository = old_project();
    repository.write("migrate-lint.toml", "ignore = [\"ML202\"]\n");
    let answer = repository.lint(&["check", "--config", "ignore = []"]);
    assert_eq!(answer.codes(), ["202", "202"]);
    let answer = repository.lint(&["check", "--isolated", "--config", "severity.ML202=off"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let answer = repository.lint(&["check", "--config", "pairing=apart"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("apart"), "{answer:?}");
    let answer = repository.lint(&["check", "--config", "ignor=[]"]);
    assert!(answer.err.contains("did you mean `ignore`?"), "{answer:?}");
}

#[test]
fn each_environment_has_the_configuration_that_is_nearest() {
    let repository = Repository::init(&[]);
    for service in ["one", "two"] {
        repository.write(
            &format!("{service}/alembic.ini"),
            "[alembic]\nscript_location = %(here)s/migrations\n",
        );
        repository.write(
            &format!("{service}/migrations/env.py"),
            "from alembic import context\n",
        );
        repository.write(
            &format!("{service}/migrations/versions/a1.py"),
            revision("a1", None).replace("op.drop_table(\"t_a1\")", "pass"),
        );
    }
    assert_eq!(repository.lint(&["check"]).codes(), ["202", "202"]);
    repository.write(
        "one/pyproject.toml",
        "[tool.migrate-lint]\nignore = [\"ML202\"]\n",
    );
    let answer = repository.lint(&["check"]);
    assert!(answer.out.starts_with("two/"), "{answer:?}");
    assert_eq!(answer.codes(), ["202"]);
    // The same from the root by a table for the environment.
    repository.remove("one/pyproject.toml");
    repository.write(
        "migrate-lint.toml",
        "[[environments]]\nscript-location = \"one/migrations\"\n[[environments]]\nscript-location = \"two/migrations\"\nignore = [\"ML202\"]\n",
    );
    let answer = repository.lint(&["check"]);
    assert!(answer.out.starts_with("one/"), "{answer:?}");
    assert_eq!(answer.codes(), ["202"]);
}

#[test]
fn what_would_be_looked_at_is_shown() {
    let repository = old_project();
    let files = repository.lint(&["check", "--show-files"]).out;
    assert!(
        files.contains("migrations/versions/b1.py\n") && files.contains("migrations/env.py\n"),
        "{files}"
    );
    assert!(files.contains("shop/models.py\n"), "{files}");
    let settings = repository
        .lint(&["check", "--show-settings", "--select", "ML202"])
        .out;
    assert!(
        settings.contains("ML202 empty-downgrade (error)") && !settings.contains("ML101"),
        "{settings}"
    );
}

#[test]
fn watching_tells_what_is_new() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    let repository = old_project();
    let mut child = Command::new(crate::repository::program())
        .args(["check", "--watch", "--output-format", "concise"])
        .current_dir(repository.root())
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, lines) = channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let until = |wanted: &str| {
        let mut seen = Vec::new();
        while let Ok(line) = lines.recv_timeout(Duration::from_secs(30)) {
            seen.push(line);
            if seen.last().is_some_and(|line| line.contains(wanted)) {
                return seen;
            }
        }
        panic!("no line has `{wanted}`: {seen:?}");
    };
    until("Found 2 errors");
    repository.write(&file_of("b1"), revision("b1", Some("a1")));
    let seen = until("Found 1 error");
    assert!(
        seen.iter()
            .any(|line| line.starts_with("- ") && line.contains("b1.py")),
        "{seen:?}"
    );
    repository.write(&file_of("d1"), without_downgrade("d1", "c1"));
    let seen = until("Found 2 errors");
    assert!(
        seen.iter()
            .any(|line| line.starts_with("+ ") && line.contains("d1.py")),
        "{seen:?}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A project of six columns, whose models come with their migrations or, the first ones, in commits of their own.
fn with_six_columns(apart: usize) -> Repository {
    let repository = Repository::with_project();
    let mut parent = "a1".to_owned();
    let mut columns = String::new();
    for column in 1..=6 {
        let id = format!("c{column}");
        let name = format!("extra{column}");
        repository.write(&file_of(&id), revision_with_column(&id, &parent, &name));
        if column <= apart {
            repository.commit("migration");
        }
        columns.push_str(&format!("    {name} = Column(String)\n"));
        repository.write("shop/models.py", models(&columns));
        repository.commit("model");
        parent = id;
    }
    repository.write(&file_of("d1"), revision_with_column("d1", "c6", "late"));
    repository.commit("late");
    repository
}

#[test]
fn models_that_follow_their_migrations_are_not_missed() {
    let check = ["check", "--from-ref", "HEAD^", "--to-ref", "HEAD"];
    let asked = [&check[..], &["--config", "pairing = \"together\""]].concat();
    let together = with_six_columns(0);
    let answer = together.lint(&check);
    assert_eq!(answer.codes(), Vec::<&str>::new(), "{answer:?}");
    assert!(
        answer.err.contains("add before the models know of them"),
        "{answer:?}"
    );
    assert_eq!(together.lint(&asked).codes(), ["302"]);
    // What is staged may lack what was forgotten.
    together.git(&["reset", "--quiet", "--soft", "HEAD^"]);
    assert_eq!(together.lint(&["check", "--staged"]).codes(), ["302"]);
    let apart = with_six_columns(6);
    let answer = apart.lint(&check);
    assert_eq!(answer.codes(), Vec::<&str>::new(), "{answer:?}");
    assert_eq!(apart.lint(&asked).codes(), ["302"]);
    apart.git(&["reset", "--quiet", "--soft", "HEAD^"]);
    let answer = apart.lint(&["check", "--staged"]);
    assert_eq!(answer.codes(), Vec::<&str>::new(), "{answer:?}");
    assert!(
        answer
            .err
            .contains("of the newest 6 commits that added tables or columns, 6 changed no model"),
        "{answer:?}"
    );
    apart.git(&["commit", "--quiet", "-m", "late"]);
    // A change that has both halves is judged as it is.
    apart.write("shop/models.py", models("    other = Column(String)\n"));
    apart.git(&["add", "."]);
    apart.git(&["commit", "--quiet", "--amend", "-m", "late"]);
    assert!(apart.lint(&check).codes().contains(&"302"));
}

#[test]
fn a_commit_message_may_say_that_the_model_comes_later() {
    let check = ["check", "--from-ref", "HEAD^", "--to-ref", "HEAD"];
    let repository = with_six_columns(0);
    let sets = revision_with_column("e1", "d1", "late").replace(
        "op.add_column(\"t_a1\", sa.Column(\"late\", sa.String()))",
        "op.alter_column(\"t_a1\", \"extra1\", existing_type=sa.String(), nullable=False)",
    );
    repository.write(&file_of("e1"), sets);
    repository.commit("NOT NULL");
    assert!(repository.lint(&check).codes().contains(&"302"));
    for message in ["NOT NULL - migration only", "only the database migration"] {
        repository.git(&["commit", "--quiet", "--amend", "-m", message]);
        let answer = repository.lint(&check);
        assert!(!answer.codes().contains(&"302"), "{answer:?}");
    }
    repository.git(&[
        "commit",
        "--quiet",
        "--amend",
        "-m",
        "only migrations that work",
    ]);
    assert!(repository.lint(&check).codes().contains(&"302"));
}

/// An index is missed where models come with their migrations, and not where they follow at times.
#[test]
fn what_code_works_with_all_the_same_needs_less_of_a_habit() {
    let check = ["check", "--from-ref", "HEAD^", "--to-ref", "HEAD"];
    for (apart, expected) in [(0, vec!["302"]), (2, Vec::new())] {
        let repository = with_six_columns(apart);
        let text = revision_with_column("e1", "d1", "none");
        let (before, _) = text.split_once("def upgrade").unwrap();
        let index = "def upgrade():\n    op.create_index(\"ix_extra\", \"t_a1\", [\"extra1\"])\n\n\ndef downgrade():\n    op.drop_index(\"ix_extra\", \"t_a1\")\n";
        repository.write(&file_of("e1"), format!("{before}{index}"));
        repository.commit("index");
        let answer = repository.lint(&check);
        assert_eq!(answer.codes(), expected, "{answer:?}");
        let asked = [&check[..], &["--config", "pairing = \"together\""]].concat();
        assert_eq!(repository.lint(&asked).codes(), ["302"]);
    }
}

#[test]
fn what_is_said_of_several_names_is_one_finding_and_each_has_its_own_comment() {
    let repository = Repository::with_project();
    repository.write(&file_of("b1"), revision("b1", Some("a1")));
    let text = revision("c1", Some("b1"));
    let at = text.find("def upgrade").unwrap();
    let column = |table: &str| {
        format!("    op.add_column(\"{table}\", sa.Column(\"x\", sa.Text(), nullable=False))\n")
    };
    let text = format!(
        "{}def upgrade():\n{}{}\n\ndef downgrade():\n    op.drop_column(\"t_a1\", \"x\")\n    op.drop_column(\"t_b1\", \"x\")\n",
        &text[..at],
        column("t_a1"),
        column("t_b1")
    );
    repository.write(&file_of("c1"), &text);
    let answer = repository.lint(&["check", "--select", "ML501", "--output-format", "json"]);
    let report: Value = serde_json::from_str(&answer.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{answer:?}");
    assert_eq!(findings[0]["related"].as_array().unwrap().len(), 1);
    let notes = findings[0]["notes"].to_string();
    assert!(notes.contains("the same holds for `t_b1`"), "{answer:?}");

    let answer = repository.lint(&["check", "--select", "ML501", "--add-ignore"]);
    assert!(
        answer.err.contains("2 findings are suppressed"),
        "{answer:?}"
    );
    let answer = repository.lint(&["check", "--select", "ML501"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}
