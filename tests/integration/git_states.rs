//! Every state a repository can be in is read, or refused with a remedy.

use std::fs;

use crate::repository::{Repository, file_of, models, revision, revision_with_column};

#[test]
fn the_work_tree_holds_tracked_and_new_files_but_no_ignored_ones() {
    let repository = Repository::with_project();
    repository.write(".gitignore", "build/\n*.ignored.py\n");
    repository.revision("b1", Some("a1"));
    repository.write("build/alembic.ini", "[alembic]\nscript_location = m\n");
    repository.write(
        "migrations/versions/c1.ignored.py",
        revision("c1", Some("a1")),
    );
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.out.contains("(2 revisions)"), "{answer:?}");
    repository.remove(&file_of("a1"));
    assert_eq!(repository.lint(&["check"]).codes(), ["102"]);
}

#[test]
fn a_commit_is_read_as_it_was_recorded() {
    let repository = Repository::with_project();
    repository.revision("b1", Some("missing"));
    let broken = repository.commit("broken");
    repository.revision("b1", Some("a1"));
    repository.commit("mended");
    repository.write(&file_of("b1"), "not python (");
    let answer = repository.lint(&["check", "--from-ref", "HEAD~2", "--to-ref", &broken]);
    assert_eq!(answer.codes(), ["102"]);
    let answer = repository.lint(&["check", "--from-ref", "HEAD~2", "--to-ref", "HEAD"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn what_is_staged_is_judged_not_what_lies_on_disk() {
    let repository = Repository::with_project();
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "."]);
    repository.revision("b1", Some("a1"));
    assert_eq!(repository.lint(&["check", "--staged"]).codes(), ["102"]);
    repository.git(&["add", "."]);
    repository.write(&file_of("b1"), "broken (");
    let answer = repository.lint(&["check", "--staged"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn another_index_file_is_honoured() {
    let mut repository = Repository::with_project();
    let other = repository.root().join(".git/other-index");
    fs::copy(repository.root().join(".git/index"), &other).unwrap();
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "."]);
    assert_eq!(repository.lint(&["check", "--staged"]).codes(), ["102"]);
    repository.set("GIT_INDEX_FILE", other.to_str().unwrap());
    let answer = repository.lint(&["check", "--staged"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn git_dir_and_work_tree_may_lie_apart() {
    let mut repository = Repository::with_project();
    let git_dir = repository.root().parent().unwrap().join("elsewhere.git");
    fs::rename(repository.root().join(".git"), &git_dir).unwrap();
    repository.set("GIT_DIR", git_dir.to_str().unwrap());
    repository.set(
        "GIT_WORK_TREE",
        repository.root().to_str().unwrap().to_owned(),
    );
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "."]);
    assert_eq!(repository.lint(&["check", "--staged"]).codes(), ["102"]);
    assert_eq!(repository.lint(&["check"]).codes(), ["102"]);
}

#[test]
fn a_linked_worktree_has_its_own_index_and_head() {
    let repository = Repository::with_project();
    let linked = repository.root().parent().unwrap().join("linked");
    let path = linked.to_str().unwrap();
    repository.git(&["worktree", "add", "--quiet", "-b", "side", path]);
    fs::write(linked.join(file_of("b1")), revision("b1", Some("missing"))).unwrap();
    repository.try_git_in(&linked, &["add", "."]);
    assert_eq!(
        repository.lint_in(&linked, &["check", "--staged"]).codes(),
        ["102"]
    );
    assert_eq!(repository.lint(&["check", "--staged"]).status, 0);
    let answer = repository.lint(&["graph"]);
    assert!(!answer.out.contains("b1"), "{answer:?}");
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let repository = Repository::init(&[]);
    repository.project();
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "."]);
    assert_eq!(repository.lint(&["check", "--staged"]).codes(), ["102"]);
    assert_eq!(repository.lint(&["check"]).codes(), ["102"]);
    let answer = repository.lint(&["check", "--from-ref", "HEAD"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("HEAD"), "{answer:?}");
}

#[test]
fn an_unfinished_merge_is_refused_by_name() {
    let repository = Repository::with_project();
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write("shop/models.py", models("    x = Column(String)\n"));
    repository.commit("x");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("shop/models.py", models("    y = Column(String)\n"));
    repository.commit("y");
    assert_ne!(repository.try_git(&["merge", "side"]).status, 0);
    let answer = repository.lint(&["check", "--staged"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("shop/models.py"), "{answer:?}");
    assert!(answer.err.contains("git add"), "{answer:?}");
    // The work tree can be judged as it is: the model does not parse, the revisions do.
    assert_eq!(repository.lint(&["check"]).status, 0);
}

#[test]
fn intent_to_add_is_not_content() {
    let repository = Repository::with_project();
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "--intent-to-add", "."]);
    assert_eq!(repository.lint(&["check", "--staged"]).status, 0);
    assert_eq!(repository.lint(&["check"]).codes(), ["102"]);
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_not_deleted() {
    let repository = Repository::with_project();
    repository.revision("b1", Some("a1"));
    repository.write("docs/readme.txt", "text");
    repository.commit("b1");
    repository.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "docs"]);
    assert!(!repository.root().join(file_of("b1")).exists());
    for mode in [&["check"][..], &["check", "--staged"]] {
        let answer = repository.lint(mode);
        assert_eq!(answer.status, 0, "{answer:?}");
        assert!(answer.out.contains("2 revisions"), "{answer:?}");
    }
}

