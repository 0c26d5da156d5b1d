//! Files that are made from the program are as the program would make them now.
//!
//! `MIGRATE_LINT_OVERWRITE=1 cargo test generated` writes them anew.

use std::fs;
use std::path::Path;

use crate::repository::Repository;

fn is_fresh(file: &str, command: &[&str]) {
    let folder = Repository::folder();
    let answer = folder.lint(command);
    assert_eq!(answer.status, 0, "{answer:?}");
    is_text_of(file, &answer.out);
}

fn is_text_of(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("MIGRATE_LINT_OVERWRITE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{file} is stale: MIGRATE_LINT_OVERWRITE=1 cargo test generated"
    );
}

#[test]
fn the_schema_of_the_configuration() {
    is_fresh("migrate-lint.schema.json", &["generate-schema"]);
}

#[test]
fn the_reference_of_the_configuration() {
    is_fresh(
        "docs/configuration.md",
        &["generate-configuration-reference"],
    );
}

#[test]
fn the_index_of_the_rules() {
    is_fresh("rules/README.md", &["generate-rule-index"]);
}

/// A recording as text: what the demonstration prints, and what one would try next.
#[test]
fn the_recorded_demonstration() {
    let folder = Repository::folder();
    let mut text = String::from(
        "# A demonstration\n\nRecorded from the program. `migrate-lint demo` makes the repository, checks it and removes it \
         again; with `--keep`\nit stays, to try the other commands in.\n",
    );
    for command in [&["demo"][..], &["rule", "model"], &["config", "pairing"]] {
        let answer = folder.lint(command);
        assert_eq!(answer.status, 0, "{answer:?}");
        text.push_str(&format!(
            "\n```console\n$ migrate-lint {}\n```\n\n```text\n{}\n```\n",
            command.join(" "),
            answer.out.trim_end()
        ));
    }
    is_text_of("docs/demo.md", &text);
}

#[test]
fn completions_and_the_man_page_know_all_commands() {
    let folder = Repository::folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let answer = folder.lint(&["generate-shell-completion", shell]);
        assert!(answer.out.contains("output-format"), "{shell}");
    }
    let page = folder.lint(&["generate-man"]).out;
    assert!(page.starts_with(".ie") && page.contains("replay"), "{page}");
}

#[test]
fn keys_are_explained() {
    let folder = Repository::folder();
    let answer = folder.lint(&["config", "pairing"]);
    assert!(answer.out.contains("Default: `\"together\"`"), "{answer:?}");
    let answer = folder.lint(&["config", "paring"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("did you mean `pairing`?"), "{answer:?}");
}

#[test]
fn a_configuration_to_begin_with() {
    let repository = Repository::with_project();
    let answer = repository.lint(&["init"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(
        answer.out.contains("environment migrations, 1 revision"),
        "{answer:?}"
    );
    let text = repository.read("migrate-lint.toml");
    assert!(text.contains("# start-after = \"a1\""), "{text}");
    assert_eq!(repository.lint(&["check"]).status, 0);
    let answer = repository.lint(&["init"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("--force"), "{answer:?}");
}
