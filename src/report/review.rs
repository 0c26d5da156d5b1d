//! What reviewers of a change want to see of its migrations, ready to be put into a page.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::alembic::MetadataOrigin;
use crate::catalog::{Change, Subject};
use crate::project::ProjectEnvironment;
use crate::report::graph::{GraphView, touched};
use crate::report::replay::Account;
use crate::report::schema::{SchemaView, shorten};
use crate::report::{circumstances, ddl, graph, sanitise_line, schema};
use crate::rules::EnvironmentContext;
use crate::source::RepoPath;

/// Pictures of more tables than this are no help.
const MAX_TABLES: usize = 12;

/// Revisions before the new ones that the picture of the line begins with.
const ANCESTORS: usize = 3;

/// One environment in a change.
pub(crate) struct Card {
    /// The script location.
    pub(super) environment: String,
    /// Dialect and versions that are taken for given.
    pub(super) circumstances: String,
    /// The new and changed revisions, in the order in which they run.
    pub(super) revisions: Vec<RevisionCard>,
    /// The line of revisions, as Mermaid.
    pub(super) line: Option<String>,
    /// The touched tables, as Mermaid.
    pub(super) tables: Option<String>,
    /// Whether models and migrations agree.
    pub(super) models: Models,
}

pub(super) struct RevisionCard {
    pub(super) id: String,
    pub(super) message: String,
    pub(super) file: RepoPath,
    /// The base branch has it already.
    pub(super) is_merged: bool,
    pub(super) account: Option<Account>,
    /// Tables and columns whose data the upgrade drops.
    pub(super) dropped: Vec<String>,
    /// What the database is told by its upgrade.
    pub(super) ddl: Vec<String>,
}

/// Whether models and migrations agree.
pub(super) enum Models {
    Agree,
    /// So many tables agree, and so many are in doubt.
    AgreeAsFarAsKnown(usize, usize),
    /// So many operations would be written by autogenerate.
    Differ(usize),
    Unknown(String),
}

impl Card {
    /// What the change does to an environment; `None` where it touches no revision of it.
    pub(crate) fn of(ctx: &EnvironmentContext<'_>) -> Option<Self> {
        ctx.change.as_ref()?;
        let head = ctx.head;
        let new: Vec<usize> = head
            .map
            .upgrade_order()
            .into_iter()
            .filter(|node| ctx.is_judged(&head.map.node(*node).revision.file))
            .collect();
        if new.is_empty() {
            return None;
        }
        let told = head.statements(&new);
        let dialect = head.dialect().dialect;
        let revisions: Vec<RevisionCard> = new
            .iter()
            .map(|node| {
                let revision = &head.map.node(*node).revision;
                RevisionCard {
                    id: sanitise_line(&revision.id.value),
                    message: shorten(&revision.doc.message, 100),
                    file: revision.file.clone(),
                    is_merged: ctx.is_upstream(&revision.id.value),
                    account: Account::of(head, *node),
                    dropped: dropped(head, *node),
                    ddl: told
                        .get(node)
                        .map(|told| ddl::statements(told, dialect))
                        .unwrap_or_default(),
                }
            })
            .collect();
        Some(Self {
            environment: sanitise_line(head.environment.script_location.as_str()),
            circumstances: circumstances(head),
            revisions,
            line: line(ctx, &new),
            tables: tables(head, &new),
            models: models(head),
        })
    }
}

/// The new revisions, what they stand on, and the heads beside them: where the branch is behind its base, as they will
/// be after the merge.
fn line(ctx: &EnvironmentContext<'_>, new: &[usize]) -> Option<String> {
    let judged = ctx.judged();
    let map = &judged.map;
    let ids: BTreeSet<&SmolStr> = new
        .iter()
        .map(|node| ctx.head.map.node(*node).id())
        .collect();
    let is_new = |node: &usize| ids.contains(map.node(*node).id());
    let mut shown: BTreeSet<usize> = (0..map.nodes().len()).filter(is_new).collect();
    shown.extend(map.heads());
    let mut edge: Vec<usize> = shown.iter().copied().collect();
    for _ in 0..ANCESTORS {
        edge = edge
            .iter()
            .flat_map(|node| map.node(*node).parents.iter().copied())
            .filter(|parent| shown.insert(*parent))
            .collect();
    }
    let view = GraphView {
        environment: judged,
        base: ctx.base(),
        limit: Some(60),
        only: Some(shown.into_iter().collect()),
    };
    let mut text = Vec::new();
    graph::write_mermaid(&[view], &mut text).ok()?;
    String::from_utf8(text).ok()
}

fn dropped(head: &ProjectEnvironment<'_>, node: usize) -> Vec<String> {
    let replayed = head.replay().get(node);
    let differences = replayed
        .into_iter()
        .flat_map(|replayed| &replayed.upgrade.found);
    differences
        .filter(|difference| {
            matches!(difference.subject, Subject::Table | Subject::Column)
                && difference.change == Change::Removed
        })
        .map(|difference| {
            format!(
                "{} `{}`",
                difference.subject.noun(),
                shorten(&difference.object, 100)
            )
        })
        .collect()
}

/// The tables that the revisions touch, as they are at the head.
fn tables(head: &ProjectEnvironment<'_>, new: &[usize]) -> Option<String> {
    let catalog = head.migrated();
    let known = touched::names(head);
    let tables: BTreeSet<SmolStr> = new
        .iter()
        .flat_map(|node| touched::of(head, *node, &known))
        .filter(|name| catalog.tables.contains_key(name))
        .collect();
    if tables.is_empty() || tables.len() > MAX_TABLES {
        return None;
    }
    let tables: Vec<SmolStr> = tables.into_iter().collect();
    let excerpt = schema::Excerpt::of(catalog, &tables);
    let view = SchemaView {
        environment: head,
        at: Some(&[]),
        catalog: &excerpt.catalog,
        others: None,
    };
    let mut text = Vec::new();
    schema::write_mermaid(&view, &mut text).ok()?;
    String::from_utf8(text).ok()
}

fn models(head: &ProjectEnvironment<'_>) -> Models {
    if head.model_schema().origin == MetadataOrigin::Unknown {
        return Models::Unknown("no models were found".to_owned());
    }
    let drift = head.drift();
    let seen = drift.differences.iter().filter(|found| found.is_seen());
    match (seen.count(), drift.doubtful.len()) {
        (0, 0) => Models::Agree,
        (0, doubtful) => Models::AgreeAsFarAsKnown(drift.compared.len(), doubtful),
        (count, _) => Models::Differ(count),
    }
}
