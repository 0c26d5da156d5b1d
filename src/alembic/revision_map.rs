//! The graph that revisions form, with Alembic's own meaning of heads, bases, labels and dependencies.
//!
//! Semantics from `alembic/script/revision.py` (1.20). Where Alembic raises, the map keeps what it could link and
//! lists what it could not, so that everything else can still be judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::alembic::revision::{Identifier, Revision};

/// One revision in the map. Nodes are named by their index, which is the order of loading.
#[derive(Clone, Debug)]
pub struct RevisionNode {
    pub revision: Arc<Revision>,
    /// Parents that exist, by `down_revision`.
    pub parents: Vec<usize>,
    /// Revisions that `depends_on` leads to.
    pub dependencies: Vec<usize>,
    /// Revisions that have this one as a parent.
    pub children: Vec<usize>,
    /// Revisions that depend on this one without being its children.
    pub dependents: Vec<usize>,
    /// Branch labels declared here or spread here from relatives.
    pub labels: BTreeSet<SmolStr>,
}

impl RevisionNode {
    pub fn id(&self) -> &SmolStr {
        &self.revision.id.value
    }
}

/// A link that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenLink {
    pub node: usize,
    pub target: Identifier,
}

/// A branch label that two revisions declare, or that is also a revision's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelConflict {
    pub node: usize,
    pub label: Identifier,
    pub first: usize,
}

/// The revisions of one environment and their links.
#[derive(Clone, Debug, Default)]
pub struct RevisionMap {
    nodes: Vec<RevisionNode>,
    /// Of several revisions with one id the last one loaded counts, as in Alembic.
    by_id: FxHashMap<SmolStr, usize>,
    missing_parents: Vec<BrokenLink>,
    missing_dependencies: Vec<BrokenLink>,
    label_conflicts: Vec<LabelConflict>,
    /// For each repeated id the nodes that have it, in order of loading.
    duplicates: Vec<Vec<usize>>,
    cycles: Vec<Vec<usize>>,
}

/// Heads that share their branch labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadGroup {
    pub labels: BTreeSet<SmolStr>,
    pub heads: Vec<usize>,
}

/// The heads of a map, by branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    pub groups: Vec<HeadGroup>,
}

impl Heads {
    /// Several heads, each the only one of its labelled branch: a project that means to have them.
    pub fn are_by_design(&self) -> bool {
        self.groups.len() > 1 && self.groups.iter().all(|group| group.heads.len() == 1)
    }

    /// The groups in which one branch has several heads.
    pub fn conflicts(&self) -> impl Iterator<Item = &HeadGroup> {
        self.groups.iter().filter(|group| group.heads.len() > 1)
    }
}

impl RevisionMap {
    /// Links revisions, given in the order in which Alembic loads their files.
    pub fn new(revisions: impl IntoIterator<Item = Arc<Revision>>) -> Self {
        let mut map = Self::default();
        for revision in revisions {
            let index = map.nodes.len();
            let earlier = map.by_id.insert(revision.id.value.clone(), index);
            if let Some(earlier) = earlier {
                match map
                    .duplicates
                    .iter_mut()
                    .find(|nodes| nodes.contains(&earlier))
                {
                    Some(nodes) => nodes.push(index),
                    None => map.duplicates.push(vec![earlier, index]),
                }
            }
            map.nodes.push(RevisionNode {
                revision,
                parents: Vec::new(),
                dependencies: Vec::new(),
                children: Vec::new(),
                dependents: Vec::new(),
                labels: BTreeSet::new(),
            });
        }
        let labelled = map.resolve_labels();
        map.link(&labelled);
        map.find_cycles();
        map.spread_labels();
        map
    }

    /// Where each branch label is declared.
    fn resolve_labels(&mut self) -> FxHashMap<SmolStr, usize> {
        let mut labelled: FxHashMap<SmolStr, usize> = FxHashMap::default();
        for (node, declared) in self.nodes.iter().enumerate() {
            for label in &declared.revision.branch_labels {
                let first = self
                    .by_id
                    .get(&label.value)
                    .or_else(|| labelled.get(&label.value))
                    .copied();
                match first {
                    Some(first) => {
                        self.label_conflicts.push(LabelConflict {
                            node,
                            label: label.clone(),
                            first,
                        });
                    }
                    None => {
                        labelled.insert(label.value.clone(), node);
                    }
                }
            }
        }
        labelled
    }

