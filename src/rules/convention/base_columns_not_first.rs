//! ML401

mod history;

use smol_str::SmolStr;

use self::history::History;
use crate::alembic::Run;
use crate::config::{BaseColumnOrder, Settings};
use crate::diagnostic::{Applicability, Edit, Fix, Label};
use crate::models::BaseColumns;
use crate::project::ProjectEnvironment;
use crate::python::ParsedFile;
use crate::rules::{EnvironmentContext, MigrationContext, Reporter, Violation, declare_rule, list};
use crate::schema::{Column, Item, Operation, Table};
use crate::source::{FileSpan, RepoPath};

declare_rule! {
    "ML401", "base-columns-not-first" in Convention("convention"),
    severity: Warning,
    since: "0.1.0",
    fix: Sometimes,
    on: Migration(check), Models(check_models),
}

/// The columns that are wanted in one place, and where they come from.
struct Wanted<'a> {
    /// At the beginning of a table.
    before: Vec<SmolStr>,
    /// At its end.
    after: Vec<SmolStr>,
    base: Option<&'a BaseColumns>,
    is_configured: bool,
}

struct BaseColumnsNotFirst<'a> {
    table: &'a str,
    /// How many more tables of the revision do not either.
    others: usize,
    wanted: &'a Wanted<'a>,
    order: Order,
}

impl Violation for BaseColumnsNotFirst<'_> {
    fn message(&self) -> String {
        let place = self.wanted.in_words(self.order == Order::Elsewhere);
        let suffix = if self.order == Order::Shuffled {
            " in this order"
        } else {
            ""
        };
        match self.others {
            0 => format!("table `{}` does not {place}{suffix}", self.table),
            others => format!(
                "table `{}` and {others} more do not {place}{suffix}",
                self.table
            ),
        }
    }

    fn subject(&self) -> String {
        self.table.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec![match self.wanted.base {
            Some(base) if !self.wanted.is_configured => format!(
                "every model has them from `{}`; a table is easier to read when they are always in one place",
                base.class
            ),
            _ => "`base-columns` in the configuration asks for it".to_owned(),
        }]
    }

    fn help(&self) -> Option<String> {
        let base = self.wanted.base.filter(|_| self.wanted.after.is_empty())?;
        Some(format!(
            "SQLAlchemy 2 puts the columns of a base class last: `sort_order=-1` on those of `{}` makes autogenerate put them first",
            base.class
        ))
    }
}

/// A Base whose columns do not come where they are wanted.
struct BaseOrder<'a> {
    wanted: &'a Wanted<'a>,
    base: &'a BaseColumns,
    counts: Counts,
    is_two: bool,
}

