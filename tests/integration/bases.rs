//! Which base a change is compared with, and what a merge would make of it.

use crate::repository::{Repository, models, revision_with_column};

/// `main` moves on while `side` adds a revision of its own.
fn parted() -> Repository {
    let repository = Repository::with_project();
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.revision("ours", Some("a1"));
    repository.commit("ours");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.revision("theirs", Some("a1"));
    repository.commit("theirs");
    repository.git(&["checkout", "--quiet", "side"]);
    repository
}

#[test]
fn the_result_of_the_merge_is_judged() {
    let repository = parted();
    let answer = repository.lint(&["check", "--from-ref", "main"]);
    assert_eq!(answer.codes(), ["107"]);
    assert!(answer.out.contains("ours.py"), "{answer:?}");
    assert_eq!(repository.lint(&["check", "--changed"]).codes(), ["107"]);
    // The branch by itself has one head.
    assert_eq!(repository.lint(&["check"]).status, 0);
    assert_eq!(repository.lint(&["check", "--staged"]).status, 0);
}

#[test]
fn the_base_comes_from_where_each_system_says_it() {
    let mut repository = parted();
    let base_line = |answer: &crate::repository::Answer| {
        answer
            .err
            .lines()
            .find(|line| line.starts_with("base:"))
            .unwrap_or_default()
            .to_owned()
    };
    let said = base_line(&repository.lint(&["check", "--changed", "-v"]));
    assert!(said.contains("base: main"), "{said}");
    repository.git(&["update-ref", "refs/remotes/origin/develop", "main"]);
    repository.set(
        "CI_MERGE_REQUEST_DIFF_BASE_SHA",
        repository.git(&["rev-parse", "main"]),
    );
    let said = base_line(&repository.lint(&["check", "--changed", "-v"]));
    assert!(said.contains("CI_MERGE_REQUEST_DIFF_BASE_SHA"), "{said}");
    repository.set("GITHUB_BASE_REF", "develop");
    let said = base_line(&repository.lint(&["check", "--changed", "-v"]));
    assert!(
        said.contains("origin/develop") && said.contains("GITHUB_BASE_REF"),
        "{said}"
    );
    repository.set("PRE_COMMIT_FROM_REF", "main");
    let said = base_line(&repository.lint(&["check", "--changed", "-v"]));
    assert!(said.contains("PRE_COMMIT_FROM_REF"), "{said}");
    repository.write("migrate-lint.toml", "base-ref = \"main\"\n");
    let said = base_line(&repository.lint(&["check", "--changed", "-v"]));
    assert!(said.contains("base-ref"), "{said}");
    let said = base_line(&repository.lint(&["check", "--changed", "--from-ref", "HEAD", "-v"]));
    assert!(said.contains("--from-ref"), "{said}");
}

#[test]
fn the_pre_commit_program_is_understood() {
    let mut repository = parted();
    repository.set("PRE_COMMIT", "1");
    // `pre-commit run --all-files`: nothing is staged.
    let answer = repository.lint(&["check", "-v"]);
    assert!(answer.err.contains("judging the work tree"), "{answer:?}");
    repository.revision("next", Some("ours"));
    repository.git(&["add", "."]);
    let answer = repository.lint(&["check", "-v"]);
    assert!(answer.err.contains("what is staged"), "{answer:?}");
    repository.set("PRE_COMMIT_FROM_REF", "main");
    repository.set("PRE_COMMIT_TO_REF", "side");
    assert_eq!(repository.lint(&["check", "-v"]).codes(), ["107"]);
}

