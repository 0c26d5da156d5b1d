//! ML209

use serde_json::Value;
use smol_str::SmolStr;

use crate::alembic::{ReplayedRevision, Step};
use crate::catalog::{
    Catalog, Change, Ddl, Difference, ObjectKey, ObjectKind, Subject, is_named_in,
};
use crate::diagnostic::Label;
use crate::rules::difference::{Remainder, follows};
use crate::rules::downgrade::{before_on_the_base, same_for};
use crate::rules::fresh::has;
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule, list};
use crate::sql::{
    Departure, added_nulls, departure, gives_column, routine_departure, without_column_order,
};

declare_rule! {
    "ML209", "unreversed-sql" in Downgrade("downgrade"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

struct UnreversedSql<'d> {
    difference: &'d Difference,
    /// Functions of a trigger that have the same fate.
    functions: Vec<&'d str>,
    /// Objects of the same kind that come or go like it.
    others: Vec<&'d str>,
    /// Why the next upgrade fails.
    next_failure: Option<&'d str>,
}

impl Violation for UnreversedSql<'_> {
    fn message(&self) -> String {
        let Difference {
            subject,
            change,
            object,
            ..
        } = self.difference;
        let Subject::Object(kind) = subject else {
            let state = if self.difference.to == Value::Bool(true) {
                "on"
            } else {
                "off"
            };
            return format!("the downgrade leaves row level security of `{object}` {state}");
        };
        match change {
            Change::Added => format!("the downgrade leaves {kind} `{object}` behind"),
            Change::Removed => format!("{kind} `{object}` is not recreated by the downgrade"),
            Change::Changed(_) | Change::Renamed => {
                format!("the downgrade does not bring {kind} `{object}` back as it was")
            }
        }
    }

    fn subject(&self) -> String {
        format!("{} {}", self.difference.kind(), self.difference.object)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![match self.next_failure {
            Some(cause) => format!("the next upgrade fails: {cause}"),
            None => {
                "after upgrade and downgrade the database is another one than before".to_owned()
            }
        }];
        if matches!(self.difference.change, Change::Changed(_)) {
            notes.extend(departed(self.difference).and_then(|found| departed_words(&found)));
        }
        if !self.functions.is_empty() {
            notes.push(format!(
                "the same holds for its function {}",
                list(&self.functions)
            ));
        }
        notes.extend(same_for(&self.others));
        notes
    }
}

/// An object that is not as it was, with where that is seen.
struct Object<'d> {
    violation: UnreversedSql<'d>,
    primary: Label,
    related: Vec<Label>,
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    // Another definition is told by another rule.
    report(ctx, reporter, &|difference| !is_of_definition(difference));
}

/// True for an object that is there before and afterwards, and otherwise than it was as far as it is read.
pub(super) fn is_of_definition(difference: &Difference) -> bool {
    matches!(
        (difference.subject, difference.change),
        (Subject::Object(_), Change::Changed(_) | Change::Renamed)
    )
}

