//! What commits and tags say of revisions: when a project was begun, what was given up, which line has what.

use crate::repository::{Repository, file_of, revision, revision_with_column};

fn set_time(repository: &mut Repository, time: &str) {
    repository.set("GIT_AUTHOR_DATE", time);
    repository.set("GIT_COMMITTER_DATE", time);
}

#[test]
fn revisions_show_that_a_repository_has_only_begun() {
    let told = |created: &str| {
        let mut repository = Repository::init(&[]);
        set_time(&mut repository, "2026-03-01T12:00:00Z");
        repository.project();
        let dated = format!("Revises:\nCreate Date: {created} 10:00:00.000000\n");
        let text = revision("a1", None).replace("Revises:\n", &dated);
        repository.write(&file_of("a1"), &text);
        repository.commit("one");
        set_time(&mut repository, "2026-03-10T12:00:00Z");
        repository.write(&file_of("a1"), text.replace("Integer", "BigInteger"));
        repository.commit("two");
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML108"]);
        answer.out.matches("ML108").count()
    };
    assert_eq!(told("2026-02-27"), 0);
    // It goes on with a project from elsewhere.
    assert_eq!(told("2025-06-01"), 1);
}

#[test]
fn a_commit_of_a_merged_branch_gives_the_way_back_up() {
    let told = |message: &str, other: &str| {
        let repository = Repository::with_project();
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        let text = revision("b2", Some("a1")).replace("op.drop_table(\"t_b2\")", "pass");
        repository.write(&file_of("b2"), text);
        repository.commit(message);
        repository.write("readme.txt", "");
        repository.commit(other);
        repository.git(&["checkout", "--quiet", "main"]);
        repository.git(&["merge", "--quiet", "--no-ff", "--no-edit", "side"]);
        let range = ["--from-ref", "HEAD^1", "--to-ref", "HEAD"];
        let arguments = [&["check", "--select", "ML202"], &range[..]].concat();
        repository.lint(&arguments).out.matches("ML202").count()
    };
    assert_eq!(told("There is no \"undo\"", "A readme"), 0);
    assert_eq!(told("Add b2", "A readme"), 1);
    // That is not about the revision.
    assert_eq!(told("Add b2", "There is no \"undo\""), 1);
}

#[test]
fn a_candidate_gives_way_to_what_another_release_has() {
    let told = |tag: Option<&str>| {
        let mut repository = Repository::with_project();
        set_time(&mut repository, "2026-03-01T12:00:00Z");
        repository.git(&["checkout", "--quiet", "-b", "old"]);
        // The folder may have had another name there.
        repository.write("older/versions/c3.py", revision("c3", Some("a1")));
        repository.commit("c3");
        if let Some(tag) = tag {
            repository.git(&["tag", tag]);
        }
        repository.git(&["checkout", "--quiet", "main"]);
        repository.revision("b2", Some("a1"));
        repository.commit("b2");
        repository.git(&["tag", "v2.0rc1"]);
        set_time(&mut repository, "2026-03-20T12:00:00Z");
        repository.revision("c3", Some("a1"));
        repository.revision("b2", Some("c3"));
        repository.commit("c3 as well");
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML108"]);
        answer.out.matches("ML108").count()
    };
    assert_eq!(told(None), 1);
    assert_eq!(told(Some("v1.1")), 0);
}

#[test]
fn what_no_release_of_late_has_is_for_information() {
    let told = |days: [&str; 3]| {
        let mut repository = Repository::with_project();
        for (number, day) in days.iter().enumerate() {
            set_time(&mut repository, &format!("{day}T12:00:00Z"));
            repository.write("version.txt", number.to_string());
            repository.commit("release");
            repository.git(&["tag", &format!("v1.{number}")]);
        }
        set_time(&mut repository, "2026-03-01T12:00:00Z");
        repository.revision("b2", Some("a1"));
        repository.commit("b2");
        set_time(&mut repository, "2026-03-20T12:00:00Z");
        let text = revision("b2", Some("a1"));
        repository.write(&file_of("b2"), text.replace("Integer", "BigInteger"));
        repository.commit("edit");
        let text = revision_with_column("c3", "b2", "n");
        let text = text
            .replace("t_a1", "t_b2")
            .replace("String()", "String(), nullable=False");
        repository.write(&file_of("c3"), text);
        repository.commit("c3");
        let count = |from: &str, to: &str, findings: [&str; 2]| {
            let select = ["--select", "ML108,ML501"];
            let range = ["check", "--from-ref", from, "--to-ref", to];
            let answer = repository.lint(&[&range[..], &select].concat());
            findings.map(|finding| answer.out.matches(finding).count())
        };
        [
            count("HEAD~2", "HEAD~1", ["info[ML108]", "warning[ML108]"]),
            count("HEAD~1", "HEAD", ["info[ML501]", "warning[ML501]"]),
        ]
    };
    assert_eq!(
        told(["2026-01-10", "2026-01-20", "2026-02-10"]),
        [[1, 0], [1, 0]]
    );
    // Nothing was released for a year.
    assert_eq!(
        told(["2025-01-10", "2025-01-20", "2025-02-10"]),
        [[0, 1], [0, 1]]
    );
}

