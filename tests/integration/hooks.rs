//! The hooks, run by git itself.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::repository::{Repository, file_of, models, revision, revision_with_column};

fn with_hooks() -> Repository {
    let repository = Repository::with_project();
    let answer = repository.lint(&["hook", "install", "--pre-push"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    repository
}

fn hook(repository: &Repository, name: &str) -> PathBuf {
    repository.root().join(".git/hooks").join(name)
}

#[test]
fn a_commit_with_a_finding_is_stopped() {
    let repository = with_hooks();
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "."]);
    let answer = repository.try_git(&["commit", "-m", "b1"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(answer.err.contains("ML102"), "{answer:?}");
    // Corrected on disk, but not staged: the commit would still record the mistake.
    repository.revision("b1", Some("a1"));
    assert_eq!(repository.try_git(&["commit", "-m", "b1"]).status, 1);
    repository.git(&["add", "."]);
    let answer = repository.try_git(&["commit", "-m", "b1"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(
        !answer.err.contains("passed"),
        "silent where all is well: {answer:?}"
    );
    repository.revision("c1", Some("missing"));
    repository.git(&["add", "."]);
    repository.git(&["commit", "--quiet", "--no-verify", "-m", "c1"]);
}

#[test]
fn commit_all_judges_what_it_is_about_to_stage() {
    let repository = with_hooks();
    let text = repository.read(&file_of("a1"));
    repository.write(
        &file_of("a1"),
        text.replace("op.drop_table(\"t_a1\")", "pass"),
    );
    let answer = repository.try_git(&["commit", "--all", "-m", "empty"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(answer.err.contains("ML202"), "{answer:?}");
    assert_eq!(repository.git(&["diff", "--cached", "--name-only"]), "");
}

#[test]
fn commit_of_one_path_leaves_the_rest_of_the_index_out() {
    let repository = with_hooks();
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "."]);
    repository.write("notes.py", "x = 1\n");
    repository.git(&["add", "notes.py"]);
    let answer = repository.try_git(&["commit", "-m", "notes", "notes.py"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let path = file_of("b1");
    let answer = repository.try_git(&["commit", "-m", "b1", &path]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(answer.err.contains("ML102"), "{answer:?}");
}

#[test]
fn amending_may_bring_what_was_missing() {
    let repository = with_hooks();
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write("shop/models.py", models("    name = Column(String)\n"));
    repository.git(&["add", "."]);
    let answer = repository.try_git(&["commit", "-m", "model"]);
    assert!(answer.err.contains("ML301"), "{answer:?}");
    repository.git(&["commit", "--quiet", "--no-verify", "-m", "model"]);
    let text = revision_with_column("b1", "a1", "name");
    repository.write(&file_of("b1"), text);
    repository.git(&["add", "."]);
    let answer = repository.try_git(&["commit", "--amend", "--no-edit"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn a_merge_that_makes_two_heads_is_stopped_and_one_that_brings_others_mistakes_is_not() {
    let repository = with_hooks();
    repository.git(&["branch", "side"]);
    // A mistake of somebody else, long on main.
    repository.write("shop/models.py", models("    name = Column(String)\n"));
    repository.git(&["add", "."]);
    repository.git(&["commit", "--quiet", "--no-verify", "-m", "model"]);
    repository.git(&["checkout", "--quiet", "side"]);
    repository.write("readme.txt", "x");
    repository.commit("readme");
    let answer = repository.try_git(&["merge", "--no-edit", "main"]);
    assert_eq!(answer.status, 0, "{answer:?}");

    repository.revision("ours", Some("a1"));
    repository.commit("ours");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.revision("theirs", Some("a1"));
    repository.commit("theirs");
    repository.git(&["checkout", "--quiet", "side"]);
    let answer = repository.try_git(&["merge", "--no-edit", "main"]);
    assert_ne!(answer.status, 0, "{answer:?}");
    assert!(answer.err.contains("ML101"), "{answer:?}");
    // The merge stays open: the mistake can be mended in it.
    repository.revision("ours", Some("theirs"));
    repository.git(&["add", "."]);
    let answer = repository.try_git(&["commit", "--no-edit"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(repository.git(&["log", "-1", "--format=%P"]).contains(' '));
}

#[test]
fn a_rebase_stops_only_where_a_commit_is_made_by_hand() {
    let repository = with_hooks();
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.revision("ours", Some("a1"));
    repository.commit("ours");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.revision("theirs", Some("a1"));
    repository.commit("theirs");
    repository.git(&["checkout", "--quiet", "side"]);
    // Git makes the commits of a rebase without asking the hook; nothing is in the way.
    let answer = repository.try_git(&["rebase", "main"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    repository.write("readme.txt", "x");
    repository.git(&["add", "."]);
    let answer = repository.try_git(&["commit", "--amend", "--no-edit"]);
    assert_eq!(
        answer.status, 0,
        "no script is part of what is staged: {answer:?}"
    );
    repository.revision("ours", Some("theirs"));
    let answer = repository.try_git(&["commit", "--all", "--amend", "--no-edit"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(repository.lint(&["check", "--changed"]).status, 0);
}

#[test]
fn a_push_is_judged_as_it_will_be_merged() {
    let repository = with_hooks();
    let remote = repository.root().parent().unwrap().join("remote.git");
    let remote = remote.to_str().unwrap();
    repository.git(&["init", "--quiet", "--bare", remote]);
    repository.git(&["remote", "add", "origin", remote]);
    repository.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.revision("ours", Some("a1"));
    repository.commit("ours");
    repository.git(&["push", "--quiet", "origin", "side"]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.revision("theirs", Some("a1"));
    repository.commit("theirs");
    repository.git(&["push", "--quiet", "origin", "main"]);
    repository.git(&["checkout", "--quiet", "side"]);
    repository.write("readme.txt", "x");
    repository.commit("readme");
    let answer = repository.try_git(&["push", "origin", "side"]);
    assert_ne!(answer.status, 0, "{answer:?}");
    assert!(answer.out.contains("ML107"), "{answer:?}");
    // Deleting a branch sends nothing.
    repository.git(&["push", "--quiet", "origin", "--delete", "side"]);
}

#[test]
fn a_hook_that_was_there_is_kept_runs_first_and_comes_back() {
    let repository = Repository::with_project();
    let foreign = "#!/bin/sh\necho foreign >> said\n[ ! -e stop ]\n";
    repository.write(".git/hooks/pre-commit", foreign);
    make_executable(&repository, "pre-commit");
    for expected in ["kept", "already"] {
        let answer = repository.lint(&["hook", "install"]);
        assert!(answer.out.contains(expected), "{answer:?}");
    }
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "migrations"]);
    let answer = repository.try_git(&["commit", "-m", "b1"]);
    assert!(answer.err.contains("ML102"), "{answer:?}");
    assert_eq!(repository.read("said"), "foreign\n");
    repository.write("stop", "");
    let answer = repository.try_git(&["commit", "-m", "b1"]);
    assert_eq!(answer.status, 1);
    assert!(!answer.err.contains("ML102"), "{answer:?}");

    // Another program replaces our hook: nothing of anybody's is overwritten.
    repository.write(".git/hooks/pre-commit", "#!/bin/sh\n# another\n");
    let answer = repository.lint(&["hook", "install"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    assert!(repository.read(".git/hooks/pre-commit").contains("another"));
    fs::remove_file(hook(&repository, "pre-commit")).unwrap();
    repository.lint(&["hook", "install"]);

    let answer = repository.lint(&["hook", "uninstall"]);
    assert!(answer.out.contains("is back"), "{answer:?}");
    assert_eq!(repository.read(".git/hooks/pre-commit"), foreign);
    assert!(!hook(&repository, "pre-merge-commit").exists());
    let answer = repository.lint(&["hook", "uninstall"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(repository.read(".git/hooks/pre-commit"), foreign);
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    let repository = Repository::with_project();
    repository.git(&["config", "core.hooksPath", ".githooks"]);
    repository.lint(&["hook", "install"]);
    assert!(repository.root().join(".githooks/pre-commit").exists());
    assert!(!hook(&repository, "pre-commit").exists());
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "migrations"]);
    let answer = repository.try_git(&["commit", "-m", "b1"]);
    assert!(answer.err.contains("ML102"), "{answer:?}");
    // From a folder below, too.
    let answer = repository.lint_in(&repository.root().join("shop"), &["hook", "uninstall"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(!repository.root().join(".githooks/pre-commit").exists());
}

#[test]
fn a_linked_worktree_shares_the_hooks_and_is_judged_by_its_own_index() {
    let repository = Repository::with_project();
    let linked = repository.root().parent().unwrap().join("linked");
    repository.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "side",
        linked.to_str().unwrap(),
    ]);
    let answer = repository.lint_in(&linked, &["hook", "install"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(hook(&repository, "pre-commit").exists());
    fs::write(linked.join(file_of("b1")), revision("b1", Some("missing"))).unwrap();
    repository.try_git_in(&linked, &["add", "."]);
    let answer = repository.try_git_in(&linked, &["commit", "-m", "b1"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(answer.err.contains("ML102"), "{answer:?}");
}

#[test]
fn hooks_of_all_repositories_are_left_alone() {
    let repository = Repository::with_project();
    let home = repository.root().parent().unwrap();
    let shared = home.join("shared-hooks");
    fs::create_dir(&shared).unwrap();
    let configuration = format!("[core]\n\thooksPath = {}\n", shared.display());
    fs::write(home.join(".gitconfig"), configuration).unwrap();
    let answer = repository.lint(&["hook", "install"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    assert!(answer.err.contains("core.hooksPath"), "{answer:?}");
    assert_eq!(fs::read_dir(&shared).unwrap().count(), 0);
}

#[test]
fn without_the_program_the_hook_says_so() {
    let repository = with_hooks();
    for name in ["pre-commit", "pre-push"] {
        let text = fs::read_to_string(hook(&repository, name)).unwrap();
        assert!(text.contains("installed='/"), "{text}");
        // As if the program had been removed since.
        let text = text.replace("/migrate-lint'", "/no-such-program'");
        fs::write(hook(&repository, name), text).unwrap();
    }
    repository.revision("b1", Some("a1"));
    repository.git(&["add", "."]);
    let answer = repository.try_git(&["commit", "-m", "b1"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(answer.err.contains("not on the PATH"), "{answer:?}");
}

#[test]
fn hooks_are_plain_shell() {
    for name in ["pre-commit", "pre-merge-commit", "pre-push"] {
        let file = format!("{}/hooks/{name}", env!("CARGO_MANIFEST_DIR"));
        let status = Command::new("sh").args(["-n", &file]).status().unwrap();
        assert!(status.success(), "{name}");
    }
}

fn make_executable(repository: &Repository, name: &str) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = hook(repository, name);
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (repository, name);
}
