//! ML540

mod repeated;

use jiff::civil::{Date, date};

use crate::alembic::{RawSql, Step};
use crate::catalog::{Ddl, Maintenance, SessionChange};
use crate::diagnostic::{Label, Severity};
use crate::rules::downgrade::summarise;
use crate::rules::{Reporter, SqlContext, Violation, Way, declare_rule, simple};
use crate::schema::{Effect, Recorded};
use crate::source::FileSpan;
use crate::sql::{Remark, SqlCheck};
use crate::sqlalchemy::ddl::Transactions;

declare_rule! {
    "ML540", "transaction-statement" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["squawk: transaction-nesting, ban-uncommitted-transaction"],
    on: Sql(check),
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct TransactionStatement<'a> {
    text: &'a str,
    way: Way,
    /// What comes before it, in words.
    before: String,
    /// Statements come after it.
    goes_on: bool,
    /// Some of them run in no transaction that is certainly open.
    runs_bare: bool,
    /// The function ends in a transaction that it has begun itself.
    begins_again: bool,
    /// The transaction is that of all revisions of a run.
    is_of_all: bool,
    /// All can be done again.
    is_repeatable: bool,
    /// Nothing wants to run outside of the transaction.
    is_needless: bool,
}

impl Violation for TransactionStatement<'_> {
    fn message(&self) -> String {
        format!(
            "`{}` meddles with the transaction that Alembic has opened",
            self.text.trim()
        )
    }

    fn subject(&self) -> String {
        self.text.trim().to_ascii_lowercase()
    }

    fn notes(&self) -> Vec<String> {
        let end = End::of(self.text);
        let is_undone = end == Some(End::Undoes);
        if end.is_none() {
            return vec![
                "a transaction is open already: what ends this one ends that of Alembic".to_owned(),
            ];
        }
        let mut notes = Vec::new();
        if !self.before.is_empty() {
            let end = match (is_undone, self.goes_on) {
                (true, _) => "this takes it back, and the revision is noted all the same",
                (false, true) => {
                    "that stays if a later statement fails, and the revision is not noted: the next run does it again"
                }
                (false, false) => "that stays if the revision cannot be noted",
            };
            let way = match self.way {
                Way::Up => "upgrade",
                Way::Down => "downgrade",
            };
            notes.push(format!("`{way}` {} before it: {end}", self.before));
        } else if self.runs_bare {
            notes.push(
                "what follows has no transaction: if it fails halfway, what is done by then stays, and the revision is not noted"
                    .to_owned(),
            );
        } else if !self.begins_again {
            notes.push("the note of the revision has no transaction after it".to_owned());
        }
        if self.is_of_all {
            let end = if is_undone { "are taken back" } else { "stay" };
            notes.push(format!(
                "`env.py` runs all revisions in one transaction: those before this one in the same run {end} as well"
            ));
        }
        notes
    }

    fn severity(&self) -> Option<Severity> {
        self.is_repeatable.then_some(Severity::Info)
    }

    fn help(&self) -> Option<String> {
        let help = if self.is_needless {
            "delete it: Alembic begins and ends the transaction itself"
        } else {
            "use `with op.get_context().autocommit_block():`"
        };
        Some(help.to_owned())
    }
}

/// How a statement ends a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Commits,
    Undoes,
}

impl End {
    /// `None` for what begins one.
    fn of(text: &str) -> Option<Self> {
        let first = text.split_whitespace().next().unwrap_or_default();
        match first.trim_end_matches(';').to_ascii_lowercase().as_str() {
            "begin" | "start" => None,
            "rollback" | "abort" => Some(Self::Undoes),
            _ => Some(Self::Commits),
        }
    }
}