    fn link(&mut self, labelled: &FxHashMap<SmolStr, usize>) {
        for index in 0..self.nodes.len() {
            let revision = Arc::clone(&self.nodes[index].revision);
            for parent in &revision.down_revision {
                // Only full ids: neither labels nor abbreviations are accepted here.
                match self.by_id.get(&parent.value).copied() {
                    Some(parent) => {
                        self.nodes[index].parents.push(parent);
                        self.nodes[parent].children.push(index);
                    }
                    None => self.missing_parents.push(BrokenLink {
                        node: index,
                        target: parent.clone(),
                    }),
                }
            }
            for dependency in &revision.depends_on {
                let target = self
                    .by_id
                    .get(&dependency.value)
                    .or_else(|| labelled.get(&dependency.value))
                    .copied();
                match target {
                    Some(target) => {
                        self.nodes[index].dependencies.push(target);
                        if !self.nodes[index].parents.contains(&target) {
                            self.nodes[target].dependents.push(index);
                        }
                    }
                    None => {
                        self.missing_dependencies.push(BrokenLink {
                            node: index,
                            target: dependency.clone(),
                        });
                    }
                }
            }
        }
    }

    /// Cycles over parents and dependencies: the strongly connected parts with more than one revision, and revisions
    /// that name themselves.
    fn find_cycles(&mut self) {
        // Tarjan's algorithm, with its own stack: maps may be tens of thousands deep.
        const UNSEEN: usize = usize::MAX;
        let count = self.nodes.len();
        let (mut order, mut low) = (vec![UNSEEN; count], vec![UNSEEN; count]);
        let mut on_stack = vec![false; count];
        let mut stack = Vec::new();
        let mut next = 0;
        let mut cycles = Vec::new();
        for root in 0..count {
            if order[root] != UNSEEN {
                continue;
            }
            let mut work: Vec<(usize, usize)> = vec![(root, 0)];
            while let Some((node, edge)) = work.pop() {
                if edge == 0 {
                    order[node] = next;
                    low[node] = next;
                    next += 1;
                    stack.push(node);
                    on_stack[node] = true;
                }
                let target = {
                    let node = &self.nodes[node];
                    node.parents
                        .iter()
                        .chain(&node.dependencies)
                        .nth(edge)
                        .copied()
                };
                if let Some(target) = target {
                    work.push((node, edge + 1));
                    if order[target] == UNSEEN {
                        work.push((target, 0));
                    } else if on_stack[target] {
                        low[node] = low[node].min(order[target]);
                    }
                    continue;
                }
                if low[node] == order[node] {
                    let mut part = Vec::new();
                    while let Some(member) = stack.pop() {
                        on_stack[member] = false;
                        part.push(member);
                        if member == node {
                            break;
                        }
                    }
                    let names_itself = self.nodes[node].parents.contains(&node)
                        || self.nodes[node].dependencies.contains(&node);
                    if part.len() > 1 || names_itself {
                        part.sort_unstable();
                        cycles.push(part);
                    }
                }
                if let Some((above, _)) = work.last() {
                    low[*above] = low[*above].min(low[node]);
                }
            }
        }
        cycles.sort();
        self.cycles = cycles;
    }

    /// Labels spread to all descendants, and to ancestors up to, excluding, the first branch or merge point.
    fn spread_labels(&mut self) {
        for index in 0..self.nodes.len() {
            let declared: Vec<SmolStr> = self.nodes[index]
                .revision
                .branch_labels
                .iter()
                .map(|label| label.value.clone())
                .collect();
            if declared.is_empty() {
                continue;
            }
            let descendants = self.descendants(index);
            for node in &descendants {
                self.nodes[*node].labels.extend(declared.iter().cloned());
            }
            // Alembic goes up from the last descendant it has seen, which is the end of the line if there is but one.
            let mut current = descendants.last().copied();
            let mut steps = self.nodes.len();
            while let Some(node) = current {
                let is_branch_point =
                    self.nodes[node].children.len() + self.nodes[node].dependents.len() > 1;
                if is_branch_point || self.nodes[node].revision.is_merge() || steps == 0 {
                    break;
                }
                steps -= 1;
                self.nodes[node].labels.extend(declared.iter().cloned());
                current = self.nodes[node].parents.first().copied();
            }
        }
    }

