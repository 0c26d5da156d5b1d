//! The order of columns: `insert_before`, `insert_after` and what follows from the others.

use smol_str::SmolStr;

use super::Copy;
use crate::catalog::batch::NewColumn;

impl Copy {
    /// Notes where a new column goes, as `_setup_dependencies_for_add_column` does.
    pub(super) fn put(&mut self, name: &SmolStr, added: &NewColumn) -> Result<(), String> {
        let mut before = added.insert_before.clone();
        let mut after = added.insert_after.clone();
        let at = |keys: &[SmolStr], key: &SmolStr| keys.iter().position(|known| known == key);
        let unknown = |key: &SmolStr| format!("there is no column `{key}` to put `{name}` beside");
        match (&before, &after) {
            (None, Some(beside)) => match at(&self.existing, beside) {
                Some(position) => before = self.existing.get(position + 1).cloned(),
                None => {
                    let next = self.positions.iter().rev().find(|(one, _)| one == beside);
                    before = Some(next.ok_or_else(|| unknown(beside))?.1.clone());
                }
            },
            (Some(beside), None) => match at(&self.existing, beside) {
                Some(position) => {
                    after = position
                        .checked_sub(1)
                        .and_then(|position| self.existing.get(position).cloned());
                }
                None => {
                    let next = self.positions.iter().rev().find(|(_, two)| two == beside);
                    after = Some(next.ok_or_else(|| unknown(beside))?.0.clone());
                }
            },
            _ => {}
        }
        if before.is_none() && after.is_none() {
            after = self.existing.last().cloned();
        }
        if let Some(before) = before {
            self.positions.push((name.clone(), before));
        }
        if let Some(after) = after {
            self.positions.push((after, name.clone()));
        }
        Ok(())
    }

    /// Brings the columns into their order.
    pub(super) fn arrange(&mut self) -> Result<(), String> {
        if self.positions.is_empty() {
            return Ok(());
        }
        let mut pairs: Vec<(SmolStr, SmolStr)> = self.positions.clone();
        for (position, key) in self.existing.iter().enumerate().skip(1) {
            if let Some(previous) = self.columns.get(position - 1) {
                pairs.push((previous.key.clone(), key.clone()));
            }
        }
        pairs.retain(|(one, two)| one != two);
        let mut left = std::mem::take(&mut self.columns);
        while !left.is_empty() {
            let keys: Vec<SmolStr> = left.iter().map(|entry| entry.key.clone()).collect();
            let is_free = |key: &SmolStr| {
                !pairs
                    .iter()
                    .any(|(parent, child)| child == key && keys.contains(parent))
            };
            let (free, rest): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|entry| is_free(&entry.key));
            let is_stuck = free.is_empty();
            self.columns.extend(free);
            left = rest;
            if is_stuck {
                self.columns.extend(left);
                return Err(
                    "the order of the columns is contradictory: a column is added by a name that is taken"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }
}