fn check(ctx: &SqlContext<'_>, reporter: &mut Reporter<'_>) {
    if knows_no_other_way(ctx)
        || !changes_schema(ctx)
        || is_on_purpose(ctx)
        || is_as_in_a_block(ctx)
        || is_repeatable(ctx)
    {
        return;
    }
    // What one function does to the transaction is one thing to think over.
    if ctx.remarks(SqlCheck::TransactionNesting).next().is_none() {
        return;
    }
    let all = meddling(ctx);
    let first = all
        .iter()
        .position(|one| End::of(&one.remark.text).is_some());
    let Some(told) = all.get(first.unwrap_or_default()) else {
        return;
    };
    if !std::ptr::eq(told.sql, ctx.sql) {
        return;
    }
    let remark = &told.remark;
    let does = End::of(&remark.text);
    let steps = ctx.way.steps(ctx.replayed);
    if does == Some(End::Commits) && only_commits_rows(ctx, steps) {
        return;
    }
    // The revisions after it in the same run go without a transaction as well.
    let head = ctx.environment.head;
    let is_of_all = head.semantics().transactions == Transactions::PerRun;
    let can_be_repeated = does == Some(End::Commits) && repeated::can_be_repeated(steps);
    if can_be_repeated && head.has_transaction_per_revision() {
        return;
    }
    let Around {
        before,
        goes_on,
        runs_bare,
    } = around(ctx);
    let begins_by_itself = head.begins_by_itself() && !steps.iter().any(is_concurrent);
    let runs_bare = runs_bare && !begins_by_itself;
    let begins_again = begins_again(steps) || begins_by_itself;
    // What came before was noted, and what follows has a transaction like the one that Alembic has opened.
    let is_replaced = does == Some(End::Commits) && before.is_empty() && !runs_bare && begins_again;
    if is_replaced && !is_of_all {
        return;
    }
    let mut last = steps.iter().rev().filter(|step| step.ddl != Ddl::Nothing);
    let ends_with_commit = last.next().is_some_and(is_end);
    let wants_none = |step: &Step| {
        let parts = simple(&step.ddl);
        step.ddl == Ddl::Nothing
            || !parts.is_empty() && parts.iter().all(|(ddl, _)| is_done_in_transactions(ddl))
    };
    let is_needless = does != Some(End::Undoes) && steps.iter().all(wants_none);
    // Alembic does the same in the next moment.
    if is_needless && does.is_some() && !goes_on && ends_with_commit {
        return;
    }
    let violation = TransactionStatement {
        text: &remark.text,
        way: ctx.way,
        before,
        goes_on,
        runs_bare,
        begins_again,
        is_of_all,
        is_repeatable: can_be_repeated || is_replaced,
        is_needless,
    };
    let mut places = vec![&told.place];
    for other in &all {
        if !places.contains(&&other.place) {
            places.push(&other.place);
        }
    }
    let others = places.into_iter().skip(1).take(MOST_PLACES);
    let others: Vec<Label> = others.map(|place| Label::at(place, "and here")).collect();
    if let Some(report) = ctx.report(&violation, remark, reporter, "ends or begins a transaction") {
        report.related(others);
    }
}

/// How many more places are shown.
const MOST_PLACES: usize = 5;

/// A statement that ends Alembic's transaction, or begins one within it.
struct Meddling<'a> {
    sql: &'a RawSql,
    remark: Remark,
    place: FileSpan,
}

/// Those of a function, in the order in which they run.
fn meddling<'a>(ctx: &SqlContext<'a>) -> Vec<Meddling<'a>> {
    let texts = ctx.way.texts(ctx.replayed).iter();
    let mut found = Vec::new();
    for sql in texts.filter(|sql| sql.certain && sql.session.in_transaction) {
        let other = SqlContext::new(
            ctx.environment,
            ctx.revision,
            ctx.replayed,
            ctx.way,
            sql,
            ctx.fresh,
        );
        if ends_own(&other) {
            continue;
        }
        for remark in other.remarks(SqlCheck::TransactionNesting) {
            found.push(Meddling {
                sql,
                remark: remark.clone(),
                place: other.place(remark),
            });
        }
    }
    found
}

