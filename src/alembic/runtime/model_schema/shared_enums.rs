//! Enum types that several columns describe under one name.

use smol_str::SmolStr;

use crate::catalog::{Catalog, Ddl, Fact, Why};
use crate::source::FileSpan;

/// What makes an enum type, where one of that name is there already with other labels: it has to have those of both, if
/// one has all of the other. Two that only have their name in common are two types, of which either may be meant.
pub(super) fn shared(ddl: Ddl, now: &Catalog, place: &FileSpan) -> Ddl {
    let Ddl::CreateEnum { name, labels, .. } = &ddl else {
        return ddl;
    };
    let there = now.enums.get(name).and_then(|known| known.labels.known());
    let (Some(there), Some(here)) = (there, labels.known()) else {
        return ddl;
    };
    let has_all =
        |one: &[SmolStr], other: &[SmolStr]| other.iter().all(|label| one.contains(label));
    if has_all(there, here) {
        return ddl;
    }
    let labels = if has_all(here, there) {
        labels.clone()
    } else {
        let why = format!("several enums of the models make type `{name}`");
        Fact::Unknown(Why::new(why, Some(place.clone())))
    };
    Ddl::SetEnumLabels {
        name: name.clone(),
        labels,
    }
}
