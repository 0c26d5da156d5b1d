//! ML208

use smol_str::SmolStr;

use crate::alembic::{Failed, ReplayedRevision, Run};
use crate::catalog::{Catalog, Change, Difference, Subject, compare};
use crate::diagnostic::Label;
use crate::dialect::Dialect;
use crate::project::DialectSource;
use crate::rules::difference::Target;
use crate::rules::downgrade::{MOST_NAMED, at, failing, unnamed_drop};
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule, list};
use crate::schema::{Operation, Recorded};
use crate::source::FileSpan;

declare_rule! {
    "ML208", "unnamed-constraint-drop" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["pytest-alembic: test_up_down_consistency"],
    on: Replay(check),
}

struct UnnamedConstraintDrop<'a> {
    direction: &'static str,
    tables: Vec<&'a SmolStr>,
    /// How many statements do so.
    count: usize,
    /// What the constraints are called that `upgrade` adds, if only one can be meant at each place.
    names: Vec<(Option<&'a SmolStr>, String)>,
    /// The tables to which `upgrade` certainly adds none.
    without: Vec<&'a SmolStr>,
    /// The database counts its constraints, and not all are known.
    is_counted: bool,
    /// The database that gives such names, where it is only assumed.
    assumed: Option<Dialect>,
}

impl Violation for UnnamedConstraintDrop<'_> {
    fn message(&self) -> String {
        let shown = self.tables.get(..MOST_NAMED).unwrap_or(&self.tables);
        let of = match (shown, self.tables.len() - shown.len()) {
            ([], _) => " a constraint".to_owned(),
            ([table], _) if self.count > 1 => format!(" constraints of `{table}`"),
            ([table], _) => format!(" a constraint of `{table}`"),
            (several, 0) => format!(" constraints of {}", list(several)),
            (several, more) => {
                format!(" constraints of {} and {more} more tables", list(several))
            }
        };
        format!(
            "`{}` drops{of} without saying which: it fails",
            self.direction
        )
    }

    fn subject(&self) -> String {
        format!(
            "{} {}",
            self.direction,
            self.tables.first().map_or("", |table| table.as_str())
        )
    }

    fn notes(&self) -> Vec<String> {
        vec!["autogenerate writes `None` where the metadata has no naming convention".to_owned()]
    }

    fn help(&self) -> Option<String> {
        let of_table = |table: Option<&SmolStr>| match table {
            Some(table) if self.tables.len() > 1 => format!(" to `{table}`"),
            _ => String::new(),
        };
        let help = match self.names.as_slice() {
            [] if self.is_counted => {
                "give it a name in `upgrade`: the database counts the constraints of a table, and not all of \
                   them are known"
                    .to_owned()
            }
            [] if self.are_all_without() => String::new(),
            [] => "write the name that it has in the database".to_owned(),
            [(table, name)] => format!(
                "the constraint that `upgrade` adds{} is called `{name}`",
                of_table(*table)
            ),
            names => {
                let shown = names.get(..MOST_NAMED).unwrap_or(names);
                let more = match names.len() - shown.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!(
                    "the constraints that `upgrade` adds are called {}{more}",
                    list(shown.iter().map(|(_, name)| name))
                )
            }
        };
        let on = self.assumed.filter(|_| !self.names.is_empty());
        let help = match on {
            Some(dialect) => format!("{help} on {}", dialect.title()),
            None => help,
        };
        let shown = self.without.get(..MOST_NAMED).unwrap_or(&self.without);
        let without = (!shown.is_empty()).then(|| {
            format!(
                "`upgrade` adds none to {}: leave that out of `downgrade`",
                list(shown)
            )
        });
        let parts = (!help.is_empty())
            .then_some(help)
            .into_iter()
            .chain(without);
        Some(parts.collect::<Vec<_>>().join("; "))
    }
}