#[test]
fn rows_that_an_edit_writes_are_named() {
    let repository = Repository::with_project();
    let text = revision("a1", None);
    let insert = "    op.execute(\"INSERT INTO t_a1 (id) VALUES (0)\")\n\n\ndef downgrade";
    repository.write(&file_of("a1"), text.replace("\n\ndef downgrade", insert));
    repository.commit("rows");
    let select = ["--select", "ML108", "--output-format", "json"];
    let range = ["check", "--from-ref", "HEAD^"];
    let answer = repository.lint(&[&range[..], &select].concat());
    assert!(
        answer
            .out
            .contains("they lack the rows that it now adds to `t_a1`"),
        "{answer:?}"
    );
}

#[test]
fn a_table_that_was_made_or_emptied_today_has_no_rows_for_whoever_did_it() {
    let revision = |repository: &mut Repository, id: &str, parent: &str, upgrade: &str| {
        repository.write(
            &format!("migrations/versions/{id}.py"),
            format!(
                "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = '{id}'\ndown_revision = '{parent}'\n\n\n\
                 def upgrade():\n    {upgrade}\n\n\ndef downgrade():\n    pass\n"
            ),
        );
    };
    let commit_at = |repository: &mut Repository, time: &str| {
        repository.set("GIT_AUTHOR_DATE", time);
        repository.set("GIT_COMMITTER_DATE", time);
        repository.commit("one");
    };
    let made = "op.create_table('t', sa.Column('a', sa.Integer()))";
    let emptied = "op.execute('DELETE FROM t')";
    let filled = "op.execute('INSERT INTO t VALUES (1)')";
    let found = |first: &str, second: &str, time: &str, tag: Option<&str>| {
        let mut repository = Repository::with_project();
        revision(&mut repository, "b2", "a1", first);
        commit_at(&mut repository, "2026-01-01T12:00:00Z");
        revision(&mut repository, "c3", "b2", second);
        commit_at(&mut repository, "2026-03-01T12:00:00Z");
        if let Some(tag) = tag {
            repository.git(&["tag", tag]);
        }
        let adds = "op.add_column('t', sa.Column('b', sa.Integer(), nullable=False))";
        revision(&mut repository, "d4", "c3", adds);
        commit_at(&mut repository, time);
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML501"]);
        answer.codes().len()
    };
    let (soon, later) = ("2026-03-01T13:00:00Z", "2026-03-03T13:00:00Z");
    assert_eq!(found("pass", made, soon, None), 0);
    assert_eq!(found(made, emptied, soon, None), 0);
    assert_eq!(found(made, emptied, later, None), 1);
    assert_eq!(found(made, emptied, soon, Some("v1.0")), 1);
    assert_eq!(found(made, filled, soon, None), 1);
    assert_eq!(found(made, "pass", soon, None), 1);
}

#[test]
fn a_revision_that_every_release_has_otherwise_is_edited_by_custom() {
    let repository = Repository::with_project();
    let path = "migrations/versions/a1.py";
    let first = repository.read(path);
    let told = |version: u32| {
        let edited = first.replace("Integer()", &format!("String({version})"));
        assert_ne!(first, edited);
        repository.write(path, &edited);
        repository.git(&["checkout", "--quiet", "-b", &format!("side{version}")]);
        let is_told = repository.lint(&["check", "--changed"]).codes() == ["108"];
        repository.git(&["checkout", "--quiet", "main"]);
        repository.commit("edited");
        repository.git(&["tag", &format!("v{version}.0")]);
        is_told
    };
    repository.git(&["tag", "v0.9"]);
    let told: Vec<bool> = (1..=6).map(told).collect();
    assert_eq!(told, [true, true, true, true, false, false]);
}