#[test]
fn submodules_are_other_projects() {
    let inner = Repository::with_project();
    let repository = Repository::with_project();
    let url = inner.root().to_str().unwrap();
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        url,
        "vendored",
    ];
    repository.git(&add);
    repository.commit("submodule");
    let answer = repository.lint(&["config"]);
    assert!(!answer.out.contains("vendored"), "{answer:?}");
    assert_eq!(repository.lint(&["check", "--staged"]).status, 0);
    assert_eq!(repository.lint(&["check"]).status, 0);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_followed_inside_the_repository_only() {
    use std::os::unix::fs::symlink;
    let repository = Repository::with_project();
    let root = repository.root();
    fs::rename(root.join("migrations/versions"), root.join("real")).unwrap();
    symlink("../real", root.join("migrations/versions")).unwrap();
    symlink("/etc", root.join("outside")).unwrap();
    symlink("circle", root.join("circle")).unwrap();
    repository.commit("links");
    fs::write(root.join("real/b1.py"), revision("b1", Some("missing"))).unwrap();
    repository.git(&["add", "."]);
    for mode in [&["check"][..], &["check", "--staged"]] {
        assert_eq!(repository.lint(mode).codes(), ["102"], "{mode:?}");
    }
}

#[test]
fn sha256_repositories_are_read() {
    let repository = Repository::init(&["--object-format=sha256"]);
    repository.project();
    repository.commit("one");
    repository.revision("b1", Some("missing"));
    repository.git(&["add", "."]);
    assert_eq!(repository.lint(&["check", "--staged"]).codes(), ["102"]);
    repository.commit("two");
    assert_eq!(
        repository.lint(&["check", "--from-ref", "HEAD^"]).codes(),
        ["102"]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn paths_that_are_not_unicode_are_left_out_and_named() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let repository = Repository::with_project();
    let name = OsStr::from_bytes(b"migrations/versions/caf\xe9.py");
    fs::write(repository.root().join(name), revision("b1", Some("a1"))).unwrap();
    for mode in [&["check", "-v"][..], &["check", "--staged", "-v"]] {
        repository.git(&["add", "."]);
        let answer = repository.lint(mode);
        assert_eq!(answer.status, 0, "{answer:?}");
        assert!(answer.err.contains("caf"), "{answer:?}");
        assert!(answer.err.contains("not UTF-8"), "{answer:?}");
    }
}

#[test]
fn a_shallow_clone_without_a_merge_base_names_the_remedy() {
    let origin = Repository::with_project();
    origin.git(&["checkout", "--quiet", "-b", "side"]);
    origin.revision("b1", Some("a1"));
    origin.commit("b1");
    origin.revision("c1", Some("b1"));
    origin.commit("c1");
    origin.git(&["checkout", "--quiet", "main"]);
    origin.write("x.txt", "x");
    origin.commit("x");
    let url = format!("file://{}", origin.root().display());
    let clone = Repository::folder();
    clone.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        "--no-single-branch",
        "--branch=side",
        &url,
        ".",
    ]);
    let answer = clone.lint(&["check", "--from-ref", "origin/main"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("shallow"), "{answer:?}");
    let help: Vec<&str> = answer.err.split_whitespace().collect();
    assert!(help.join(" ").contains("fetch-depth: 0"), "{answer:?}");
    // What needs no history works.
    assert_eq!(clone.lint(&["check"]).status, 0);
}

#[test]
fn reftable_is_refused_with_its_remedy() {
    let repository = Repository::folder();
    // Older versions of git cannot make such a repository, so none is met beside them.
    let made = repository.try_git(&["init", "--quiet", "--ref-format=reftable"]);
    if made.status != 0 {
        assert!(made.err.contains("unknown option"), "{made:?}");
        return;
    }
    repository.project();
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("reftable"), "{answer:?}");
    assert!(answer.err.contains("--no-git"), "{answer:?}");
    assert_eq!(repository.lint(&["check", "--no-git"]).status, 0);
}