/// True for the end of a transaction that the function has begun itself, where none was certainly open.
fn ends_own(ctx: &SqlContext<'_>) -> bool {
    let steps = ctx.way.steps(ctx.replayed);
    let mut ends = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| is_end(step) && ctx.sql.is_part_of(&step.place))
        .peekable();
    let is_own = |(index, _): (usize, &Step)| {
        let earlier = steps.get(..index).unwrap_or_default();
        let last = earlier
            .iter()
            .rev()
            .find(|step| is_end(step) || is_begin(step));
        last.is_some_and(|step| is_begin(step) && !step.session.in_transaction)
    };
    ends.peek().is_some() && ends.all(is_own)
}

/// True if the last that a function does to transactions is to begin one.
fn begins_again(steps: &[Step]) -> bool {
    let mut steps = steps.iter().rev();
    let last = steps.find(|step| is_end(step) || is_begin(step));
    last.is_some_and(is_begin)
}

fn knows_no_other_way(ctx: &SqlContext<'_>) -> bool {
    let versions = ctx.environment.head.versions();
    versions.alembic_without_autocommit_block().is_some()
}

/// True where nothing comes before the COMMIT, and what follows is either what cannot run in a transaction, from before
/// Alembic had another way, or only done where it is still to do, with a comment that speaks of the COMMIT.
fn is_on_purpose(ctx: &SqlContext<'_>) -> bool {
    let Some((first, steps)) = first_and_rest(ctx) else {
        return false;
    };
    let mut steps = steps.into_iter();
    let is_old = || {
        let is_assumed = ctx.environment.head.versions().alembic.source.is_assumed();
        let made = ctx.revision.created();
        is_assumed && made.is_some_and(|made| made < WITH_AUTOCOMMIT_BLOCK)
    };
    let is_outside =
        |step: &Step| step.certain && simple(&step.ddl).iter().all(|(ddl, _)| is_refused(ddl));
    let answered = ctx.revision.answered();
    let is_guarded = |step: &Step| {
        answered.decides(&step.place) && !simple(&step.ddl).iter().any(|(ddl, _)| is_refused(ddl))
            || matches!(step.ddl, Ddl::Data { .. } | Ddl::Uses(_))
    };
    steps.clone().all(is_outside) && is_old()
        || steps.all(is_guarded) && has_comment(ctx, &first.place)
}

/// True where nothing comes before the COMMIT, and only labels and rows follow, as they might in an `autocommit_block()`: it
/// would leave the same. Labels without `IF NOT EXISTS` stop the next run if a later revision of this one fails.
fn is_as_in_a_block(ctx: &SqlContext<'_>) -> bool {
    let Some((_, rest)) = first_and_rest(ctx) else {
        return false;
    };
    let statements = rest.len();
    let mut rest = rest
        .into_iter()
        .filter(|step| !matches!(step.ddl, Ddl::Uses(_)))
        .skip_while(|step| step.certain && matches!(step.ddl, Ddl::AddEnumLabel { .. }));
    let steps = ctx.way.steps(ctx.replayed).iter();
    let labels = steps.filter_map(|step| match &step.ddl {
        Ddl::AddEnumLabel { if_not_exists, .. } => Some(*if_not_exists),
        _ => None,
    });
    let is_alone = || {
        let nodes = ctx.environment.head.map.nodes().iter();
        let judged = nodes.filter(|node| ctx.environment.is_judged(&node.revision.file));
        ctx.environment.change.is_some() && judged.count() == 1
    };
    // The way back goes one revision at a time, and one statement does not stop halfway.
    let goes_back = |labels: usize| ctx.way == Way::Down && labels == 1 && statements == 1;
    let labels: Vec<bool> = labels.collect();
    let is_repeatable = labels.iter().all(|if_not_exists| *if_not_exists);
    let only_rows = rest.all(|step| matches!(step.ddl, Ddl::Data { .. }));
    !labels.is_empty() && only_rows && (is_repeatable || is_alone() || goes_back(labels.len()))
}