#[test]
fn a_history_that_comes_from_elsewhere_is_taken_as_it_is() {
    let checked = |months: bool| {
        let repository = Repository::init(&[]);
        repository.write("readme.txt", "");
        repository.commit("one");
        repository.project();
        let mut parent = "a1".to_owned();
        for number in 1..=8 {
            let id = format!("b{number}");
            let month = if months { number } else { 1 };
            let dated = format!("Create Date: 2024-0{month}-01 10:00:00.000000\n");
            let text = revision(&id, Some(&parent))
                .replace("op.drop_table(\"t_b8\")", "pass")
                .replacen("\n\"\"\"\n", &format!("\n{dated}\"\"\"\n"), 1);
            assert!(text.contains("Create Date"), "{text}");
            repository.write(&file_of(&id), text);
            parent = id;
        }
        repository.commit("two");
        repository.lint(&["check", "--from-ref", "HEAD^"])
    };
    let answer = checked(true);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(
        answer
            .err
            .contains("the 9 revisions of migrations were written elsewhere"),
        "{answer:?}"
    );
    assert!(checked(false).codes().contains(&"202"));
}

#[test]
fn what_main_does_not_have_yet_is_only_with_developers() {
    let told = |merge: bool, on_main: bool| {
        let mut repository = Repository::with_project();
        repository.git(&["tag", "v1.0"]);
        set_time(&mut repository, "2026-03-01T12:00:00Z");
        let add = |repository: &Repository| {
            repository.revision("b2", Some("a1"));
            repository.commit("b2");
        };
        if on_main {
            add(&repository);
        }
        repository.git(&["checkout", "--quiet", "-b", "pets"]);
        repository.write("readme.txt", "pets");
        repository.commit("pets");
        if merge {
            repository.git(&["checkout", "--quiet", "main"]);
            repository.write("notes.txt", "notes");
            repository.commit("notes");
            repository.git(&["checkout", "--quiet", "pets"]);
            repository.git(&["merge", "--quiet", "--no-ff", "--no-edit", "main"]);
        }
        if !on_main {
            add(&repository);
        }
        set_time(&mut repository, "2026-03-20T12:00:00Z");
        let text = revision("b2", Some("a1"));
        repository.write(&file_of("b2"), text.replace("Integer", "BigInteger"));
        repository.commit("edit");
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML108"]);
        answer.out.matches("ML108").count()
    };
    assert_eq!(told(true, false), 0);
    assert_eq!(told(true, true), 1);
    // Nothing tells that the base is not the main branch.
    assert_eq!(told(false, false), 1);
}

#[test]
fn what_a_squash_has_deleted_tells_whether_anybody_goes_back() {
    let told = |downgrade: &str| {
        let repository = Repository::with_project();
        let without = |id: &str, parent: Option<&str>| {
            revision(id, parent).replace(&format!("op.drop_table(\"t_{id}\")"), downgrade)
        };
        let mut parent = "a1".to_owned();
        for number in 2..8 {
            let id = format!("b{number}");
            repository.write(&file_of(&id), without(&id, Some(&parent)));
            parent = id;
        }
        repository.commit("old");
        repository.git(&["rm", "--quiet", &file_of("a1")]);
        for number in 2..8 {
            repository.git(&["rm", "--quiet", &file_of(&format!("b{number}"))]);
        }
        repository.revision("c1", None);
        repository.commit("squash");
        for (id, parent) in [("c2", "c1"), ("c3", "c2")] {
            let text = revision(id, Some(parent));
            let text = text.replace(&format!("op.drop_table(\"t_{id}\")"), "pass");
            repository.write(&file_of(id), text);
        }
        repository.commit("new");
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML202"]);
        answer.out.matches("ML202").count()
    };
    assert_eq!(told("pass"), 0);
    assert_eq!(told("op.execute(\"DROP TABLE IF EXISTS pets\")"), 2);
}

#[test]
fn an_old_sqlite_takes_no_foreign_keys_along() {
    let told = |day: &str| {
        let mut repository = Repository::init(&[]);
        set_time(&mut repository, "2018-01-01T12:00:00Z");
        repository.project();
        repository.write("migrate-lint.toml", "dialect = \"sqlite\"\n");
        let first = revision("a1", None).replace(
            "sa.Column(\"id\"",
            "sa.Column(\"parent\", sa.Integer(), sa.ForeignKey(\"t_b2.id\")), sa.Column(\"id\"",
        );
        let second = revision("b2", None);
        repository.write(&file_of("b2"), second);
        repository.write(
            &file_of("a1"),
            first.replace("down_revision = None", "down_revision = \"b2\""),
        );
        repository.commit("tables");
        set_time(&mut repository, &format!("{day}T12:00:00Z"));
        let rebuilt = "op.rename_table(\"t_b2\", \"old\")\n    \
             op.create_table(\"t_b2\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n    \
             op.drop_table(\"old\")";
        let third = revision_with_column("c3", "a1", "n").replace("t_a1", "t_b2");
        let (upgrade, _) = third.split_once("def downgrade").unwrap();
        repository.write(
            &file_of("c3"),
            format!("{upgrade}def downgrade():\n    {rebuilt}\n"),
        );
        repository.commit("c3");
        let range = ["check", "--from-ref", "HEAD^", "--to-ref", "HEAD"];
        let answer = repository.lint(&[&range[..], &["--select", "ML204"]].concat());
        answer.out.matches("REFERENCES old").count()
    };
    assert_eq!(told("2018-06-01"), 0);
    assert!(told("2019-06-01") > 0);
}