/// A clone without a work tree and without the contents that git leaves out by a filter.
fn partial_clone(origin: &Repository, filter: &str) -> Repository {
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.root().display());
    let filter = format!("--filter={filter}");
    let clone = Repository::folder();
    clone.git(&["clone", "--quiet", &filter, "--no-checkout", &url, "."]);
    clone
}

#[test]
fn a_blob_that_a_partial_clone_has_not_fetched_is_named() {
    let origin = Repository::with_project();
    origin.revision("b1", Some("a1"));
    origin.commit("b1");
    let clone = partial_clone(&origin, "blob:none");
    let answer = clone.lint(&["check", "--from-ref", "HEAD^"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("partial clone"), "{answer:?}");
    assert!(answer.err.contains("git "), "{answer:?}");
}

#[test]
fn a_large_file_that_a_partial_clone_has_not_fetched_matters_to_nobody() {
    let origin = Repository::with_project();
    origin.write("words.txt", "word ".repeat(20_000));
    origin.revision("b1", Some("missing"));
    origin.commit("b1");
    let clone = partial_clone(&origin, "blob:limit=64k");
    let answer = clone.lint(&["check", "--from-ref", "HEAD^", "--output-format", "concise"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert_eq!(answer.codes(), ["102"], "{answer:?}");
}

#[test]
fn a_bare_repository_has_commits_only() {
    let origin = Repository::with_project();
    origin.revision("b1", Some("missing"));
    origin.commit("b1");
    let bare = Repository::folder();
    let url = origin.root().to_str().unwrap();
    bare.git(&["clone", "--quiet", "--bare", url, "."]);
    let answer = bare.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("no work tree"), "{answer:?}");
    let answer = bare.lint(&["check", "--from-ref", "HEAD^", "--to-ref", "HEAD"]);
    assert_eq!(answer.codes(), ["102"]);
}

#[test]
fn a_folder_without_git_is_judged_with_a_note() {
    let repository = Repository::folder();
    repository.project();
    repository.revision("b1", Some("missing"));
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.codes(), ["102"]);
    assert!(answer.err.contains("git"), "{answer:?}");
    let answer = repository.lint(&["check", "--staged"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.err.contains("not inside a git repository"),
        "{answer:?}"
    );
}

#[test]
fn a_broken_repository_is_an_error_not_a_folder() {
    let repository = Repository::with_project();
    repository.write(".git/HEAD", "garbage");
    let answer = repository.lint(&["check", "--staged"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("HEAD"), "{answer:?}");
    repository.write(".git/HEAD", "ref: refs/heads/main\n");
    repository.write(".git/config", "[core\n");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("--no-git"), "{answer:?}");
    repository.write(".git/config", "[core]\nrepositoryformatversion = 0\n");
    repository.write(".git/index", "DIRC garbage");
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("index"), "{answer:?}");
}

#[test]
fn line_endings_that_git_converts_are_no_change() {
    let repository = Repository::with_project();
    repository.git(&["config", "core.autocrlf", "true"]);
    let text = repository.read(&file_of("a1")).replace('\n', "\r\n");
    repository.write(&file_of("a1"), text);
    repository.revision("b1", Some("a1"));
    let answer = repository.lint(&["check", "--changed", "--from-ref", "HEAD"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.out.contains("1 of 2 revisions"), "{answer:?}");
}

#[test]
fn a_branch_is_looked_at_commit_by_commit() {
    let repository = Repository::with_project();
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write("shop/models.py", models("    name = Column(String)\n"));
    repository.commit("Add a name");
    repository.write("readme.txt", "x");
    repository.commit("Explain it");
    repository.write(&file_of("b1"), revision_with_column("b1", "a1", "name"));
    repository.git(&["add", "."]);
    let split = |arguments: &[&str]| {
        let arguments = [&["check", "--select", "ML310"], arguments].concat();
        repository.lint(&arguments)
    };
    let answer = split(&["--staged"]);
    assert_eq!(answer.codes(), ["310"]);
    let said = answer.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("(Add a name)"), "{said}");
    repository.commit("Migrate");
    repository.write("shop/models.py", models("    name = Column(String)\n\n"));
    let last = repository.commit("Tidy up");
    for arguments in [&["--from-ref", "main"][..], &["--changed"]] {
        let answer = split(arguments);
        assert_eq!(answer.codes(), ["310"]);
        let said = answer.out.replace('\u{2502}', "");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("(Migrate)"), "{said}");
    }
    // Together they are one.
    repository.git(&["reset", "--quiet", "--soft", "main"]);
    repository.commit("Add a name");
    assert_eq!(split(&["--from-ref", "main"]).status, 0);
    assert_eq!(
        split(&["--from-ref", "main", "--to-ref", &last]).codes(),
        ["310"]
    );
}
