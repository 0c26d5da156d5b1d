//! ML204

mod actions;
mod cause;
mod doubled;
mod means;
mod misplaced;
mod mysql;
mod nullability;
mod rebuilt;
mod renamed;
mod repeatable_label;
mod repeated;
mod reported;
mod said;
mod severity;
mod slip;
mod uniqueness;

use serde_json::Value;
use smol_str::SmolStr;

use self::cause::is_one_cause;
use self::nullability::{believed_otherwise, is_swapped, sets_nullable, was_nullable};
use self::rebuilt::{Part, Rebuilt};
use crate::catalog::{Change, Difference, Subject};
use crate::diagnostic::{Label, Severity};
use crate::dialect::Dialect;
use crate::rules::difference::{
    Remainder, Target, argument, enumerated, nullability, object_in_words, past, sentence, state,
};
use crate::rules::downgrade::same_for;
use crate::rules::statement::Way;
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML204", "not-reversed" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

/// One object that is not as it was, with all differences of it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct NotReversed<'d> {
    differences: Vec<&'d Difference>,
    /// Objects that are different in the same way for the same reason.
    others: Vec<&'d str>,
    /// What else is left of the tables that `upgrade` rebuilds.
    left_as_well: Vec<&'d Difference>,
    /// Columns that come back with other things left out.
    come_back: Vec<Vec<&'d Difference>>,
    /// What it is of a table that `upgrade` rebuilds.
    part: Option<Part>,
    /// Why the next upgrade fails.
    next_failure: Option<&'d str>,
    /// `upgrade` sets what was so already.
    is_no_news: bool,
    /// What the models have is what the downgrade makes, not what `upgrade` does.
    is_swapped: bool,
    /// `upgrade` makes it `IF NOT EXISTS`, and it was there.
    is_repeated: bool,
    blame: Blame,
    /// What the downgrade should have named.
    meant: Option<&'d Difference>,
    /// What it is called since `upgrade`, if that renames it.
    renamed: Option<&'d Difference>,
    severity: Severity,
    /// The downgrade makes the table that the first is of.
    is_made_again: bool,
    dialect: Dialect,
}

/// What is to be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blame {
    /// The downgrade takes too little back.
    Omission,
    /// The downgrade creates a table that no upgrade has dropped.
    Addition,
    /// The downgrade adds or drops a column that `upgrade` leaves alone.
    Downgrade,
    /// The upgrade leaves a foreign key at a table that it drops.
    Upgrade,
}

