//! Which revisions are meant by what is written: ids, how ids begin, `heads`, labels, steps and ranges.

use miette::Diagnostic;
use rustc_hash::FxHashSet;
use thiserror::Error;

use crate::alembic::RevisionMap;

/// Why something written means no revision.
#[derive(Debug, Error, Diagnostic, PartialEq, Eq)]
pub enum TargetError {
    #[error("no revision is called `{wanted}`")]
    #[diagnostic(help("`migrate-lint graph` lists them"))]
    Unknown { wanted: String },
    #[error("several revisions begin with `{wanted}`")]
    Ambiguous {
        wanted: String,
        #[help]
        found: String,
    },
    #[error("`{wanted}` means several revisions")]
    Several {
        wanted: String,
        #[help]
        found: String,
    },
    #[error("`{wanted}` leads past the first revision, or past the last one")]
    NotThatFar { wanted: String },
    #[error("`{wanted}` is no one revision: there are several on the way")]
    #[diagnostic(help("`migrate-lint graph` shows how they follow each other"))]
    Forked { wanted: String },
    #[error("`{from}` does not come before `{to}`")]
    Backwards {
        from: String,
        to: String,
        #[help]
        help: Option<String>,
    },
    #[error("`current` is only known to a database")]
    #[diagnostic(help("name a revision; `head` is the last one"))]
    Current,
}

/// Reads what is written by the revisions there are.
pub(super) struct Targets<'m> {
    map: &'m RevisionMap,
}

impl<'m> Targets<'m> {
    pub(super) fn new(map: &'m RevisionMap) -> Self {
        Self { map }
    }

    /// The revisions that something means; none for `base`.
    pub(super) fn several(&self, written: &str) -> Result<Vec<usize>, TargetError> {
        if let Some(node) = self.map.find(written) {
            return Ok(vec![node]);
        }
        match written {
            "base" => return Ok(Vec::new()),
            "heads" => return Ok(self.map.heads()),
            "current" => return Err(TargetError::Current),
            "head" => {
                let heads = self.map.heads();
                return match heads.len() {
                    0 | 1 => Ok(heads),
                    _ => Err(TargetError::Several {
                        wanted: written.to_owned(),
                        found: format!("`heads` takes all of them: {}", self.list(&heads)),
                    }),
                };
            }
            _ => {}
        }
        if let Some((label, which)) = written.split_once('@')
            && matches!(which, "head" | "heads" | "base")
        {
            return self.of_label(written, label, which);
        }
        match self.find(written)? {
            Some(node) => Ok(vec![node]),
            None => self.steps(written),
        }
    }

    /// The revisions of a range, and whether it is one. `A:B` is all from A to B; `A..B` is what B has and A has not.
    pub(super) fn range(&self, written: &str) -> Result<(Vec<usize>, bool), TargetError> {
        if self.map.find(written).is_some() {
            return Ok((self.several(written)?, false));
        }
        let (from, to, with_first) = match (written.split_once(".."), written.split_once(':')) {
            (Some((from, to)), _) => (from, to, false),
            (None, Some((from, to))) => (from, to, true),
            (None, None) => {
                let mut nodes = self.several(written)?;
                if written == "base" {
                    nodes = self.map.bases();
                }
                return Ok((nodes, matches!(written, "heads" | "base")));
            }
        };
        let first = self.several(if from.is_empty() { "base" } else { from })?;
        let last = self.several(if to.is_empty() { "heads" } else { to })?;
        let after: FxHashSet<usize> = self.with_all_before(&last).into_iter().collect();
        if let Some(stray) = first.iter().find(|node| !after.contains(node)) {
            let before = self.with_all_before(&[*stray]);
            let is_turned = !last.is_empty() && last.iter().all(|node| before.contains(node));
            return Err(TargetError::Backwards {
                from: from.to_owned(),
                to: to.to_owned(),
                help: is_turned.then(|| format!("it comes after it: `{to}:{from}`")),
            });
        }
        // Of `A:B` only what leads from A to B, not what runs beside it.
        let mut nodes: Vec<usize> = if with_first && !first.is_empty() {
            let from_first: FxHashSet<usize> = first
                .iter()
                .flat_map(|node| self.map.descendants(*node))
                .collect();
            after
                .into_iter()
                .filter(|node| from_first.contains(node))
                .collect()
        } else {
            let before: FxHashSet<usize> = self.with_all_before(&first).into_iter().collect();
            after
                .into_iter()
                .filter(|node| !before.contains(node))
                .collect()
        };
        nodes.sort_unstable();
        Ok((nodes, true))
    }