impl Violation for BaseOrder<'_> {
    fn message(&self) -> String {
        format!(
            "most tables of the models on `{}` do not {}",
            self.base.class,
            self.wanted.in_words(true)
        )
    }

    fn subject(&self) -> String {
        self.base.class.to_string()
    }

    fn notes(&self) -> Vec<String> {
        let Counts { first, elsewhere } = self.counts;
        let why = if self.wanted.is_configured {
            "`base-columns` in the configuration asks for it".to_owned()
        } else {
            "the tables that the migrations make mostly do".to_owned()
        };
        let mut notes = vec![format!(
            "{why}; of {} models {elsewhere} do not",
            first + elsewhere
        )];
        if self.is_two {
            notes.push(
                "SQLAlchemy 2 puts the columns of a base class after those of the model".to_owned(),
            );
        }
        notes
    }

    fn help(&self) -> Option<String> {
        let help = "`mapped_column(…, sort_order=…)` on the columns of the Base says where they stand: below zero before \
                    those of the models, above zero after them";
        self.is_two.then(|| help.to_owned())
    }
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(upgrade) = ctx.migration.upgrade.run() else {
        return;
    };
    let mut wanted = None;
    let mut history = None;
    // The tables of one revision are written by one hand, or by one tool.
    let mut found: Vec<(&Table, Order, Label, Option<Fix>)> = Vec::new();
    for table in tables_of(upgrade) {
        let wanted = wanted
            .get_or_insert_with(|| Wanted::of(ctx.environment.head, ctx.environment.settings));
        let Some(wanted) = wanted else { return };
        let Some(order) = wanted
            .order_of(names_of(table))
            .filter(|order| *order != Order::AsWanted)
        else {
            continue;
        };
        // Only what the newest tables show is a convention; another order of several tables is one of its own.
        if !wanted.is_configured {
            let history = history.get_or_insert_with(|| History::before(ctx, wanted));
            if !history.is_kept()
                || history.is_against()
                || (wanted.is_framed(table) && wanted.frames_all(tables_of(upgrade)))
            {
                break;
            }
            if wanted.ends_after_key(table) || wanted.is_one_at_the_end(table) {
                continue;
            }
        }
        // It is said there once, of all tables.
        if mostly_elsewhere(ctx.environment).is_some() {
            return;
        }
        let place = wanted
            .misplaced(table)
            .map_or(&table.place, |column| &column.place);
        let label = Label::at(place, "belongs to the base columns");
        let fix = reorder(table, wanted, &ctx.revision.file, &ctx.revision.source);
        found.push((table, order, label, fix));
    }
    let Some(wanted) = wanted.flatten() else {
        return;
    };
    let mut found = found.into_iter();
    let Some((table, order, label, mut fix)) = found.next() else {
        return;
    };
    let mut related: Vec<Label> = Vec::new();
    let mut others = 0;
    for (_, _, place, other) in found {
        others += 1;
        if related.len() < MOST_PLACES {
            related.push(Label {
                message: "and so does this".to_owned(),
                ..place
            });
        }
        // What can be mended is mended together.
        match (&mut fix, other) {
            (Some(fix), Some(other)) => fix.edits.extend(other.edits),
            (none, other) if none.is_none() => *none = other,
            _ => {}
        }
    }
    let violation = BaseColumnsNotFirst {
        table: &table.name,
        others,
        wanted: &wanted,
        order,
    };
    let base = wanted.base.iter();
    related.extend(base.map(|base| Label::at(&base.place, "the base columns come from here")));
    reporter
        .report_on(&violation, label, Some(&ctx.revision.id.value))
        .related(related)
        .fix(fix);
}

/// So many further places are shown with a finding.
const MOST_PLACES: usize = 8;

/// The tables that a function makes, as far as all of their columns are known.
fn tables_of(upgrade: &Run) -> impl Iterator<Item = &Table> {
    let operations = upgrade.operations.iter();
    operations.filter_map(|recorded| match &recorded.operation {
        Operation::CreateTable(table) if !table.open => Some(table),
        _ => None,
    })
}

/// Says it once, at the Base, if most models have its columns elsewhere.
fn check_models(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((wanted, base, counts)) = mostly_elsewhere(ctx) else {
        return;
    };
    let is_two = ctx.head.semantics().sqlalchemy >= (2, 0);
    let violation = BaseOrder {
        wanted: &wanted,
        base,
        counts,
        is_two,
    };
    let place = &base.place;
    let label = Label::at(place, "the Base");
    reporter
        .report(&violation, label)
        .related(misplaced_columns(ctx, &wanted))
        .fix(is_two.then(|| sort_orders(base, &wanted)).flatten());
}

/// The Base, if it is under judgement, most models have its columns elsewhere, and that is not as the project has it.
fn mostly_elsewhere<'a>(
    ctx: &EnvironmentContext<'a>,
) -> Option<(Wanted<'a>, &'a BaseColumns, Counts)> {
    let wanted = Wanted::of(ctx.head, ctx.settings)?;
    let base = wanted.base.filter(|base| ctx.is_judged(&base.place.file))?;
    let counts = wanted.counts(base, ctx.head);
    let is_news = counts.is_mostly_elsewhere()
        && !was_so_before(ctx)
        && (wanted.is_configured || History::of(ctx, &wanted).is_in_favour());
    is_news.then_some((wanted, base, counts))
}