/// True for what PostgreSQL refuses in a transaction that a driver has begun.
fn is_concurrent(step: &Step) -> bool {
    let parts = simple(&step.ddl);
    parts.iter().any(|(ddl, _)| {
        is_refused(ddl) && !matches!(ddl.as_ref(), Ddl::AddEnumLabel { .. } | Ddl::Session(_))
    })
}

/// What a COMMIT stands between.
struct Around {
    /// What comes before it, in words.
    before: String,
    goes_on: bool,
    runs_bare: bool,
}

fn around(ctx: &SqlContext<'_>) -> Around {
    let is_end = |step: &Step| is_end(step) && ctx.sql.is_part_of(&step.place);
    let steps = ctx.way.steps(ctx.replayed);
    let Some(end) = steps.iter().position(is_end) else {
        return Around {
            before: String::new(),
            goes_on: true,
            runs_bare: true,
        };
    };
    let (earlier, later) = steps.split_at(end);
    let is_work = |step: &&Step| !matches!(step.ddl, Ddl::Nothing | Ddl::Session(_));
    let goes_on = later.iter().skip(1).any(|step| step.ddl != Ddl::Nothing);
    let mut work = later.iter().skip(1).filter(is_work);
    let runs_bare = work.any(|step| !step.session.in_transaction);
    let run = ctx.way.run(&ctx.replayed.migration);
    let operations = run.iter().flat_map(|run| &run.operations);
    let place = later.first().map(|step| &step.place);
    let comes_before = |recorded: &&Recorded| {
        let is_it = |step: &Step| step.place == recorded.place && step.ddl != Ddl::Nothing;
        recorded.operation.effect() != Effect::Nothing
            && place != Some(&recorded.place)
            && earlier.iter().any(is_it)
    };
    let before: Vec<&Recorded> = operations.filter(comes_before).collect();
    Around {
        before: summarise(&before),
        goes_on,
        runs_bare,
    }
}

/// True for a COMMIT of rows that a comment explains, with a transaction that begins right after it: they can be changed
/// again.
fn only_commits_rows(ctx: &SqlContext<'_>, steps: &[Step]) -> bool {
    let mut steps = steps.iter().filter(|step| step.ddl != Ddl::Nothing);
    let is_of_rows = |step: &&Step| matches!(step.ddl, Ddl::Data { .. } | Ddl::Uses(_));
    let end = steps.by_ref().find(|step| !is_of_rows(step));
    end.is_some_and(|end| {
        is_end(end)
            && ctx.sql.is_part_of(&end.place)
            && steps.next().is_some_and(is_begin)
            && has_comment(ctx, &end.place)
    })
}

/// The COMMIT, if nothing comes before it, with what follows.
fn first_and_rest<'a>(ctx: &SqlContext<'a>) -> Option<(&'a Step, Vec<&'a Step>)> {
    let steps = ctx.way.steps(ctx.replayed).iter();
    let mut steps = steps.filter(|step| step.ddl != Ddl::Nothing);
    let first = steps.next()?;
    let is_end = matches!(first.ddl, Ddl::Session(SessionChange::End));
    (is_end && ctx.sql.is_part_of(&first.place)).then(|| (first, steps.collect()))
}

/// True where nothing comes before the COMMIT, a comment speaks of it, and all that follows is what had better run in no
/// transaction, and is only done where it is still to do: `IF NOT EXISTS`, or as the database answers.
fn is_repeatable(ctx: &SqlContext<'_>) -> bool {
    let Some((first, rest)) = first_and_rest(ctx) else {
        return false;
    };
    let is_done_once = |ddl: &Ddl| {
        matches!(
            ddl,
            Ddl::AddEnumLabel {
                if_not_exists: true,
                ..
            } | Ddl::CreateIndex {
                if_not_exists: true,
                concurrently: true,
                ..
            }
        )
    };
    let answered = ctx.revision.answered();
    let is_safe = |step: &&Step| {
        let parts = simple(&step.ddl);
        let is_asked_for = || {
            answered.decides(&step.place)
                && parts
                    .iter()
                    .all(|(ddl, _)| repeated::wants_no_transaction(ddl))
        };
        let is_said = || step.certain && parts.iter().all(|(ddl, _)| is_done_once(ddl));
        matches!(step.ddl, Ddl::Uses(_)) || !parts.is_empty() && (is_said() || is_asked_for())
    };
    !rest.is_empty() && rest.iter().all(is_safe) && has_comment(ctx, &first.place)
}