/// Reports those of the objects that are not brought back that are meant.
pub(super) fn report(
    ctx: &ReplayContext<'_>,
    reporter: &mut Reporter<'_>,
    is_meant: &dyn Fn(&Difference) -> bool,
) {
    let Some(remainder) = Remainder::of(ctx) else {
        return;
    };
    let mut objects: Vec<Object<'_>> = Vec::new();
    for difference in remainder.found {
        let next_failure = remainder.next_failure(&difference.object);
        if !is_reported(difference)
            || !is_meant(difference)
            || only_keeps_columns(difference, ctx.replayed)
            || (next_failure.is_none() && is_left_for_nobody(difference, ctx.replayed))
            || remainder.hangs_on_the_database(difference)
            || follows(difference, remainder.found)
            || remainder.is_learned_on_the_way_back(difference)
            || trigger_of(difference, remainder.found).is_some()
            || is_as_on_the_base(difference, ctx)
            || may_have_been_there(difference, ctx)
            || is_made_elsewhere(difference)
            || (difference.change == Change::Removed && remainder.is_given_up())
        {
            continue;
        }
        let functions = remainder
            .found
            .iter()
            .filter(|other| trigger_of(other, remainder.found) == Some(difference))
            .filter(|other| !may_have_been_there(other, ctx));
        let next_failure = next_failure.or_else(|| {
            functions
                .clone()
                .find_map(|function| remainder.next_failure(&function.object))
        });
        let violation = UnreversedSql {
            difference,
            functions: functions.clone().map(|one| one.object.as_str()).collect(),
            others: Vec::new(),
            next_failure: next_failure.map(|failed| failed.message.as_str()),
        };
        let (primary, mut related) = remainder.labels(difference);
        for function in functions {
            let (place, _) = remainder.labels(function);
            if place.span != primary.span && !related.contains(&place) {
                related.push(place);
            }
        }
        let object = Object {
            violation,
            primary,
            related,
        };
        match objects.iter_mut().find(|one| is_one_cause(one, &object)) {
            Some(first) => first.take(object),
            None => objects.push(object),
        }
    }
    for object in objects {
        reporter
            .report_on(
                &object.violation,
                object.primary,
                Some(&ctx.revision.id.value),
            )
            .related(object.related);
    }
}

impl<'d> Object<'d> {
    /// Makes another object a place of this one, or this a place of that if it comes earlier.
    fn take(&mut self, mut other: Object<'d>) {
        let start = |object: &Object<'_>| object.primary.span.map(|span| span.start);
        if other.primary.file == self.primary.file && start(&other) < start(self) {
            std::mem::swap(self, &mut other);
            self.violation.others.append(&mut other.violation.others);
            let places = other.related.drain(..);
            let own = &self.related;
            let new: Vec<Label> = places.filter(|place| !own.contains(place)).collect();
            self.related.extend(new);
        }
        let others = &mut self.violation.others;
        others.push(other.violation.difference.object.as_str());
        others.sort_unstable();
        if other.primary.span != self.primary.span {
            self.related.push(other.primary);
        }
    }
}

/// True for two objects of a kind that both are left, or both are lost: the downgrade leaves out one thing.
fn is_one_cause(one: &Object<'_>, other: &Object<'_>) -> bool {
    let (first, second) = (one.violation.difference, other.violation.difference);
    first.subject == second.subject
        && first.change == second.change
        && matches!(first.change, Change::Added | Change::Removed)
        && one.violation.functions.is_empty()
        && other.violation.functions.is_empty()
        && one.violation.next_failure.is_some() == other.violation.next_failure.is_some()
}

/// True for what is gone and no migration has made, as far as they are read: whoever makes it does so again.
fn is_made_elsewhere(difference: &Difference) -> bool {
    matches!(
        (difference.subject, difference.change),
        (Subject::Object(_), Change::Removed)
    ) && !difference.from.is_string()
}

/// True for what is there in the end and may have been there before: where that is not all known, only what `upgrade` makes
/// in so many words was not. What is made unless it is there may also be what a script has made that sets up a database.
fn may_have_been_there(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let replayed = ctx.replayed;
    let (Subject::Object(kind), Change::Added) = (difference.subject, difference.change) else {
        return false;
    };
    let is_it = |of: ObjectKind, name: &SmolStr, on: Option<&SmolStr>| {
        of == kind && Catalog::key(of, name, on).name == difference.object
    };
    let makes = |ddl: &Ddl| matches!(ddl, Ddl::CreateObject { kind, name, on, .. } if is_it(*kind, name, on.as_ref()));
    let makes_plainly = |ddl: &Ddl| {
        makes(ddl)
            && matches!(
                ddl,
                Ddl::CreateObject {
                    if_not_exists: false,
                    or_replace: false,
                    ..
                }
            )
    };
    let drops = |ddl: &Ddl| matches!(ddl, Ddl::DropObject { kind, name, on, .. } if is_it(*kind, name, on.as_ref()));
    let does = |matches: &dyn Fn(&Ddl) -> bool| {
        let mut steps = replayed.upgrade_steps.iter();
        steps.any(|step| has(&step.ddl, matches))
    };
    if does(&makes_plainly) && !does(&drops) {
        return false;
    }
    let before = &replayed.before;
    if before.opaque.is_some() {
        return true;
    }
    if does(&makes) {
        return (!before.is_empty() && !before.is_made_by_migrations())
            || is_set_up(&difference.object, &makes, ctx);
    }
    replayed
        .upgrade_steps
        .iter()
        .any(|step| has(&step.ddl, &|ddl| takes_unknown_along(ddl, &step.before)))
}