impl Violation for NotReversed<'_> {
    fn message(&self) -> String {
        if let (Some(meant), [first, ..]) = (self.meant, self.differences.as_slice()) {
            if first.change == Change::Added {
                let (to, of) = (Target::of(first), Target::of(meant));
                let [name, to, of] = [to.name, to.table, of.table].map(Option::unwrap_or_default);
                return format!(
                    "`downgrade` adds column `{name}` to `{to}`; `upgrade` dropped it from `{of}`"
                );
            }
            let does = if first.change == Change::Removed {
                "drops"
            } else {
                "alters"
            };
            let name = Target::of(meant).name.unwrap_or(&meant.object);
            return format!(
                "`downgrade` {does} {} in place of `{name}`",
                object_in_words(first)
            );
        }
        if let (Some(renamed), [first, ..]) = (self.renamed, self.differences.as_slice()) {
            let name = Target::of(renamed).name.unwrap_or(&renamed.object);
            let what = if renamed::is_moved(first, renamed) {
                "move"
            } else {
                "rename"
            };
            return format!(
                "the {what} of {} to `{name}` is not undone by the downgrade",
                object_in_words(first)
            );
        }
        if let (true, [first, ..]) = (self.is_swapped, self.differences.as_slice()) {
            return format!(
                "`upgrade` and `downgrade` look swapped: `downgrade` makes `{}` {}, as the model has it",
                first.object,
                nullability(&first.to)
            );
        }
        if self.is_no_news_of_many() {
            return "`upgrade` sets NOT NULL what is NOT NULL already: generated against another database?"
                .to_owned();
        }
        if let (true, [first, ..]) = (self.is_repeated, self.differences.as_slice()) {
            return format!(
                "`downgrade` drops {}, which was there before",
                object_in_words(first)
            );
        }
        if let (Blame::Downgrade, [first, ..]) = (self.blame, self.differences.as_slice()) {
            if self.is_made_again {
                let what = object_in_words(first);
                return match first.change {
                    Change::Added => {
                        format!("the table comes back with {what}, which it did not have")
                    }
                    _ => format!("the table comes back without {what}"),
                };
            }
            let (does, other) = match first.change {
                Change::Added => ("adds", "drop"),
                _ => ("drops", "make"),
            };
            return format!(
                "`downgrade` {does} {}, which `upgrade` does not {other}",
                object_in_words(first)
            );
        }
        match self.differences.as_slice() {
            [first, ..] if self.blame == Blame::Addition => format!(
                "the downgrade creates {}, which no upgrade dropped",
                object_in_words(first)
            ),
            [first, ..] if self.blame == Blame::Upgrade => format!(
                "`upgrade` leaves {} at table `{}`, which it drops",
                object_in_words(first),
                slip::referenced(first).unwrap_or_default()
            ),
            [
                Difference {
                    subject: Subject::Column,
                    change: Change::Changed(_),
                    object,
                    ..
                },
                ..,
            ] => {
                let now: Vec<String> = self.differences.iter().map(|one| state(one)).collect();
                let was: Vec<String> = self.differences.iter().map(|one| past(one)).collect();
                format!(
                    "the downgrade leaves `{object}` {}; it {} before",
                    enumerated(&now),
                    enumerated(&was)
                )
            }
            [first, ..] => sentence(first),
            [] => String::new(),
        }
    }

    fn subject(&self) -> String {
        let differences = self.differences.iter().copied();
        differences
            .chain(self.meant)
            .chain(self.renamed)
            .map(|one| format!("{} {}", one.kind(), one.object))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![match self.next_failure {
            None if self.blame == Blame::Upgrade => {
                "where a table is renamed SQLite 3.26 and newer take the foreign keys to it along: with `PRAGMA foreign_keys = ON` \
                 nothing can be put into a table whose key refers to none"
                    .to_owned()
            }
            Some(cause) => format!("the next upgrade fails: {cause}"),
            None => "after upgrade and downgrade the schema is another one than before".to_owned(),
        }];
        if let (true, [first, ..]) = (self.is_no_news_of_many(), self.differences.as_slice()) {
            notes.push(format!(
                "the downgrade leaves `{}` nullable; it was NOT NULL before",
                first.object
            ));
        }
        if self.is_repeated {
            notes.push("`upgrade` makes it only where it is missing, and the revisions before have made it".to_owned());
        }
        if let (Some(note), Dialect::MySql | Dialect::Sqlite) = (notes.first_mut(), self.dialect)
            && self.blame != Blame::Upgrade
        {
            note.push_str(&format!(" (on {})", self.dialect.title()));
        }
        if let [first, ..] = self.differences.as_slice()
            && let Some(name) = cause::other_name(first)
        {
            notes.push(format!("afterwards it is called `{name}`"));
        }
        notes.extend(same_for(&self.others));
        notes.extend(rebuilt::note(self.part, &self.left_as_well));
        for column in self.come_back.iter().take(MOST_COLUMNS) {
            let states: Vec<String> = column.iter().map(|one| state(one)).collect();
            let name = column.first().map(|one| one.object.as_str());
            let name = name.unwrap_or_default();
            notes.push(format!("and it leaves `{name}` {}", enumerated(&states)));
        }
        if let (true, false, Some(was)) = (
            self.is_no_news,
            self.is_no_news_of_many(),
            self.was_nullable(),
        ) {
            notes.push(format!(
                "`upgrade` makes it {}, which it was already after the revisions before",
                if was { "nullable" } else { "NOT NULL" }
            ));
        }
        notes
    }

    fn help(&self) -> Option<String> {
        // What the downgrade should say depends on what was meant.
        if self.is_no_news {
            return None;
        }
        if self.blame == Blame::Upgrade {
            return Some("change the table in `op.batch_alter_table`, or set `PRAGMA legacy_alter_table = ON` before it is renamed".to_owned());
        }
        if let (Some(meant), [first, ..]) = (self.meant, self.differences.as_slice()) {
            if first.change == Change::Added {
                let table = Target::of(meant).table.unwrap_or_default();
                return Some(format!("add it to `{table}`"));
            }
            let name = Target::of(meant).name.unwrap_or(&meant.object);
            return Some(format!("what `upgrade` has changed is `{name}`"));
        }
        if let (Some(renamed), [first, ..]) = (self.renamed, self.differences.as_slice()) {
            return Some(renamed::undoing(first, renamed));
        }
        if let Some(statement) = repeatable_label::of(&self.differences, self.next_failure) {
            return Some(format!(
                "a label may stay: with `{statement}` the next upgrade passes"
            ));
        }
        let missing: Vec<String> = self
            .differences
            .iter()
            .filter_map(|difference| argument(difference))
            .collect();
        (!missing.is_empty()).then(|| format!("say it in `downgrade`: {}", missing.join(", ")))
    }

    /// What belongs to another revision was copied as a whole, and what is made again from memory is one statement.
    fn tables(&self) -> Vec<String> {
        let is_own = self.blame == Blame::Downgrade || self.is_made_again;
        let first = self.differences.first().filter(|_| is_own);
        let table = first.and_then(|first| Target::of(first).table);
        let others = self.others.iter().filter(|_| self.is_made_again);
        let others = others.filter_map(|other| other.rsplit_once('.').map(|(table, _)| table));
        table.into_iter().chain(others).map(str::to_owned).collect()
    }

    /// A table that a downgrade makes for nothing was copied from file to file.
    fn is_slip(&self) -> bool {
        let first = self.differences.first();
        let is_table =
            |first: &&Difference| (first.subject, first.change) == (Subject::Table, Change::Added);
        self.is_made_again && first.is_some_and(is_table)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }
}

