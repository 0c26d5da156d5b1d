//! The tables that a revision touches.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::catalog::{Difference, Subject};
use crate::project::ProjectEnvironment;

/// The names of all tables that there are at the end, or were at any time.
pub(in crate::report) fn names(environment: &ProjectEnvironment<'_>) -> BTreeSet<SmolStr> {
    let history = environment.replay();
    let mut names: BTreeSet<SmolStr> = environment.migrated().tables.keys().cloned().collect();
    for node in &history.order {
        let found = history
            .get(*node)
            .into_iter()
            .flat_map(|replayed| &replayed.upgrade.found);
        names.extend(
            found
                .filter(|difference| difference.subject == Subject::Table)
                .map(|difference| SmolStr::new(&difference.object)),
        );
    }
    names
}

/// The tables of a revision, in order.
pub(in crate::report) fn of(
    environment: &ProjectEnvironment<'_>,
    node: usize,
    names: &BTreeSet<SmolStr>,
) -> Vec<SmolStr> {
    let Some(replayed) = environment.replay().get(node) else {
        return Vec::new();
    };
    let tables: BTreeSet<SmolStr> = replayed
        .upgrade
        .found
        .iter()
        .filter_map(|difference| table_of(difference, names))
        .collect();
    tables.into_iter().collect()
}

/// `audit.users` for its column `audit.users.email`.
fn table_of(difference: &Difference, names: &BTreeSet<SmolStr>) -> Option<SmolStr> {
    if matches!(
        difference.subject,
        Subject::Enum | Subject::Sequence | Subject::Object(_)
    ) {
        return None;
    }
    let object = difference.object.as_str();
    let ends = object.match_indices(['.', '(']).map(|(at, _)| at);
    ends.chain([object.len()])
        .filter_map(|end| names.get(object.get(..end)?))
        .next_back()
        .cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::catalog::Change;

    #[test]
    fn parts_belong_to_their_table() {
        let names = ["users", "audit.users", "a.b.c"].map(SmolStr::new).into();
        let table = |subject, object: &str| {
            let difference = Difference {
                subject,
                change: Change::Added,
                object: object.to_owned(),
                from: Value::Null,
                to: Value::Null,
                place: None,
            };
            table_of(&difference, &names)
        };
        assert_eq!(
            table(Subject::Column, "users.a.b").as_deref(),
            Some("users")
        );
        assert_eq!(
            table(Subject::Index, "audit.users.ix").as_deref(),
            Some("audit.users")
        );
        assert_eq!(table(Subject::Table, "a.b.c").as_deref(), Some("a.b.c"));
        assert_eq!(table(Subject::Column, "gone.x"), None);
        assert_eq!(table(Subject::Enum, "users"), None);
    }
}
