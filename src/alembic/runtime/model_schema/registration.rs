//! Which tables of the models no run of `env.py` would see.

use super::{Reader, UnregisteredTable};
use crate::alembic::runtime::emit;
use crate::source::RepoPath;

impl Reader<'_> {
    /// Tables on the metadata that was read, in files that were not reached.
    pub(super) fn unregistered(&mut self, candidates: &[RepoPath]) -> Vec<UnregisteredTable> {
        for file in candidates {
            if self.reached.certainty(file).is_none() {
                self.interpreter.complete_file(file);
            }
        }
        let mut found = Vec::new();
        for metadata in self.made.clone() {
            let Some(made) = emit::tables_of_metadata(&metadata, &mut self.interpreter) else {
                continue;
            };
            for table in &made.declared {
                let place = self.interpreter.file(table.at);
                if !self.declared.contains_key(&table.name)
                    && self.reached.certainty(&place.file).is_none()
                {
                    found.push(UnregisteredTable {
                        name: table.name.clone(),
                        place,
                    });
                }
            }
            self.unregistered.push(made);
        }
        found
    }

    /// The tables that were read, where they are on the metadata of `env.py`, which leads to none of them.
    pub(super) fn unseen(&self) -> Vec<UnregisteredTable> {
        let is_bare = !self.keys.is_empty() && self.keys.iter().all(|key| self.bare.contains(key));
        let declared = self.declared.iter().filter(|_| is_bare);
        let tables = declared.map(|(name, table)| UnregisteredTable {
            name: name.clone(),
            place: self.interpreter.file(table.at),
        });
        let unseen = tables.filter(|table| self.reached.certainty(&table.place.file).is_none());
        unseen.collect()
    }
}