impl NotReversed<'_> {
    /// True for several columns that `upgrade` sets NOT NULL, as they were.
    fn is_no_news_of_many(&self) -> bool {
        self.is_no_news
            && !self.is_swapped
            && !self.others.is_empty()
            && self.was_nullable() == Some(false)
    }

    fn was_nullable(&self) -> Option<bool> {
        was_nullable(&self.differences)
    }
}

/// The columns of a constraint, as a difference has it.
fn columns_in(value: &Value) -> Option<Vec<&str>> {
    let columns = value.get("columns")?.as_array()?.iter();
    Some(columns.filter_map(Value::as_str).collect())
}

/// So many columns that come back otherwise are described.
const MOST_COLUMNS: usize = 4;

/// Among more objects nobody has confused two.
const MOST_CONFUSED: usize = 50;

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    check_of(Severity::Error, ctx, reporter);
}

/// Tells of what is not brought back and is as bad as that.
pub(super) fn check_of(severity: Severity, ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(remainder) = Remainder::of(ctx) else {
        return;
    };
    let mut objects: Vec<Vec<&Difference>> = Vec::new();
    for difference in remainder.found {
        if !reported::is_reported(difference, &remainder, ctx) {
            continue;
        }
        let same = objects.iter_mut().find(|others| {
            others.first().is_some_and(|other| {
                other.subject == difference.subject
                    && other.object == difference.object
                    && matches!(difference.change, Change::Changed(_))
            })
        });
        match same {
            Some(others) => others.push(difference),
            None => objects.push(vec![difference]),
        }
    }
    for cause in causes(objects, &remainder, ctx) {
        report(cause, severity, &remainder, ctx, reporter);
    }
}

