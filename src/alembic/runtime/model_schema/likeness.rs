//! Which of several metadata is that of the migrations, where `env.py` does not say.

use crate::python::value::Value;
use crate::source::RepoPath;

/// How like what is migrated the tables of a metadata are.
#[derive(Clone)]
pub(super) struct Likeness {
    pub(super) metadata: Value,
    /// Tables in common.
    pub(super) shared: usize,
    /// Tables of the one and of the other.
    pub(super) all: usize,
    /// How many folders those in common and the migrations are in together.
    pub(super) nearness: usize,
}

impl Likeness {
    /// The most alike, or one that is nearer to the migrations and has at least half as many of their tables.
    pub(super) fn best(found: &[Self]) -> Option<Self> {
        let mut best = Self::most_alike(found.iter())?;
        let enough = best.shared.div_ceil(2);
        let nearest = found
            .iter()
            .filter(|one| one.shared >= enough)
            .map(|one| one.nearness)
            .max()?;
        if nearest > best.nearness {
            let near = |one: &&Self| one.nearness == nearest && one.shared >= enough;
            best = Self::most_alike(found.iter().filter(near))?;
        }
        Some(best.clone())
    }

    /// The one with the most tables in common of all tables of both (Dice), compared crosswise; the first of equals.
    fn most_alike<'a>(found: impl Iterator<Item = &'a Self>) -> Option<&'a Self> {
        found.reduce(|best, one| {
            let is_better = one.shared * best.all > best.shared * one.all;
            if is_better { one } else { best }
        })
    }
}

/// How many folders, from the top on, a folder and a file are in together.
pub(super) fn shared_folders(folder: &RepoPath, file: &RepoPath) -> usize {
    let parent = file.parent();
    let pairs = folder.components().zip(parent.components());
    pairs.take_while(|(own, other)| own == other).count()
}