/// True if a script beside the revisions makes an object as well.
fn is_set_up(object: &str, makes: &dyn Fn(&Ddl) -> bool, ctx: &ReplayContext<'_>) -> bool {
    let bare = object.split('(').next().unwrap_or(object);
    let bare = bare.rsplit('.').next().unwrap_or(bare);
    let scripts = ctx.environment.head.setup_scripts_with(bare);
    scripts.iter().any(|ddl| has(ddl, makes))
}

/// True for a `DROP … CASCADE` of what no migration has made: what needs it is not known.
fn takes_unknown_along(ddl: &Ddl, before: &Catalog) -> bool {
    let bare = |name: &SmolStr| name.split('(').next().map(SmolStr::new);
    match ddl {
        Ddl::DropObject {
            kind,
            name,
            cascade: true,
            ..
        } => {
            let mut known = before.objects.iter();
            !known.any(|(key, object)| {
                key.kind == *kind
                    && bare(&key.name) == bare(name)
                    && object.definition.known().is_some()
            })
        }
        Ddl::DropTable {
            name,
            cascade: true,
            ..
        } => {
            let table = before.tables.get(name);
            table.is_none_or(|table| before.doubt_about(table).is_some())
        }
        _ => false,
    }
}

/// True for what is left as the base has it before the revision: what differs is that the change edits an older one.
fn is_as_on_the_base(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let (Subject::Object(kind), Some(before)) = (difference.subject, before_on_the_base(ctx))
    else {
        return false;
    };
    let key = ObjectKey {
        kind,
        name: difference.object.as_str().into(),
    };
    let definition = |catalog: &Catalog| {
        let object = catalog.objects.get(&key);
        object.map(|object| object.definition.known().cloned())
    };
    let restored = definition(&ctx.replayed.restored);
    before.opaque.is_none() && restored != Some(None) && definition(before) == restored
}

/// The trigger of a function, if both come or go.
fn trigger_of<'d>(function: &Difference, found: &'d [Difference]) -> Option<&'d Difference> {
    if function.subject != Subject::Object(ObjectKind::Function)
        || !matches!(function.change, Change::Added | Change::Removed)
    {
        return None;
    }
    found.iter().find(|other| {
        let mut definitions = [&other.from, &other.to].into_iter();
        other.subject == Subject::Object(ObjectKind::Trigger)
            && other.change == function.change
            && definitions.any(|text| {
                text.as_str()
                    .is_some_and(|text| is_named_in(text, &function.object))
            })
    })
}

/// True for a function that can be made again and that nothing uses in the end: it helps whoever calls it, and hurts nobody.
fn is_left_for_nobody(difference: &Difference, replayed: &ReplayedRevision) -> bool {
    let (Subject::Object(kind @ (ObjectKind::Function | ObjectKind::Procedure)), Change::Added) =
        (difference.subject, difference.change)
    else {
        return false;
    };
    let is_made_again = |step: &Step| {
        matches!(
            &step.ddl,
            Ddl::CreateObject { kind: made, name, if_not_exists, or_replace, .. }
                if *made == kind && *name == difference.object && (*if_not_exists || *or_replace)
        )
    };
    let object = ObjectKey {
        kind,
        name: difference.object.as_str().into(),
    };
    replayed.upgrade_steps.iter().any(is_made_again) && !replayed.restored.mentions(&object)
}