/// An object that is different, with where that comes from.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Object<'d> {
    differences: Vec<&'d Difference>,
    first: &'d Difference,
    primary: Label,
    related: Vec<Label>,
    next_failure: Option<&'d str>,
    is_repeated: bool,
    /// A statement of the downgrade makes it as it is then.
    is_on_the_way_back: bool,
    /// It comes or goes as a column that `upgrade` leaves alone.
    is_own: bool,
    /// `upgrade` sets NOT NULL, as it was already.
    is_no_news: bool,
    /// What the downgrade should have named.
    meant: Option<&'d Difference>,
    /// What it is called since `upgrade`, if that renames it.
    renamed: Option<&'d Difference>,
    /// The names before and after a rename of `upgrade`, of a column that is left under the new one.
    left_by_rename: Option<[SmolStr; 2]>,
    /// What it is of a table that `upgrade` rebuilds.
    part: Option<Part>,
    /// The downgrade adds the column again, and leaves something of it out.
    is_added_back: bool,
}

/// Objects that are different for one reason: at one place, or in one way.
fn causes<'d>(
    objects: Vec<Vec<&'d Difference>>,
    remainder: &Remainder<'d>,
    ctx: &ReplayContext<'d>,
) -> Vec<Vec<Object<'d>>> {
    let mut objects: Vec<Object<'d>> = objects
        .into_iter()
        .filter_map(|differences| {
            let first = *differences.first()?;
            let (mut primary, mut related) = remainder.labels(first);
            let is_repeated = repeated::is_repeated(first, ctx);
            let is_on_the_way_back = primary
                .span
                .is_some_and(|span| remainder.downgrade.span.contains(span));
            if is_repeated && is_on_the_way_back {
                "drops it".clone_into(&mut primary.message);
                for label in &mut related {
                    "made only where it is missing".clone_into(&mut label.message);
                }
            }
            let is_own = is_on_the_way_back
                && !is_repeated
                && first.subject == Subject::Column
                && matches!(first.change, Change::Added | Change::Removed)
                && remainder.last_step_on(first, Way::Up).is_none()
                && Target::of(first).last_naming(remainder.upgrade).is_none();
            let next_failure = remainder
                .next_failure_over(first)
                .map(|failed| failed.message.as_str());
            let is_no_news = was_nullable(&differences) == Some(false)
                && sets_nullable(first, false, remainder)
                && !is_swapped(first, ctx);
            let is_added_back = first.subject == Subject::Column
                && matches!(first.change, Change::Changed(_))
                && means::is_added_back(first, ctx);
            Some(Object {
                is_no_news,
                is_added_back,
                differences,
                first,
                primary,
                related,
                next_failure,
                is_repeated,
                is_on_the_way_back,
                is_own,
                meant: None,
                renamed: None,
                left_by_rename: None,
                part: None,
            })
        })
        .collect();
    renamed::join(&mut objects, remainder, ctx);
    join_slips(&mut objects, remainder, ctx);
    slip::join_replaced(&mut objects, remainder);
    let rebuilt = Rebuilt::of(ctx);
    for object in &mut objects {
        rebuilt.mark(object, remainder, ctx);
    }
    objects.sort_by_key(|object| object.primary.span.map(|span| span.start));
    let mut causes: Vec<Vec<Object<'d>>> = Vec::new();
    for object in objects {
        let same = causes.iter_mut().find(|cause| {
            let is_first = |other| is_one_cause(other, &object);
            cause.first().is_some_and(is_first)
                || cause
                    .iter()
                    .any(|other| cause::is_one_rebuild(other, &object))
        });
        match same {
            Some(cause) => cause.push(object),
            None => causes.push(vec![object]),
        }
    }
    for cause in &mut causes {
        cause::put_most_shared_first(cause);
    }
    causes
}