    /// Revisions and all that have to run before them, by `down_revision` and `depends_on`.
    pub(super) fn with_all_before(&self, nodes: &[usize]) -> Vec<usize> {
        let mut seen: FxHashSet<usize> = FxHashSet::default();
        let mut todo: Vec<usize> = nodes.to_vec();
        let mut found = Vec::new();
        while let Some(node) = todo.pop() {
            if seen.insert(node) {
                found.push(node);
                let known = self.map.node(node);
                todo.extend(known.parents.iter().chain(&known.dependencies));
            }
        }
        found.sort_unstable();
        found
    }

    fn of_label(&self, written: &str, label: &str, which: &str) -> Result<Vec<usize>, TargetError> {
        let ends = if which == "base" {
            self.map.bases()
        } else {
            self.map.heads()
        };
        let family = self.find(label)?.map(|node| {
            let mut family = self.map.ancestors(node);
            family.extend(self.map.descendants(node));
            family
        });
        let found: Vec<usize> = ends
            .into_iter()
            .filter(|node| match &family {
                Some(family) => family.contains(node),
                None => self.map.node(*node).labels.contains(label),
            })
            .collect();
        match found.len() {
            0 => Err(TargetError::Unknown {
                wanted: written.to_owned(),
            }),
            1 => Ok(found),
            _ if which == "heads" => Ok(found),
            _ => Err(TargetError::Several {
                wanted: written.to_owned(),
                found: self.list(&found),
            }),
        }
    }

    /// `REV-1`, `REV+2`, `-1` from the head and `+2` from the base. No revision is left where all are taken back.
    fn steps(&self, written: &str) -> Result<Vec<usize>, TargetError> {
        let unknown = || TargetError::Unknown {
            wanted: written.to_owned(),
        };
        let (start, count) = written
            .rfind(['+', '-'])
            .map(|at| written.split_at(at))
            .ok_or_else(unknown)?;
        let goes_down = count.starts_with('-');
        let count: usize = count[1..].parse().map_err(|_| unknown())?;
        let mut node = match (start, goes_down) {
            ("", true) => self.several("head")?.first().copied(),
            ("", false) | ("base", _) => None,
            _ => self.several(start)?.first().copied(),
        };
        let forked = || TargetError::Forked {
            wanted: written.to_owned(),
        };
        let not_that_far = || TargetError::NotThatFar {
            wanted: written.to_owned(),
        };
        for _ in 0..count.min(self.map.nodes().len() + 1) {
            let next = match (node, goes_down) {
                (None, true) => return Err(not_that_far()),
                (None, false) => self.map.bases(),
                (Some(node), true) => self.map.node(node).parents.clone(),
                (Some(node), false) => self.map.node(node).children.clone(),
            };
            node = match next.as_slice() {
                [only] => Some(*only),
                [] if goes_down => None,
                [] => return Err(not_that_far()),
                _ => return Err(forked()),
            };
        }
        Ok(node.into_iter().collect())
    }

    /// A revision by its id, by a label that it declares, or by how its id begins.
    fn find(&self, wanted: &str) -> Result<Option<usize>, TargetError> {
        let nodes = self.map.nodes();
        let declares = |index: &usize| {
            nodes[*index]
                .revision
                .branch_labels
                .iter()
                .any(|label| label.value == wanted)
        };
        let exact = self
            .map
            .find(wanted)
            .or_else(|| (0..nodes.len()).find(declares));
        if exact.is_some() || wanted.is_empty() {
            return Ok(exact);
        }
        let found: Vec<usize> = (0..nodes.len())
            .filter(|index| nodes[*index].id().starts_with(wanted))
            .collect();
        match found.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            _ => Err(TargetError::Ambiguous {
                wanted: wanted.to_owned(),
                found: self.list(&found),
            }),
        }
    }

    /// The first few ids.
    fn list(&self, nodes: &[usize]) -> String {
        const SHOWN: usize = 6;
        let mut ids: Vec<String> = nodes
            .iter()
            .take(SHOWN)
            .map(|node| format!("`{}`", self.map.node(*node).id()))
            .collect();
        if nodes.len() > SHOWN {
            ids.push(format!("and {} more", nodes.len() - SHOWN));
        }
        ids.join(", ")
    }
}

#[cfg(test)]
mod tests;