#[test]
fn model_and_migration_may_come_in_two_commits_of_one_branch() {
    let repository = Repository::with_project();
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write("shop/models.py", models("    name = Column(String)\n"));
    repository.git(&["add", "."]);
    assert_eq!(repository.lint(&["check", "--staged"]).codes(), ["301"]);
    repository.git(&["stash", "--quiet"]);
    let text = repository
        .read("migrations/versions/a1.py")
        .replace("\"a1\"", "\"b1\"")
        .replace("down_revision = None", "down_revision = \"a1\"")
        .replace("Revision ID: a1\nRevises:", "Revision ID: b1\nRevises: a1")
        .replace(
            "op.create_table(\"t_a1\", sa.Column(\"id\", sa.Integer(), primary_key=True))",
            "op.add_column(\"t_a1\", sa.Column(\"name\", sa.String()))",
        )
        .replace(
            "op.drop_table(\"t_a1\")",
            "op.drop_column(\"t_a1\", \"name\")",
        );
    repository.write("migrations/versions/b1.py", text);
    repository.git(&["add", "."]);
    assert_eq!(repository.lint(&["check", "--staged"]).codes(), ["302"]);
    repository.commit("migration first");
    repository.git(&["stash", "pop", "--quiet"]);
    repository.git(&["add", "."]);
    let answer = repository.lint(&["check", "--staged"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let answer = repository.lint(&["check", "--changed"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn not_null_that_is_lost_with_a_name_is_said_once() {
    let repository = Repository::with_project();
    let table = repository.read("migrations/versions/a1.py").replace(
        "primary_key=True)",
        "primary_key=True), sa.Column(\"title\", sa.String(20), nullable=False)",
    );
    repository.write("migrations/versions/a1.py", table);
    let column = "Column(String(20), nullable=False)";
    repository.write("shop/models.py", models(&format!("    title = {column}\n")));
    repository.commit("title");
    // The old name goes to another column.
    let lines = format!("    grade = {column}\n    title = Column(String)\n");
    repository.write("shop/models.py", models(&lines));
    let renames = revision_with_column("b1", "a1", "title").replace(
        "    op.add_column",
        "    op.alter_column(\"t_a1\", \"title\", new_column_name=\"grade\", existing_type=sa.String(20))\n    op.add_column",
    );
    repository.write("migrations/versions/b1.py", renames);
    repository.commit("grade");
    let check = [
        "check",
        "--from-ref",
        "HEAD^",
        "--to-ref",
        "HEAD",
        "--dialect",
        "mysql",
    ];
    let codes = |select: &str| {
        let answer = repository.lint(&[&check[..], &["--select", select]].concat());
        answer
            .codes()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("ML302,ML533"), ["533"]);
    assert_eq!(codes("ML302"), ["302"]);
}

#[test]
fn a_type_that_the_model_has_right_is_said_once() {
    let repository = Repository::with_project();
    let table = repository
        .read("migrations/versions/a1.py")
        .replace("sa.Integer()", "sa.BigInteger()");
    repository.write("migrations/versions/a1.py", table);
    let with_keys = |lines: &str| {
        models(lines)
            .replace("Column, Integer", "BigInteger, Column, ForeignKey, Integer")
            .replace("Column(Integer, primary", "Column(BigInteger, primary")
    };
    repository.write("shop/models.py", with_keys(""));
    repository.commit("wide");
    let line = "    parent = Column(BigInteger, ForeignKey(\"t_a1.id\"))\n";
    repository.write("shop/models.py", with_keys(line));
    let narrow = revision_with_column("b1", "a1", "parent")
        .replace("sa.String()", "sa.Integer(), sa.ForeignKey(\"t_a1.id\")");
    repository.write("migrations/versions/b1.py", narrow);
    repository.commit("parent");
    let codes = |select: &str| {
        let base = ["check", "--from-ref", "HEAD^", "--to-ref", "HEAD"];
        let database = ["--dialect", "postgresql", "--select", select];
        let answer = repository.lint(&[&base[..], &database].concat());
        let codes = answer.codes();
        codes.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(codes("ML302,ML524"), ["302"]);
    assert_eq!(codes("ML524"), ["524"]);
}

#[test]
fn a_type_that_alembic_does_not_hear_is_said_once() {
    let repository = Repository::with_project();
    let columns = "    ip = Column(String(255))\n    mail = Column(String(255))\n";
    repository.write("shop/models.py", models(columns));
    let both = revision_with_column("b1", "a1", "ip").replace(
        "    op.add_column(\"t_a1\", sa.Column(\"ip\", sa.String()))",
        "    op.add_column(\"t_a1\", sa.Column(\"ip\", sa.String(255)))\n    \
         op.add_column(\"t_a1\", sa.Column(\"mail\", sa.String(255)))",
    );
    repository.write("migrations/versions/b1.py", both);
    repository.commit("columns");
    repository.write("shop/models.py", models(&columns.replace("255", "4096")));
    let unheard = revision_with_column("c1", "b1", "ip").replace(
        "op.add_column(\"t_a1\", sa.Column(\"ip\", sa.String()))",
        "op.alter_column(\"t_a1\", \"ip\", type=sa.String(4096))",
    );
    repository.write("migrations/versions/c1.py", unheard);
    repository.commit("wider");
    let answer = |select: &str| {
        let base = ["check", "--from-ref", "HEAD^", "--to-ref", "HEAD"];
        let database = ["--dialect", "postgresql", "--select", select];
        repository.lint(&[&base[..], &database].concat())
    };
    let both = answer("ML211,ML301");
    assert_eq!(both.codes(), ["211", "301"], "{both:?}");
    assert!(both.out.contains("the type of `mail` to"), "{both:?}");
    let alone = answer("ML301");
    assert!(alone.out.contains("`ip` and `mail`"), "{alone:?}");
}

#[test]
fn a_default_that_the_downgrade_leaves_is_said_once() {
    let repository = Repository::with_project();
    let added = revision_with_column("b1", "a1", "age");
    repository.write("migrations/versions/b1.py", added);
    let altered = revision_with_column("c1", "b1", "age").replace(
        "op.add_column(\"t_a1\", sa.Column(\"age\", sa.String()))",
        "op.alter_column(\"t_a1\", \"age\", nullable=False, type_=sa.String(9), server_default=\"1\")",
    );
    let altered = altered.replace(
        "op.drop_column(\"t_a1\", \"age\")",
        "op.alter_column(\"t_a1\", \"age\", nullable=True, type=sa.String(), server_default=False)",
    );
    repository.write("migrations/versions/c1.py", altered);
    let codes = |select: &str| {
        let answer = repository.lint(&["check", "--dialect", "postgresql", "--select", select]);
        let codes = answer.codes();
        codes.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(codes("ML211,ML213"), ["211", "211"]);
    assert_eq!(codes("ML213"), ["213"]);
}

#[test]
fn without_a_base_the_remedy_is_named() {
    let repository = Repository::with_project();
    repository.git(&["branch", "--quiet", "-m", "trunk"]);
    let answer = repository.lint(&["check", "--changed"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("--from-ref"), "{answer:?}");
    let answer = repository.lint(&["check", "--from-ref", "nowhere"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("nowhere"), "{answer:?}");
    // One commit alone can be judged as a whole.
    let answer = repository.lint(&["check", "--to-ref", "trunk"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn an_edited_revision_weighs_more_once_it_is_released() {
    let repository = Repository::with_project();
    let edited = repository
        .read("migrations/versions/a1.py")
        .replace("Integer", "BigInteger");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write("migrations/versions/a1.py", &edited);
    let answer = repository.lint(&["check", "--changed"]);
    assert_eq!(answer.codes(), ["108"]);
    assert!(answer.out.contains("warning[ML108]"), "{answer:?}");
    repository.git(&["tag", "v1.0", "main"]);
    let answer = repository.lint(&["check", "--changed"]);
    assert!(answer.out.contains("error[ML108]"), "{answer:?}");
    assert!(answer.out.contains("v1.0"), "{answer:?}");
    // A release that was made with the edit is no reason.
    repository.git(&["tag", "--delete", "v1.0"]);
    repository.commit("edited");
    repository.git(&["tag", "v2.0"]);
    let answer = repository.lint(&["check", "--changed"]);
    assert!(answer.out.contains("warning[ML108]"), "{answer:?}");
}

#[test]
fn the_oldest_release_that_has_the_version_of_the_base_is_named() {
    let repository = Repository::with_project();
    let edited = repository
        .read("migrations/versions/a1.py")
        .replace("Integer", "BigInteger");
    for tag in ["v1.0rc1", "v1.0", "v1.1"] {
        repository.write("readme.txt", tag);
        repository.commit(tag);
        repository.git(&["tag", tag]);
    }
    let base = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write("migrations/versions/a1.py", &edited);
    let answer = repository.lint(&["check", "--changed"]);
    assert!(answer.out.contains("part of release `v1.0`"), "{answer:?}");
    // Where the id of a commit is given as the base, git's short form of it is named.
    for tag in ["v1.0rc1", "v1.0", "v1.1"] {
        repository.git(&["tag", "--delete", tag]);
    }
    repository.commit("edited");
    let from = base.trim();
    let answer = repository.lint(&["check", "--from-ref", from]);
    let short = from.get(..7).unwrap();
    assert!(
        answer.out.contains(&format!("already on `{short}")),
        "{answer:?}"
    );
    assert!(!answer.out.contains(from), "{answer:?}");
}

#[test]
fn an_edit_that_gives_back_what_is_released_is_a_repair() {
    let repository = Repository::with_project();
    let released = repository.read("migrations/versions/a1.py");
    repository.git(&["tag", "v1.0"]);
    let edited = released.replace("Integer", "BigInteger");
    repository.write("migrations/versions/a1.py", &edited);
    repository.commit("edited");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write("migrations/versions/a1.py", &released);
    let answer = repository.lint(&["check", "--changed"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

/// A clone as CI systems make it, with all branches of the remote and no `origin/HEAD`.
fn cloned(origin: &Repository) -> Repository {
    let clone = Repository::init(&[]);
    let url = format!("file://{}", origin.root().display());
    clone.git(&["remote", "add", "origin", &url]);
    clone.git(&[
        "fetch",
        "--quiet",
        "origin",
        "+refs/heads/*:refs/remotes/origin/*",
    ]);
    clone
}

/// The same at the last commit of a branch, and on none.
fn detached(origin: &Repository, branch: &str) -> Repository {
    let clone = cloned(origin);
    let reference = format!("refs/remotes/origin/{branch}");
    clone.git(&["checkout", "--quiet", "--detach", &reference]);
    clone
}

#[test]
fn a_pushed_branch_is_not_its_own_base() {
    let origin = parted();
    let clone = cloned(&origin);
    clone.git(&[
        "checkout",
        "--quiet",
        "-B",
        "side",
        "refs/remotes/origin/side",
    ]);
    let answer = clone.lint(&["check", "--changed", "--verbose"]);
    assert!(answer.err.contains("base: origin/main"), "{answer:?}");
    assert_eq!(answer.codes(), ["107"], "{answer:?}");
}

#[test]
fn targets_of_merge_requests_are_those_that_systems_name() {
    let origin = parted();
    origin.git(&["branch", "--quiet", "release", "main~1"]);
    let mut clone = detached(&origin, "side");
    let began = clone.git(&["merge-base", "origin/main", "HEAD"]);
    let base = |clone: &Repository| {
        let answer = clone.lint(&["check", "--changed", "--verbose"]);
        let line = answer.err.lines().find(|line| line.starts_with("base:"));
        (
            line.unwrap_or_default().to_owned(),
            answer.codes().join(","),
        )
    };
    clone.set("CI_MERGE_REQUEST_DIFF_BASE_SHA", began);
    clone.set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
    let (line, codes) = base(&clone);
    assert!(line.contains("base: origin/main"), "{line}");
    assert_eq!(codes, "107", "what was merged meanwhile counts");

    let mut clone = detached(&origin, "side");
    clone.set("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/release");
    let (line, codes) = base(&clone);
    assert!(line.contains("base: origin/release"), "{line}");
    assert_eq!(codes, "");

    let mut clone = detached(&origin, "side");
    clone.set("CHANGE_TARGET", "release");
    assert!(base(&clone).0.contains("base: origin/release"));
}

#[test]
fn trouble_is_told_where_findings_are() {
    let mut repository = Repository::with_project();
    repository.set("GITHUB_BASE_REF", "nowhere");
    let answer = repository.lint(&["check", "--changed", "--output-format", "github"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer
            .out
            .starts_with("::error title=migrate-lint::cannot find the commit `origin/nowhere`"),
        "{answer:?}"
    );
    assert!(answer.err.contains("nowhere"), "{answer:?}");
    let answer = repository.lint(&["check", "--changed", "--output-format", "azure"]);
    assert!(
        answer.out.starts_with("##vso[task.logissue type=error]"),
        "{answer:?}"
    );
}

#[test]
fn the_merge_that_github_checks_out_knows_its_base() {
    let origin = parted();
    origin.git(&["checkout", "--quiet", "--detach", "main"]);
    origin.git(&["merge", "--quiet", "--no-edit", "side"]);
    origin.git(&["update-ref", "refs/pull/1/merge", "HEAD"]);
    let mut clone = Repository::init(&[]);
    let url = format!("file://{}", origin.root().display());
    clone.git(&[
        "fetch",
        "--quiet",
        "--depth=2",
        &url,
        "+refs/pull/1/merge:refs/remotes/pull/1/merge",
    ]);
    clone.git(&[
        "checkout",
        "--quiet",
        "--detach",
        "refs/remotes/pull/1/merge",
    ]);
    clone.set("GITHUB_BASE_REF", "main");
    let answer = clone.lint(&["check", "--changed", "--verbose"]);
    assert_ne!(answer.status, 2, "{answer:?}");
    assert!(answer.err.contains("base: main"), "{answer:?}");
    assert_eq!(answer.codes(), ["107"], "{answer:?}");
}

#[test]
fn a_revision_of_today_may_be_replaced_by_whoever_brought_it() {
    let commit_as = |repository: &mut Repository, time: &str, author: &str| {
        repository.set("GIT_AUTHOR_DATE", time);
        repository.set("GIT_COMMITTER_DATE", time);
        repository.set("GIT_AUTHOR_EMAIL", author);
        repository.commit("one");
    };
    // Who has made a commit in between, if anybody.
    let found = |time: &str, author: &str, between: Option<&str>, before: &[&str]| {
        let mut repository = Repository::with_project();
        for author in before {
            repository.write("readme.txt", author);
            commit_as(&mut repository, "2026-02-20T12:00:00Z", author);
        }
        repository.revision("b2", Some("a1"));
        commit_as(&mut repository, "2026-03-01T12:00:00Z", "one@example.org");
        if let Some(between) = between {
            repository.write("readme.txt", "");
            commit_as(&mut repository, "2026-03-01T12:30:00Z", between);
        }
        repository.remove("migrations/versions/b2.py");
        repository.revision("c3", Some("a1"));
        commit_as(&mut repository, time, author);
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML109"]);
        answer.codes().len()
    };
    let (one, another) = ("one@example.org", "another@example.org");
    let (soon, monday, later) = (
        "2026-03-01T13:00:00Z",
        "2026-03-03T13:00:00Z",
        "2026-03-20T13:00:00Z",
    );
    assert_eq!(found(soon, one, None, &[]), 0);
    assert_eq!(found(soon, another, None, &[]), 1);
    assert_eq!(found(monday, one, None, &[]), 0);
    assert_eq!(found(monday, one, Some(one), &[]), 0);
    assert_eq!(found(monday, one, Some(another), &[]), 1);
    assert_eq!(found(later, one, None, &[]), 1);
    // After commits of several people, those of one are a branch of his.
    let several = ["two@example.org", "three@example.org", "four@example.org"];
    assert_eq!(found(later, one, None, &several), 0);
    assert_eq!(found(later, one, Some(another), &several), 1);
}

#[test]
fn what_came_days_ago_between_releases_is_in_few_databases() {
    let found = |time: &str, tag: Option<&str>| {
        let mut repository = Repository::with_project();
        let commit_at = |repository: &mut Repository, time: &str| {
            repository.set("GIT_AUTHOR_DATE", time);
            repository.set("GIT_COMMITTER_DATE", time);
            repository.write("readme.txt", time);
            repository.commit("one");
        };
        commit_at(&mut repository, "2026-02-01T12:00:00Z");
        if let Some(tag) = tag {
            repository.git(&["tag", tag]);
        }
        repository.revision("b2", Some("a1"));
        commit_at(&mut repository, "2026-03-01T12:00:00Z");
        repository.remove("migrations/versions/b2.py");
        repository.revision("c3", Some("a1"));
        commit_at(&mut repository, time);
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML109"]);
        answer.out
    };
    let fresh = found("2026-03-05T12:00:00Z", Some("v1.0"));
    assert!(fresh.contains("info[ML109]"), "{fresh}");
    let older = found("2026-03-09T12:00:00Z", Some("v1.0"));
    assert!(older.contains("warning[ML109]"), "{older}");
    let unreleased = found("2026-03-05T12:00:00Z", None);
    assert!(unreleased.contains("warning[ML109]"), "{unreleased}");
}

#[test]
fn a_pre_release_is_none() {
    let found = |tag: &str| {
        let mut repository = Repository::with_project();
        repository.revision("b2", Some("a1"));
        let commit_at = |repository: &mut Repository, time: &str| {
            repository.set("GIT_AUTHOR_DATE", time);
            repository.set("GIT_COMMITTER_DATE", time);
            repository.commit("one");
        };
        commit_at(&mut repository, "2026-03-01T12:00:00Z");
        repository.git(&["tag", tag]);
        repository.remove("migrations/versions/b2.py");
        repository.revision("c3", Some("a1"));
        commit_at(&mut repository, "2026-03-03T12:00:00Z");
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML109"]);
        answer.out
    };
    let released = found("v1.0");
    assert!(released.contains("part of release `v1.0`"), "{released}");
    assert!(released.contains("Found 1 error"), "{released}");
    let tried = found("v1.0rc1");
    assert!(tried.contains("part of pre-release `v1.0rc1`"), "{tried}");
    assert!(tried.contains("Found 1 warning"), "{tried}");
}

#[test]
fn a_reset_is_announced_by_the_change_itself() {
    let said = |before: &str, message: Option<&str>| {
        let mut repository = Repository::with_project();
        let set_time = |repository: &mut Repository, time: &str| {
            repository.set("GIT_AUTHOR_DATE", time);
            repository.set("GIT_COMMITTER_DATE", time);
        };
        set_time(&mut repository, "2026-03-01T12:00:00Z");
        repository.revision("b2", Some("a1"));
        repository.commit("b2");
        set_time(&mut repository, "2026-03-05T12:00:00Z");
        repository.write("readme.txt", "");
        repository.commit(before);
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        repository.remove("migrations/versions/b2.py");
        let judged = match message {
            Some(message) => {
                repository.commit(message);
                &["--from-ref", "main"][..]
            }
            None => {
                repository.git(&["add", "--all"]);
                &["--staged"]
            }
        };
        let arguments = [&["check", "--select", "ML109"], judged].concat();
        repository.lint(&arguments).out.matches("ML109").count()
    };
    assert_eq!(said("A readme", Some("Reset the migrations")), 0);
    assert_eq!(said("A readme", Some("Undo b2")), 1);
    // What the last commit of the base says is not of this change.
    assert_eq!(said("Reset the migrations", None), 1);
}

#[test]
fn a_project_in_the_making_edits_its_revisions() {
    // How many commits there are, between the days of which months, whether the second was released, and how much of the
    // history is there.
    let told = |commits: u32, last: &str, tag: bool, depth: Option<&str>| {
        let mut repository = Repository::with_project();
        for number in 0..commits {
            let time = if number + 1 == commits {
                format!("{last}T12:00:00Z")
            } else {
                format!("2026-02-{:02}T12:00:00Z", number + 1)
            };
            repository.set("GIT_AUTHOR_DATE", &time);
            repository.set("GIT_COMMITTER_DATE", &time);
            repository.write("readme.txt", number.to_string());
            repository.commit("A readme");
            if tag && number == 0 {
                repository.git(&["tag", "v0.1"]);
            }
        }
        let edited = repository
            .read("migrations/versions/a1.py")
            .replace("Integer", "BigInteger");
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        repository.write("migrations/versions/a1.py", &edited);
        repository.commit("edited");
        if let Some(depth) = depth {
            let remote = format!("file://{}", repository.root().display());
            let clone = Repository::init(&[]);
            clone.git(&["fetch", "--quiet", "--depth", depth, &remote, "side"]);
            clone.git(&["checkout", "--quiet", "--detach", "FETCH_HEAD"]);
            repository = clone;
        }
        let range = ["--from-ref", "HEAD^", "--to-ref", "HEAD"];
        let arguments = [&["check", "--select", "ML108"], &range[..]].concat();
        repository.lint(&arguments).out.matches("ML108").count()
    };
    assert_eq!(told(12, "2026-04-01", false, None), 0);
    assert_eq!(told(12, "2026-04-01", true, None), 1);
    assert_eq!(told(12, "2026-09-01", false, None), 1);
    assert_eq!(told(3, "2026-04-01", false, None), 1);
    // What was before is not known.
    assert_eq!(told(20, "2026-04-01", false, Some("15")), 1);
}