/// Makes one of two objects of which the downgrade names the wrong one.
fn join_slips<'d>(
    objects: &mut Vec<Object<'d>>,
    remainder: &Remainder<'d>,
    ctx: &ReplayContext<'d>,
) {
    let mut pairs = Vec::new();
    if objects.len() > MOST_CONFUSED {
        return;
    }
    for (at, one) in objects.iter().enumerate() {
        for other in objects.iter().skip(at + 1) {
            if one.renamed.is_some() || other.renamed.is_some() {
                continue;
            }
            pairs.extend(slip::instead_of(one.first, other.first, remainder, ctx));
        }
    }
    let is_alone = |pair: &(&Difference, &Difference)| {
        let shares = |other: &&(&Difference, &Difference)| {
            std::ptr::eq(other.0, pair.0) || std::ptr::eq(other.1, pair.1)
        };
        pairs.iter().filter(shares).count() == 1
    };
    for (wrong, left) in pairs.iter().copied().filter(is_alone) {
        let position = |wanted: &Difference| {
            objects
                .iter()
                .position(|one| std::ptr::eq(one.first, wanted))
        };
        let Some(at) = position(left) else { continue };
        let left = objects.remove(at);
        let wrong = objects
            .iter_mut()
            .find(|one| std::ptr::eq(one.first, wrong));
        if let Some(wrong) = wrong {
            wrong.meant = Some(left.first);
            let what = match wrong.first.change {
                Change::Added => "the wrong table",
                _ => "the wrong one",
            };
            what.clone_into(&mut wrong.primary.message);
            wrong.next_failure = wrong.next_failure.or(left.next_failure);
            wrong.related.push(Label {
                message: "this is left".to_owned(),
                ..left.primary
            });
        }
    }
}

fn report(
    cause: Vec<Object<'_>>,
    wanted: Severity,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
    reporter: &mut Reporter<'_>,
) {
    let severities = cause
        .iter()
        .map(|object| severity::severity(object, remainder, ctx));
    // The parts of a rebuild are not alike, nor are columns that come back: the worst counts.
    let are_unlike = |object: &Object<'_>| {
        object.part == Some(Part::Left) || object.is_added_back || object.left_by_rename.is_some()
    };
    let severity = if cause.iter().any(are_unlike) {
        severities.min()
    } else {
        severities.max()
    }
    .unwrap_or(Severity::Error);
    let next_failure = cause.iter().find_map(|object| object.next_failure);
    let mut objects = cause.into_iter();
    let Some(first) = objects.next() else {
        return;
    };
    let blame = match slip::blame(first.first, ctx) {
        Blame::Omission if first.is_own => Blame::Downgrade,
        blame => blame,
    };
    let mut related = first.related.clone();
    // What the downgrade does matters little there.
    if blame == Blame::Upgrade {
        related.clear();
    }
    // The older code expects nothing else.
    if severity == Severity::Info || slip::is_before_keys_went_along(first.first, ctx) {
        return;
    }
    let is_no_news = was_nullable(&first.differences)
        .is_some_and(|was| sets_nullable(first.first, was, remainder));
    let is_swapped = is_no_news && is_swapped(first.first, ctx);
    let severity = if is_swapped {
        Severity::Error
    } else {
        severity
    };
    if severity != wanted {
        return;
    }
    let (mut others, mut left_as_well) = (Vec::new(), Vec::new());
    let mut come_back = Vec::new();
    for other in objects {
        let is_otherwise =
            (first.is_added_back || other.is_added_back) && !cause::is_alike(&first, &other, true);
        if is_otherwise {
            come_back.push(other.differences);
        } else if first.part == Some(Part::Left) && !is_one_cause(&first, &other) {
            left_as_well.push(other.first);
        } else {
            others.push(other.first.object.as_str());
        }
        if other.primary.span != first.primary.span {
            related.push(other.primary);
        }
    }
    if is_no_news && let Some(place) = believed_otherwise(&first.differences, ctx) {
        let says = match was_nullable(&first.differences) {
            Some(true) => "an earlier migration believes that it is NOT NULL",
            _ => "an earlier migration believes that it may be NULL",
        };
        related.push(Label::at(&place, says));
    }
    let is_made_again = means::is_made_again(first.first, ctx);
    let violation = NotReversed {
        differences: first.differences,
        others,
        left_as_well,
        come_back,
        part: first.part,
        next_failure,
        is_no_news,
        is_swapped,
        is_repeated: first.is_repeated,
        blame,
        meant: first.meant,
        renamed: first.renamed,
        is_made_again,
        severity,
        dialect: ctx.environment.head.dialect().dialect,
    };
    reporter
        .report_on(&violation, first.primary, Some(&ctx.revision.id.value))
        .related(related);
}

#[cfg(test)]
mod tests;