impl UnnamedConstraintDrop<'_> {
    fn are_all_without(&self) -> bool {
        !self.tables.is_empty() && self.without.len() == self.tables.len()
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let replayed = ctx.replayed;
    let dialect = ctx.environment.head.dialect();
    let directions: [(&'static str, Option<&Run>, &[Failed]); 2] = [
        (
            "upgrade",
            replayed.migration.upgrade.run(),
            &replayed.upgrade_failures,
        ),
        (
            "downgrade",
            replayed.migration.downgrade.run(),
            &replayed.downgrade_failures,
        ),
    ];
    for (direction, run, failures) in directions {
        let Some(run) = run else { continue };
        let mut found: Option<(UnnamedConstraintDrop<'_>, Label, Vec<Label>)> = None;
        for failed in failing(failures) {
            let Some(Recorded {
                operation: Operation::DropConstraint { table, kind, .. },
                ..
            }) = unnamed_drop(failed, run)
            else {
                continue;
            };
            let meant = table
                .as_ref()
                .filter(|_| direction == "downgrade")
                .and_then(|table| meant(table, kind.as_deref(), replayed));
            let is_counted = table
                .as_ref()
                .zip(meant.as_ref())
                .is_some_and(|(table, (name, _))| is_counted(table, name, ctx));
            let names = meant.iter().filter(|_| !is_counted);
            let violation = UnnamedConstraintDrop {
                direction,
                tables: table.iter().collect(),
                count: 1,
                names: names
                    .map(|(name, _)| (table.as_ref(), name.clone()))
                    .collect(),
                without: table
                    .as_ref()
                    .filter(|table| {
                        direction == "downgrade"
                            && meant.is_none()
                            && adds_none(table, kind.as_deref(), replayed)
                    })
                    .into_iter()
                    .collect(),
                is_counted,
                assumed: (dialect.source == DialectSource::Assumed).then_some(dialect.dialect),
            };
            let (primary, mut related) = at(ctx.revision, run, &failed.place, "which one?");
            if let Some((_, Some(place))) = &meant {
                related.push(Label::at(place, "added here"));
            }
            match &mut found {
                Some((first, _, more)) => {
                    let new = violation.tables.into_iter();
                    let new = new.filter(|table| !first.tables.contains(table));
                    let new: Vec<&SmolStr> = new.collect();
                    first.tables.extend(new);
                    first.count += 1;
                    for name in violation.names {
                        if !first.names.contains(&name) {
                            first.names.push(name);
                        }
                    }
                    for table in violation.without {
                        if !first.without.contains(&table) {
                            first.without.push(table);
                        }
                    }
                    first.is_counted |= violation.is_counted;
                    more.push(Label {
                        message: "and so does this".to_owned(),
                        ..primary
                    });
                    more.extend(related);
                }
                None => found = Some((violation, primary, related)),
            }
        }
        if let Some((violation, primary, mut related)) = found {
            related.truncate(MOST_PLACES);
            reporter
                .report_on(&violation, primary, Some(&ctx.revision.id.value))
                .related(related)
                .way_back(direction == "downgrade");
        }
    }
}

/// True for a name with the number that MySQL has counted up, where the table has more than the migrations have made:
/// its number is another one.
fn is_counted(table: &SmolStr, name: &str, ctx: &ReplayContext<'_>) -> bool {
    let before = &ctx.replayed.before;
    let number = name
        .strip_prefix(table.as_str())
        .and_then(|rest| rest.strip_prefix("_ibfk_"));
    number.is_some()
        && before.tables.get(table).map_or_else(
            || !ctx.replayed.after.tables.contains_key(table),
            |known| before.doubt_about(known).is_some(),
        )
}

/// How many further places are shown.
const MOST_PLACES: usize = 10;

/// The constraint of a table that is meant, with the place that adds it: the one that `upgrade` adds without a name, else
/// the one that it adds; nothing where several can be meant.
fn meant(
    table: &str,
    kind: Option<&str>,
    replayed: &ReplayedRevision,
) -> Option<(String, Option<FileSpan>)> {
    let unnamed = unnamed(table, replayed);
    let added = if unnamed.is_empty() {
        added(table, &replayed.upgrade.found)
    } else {
        unnamed
    };
    let mut fitting = added
        .into_iter()
        .filter(|one| kind.is_none_or(|kind| is_of_kind(one.subject, kind)));
    match (fitting.next(), fitting.next()) {
        (Some(Added { name, place, .. }), None) => Some((name, place)),
        _ => None,
    }
}

/// True if `upgrade` certainly adds no constraint of the kind to a table: none that the downgrade could take back.
fn adds_none(table: &SmolStr, kind: Option<&str>, replayed: &ReplayedRevision) -> bool {
    let knows = |catalog: &Catalog| {
        let known = catalog.tables.get(table);
        known.is_some_and(|known| catalog.doubt_about(known).is_none())
    };
    let is_touched = replayed.upgrade.found.iter().any(|difference| {
        Target::of(difference).table == Some(table.as_str())
            && kind.is_none_or(|kind| is_of_kind(difference.subject, kind))
    });
    knows(&replayed.before)
        && knows(&replayed.after)
        && replayed.upgrade_failures.is_empty()
        && !is_touched
        && unnamed(table, replayed).is_empty()
}

/// A constraint that was added.
struct Added {
    name: String,
    subject: Subject,
    place: Option<FileSpan>,
}

/// The constraints that statements without a name add to a table, by the names that the database makes.
fn unnamed(table: &str, replayed: &ReplayedRevision) -> Vec<Added> {
    let Some(upgrade) = replayed.migration.upgrade.run() else {
        return Vec::new();
    };
    let is_unnamed = |place: &FileSpan| {
        upgrade.operations.iter().any(|recorded| {
            recorded.place == *place
                && matches!(&recorded.operation, Operation::CreateConstraint { table: Some(known), name: None } if known == table)
        })
    };
    let mut found = Vec::new();
    let mut steps = replayed.upgrade_steps.iter().peekable();
    while let Some(step) = steps.next() {
        let after = steps.peek().map_or(&replayed.after, |next| &next.before);
        if is_unnamed(&step.place) {
            let mut made = added(table, &compare(&step.before, after).found);
            for one in &mut made {
                one.place = Some(step.place.clone());
            }
            found.append(&mut made);
        }
    }
    found
}

/// The constraints that were added to a table.
fn added(table: &str, found: &[Difference]) -> Vec<Added> {
    let is_constraint = |difference: &&Difference| {
        difference.change == Change::Added
            && matches!(
                difference.subject,
                Subject::Unique | Subject::ForeignKey | Subject::Check | Subject::PrimaryKey
            )
    };
    found
        .iter()
        .filter(is_constraint)
        .filter_map(|difference| {
            let name = difference.object.strip_prefix(table)?.strip_prefix('.')?;
            Some(Added {
                name: name.to_owned(),
                subject: difference.subject,
                place: difference.place.clone(),
            })
        })
        .collect()
}

fn is_of_kind(subject: Subject, kind: &str) -> bool {
    match kind {
        "foreignkey" => subject == Subject::ForeignKey,
        "unique" => subject == Subject::Unique,
        "check" => subject == Subject::Check,
        "primary" => subject == Subject::PrimaryKey,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        assert!(is_of_kind(Subject::ForeignKey, "foreignkey"));
        assert!(!is_of_kind(Subject::Unique, "foreignkey"));
        assert!(is_of_kind(Subject::Unique, "what_else"));
    }

    #[test]
    fn the_constraint_that_is_meant_is_named() {
        let table = SmolStr::new("users");
        let help = |name: Option<&str>, is_counted: bool| {
            let violation = UnnamedConstraintDrop {
                count: 1,
                direction: "downgrade",
                tables: vec![&table],
                names: name
                    .map(|name| (None, name.to_owned()))
                    .into_iter()
                    .collect(),
                without: Vec::new(),
                is_counted,
                assumed: None,
            };
            violation.help()
        };
        assert_eq!(
            help(Some("users_email_key"), false).as_deref(),
            Some("the constraint that `upgrade` adds is called `users_email_key`")
        );
        assert_eq!(
            help(None, false).as_deref(),
            Some("write the name that it has in the database")
        );
        let counted = help(None, true).unwrap_or_default();
        assert!(
            counted.starts_with("give it a name in `upgrade`"),
            "{counted}"
        );
    }
}
