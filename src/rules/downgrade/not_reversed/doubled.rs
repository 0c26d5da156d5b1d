//! Foreign keys that say once more what another one says.

use crate::catalog::{Catalog, Change, Ddl, Difference, ForeignKey, Subject};
use crate::rules::ReplayContext;
use crate::rules::difference::{Remainder, Target};
use crate::rules::fresh::has;

/// True for a foreign key that the downgrade makes beside an equal one that was there before: it refuses nothing more, and
/// goes with its column or table. It stays in the way of an older downgrade that only drops what it refers to.
pub(super) fn is_said_by_another(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let target = Target::of(difference);
    let (Subject::ForeignKey, Change::Added, Some(table), Some(name)) = (
        difference.subject,
        difference.change,
        target.table,
        target.name,
    ) else {
        return false;
    };
    let Some(known) = ctx.replayed.restored.tables.get(table) else {
        return false;
    };
    let is_it = |known: Option<&str>| known == Some(name);
    let mut keys = known.foreign_keys();
    let Some((left, key)) = keys.find(|(one, _)| is_it(one.known_name().map(|name| &**name)))
    else {
        return false;
    };
    let is_new = |name: &str| {
        let object = format!("{table}.{name}");
        let mut found = remainder.found.iter();
        found.any(|other| other.object == object)
    };
    let is_said = known.foreign_keys().any(|(other, said)| {
        let name = other.known_name();
        said == key
            && other.deferrable == left.deferrable
            && other.maybe.is_none()
            && name.is_some_and(|name| !is_it(Some(name)) && !is_new(name))
    });
    is_said
        && remainder.next_failure_over(difference).is_none()
        && !hinders_an_older_downgrade(table, key, ctx)
}

/// True if the downgrade of an older revision drops the table that a foreign key refers to, and leaves its own.
fn hinders_an_older_downgrade(table: &str, key: &ForeignKey, ctx: &ReplayContext<'_>) -> bool {
    let head = ctx.environment.head;
    let Some(node) = head.map.find(&ctx.revision.id.value) else {
        return true;
    };
    let is_there = |catalog: &Catalog| catalog.tables.contains_key(table);
    head.map.ancestors(node).into_iter().any(|older| {
        let replayed = head.replay().get(older).filter(|_| older != node);
        let mut steps = replayed.iter().flat_map(|one| &one.downgrade_steps);
        let drops_it = |ddl: &Ddl| {
            matches!(ddl, Ddl::DropTable { name, cascade: false, .. } if *name == key.references)
        };
        table != key.references
            && steps.any(|step| has(&step.ddl, &drops_it) && is_there(&step.before))
    })
}
