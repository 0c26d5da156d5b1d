//! What is found in many files for one reason, shown as one finding.

use rustc_hash::FxHashMap;

use crate::diagnostic::{Diagnostic, Fix, Severity};

/// Files from which on they are one finding.
const MANY_FILES: usize = 2;

pub(super) fn join_files(diagnostics: &mut Vec<Diagnostic>) {
    // By rule, how many there are, and which of them is shown: the first of the worst.
    let mut leads: FxHashMap<&'static str, (usize, usize, Severity)> = FxHashMap::default();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if !diagnostic.is_of_many_files {
            continue;
        }
        let own = diagnostic.severity;
        let (count, lead, worst) = leads.entry(diagnostic.code).or_insert((0, index, own));
        *count += 1;
        if own < *worst {
            (*lead, *worst) = (index, own);
        }
    }
    leads.retain(|_, (count, ..)| *count >= MANY_FILES);
    let mut kept: Vec<Diagnostic> = Vec::new();
    let mut others: FxHashMap<&'static str, Vec<Diagnostic>> = FxHashMap::default();
    for (index, diagnostic) in diagnostics.drain(..).enumerate() {
        match leads.get(diagnostic.code) {
            Some((_, lead, _)) if diagnostic.is_of_many_files && *lead != index => {
                others.entry(diagnostic.code).or_default().push(diagnostic);
            }
            _ => kept.push(diagnostic),
        }
    }
    for known in kept.iter_mut().filter(|one| one.is_of_many_files) {
        let Some(others) = others.remove(known.code) else {
            continue;
        };
        let note = match others.len() {
            1 => "so it is in 1 more file".to_owned(),
            more => format!("so it is in {more} more files"),
        };
        known.notes.push(note);
        for other in others {
            known.add_place(other.primary, "and so here");
            // One fix mends them all.
            if known.fix.is_some() {
                add_fix(&mut known.fix, other.fix);
            }
        }
    }
    *diagnostics = kept;
}

/// Makes one fix of two, as far as the more doubtful of them can be trusted.
pub(super) fn add_fix(known: &mut Option<Fix>, other: Option<Fix>) {
    match (known, other) {
        (Some(known), Some(other)) => {
            known.applicability = known.applicability.min(other.applicability);
            known.edits.extend(other.edits);
            if known.title != other.title {
                "mend all of them".clone_into(&mut known.title);
            }
        }
        (known, other) => *known = known.take().or(other),
    }
}
