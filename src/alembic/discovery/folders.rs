//! Environments that no file declares, and layouts that only Python code knows.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::{Declaration, Environment, PassedOver, Search, contains, not_the_projects};
use crate::alembic::revision::written_links;
use crate::source::RepoPath;

/// A revision and what it follows, as written.
type Link = (SmolStr, Vec<SmolStr>);

/// True if one of these revisions has its parent among the others and not among its own.
fn follows(ones: &[Link], others: &[Link]) -> bool {
    let ids =
        |links: &[Link]| -> FxHashSet<SmolStr> { links.iter().map(|(id, _)| id.clone()).collect() };
    let (own, foreign) = (ids(ones), ids(others));
    ones.iter()
        .flat_map(|(_, parents)| parents)
        .any(|parent| !own.contains(parent) && foreign.contains(parent))
}

/// The folder directly below another on the way to a file.
fn folder_below(location: &RepoPath, file: &RepoPath) -> Option<RepoPath> {
    let mut folder = file.parent();
    while folder.parent() != *location {
        folder = folder.parent();
        if folder.is_root() {
            return None;
        }
    }
    Some(folder)
}

impl Search<'_, '_> {
    /// Programs that set the version folders in Python (as OpenStack's do) leave no trace of that in any file. Folders
    /// below count too if there is nothing else, or if their revisions and the others are one history: an archive of old
    /// revisions is not. Folders whose revisions have nothing to do with each other are chosen from by the program, one for
    /// each dialect for example: each is an environment of its own.
    pub(super) fn follow_layout(&self, mut environment: Environment) -> Vec<Environment> {
        if environment.recursive {
            return vec![environment];
        }
        let is_script =
            |path: &RepoPath| path.extension() == "py" && !path.file_name().starts_with("__init__");
        let folders = environment.version_locations.clone();
        let (direct, below): (Vec<RepoPath>, Vec<RepoPath>) = folders
            .iter()
            .flat_map(|folder| self.snapshot.under(folder))
            .map(|(path, _)| path.clone())
            .filter(is_script)
            .partition(|path| folders.contains(&path.parent()));
        if below.is_empty() {
            return vec![environment];
        }
        if direct.is_empty() {
            environment.recursive = true;
            let histories = self.histories(&folders, &below);
            if let [_] | [] = histories.as_slice() {
                environment
                    .reasons
                    .push("its revisions lie in folders below, so those are searched".to_owned());
                return vec![environment];
            }
            environment.reasons.push(format!(
                "the folders below hold {} histories, each for itself: the program chooses",
                histories.len()
            ));
            return histories
                .into_iter()
                .map(|version_locations| Environment {
                    version_locations,
                    ..environment.clone()
                })
                .collect();
        }
        let (direct, below) = (self.links(&direct), self.links(&below));
        if follows(&below, &direct) || follows(&direct, &below) {
            environment.recursive = true;
            environment
                .reasons
                .push("revisions in folders below belong to the same history".to_owned());
        }
        vec![environment]
    }

    /// The folders directly below the version locations, those together whose revisions follow each other.
    fn histories(&self, locations: &[RepoPath], files: &[RepoPath]) -> Vec<Vec<RepoPath>> {
        let mut histories: Vec<(Vec<RepoPath>, Vec<Link>)> = Vec::new();
        for location in locations {
            let mut folders: Vec<RepoPath> = files
                .iter()
                .filter(|file| file.is_within(location))
                .filter_map(|file| folder_below(location, file))
                .collect();
            folders.dedup();
            for folder in folders {
                let own: Vec<RepoPath> = files
                    .iter()
                    .filter(|file| file.is_within(&folder))
                    .cloned()
                    .collect();
                let mut history = (vec![folder], self.links(&own));
                let (joined, apart): (Vec<_>, Vec<_>) =
                    histories.into_iter().partition(|(_, links)| {
                        follows(links, &history.1) || follows(&history.1, links)
                    });
                for (folders, links) in joined {
                    history.0.extend(folders);
                    history.1.extend(links);
                }
                history.0.sort();
                histories = apart;
                histories.push(history);
            }
        }
        histories.retain(|(_, links)| !links.is_empty());
        histories.into_iter().map(|(folders, _)| folders).collect()
    }

    fn links(&self, paths: &[RepoPath]) -> Vec<Link> {
        self.sources.preload(paths);
        paths
            .iter()
            .filter_map(|path| written_links(&self.sources.python(path)?.module))
            .collect()
    }

    /// A configuration of a plugin names scripts without an `env.py`, with which nothing can be run: where another one has
    /// all of its revisions, that one is meant.
    pub(super) fn pass_over_parts(&mut self) {
        let can_run = |environment: &Environment| {
            environment
                .env_file()
                .is_some_and(|file| self.snapshot.contains(&file))
        };
        let (whole, parts): (Vec<Environment>, Vec<Environment>) =
            std::mem::take(&mut self.found.environments)
                .into_iter()
                .partition(can_run);
        let has = |environment: &Environment, folder: &RepoPath| {
            let mut locations = environment.version_locations.iter();
            locations.any(|location| {
                folder == location || environment.recursive && folder.is_within(location)
            })
        };
        for part in parts {
            let folders = &part.version_locations;
            let larger = whole.iter().find(|environment| {
                !folders.is_empty() && folders.iter().all(|folder| has(environment, folder))
            });
            match larger {
                Some(larger) => self.found.passed_over.push(PassedOver {
                    path: part.script_location,
                    reason: format!(
                        "it has no env.py, and its revisions belong to {}",
                        larger.script_location
                    ),
                }),
                None => self.found.environments.push(part),
            }
        }
        self.found.environments.extend(whole);
    }

    /// Folders with `env.py` and revisions that no configuration file names.
    pub(super) fn folders(&mut self) {
        let candidates: Vec<RepoPath> = self
            .snapshot
            .iter()
            .filter(|(path, _)| path.file_name() == "env.py")
            .map(|(path, _)| path.clone())
            .collect();
        for env in candidates {
            let folder = env.parent();
            let known = self
                .found
                .environments
                .iter()
                .any(|environment| environment.script_location == folder);
            let versions = folder.join("versions").filter(|versions| {
                self.snapshot
                    .under(versions)
                    .any(|(path, _)| path.extension() == "py")
            });
            let (Some(versions), false) = (versions, known) else {
                continue;
            };
            let is_alembic = self
                .sources
                .read(&env)
                .is_some_and(|bytes| contains(&bytes, "alembic"));
            if !is_alembic {
                continue;
            }
            if let Some(reason) = not_the_projects(&env) {
                self.found.passed_over.push(PassedOver {
                    path: folder,
                    reason,
                });
                continue;
            }
            self.add(Environment {
                version_locations: vec![versions],
                recursive: false,
                prepend_sys_path: Vec::new(),
                outside: Vec::new(),
                declaration: Declaration::Folder,
                reasons: vec![format!(
                    "no file names it: {env} imports alembic and has versions beside it"
                )],
                script_location: folder,
            });
        }
    }
}
