//! ML102

use smol_str::SmolStr;

use crate::alembic::{Declaration, RevisionNode};
use crate::dependencies::{Version, VersionSource, Versions};
use crate::rules::revision::label_at;
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML102", "missing-parent" in Revision("revision"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Map(check),
}

struct MissingParent<'a> {
    parent: &'a str,
    revision: &'a str,
    /// Revisions whose ids begin like the missing one, or the other way round.
    similar: Vec<SmolStr>,
    was_deleted: bool,
    /// True where only some of the versions of Alembic that the project may run with find fault with it.
    depends_on_version: bool,
    /// The project certainly runs with a version that goes on without it.
    is_passed_over: bool,
}

impl Violation for MissingParent<'_> {
    fn message(&self) -> String {
        format!(
            "the parent `{}` of revision `{}` does not exist",
            self.parent, self.revision
        )
    }

    fn subject(&self) -> String {
        self.parent.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        let stops = format!(
            "every Alembic command stops with `KeyError: '{}'`",
            self.parent
        );
        let mut notes = vec![if self.is_passed_over {
            "Alembic only warns that it \"is not present\", and takes the revision for the first one, as it does before 0.7"
                .to_owned()
        } else if self.depends_on_version {
            format!("from Alembic {EMPTY_IS_NO_PARENT_UNTIL} on, {stops}")
        } else {
            stops
        }];
        if self.was_deleted {
            notes.push("this change deletes it".to_owned());
        }
        notes
    }

    fn help(&self) -> Option<String> {
        match self.similar.as_slice() {
            [only] => Some(format!(
                "did you mean `{only}`? `down_revision` takes whole ids only"
            )),
            _ if self.parent.is_empty() => {
                Some("use `None` for a revision without a parent".to_owned())
            }
            _ if self.parent == "None" => {
                Some("use `None`, without quotes, for a revision without a parent".to_owned())
            }
            _ => None,
        }
    }
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let judged = ctx.judged();
    // The parent may be in a file that could not be read, or in another package.
    if !judged.is_whole() {
        return;
    }
    let is_plugin = matches!(judged.environment.declaration, Declaration::Folder)
        && judged.map.bases().is_empty();
    let before = ctx.change.as_ref().and_then(|change| change.before);
    for link in judged.map.missing_parents() {
        let revision = &judged.map.node(link.node).revision;
        let parent = link.target.value.as_str();
        let was_deleted = before.is_some_and(|before| before.map.find(parent).is_some());
        let is_known_to_others =
            ctx.is_found_elsewhere(&revision.file, parent) || ctx.head.adds_locations();
        if is_known_to_others || is_plugin && !was_deleted {
            continue;
        }
        if parent.is_empty() && takes_empty(judged.versions()) {
            continue;
        }
        let similar = judged
            .map
            .nodes()
            .iter()
            .map(RevisionNode::id)
            .filter(|id| {
                parent.len() > 3 && (id.starts_with(parent) || parent.starts_with(id.as_str()))
            })
            .cloned()
            .collect();
        let violation = MissingParent {
            parent,
            revision: &revision.id.value,
            similar,
            was_deleted,
            is_passed_over: certainly_before(judged.versions(), MISSING_IS_AN_ERROR),
            depends_on_version: parent.is_empty() && judged.versions().alembic.source.is_assumed(),
        };
        reporter.report_on(
            &violation,
            label_at(revision, link.target.span, "no revision has this id"),
            Some(&revision.id.value),
        );
    }
}

/// The first version that looks for a parent where `down_revision` is an empty string; before, that was no parent
/// (`alembic/script/revision.py`: `if down_revision is not None` in place of `if down_revision`).
const EMPTY_IS_NO_PARENT_UNTIL: Version = Version::new(1, 12, 1);

/// The first version that stops at a parent that is not there (`alembic/revision.py`, new in 0.7.0).
const MISSING_IS_AN_ERROR: Version = Version::new(0, 7, 0);

/// True if the project certainly runs with a version to which an empty string is no parent.
fn takes_empty(versions: &Versions) -> bool {
    certainly_before(versions, EMPTY_IS_NO_PARENT_UNTIL)
}

/// True if the version of Alembic that is pinned, or the newest that is allowed, is older than one.
fn certainly_before(versions: &Versions, version: Version) -> bool {
    let alembic = &versions.alembic;
    alembic.version < version && !matches!(alembic.source, VersionSource::Newest)
}