fn is_reported(difference: &Difference) -> bool {
    // Gone with the connection.
    if difference.object.starts_with("pg_temp.") {
        return false;
    }
    match (difference.subject, difference.change) {
        (Subject::Table, Change::Changed("row_security")) => true,
        // What belongs to the whole database, or to the server, stays on purpose.
        (Subject::Object(ObjectKind::Extension | ObjectKind::Schema | ObjectKind::Role), _) => {
            false
        }
        // A text that only looks different does the same.
        (Subject::Object(ObjectKind::View | ObjectKind::MaterializedView), Change::Changed(_))
            if has_same_columns(&difference.from, &difference.to) =>
        {
            false
        }
        // The database has written one of them, which may say the same.
        (
            Subject::Object(
                ObjectKind::View
                | ObjectKind::MaterializedView
                | ObjectKind::Trigger
                | ObjectKind::Policy,
            ),
            Change::Changed(_),
        ) if is_deparsed(&difference.from) != is_deparsed(&difference.to) => false,
        (Subject::Object(_), Change::Changed(_)) => departed(difference).is_some(),
        (Subject::Object(_), _) => true,
        _ => false,
    }
}

/// Where an object says another thing than before; `None` where it does not, for all that can be told.
fn departed(difference: &Difference) -> Option<Departure> {
    let (from, to) = difference.from.as_str().zip(difference.to.as_str())?;
    match difference.subject {
        Subject::Object(ObjectKind::Function | ObjectKind::Procedure) => {
            routine_departure(from, to)
        }
        _ => departure(from, to),
    }
}

/// What is said of it.
fn departed_words(Departure { from, to }: &Departure) -> Option<String> {
    match (from.as_str(), to.as_str()) {
        ("", "") => None,
        ("", to) => Some(format!("it did not have `{to}`")),
        (from, "") => Some(format!("it lacks `{from}`")),
        (from, to) => Some(format!("it says `{to}` where it had `{from}`")),
    }
}

/// True for a query as `pg_get_viewdef` spells it, from where tools take it into migrations: with a cast at each literal,
/// or around a column that is compared.
fn is_deparsed(definition: &Value) -> bool {
    let text = squeezed(definition).unwrap_or_default();
    let has = |mark: &str| text.contains(mark);
    ["'::text", "'::charactervarying", "'::bpchar", "=any(array["]
        .into_iter()
        .any(has)
        || (has("where(") && (has(")::text") || has(")::charactervarying")))
}

/// True for two queries that only give their columns in another order.
fn has_same_columns(from: &Value, to: &Value) -> bool {
    match (from.as_str(), to.as_str()) {
        (Some(from), Some(to)) => {
            let from = without_column_order(from);
            from.is_some() && from == without_column_order(to)
        }
        _ => false,
    }
}

/// True for a view that comes back with the columns that the upgrade added, and nothing in them: `CREATE OR REPLACE VIEW`
/// takes none away.
fn only_keeps_columns(difference: &Difference, replayed: &ReplayedRevision) -> bool {
    let (Subject::Object(kind @ ObjectKind::View), Change::Changed(_)) =
        (difference.subject, difference.change)
    else {
        return false;
    };
    let (Some(from), Some(to)) = (difference.from.as_str(), difference.to.as_str()) else {
        return false;
    };
    let key = ObjectKey {
        kind,
        name: difference.object.as_str().into(),
    };
    let between = replayed.after.objects.get(&key);
    let Some(between) = between.and_then(|view| view.definition.known()) else {
        return false;
    };
    added_nulls(from, to).is_some_and(|names| {
        let mut names = names.iter();
        names.all(|name| !gives_column(from, name) && gives_column(between, name))
    })
}

/// A definition without its spacing and case; `None` where it is not known.
fn squeezed(definition: &Value) -> Option<String> {
    let text = definition.as_str()?;
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    Some(text.trim_end_matches(';').to_lowercase())
}