#[test]
fn what_no_release_has_comes_after_what_a_hotfix_has() {
    let told = |tag: Option<&str>| {
        let mut repository = Repository::with_project();
        repository.git(&["tag", "v1.0"]);
        set_time(&mut repository, "2026-03-01T12:00:00Z");
        repository.git(&["checkout", "--quiet", "-b", "hotfix"]);
        repository.revision("c3", Some("a1"));
        repository.commit("c3");
        if let Some(tag) = tag {
            repository.git(&["tag", tag]);
        }
        repository.git(&["checkout", "--quiet", "main"]);
        repository.revision("b2", Some("a1"));
        repository.commit("b2");
        set_time(&mut repository, "2026-03-20T12:00:00Z");
        repository.revision("c3", Some("a1"));
        repository.revision("b2", Some("c3"));
        repository.commit("c3 as well");
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML108"]);
        answer.out.matches("ML108").count()
    };
    assert_eq!(told(None), 1);
    assert_eq!(told(Some("v1.0.1")), 0);
}

#[test]
fn a_docstring_is_right_where_the_revision_is_to_go_back() {
    let repository = Repository::with_project();
    repository.revision("b2", Some("a1"));
    repository.revision("c3", Some("b2"));
    repository.commit("three");
    let text = revision("c3", Some("b2"));
    let moved = text.replace("down_revision = \"b2\"", "down_revision = \"d4\"");
    repository.write(&file_of("c3"), moved);
    repository.revision("d4", Some("b2"));
    repository.commit("another one below");
    let check = |select: &str| {
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", select]);
        [108, 110].map(|code| answer.out.matches(&format!("[ML{code}]")).count())
    };
    assert_eq!(check("ML108,ML110"), [1, 0]);
    assert_eq!(check("ML110"), [0, 1]);
}

#[test]
fn no_command_has_run_what_came_beside_another_head() {
    let told = |first: &str, second: &str| {
        let mut repository = Repository::with_project();
        repository.git(&["tag", "v1.0"]);
        for (id, day) in [(first, 10), (second, 14)] {
            set_time(&mut repository, &format!("2026-03-{day}T12:00:00Z"));
            repository.revision(id, Some("a1"));
            repository.commit(id);
        }
        let text = revision("b2", Some("a1")).replace("Integer", "BigInteger");
        repository.write(&file_of("b2"), text);
        repository.commit("edit");
        let answer = repository.lint(&["check", "--from-ref", "HEAD^", "--select", "ML108"]);
        answer.out.matches("ML108").count()
    };
    assert_eq!(told("c3", "b2"), 0);
    // Databases have got it before there were two.
    assert_eq!(told("b2", "c3"), 1);
}

#[test]
fn columns_that_an_edit_only_uses_are_lacked_by_nobody() {
    let repository = Repository::with_project();
    let replaced = |upgrade: &str| {
        let text = revision("a1", None);
        let made = "op.create_table(\"t_a1\", sa.Column(\"id\", sa.Integer(), primary_key=True))";
        assert!(text.contains(made));
        text.replace(made, upgrade)
    };
    let drops = "op.drop_constraint(\"fk\", \"others\", type_=\"foreignkey\")";
    repository.write(&file_of("a1"), replaced(drops));
    repository.commit("old");
    let key = "op.create_foreign_key(\"fk\", \"others\", \"t\", [\"t_id\"], [\"id\"])";
    repository.write(&file_of("a1"), replaced(&format!("{drops}\n    {key}")));
    repository.commit("new");
    let select = ["--select", "ML108", "--output-format", "json"];
    let range = ["check", "--from-ref", "HEAD^"];
    let answer = repository.lint(&[&range[..], &select].concat());
    assert!(
        answer
            .out
            .contains("they lack foreign key `fk` of `others`\""),
        "{answer:?}"
    );
}