/// The columns of the Base that stand elsewhere in tables of revisions under judgement.
fn misplaced_columns(ctx: &EnvironmentContext<'_>, wanted: &Wanted<'_>) -> Vec<Label> {
    let mut nodes = ctx.head.map.topological_order();
    nodes.retain(|node| ctx.is_judged(&ctx.head.map.node(*node).revision.file));
    let mut labels = Vec::new();
    for migration in ctx.head.migrations(&nodes) {
        let Some(upgrade) = migration.upgrade.run() else {
            continue;
        };
        let is_custom = !wanted.is_configured && wanted.frames_all(tables_of(upgrade));
        for table in tables_of(upgrade) {
            let is_elsewhere = wanted
                .order_of(names_of(table))
                .is_some_and(|order| order != Order::AsWanted);
            if is_elsewhere
                && !(is_custom && wanted.is_framed(table))
                && let Some(column) = wanted.misplaced(table)
            {
                let message = format!("belongs to the base columns of `{}`", table.name);
                labels.push(Label::at(&column.place, message));
            }
        }
    }
    labels
}

/// True if it is no news of the change.
fn was_so_before(ctx: &EnvironmentContext<'_>) -> bool {
    let before = ctx.change.as_ref().and_then(|change| change.before);
    before.is_some_and(|before| {
        let wanted = Wanted::of(before, ctx.settings);
        let counts = wanted.and_then(|wanted| Some(wanted.counts(wanted.base?, before)));
        counts.is_some_and(Counts::is_mostly_elsewhere)
    })
}

fn names_of(table: &Table) -> impl Iterator<Item = &SmolStr> {
    table.columns.iter().map(|column| &column.name)
}

impl<'a> Wanted<'a> {
    fn of(state: &'a ProjectEnvironment<'_>, settings: &Settings) -> Option<Self> {
        let base = || {
            let from_env = state.env_models();
            // Where env.py leads nowhere, the declarative bases of the repository are looked for.
            match &from_env.base_columns {
                Some(found) => Some(found),
                None if from_env.env.metadata.is_empty() => state.models().base_columns.as_ref(),
                None => None,
            }
        };
        let configured = settings.base_columns.as_ref();
        let names = |base: &BaseColumns| base.names().cloned().collect();
        let (before, after, base) = match configured {
            None | Some(BaseColumnOrder::First) => {
                let base = base()?;
                (names(base), Vec::new(), Some(base))
            }
            Some(BaseColumnOrder::Last) => {
                let base = base()?;
                (Vec::new(), names(base), Some(base))
            }
            Some(BaseColumnOrder::Named { before, after }) => {
                let names = |names: &[String]| names.iter().map(SmolStr::new).collect();
                let (before, after): (Vec<SmolStr>, Vec<SmolStr>) = (names(before), names(after));
                if before.is_empty() && after.is_empty() {
                    return None;
                }
                (before, after, base())
            }
        };
        Some(Self {
            before,
            after,
            base,
            is_configured: configured.is_some(),
        })
    }

    /// Where the tables of the models have the base columns, as far as they have them from the Base: of a column that a
    /// model declares anew the Base does not say where it stands.
    fn counts(&self, base: &BaseColumns, state: &ProjectEnvironment<'_>) -> Counts {
        let mut counts = Counts::default();
        for table in state.model_schema().catalog.tables.values() {
            let is_of_base = |name: &SmolStr| {
                let declared = base.columns.iter().find(|column| column.name == *name);
                let place = table.column(name).and_then(|column| column.place.as_ref());
                declared.zip(place).is_some_and(|(declared, place)| {
                    declared.place.file == place.file && declared.place.span.contains(place.span)
                })
            };
            if table.open.is_none() && self.names().all(is_of_base) {
                counts.add(self.order_of(table.columns.iter().map(|column| &column.name)));
            }
        }
        counts
    }