    /// A revision and everything that descends from it by `down_revision`, the revision first.
    pub fn descendants(&self, start: usize) -> Vec<usize> {
        self.reachable(start, |node| &node.children)
    }

    /// A revision and all its ancestors by `down_revision`, the revision first.
    pub fn ancestors(&self, start: usize) -> Vec<usize> {
        self.reachable(start, |node| &node.parents)
    }

    fn reachable<'a>(
        &'a self,
        start: usize,
        next: impl Fn(&'a RevisionNode) -> &'a Vec<usize>,
    ) -> Vec<usize> {
        let mut seen = vec![false; self.nodes.len()];
        let mut found = Vec::new();
        let mut todo = vec![start];
        while let Some(index) = todo.pop() {
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            found.push(index);
            todo.extend(next(&self.nodes[index]).iter().rev().copied());
        }
        found
    }

    pub fn nodes(&self) -> &[RevisionNode] {
        &self.nodes
    }

    pub fn node(&self, index: usize) -> &RevisionNode {
        &self.nodes[index]
    }

    /// The node that an id means.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Revisions that are nobody's parent: where `alembic upgrade head` leads.
    pub fn heads(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|index| self.nodes[*index].children.is_empty())
            .collect()
    }

    /// Heads that nothing depends on either: the rows of `alembic_version` after a full upgrade.
    pub fn real_heads(&self) -> Vec<usize> {
        self.heads()
            .into_iter()
            .filter(|index| self.nodes[*index].dependents.is_empty())
            .collect()
    }

    /// Revisions without a parent.
    pub fn bases(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|index| self.nodes[*index].revision.is_base())
            .collect()
    }

    /// The heads by branch. Heads whose sets of labels are equal belong to one branch; those without a label, too.
    pub fn heads_by_branch(&self) -> Heads {
        let mut groups: Vec<HeadGroup> = Vec::new();
        for head in self.heads() {
            let labels = &self.nodes[head].labels;
            match groups.iter_mut().find(|group| group.labels == *labels) {
                Some(group) => group.heads.push(head),
                None => groups.push(HeadGroup {
                    labels: labels.clone(),
                    heads: vec![head],
                }),
            }
        }
        Heads { groups }
    }

    pub fn is_branch_point(&self, index: usize) -> bool {
        self.nodes[index].children.len() > 1
    }

    pub fn missing_parents(&self) -> &[BrokenLink] {
        &self.missing_parents
    }

    pub fn missing_dependencies(&self) -> &[BrokenLink] {
        &self.missing_dependencies
    }

    pub fn label_conflicts(&self) -> &[LabelConflict] {
        &self.label_conflicts
    }

    pub fn duplicates(&self) -> &[Vec<usize>] {
        &self.duplicates
    }

    /// Revisions that lead back to themselves, each cycle in order of loading.
    pub fn cycles(&self) -> &[Vec<usize>] {
        &self.cycles
    }

    /// True for a cycle that Alembic does not notice: it only looks for revisions that are not above a base and below a head at
    /// once, and others lead into this one and out of it (`RevisionMap._detect_cycles`).
    pub fn is_overlooked(&self, cycle: &[usize]) -> bool {
        let parents = |node: &RevisionNode| node.parents.clone();
        let children = |node: &RevisionNode| node.children.clone();
        let all_down = |node: &RevisionNode| [&node.parents[..], &node.dependencies].concat();
        let all_up = |node: &RevisionNode| [&node.children[..], &node.dependents].concat();
        let real_bases: Vec<usize> = self
            .bases()
            .into_iter()
            .filter(|index| self.node(*index).dependencies.is_empty())
            .collect();
        let lies_between = |below: Vec<bool>, above: Vec<bool>| {
            let is_there = |space: &[bool], node: usize| space.get(node) == Some(&true);
            cycle
                .iter()
                .all(|node| is_there(&below, *node) && is_there(&above, *node))
        };
        lies_between(
            self.reached(self.heads(), parents),
            self.reached(self.bases(), children),
        ) && lies_between(
            self.reached(self.real_heads(), all_down),
            self.reached(real_bases, all_up),
        )
    }

    /// What a walk from some revisions comes to, by node.
    fn reached(&self, start: Vec<usize>, next: impl Fn(&RevisionNode) -> Vec<usize>) -> Vec<bool> {
        let mut seen = vec![false; self.nodes.len()];
        let mut stack = start;
        while let Some(index) = stack.pop() {
            if let (Some(seen), Some(node)) = (seen.get_mut(index), self.nodes.get(index))
                && !std::mem::replace(seen, true)
            {
                stack.extend(next(node));
            }
        }
        seen
    }

    /// All revisions in the order in which `alembic upgrade heads` runs them from empty. What lies on a cycle comes last.
    ///
    /// The walk is that of Alembic's `RevisionMap._topological_sort`: from the heads down, one line as far as no other
    /// waiting line leads to it.
    pub fn upgrade_order(&self) -> Vec<usize> {
        let count = self.nodes.len();
        if !self.cycles.is_empty() {
            return self.topological_order();
        }
        let down = |index: usize| {
            let node = &self.nodes[index];
            let mut down = node.parents.clone();
            for dependency in &node.dependencies {
                if !down.contains(dependency) {
                    down.push(*dependency);
                }
            }
            down
        };
        let ancestors = |start: usize| {
            let mut seen = vec![false; count];
            let mut stack = vec![start];
            while let Some(index) = stack.pop() {
                if !std::mem::replace(&mut seen[index], true) {
                    stack.extend(down(index));
                }
            }
            seen
        };
        let mut heads = self.heads();
        heads.sort_unstable();
        let mut above: Vec<Vec<bool>> = heads.iter().map(|head| ancestors(*head)).collect();
        let mut todo = vec![true; count];
        let mut order = Vec::with_capacity(count);
        let mut current = 0;
        while let Some(candidate) = heads.get(current).copied() {
            let blocking = above
                .iter()
                .enumerate()
                .position(|(index, seen)| index != current && seen[candidate]);
            if let Some(blocking) = blocking {
                current = blocking;
                continue;
            }
            if std::mem::replace(&mut todo[candidate], false) {
                order.push(candidate);
            }
            let mut next: Vec<usize> = down(candidate)
                .into_iter()
                .filter(|index| todo[*index] && !heads.contains(index))
                .collect();
            next.dedup();
            let node = &self.nodes[candidate];
            match next.split_first() {
                None => {
                    heads.remove(current);
                    above.remove(current);
                    current = current.saturating_sub(1);
                }
                Some((first, rest)) => {
                    heads[current] = *first;
                    if node.dependencies.is_empty() && node.parents.len() == 1 {
                        above[current][candidate] = false;
                    } else {
                        above[current] = ancestors(*first);
                        for other in rest {
                            heads.push(*other);
                            above.push(ancestors(*other));
                        }
                    }
                }
            }
        }
        order.reverse();
        order.extend((0..count).filter(|index| todo[*index]));
        order
    }

    /// All revisions, each after its parents and dependencies; what lies on a cycle comes last. Of several possible
    /// orders the one that keeps lines together: a child follows its parent where it can.
    pub fn topological_order(&self) -> Vec<usize> {
        let count = self.nodes.len();
        let mut waiting: Vec<usize> = (0..count)
            .map(|index| {
                let node = &self.nodes[index];
                let mut before: Vec<usize> = node
                    .parents
                    .iter()
                    .chain(&node.dependencies)
                    .copied()
                    .collect();
                before.sort_unstable();
                before.dedup();
                before.len()
            })
            .collect();
        let mut ready: Vec<usize> = (0..count)
            .rev()
            .filter(|index| waiting[*index] == 0)
            .collect();
        let mut order = Vec::with_capacity(count);
        while let Some(index) = ready.pop() {
            order.push(index);
            let node = &self.nodes[index];
            let mut after: Vec<usize> = node
                .children
                .iter()
                .chain(&node.dependents)
                .copied()
                .collect();
            after.sort_unstable();
            after.dedup();
            for next in after.into_iter().rev() {
                waiting[next] -= 1;
                if waiting[next] == 0 {
                    ready.push(next);
                }
            }
        }
        let mut placed = vec![false; count];
        for index in &order {
            placed[*index] = true;
        }
        order.extend((0..count).filter(|index| !placed[*index]));
        order
    }
}

#[cfg(test)]
mod tests;