/// When Alembic 1.2 came out.
const WITH_AUTOCOMMIT_BLOCK: Date = date(2019, 9, 20);

/// True for what PostgreSQL does in no transaction, or did not then.
fn is_refused(ddl: &Ddl) -> bool {
    matches!(
        ddl,
        Ddl::AddEnumLabel { .. }
            | Ddl::CreateIndex {
                concurrently: true,
                ..
            }
            | Ddl::DropIndex {
                concurrently: true,
                ..
            }
            | Ddl::Maintenance {
                concurrently: true,
                ..
            }
            | Ddl::Maintenance {
                work: Maintenance::VacuumFull,
                ..
            }
            | Ddl::Session(_)
    )
}

fn is_end(step: &Step) -> bool {
    matches!(step.ddl, Ddl::Session(SessionChange::End))
}

fn is_begin(step: &Step) -> bool {
    matches!(step.ddl, Ddl::Session(SessionChange::Begin))
}

/// True for what is certainly done in a transaction as well.
fn is_done_in_transactions(ddl: &Ddl) -> bool {
    match ddl {
        Ddl::Session(change) => matches!(
            change,
            SessionChange::Begin | SessionChange::End | SessionChange::Timeout { .. }
        ),
        Ddl::Opaque { .. } | Ddl::OpaqueObject { .. } | Ddl::AlterSomeColumns { .. } => false,
        other => !is_refused(other),
    }
}

/// True if somebody says something in the line of a statement, or in the one above it, or speaks of commits in the docstring
/// of the revision or in what is said about the function.
fn has_comment(ctx: &SqlContext<'_>, place: &FileSpan) -> bool {
    let source = &ctx.revision.source;
    let run = ctx.way.run(&ctx.replayed.migration);
    if run.is_some_and(|run| ctx.revision.speaks_of_commits(run.span)) {
        return true;
    }
    let text = source.text.as_str();
    if place.file != ctx.revision.file {
        return false;
    }
    let start = place.span.start as usize;
    let above = text.get(..start).unwrap_or_default().lines().rev().nth(1);
    let behind = text
        .get(place.span.end as usize..)
        .and_then(|rest| rest.lines().next());
    above.is_some_and(|line| line.trim_start().starts_with('#'))
        || behind.is_some_and(|rest| rest.trim_start().starts_with('#'))
}

/// False for a function that only changes rows, as far as it is known: it can be run again from where it has stopped.
fn changes_schema(ctx: &SqlContext<'_>) -> bool {
    ctx.way.run(&ctx.replayed.migration).is_some_and(|run| {
        run.operations.iter().any(|recorded| {
            matches!(
                recorded.operation.effect(),
                Effect::Structure | Effect::Index | Effect::Objects
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_to_what_comes_before() {
        for (text, before, goes_on, note) in [
            (
                "COMMIT",
                "adds column `a` to `t`",
                true,
                "`upgrade` adds column `a` to `t` before it: that stays",
            ),
            ("COMMIT", "", true, "what follows has no transaction"),
            (
                "COMMIT",
                "",
                false,
                "the note of the revision has no transaction",
            ),
            (
                "rollback;",
                "adds column `a` to `t`",
                true,
                "`upgrade` adds column `a` to `t` before it: this takes it back",
            ),
            ("BEGIN", "", true, "a transaction is open already"),
        ] {
            let violation = TransactionStatement {
                text,
                way: Way::Up,
                before: before.to_owned(),
                goes_on,
                runs_bare: goes_on,
                begins_again: false,
                is_of_all: false,
                is_repeatable: false,
                is_needless: false,
            };
            let notes = violation.notes();
            assert!(notes[0].starts_with(note), "{text}: {notes:?}");
        }
    }
}