    fn names(&self) -> impl Iterator<Item = &SmolStr> {
        self.before.iter().chain(&self.after)
    }

    /// What the table is to do.
    fn in_words(&self, is_explained: bool) -> String {
        let explained = if is_explained {
            "the base columns "
        } else {
            ""
        };
        let begin = format!("begin with {explained}{}", list(&self.before));
        let end = format!("end with {explained}{}", list(&self.after));
        match (self.before.as_slice(), self.after.as_slice()) {
            (_, []) => begin,
            ([], _) => end,
            _ => format!(
                "begin with {} and end with {}",
                list(&self.before),
                list(&self.after)
            ),
        }
    }

    /// The columns of a table as they are wanted.
    fn ordered<'t>(&self, table: &'t Table) -> Vec<&'t Column> {
        let is_other = |column: &&Column| !self.has(&column.name);
        let before = self.before.iter().filter_map(|name| table.column(name));
        let after = self.after.iter().filter_map(|name| table.column(name));
        let others = table.columns.iter().filter(is_other);
        before.chain(others).chain(after).collect()
    }

    /// The first of the base columns that stands where another should.
    fn misplaced<'t>(&self, table: &'t Table) -> Option<&'t Column> {
        let ordered = self.ordered(table);
        let mut pairs = table.columns.iter().zip(ordered);
        let (there, wanted) = pairs.find(|(there, wanted)| there.name != wanted.name)?;
        Some(if self.has(&there.name) { there } else { wanted })
    }

    fn has(&self, name: &SmolStr) -> bool {
        self.names().any(|known| known == name)
    }

    fn title(&self) -> &'static str {
        match (self.before.as_slice(), self.after.as_slice()) {
            (_, []) => "put the base columns first",
            ([], _) => "put the base columns last",
            _ => "put the base columns in their places",
        }
    }

    /// True if a table begins with some of the base columns and ends with the others: the key first, who and when last.
    fn is_framed(&self, table: &Table) -> bool {
        let columns: Vec<&SmolStr> = names_of(table).collect();
        let names: Vec<&SmolStr> = self.names().collect();
        (1..names.len()).any(|at| {
            let (first, last) = names.split_at(at);
            columns.len() > names.len() && columns.starts_with(first) && columns.ends_with(last)
        })
    }

    /// True if a table begins with a key of its own, and ends with the columns of the Base: who and when last.
    fn ends_after_key(&self, table: &Table) -> bool {
        let is_key = |column: &Column| {
            let names = |item: &Item| {
                let said = item.definition.known().unwrap_or_default();
                item.kind == "PrimaryKeyConstraint" && said.contains(column.name.as_str())
            };
            !self.has(&column.name)
                && (column.facts.contains_key("primary key") || table.items.iter().any(names))
        };
        let end = table.columns.iter().rev().take(self.names().count());
        table.columns.first().is_some_and(is_key) && end.into_iter().all(|one| self.has(&one.name))
    }

    /// True if several tables have the base columns, and all of these at both ends: somebody wants them there.
    fn frames_all<'t>(&self, tables: impl Iterator<Item = &'t Table>) -> bool {
        let with_base: Vec<&Table> = tables
            .filter(|table| self.order_of(names_of(table)).is_some())
            .collect();
        with_base.len() > 1 && with_base.iter().all(|table| self.is_framed(table))
    }

    /// True if the Base has one column, and it stands last: that is where autogenerate writes it.
    fn is_one_at_the_end(&self, table: &Table) -> bool {
        self.names().count() == 1 && names_of(table).last().is_some_and(|last| self.has(last))
    }

    /// Where those base columns stand that a table has, if it has some: a Base may have got others since.
    fn order_of_some(&self, table: &Table) -> Option<Order> {
        let of_table = |wanted: &[SmolStr]| -> Vec<SmolStr> {
            let wanted = wanted.iter();
            let has = |name: &&SmolStr| names_of(table).any(|column| column == *name);
            wanted.filter(has).cloned().collect()
        };
        let (before, after) = (of_table(&self.before), of_table(&self.after));
        // One name alone, such as that of the key, may be a table's own.
        if before.len() + after.len() < self.names().count().min(2) {
            return None;
        }
        let some = Wanted {
            before,
            after,
            ..*self
        };
        some.order_of(names_of(table))
    }

    /// Where the base columns stand in a table that has all of them.
    fn order_of<'c>(&self, columns: impl Iterator<Item = &'c SmolStr>) -> Option<Order> {
        let columns: Vec<&SmolStr> = columns.collect();
        if self.names().next().is_none() || !self.names().all(|name| columns.contains(&name)) {
            return None;
        }
        let beginning = columns.get(..self.before.len())?;
        let end = columns.get(columns.len().checked_sub(self.after.len())?..)?;
        let parts = [(beginning, &self.before), (end, &self.after)];
        if parts
            .iter()
            .all(|(there, wanted)| there.iter().copied().eq(wanted.iter()))
        {
            return Some(Order::AsWanted);
        }
        let is_there = |(there, wanted): &(&[&SmolStr], &Vec<SmolStr>)| {
            there.iter().all(|column| wanted.contains(column))
        };
        Some(if parts.iter().all(is_there) {
            Order::Shuffled
        } else {
            Order::Elsewhere
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    AsWanted,
    /// In their place, but in another order among themselves.
    Shuffled,
    Elsewhere,
}

/// Tables that have the base columns, by where they have them.
#[derive(Clone, Copy, Default)]
struct Counts {
    first: usize,
    elsewhere: usize,
}

impl Counts {
    fn is_mostly_elsewhere(self) -> bool {
        self.elsewhere > self.first
    }

    fn add(&mut self, order: Option<Order>) {
        match order {
            Some(Order::AsWanted) => self.first += 1,
            Some(Order::Shuffled | Order::Elsewhere) => self.elsewhere += 1,
            None => {}
        }
    }
}

/// Gives the columns of the Base the order that is wanted, if all of them have room for it.
fn sort_orders(base: &BaseColumns, wanted: &Wanted<'_>) -> Option<Fix> {
    let before = (1..)
        .zip(wanted.before.iter().rev())
        .map(|(order, name)| (-order, name));
    let after = (1..).zip(&wanted.after);
    let edits: Option<Vec<Edit>> = before
        .chain(after)
        .map(|(order, name)| {
            let column = base.columns.iter().find(|column| column.name == *name)?;
            let slot = column.sort_order.as_ref()?;
            Some(Edit {
                file: slot.at.file.clone(),
                span: slot.at.span,
                replacement: slot.filled(order),
            })
        })
        .collect();
    Some(Fix {
        applicability: Applicability::Unsafe,
        title: "say in the Base where its columns stand".to_owned(),
        edits: edits?,
    })
}

/// Puts the texts of the columns into the wanted order. Only where all of them are written out in the file, once each.
fn reorder(
    table: &Table,
    wanted: &Wanted<'_>,
    file: &RepoPath,
    source: &ParsedFile,
) -> Option<Fix> {
    let slots: Vec<&FileSpan> = table.columns.iter().map(|column| &column.place).collect();
    let in_order = slots
        .windows(2)
        .all(|pair| matches!(pair, [one, other] if one.span.end <= other.span.start));
    if !in_order
        || slots.iter().any(|slot| slot.file != *file)
        || !slots
            .iter()
            .all(|slot| table.place.span.contains(slot.span))
    {
        return None;
    }
    let ordered = wanted.ordered(table);
    let edits = slots
        .iter()
        .zip(ordered)
        .filter(|(slot, column)| ***slot != column.place)
        .map(|(slot, column)| Edit {
            file: file.clone(),
            span: slot.span,
            replacement: source.text.slice(column.place.span).to_owned(),
        })
        .collect();
    Some(Fix {
        applicability: Applicability::Unsafe,
        title: wanted.title().to_owned(),
        edits,
    })
}
