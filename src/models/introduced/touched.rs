//! Which objects differ between two states.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Change, Subject, compare, split_object};

/// What differs between two states of one side.
pub(super) struct Touched {
    pub(super) objects: BTreeSet<String>,
    /// Tables that come or go, with all that is in them.
    tables: BTreeSet<String>,
}

impl Touched {
    pub(super) fn between(before: &Catalog, after: &Catalog) -> Self {
        let mut touched = Self {
            objects: BTreeSet::new(),
            tables: BTreeSet::new(),
        };
        for difference in compare(before, after).found {
            if difference.subject == Subject::Table
                && matches!(difference.change, Change::Added | Change::Removed)
            {
                touched.tables.insert(difference.object.clone());
            }
            // Both names of what is renamed.
            if difference.change == Change::Renamed {
                let (table, _) = split_object(&difference.object, after);
                let name = difference.to.as_str().unwrap_or_default();
                touched.objects.insert(format!("{table}.{name}"));
            }
            touched.objects.insert(difference.object);
        }
        touched
    }

    pub(super) fn has(&self, object: &str, catalog: &Catalog) -> bool {
        let (table, _) = split_object(object, catalog);
        self.objects.contains(object) || self.tables.contains(table)
    }
}
