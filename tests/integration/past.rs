//! What commits and tags say of revisions: when a project was begun, what was given up, which line has what.

use crate::repository::{Repository, file_of, revision};

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
