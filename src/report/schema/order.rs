//! An order in which things can be made: each after what it needs.

use std::collections::{BTreeMap, BTreeSet};

/// The names in an order in which each comes after those it needs, and by name where that leaves a choice. Where they
/// need each other in circles, one of a circle goes first.
pub(super) fn dependency_order<'n>(needs: &BTreeMap<&'n str, BTreeSet<&'n str>>) -> Vec<&'n str> {
    let mut waiting: BTreeMap<&'n str, usize> = BTreeMap::new();
    let mut wanted_by: BTreeMap<&'n str, Vec<&'n str>> = BTreeMap::new();
    for (name, needed) in needs {
        let needed = needed
            .iter()
            .filter(|other| **other != *name && needs.contains_key(**other));
        let mut count = 0;
        for other in needed {
            wanted_by.entry(other).or_default().push(name);
            count += 1;
        }
        waiting.insert(name, count);
    }
    let mut ready: BTreeSet<&'n str> = waiting
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(name, _)| *name)
        .collect();
    let mut order = Vec::with_capacity(needs.len());
    while !waiting.is_empty() {
        let next = ready.pop_first().or_else(|| on_a_circle(needs, &waiting));
        let Some(next) = next else { break };
        waiting.remove(next);
        order.push(next);
        for other in wanted_by.get(next).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(other) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(other);
                }
            }
        }
    }
    order
}

/// Of the names that all wait for others one that waits, in the end, for itself: what only waits for a circle should
/// come after it.
fn on_a_circle<'n>(
    needs: &BTreeMap<&'n str, BTreeSet<&'n str>>,
    waiting: &BTreeMap<&'n str, usize>,
) -> Option<&'n str> {
    let (mut current, _) = waiting.iter().min_by_key(|(_, count)| **count)?;
    let mut seen = BTreeSet::new();
    while seen.insert(*current) {
        let next = needs
            .get(current)?
            .iter()
            .find(|other| *other != current && waiting.contains_key(*other));
        match next {
            Some(next) => current = next,
            None => break,
        }
    }
    Some(current)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(written: &[(&'static str, &[&'static str])]) -> String {
        let needs = written
            .iter()
            .map(|(name, needed)| (*name, needed.iter().copied().collect()))
            .collect();
        dependency_order(&needs).join(" ")
    }

    #[test]
    fn what_is_needed_comes_first() {
        assert_eq!(order(&[]), "");
        assert_eq!(order(&[("a", &[]), ("b", &[]), ("c", &[])]), "a b c");
        assert_eq!(order(&[("a", &["c"]), ("b", &["a"]), ("c", &[])]), "c a b");
        // Itself and what is not there are no obstacle.
        assert_eq!(order(&[("a", &["a", "elsewhere"]), ("b", &["a"])]), "a b");
    }

    #[test]
    fn circles_are_opened() {
        assert_eq!(order(&[("a", &["b"]), ("b", &["a"])]), "a b");
        assert_eq!(
            order(&[
                ("a", &["b", "c"]),
                ("b", &["a"]),
                ("c", &["a"]),
                ("d", &["b"])
            ]),
            "b d a c"
        );
        assert_eq!(
            order(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("z", &[])]),
            "z b a c"
        );
    }
}
