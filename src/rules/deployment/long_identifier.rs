//! ML543

use std::ops::Range;

use smol_str::SmolStr;

use crate::catalog::{Catalog, Ddl, ObjectKind};
use crate::rules::{Reporter, SqlContext, Violation, declare_rule};
use crate::sql::{SqlCheck, parse};

declare_rule! {
    "ML543", "long-identifier" in Deployment("deployment"),
    severity: Warning,
    default: Off,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["squawk: identifier-too-long"],
    on: Sql(check),
}

struct LongIdentifier<'a> {
    text: &'a str,
}

impl Violation for LongIdentifier<'_> {
    fn message(&self) -> String {
        format!(
            "`{}` has {} bytes, of which PostgreSQL keeps 63",
            self.text,
            self.text.len()
        )
    }

    fn subject(&self) -> String {
        self.text.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["the name is cut without an error; whoever asks for it by its full name in the catalog does not find it, and two names may become one".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some("choose a name of at most 63 bytes".to_owned())
    }
}

/// The bytes of a name that PostgreSQL keeps.
const KEPT: usize = 63;

fn check(ctx: &SqlContext<'_>, reporter: &mut Reporter<'_>) {
    for remark in ctx.remarks(SqlCheck::LongIdentifier) {
        let text = remark.text.trim_matches('"');
        if text.len() <= KEPT || is_harmless_trigger(ctx, text, &remark.range) {
            continue;
        }
        let violation = LongIdentifier { text };
        ctx.report(&violation, remark, reporter, "too long");
    }
}

/// True for the name of a trigger that no other of its table is the same as after cutting. It lives in its table, and every
/// statement that names it has it cut.
fn is_harmless_trigger(ctx: &SqlContext<'_>, text: &str, range: &Range<usize>) -> bool {
    let parsed = parse(
        &ctx.sql.text,
        ctx.environment.head.dialect().dialect,
        &|_| None,
    );
    let statement = parsed
        .iter()
        .find(|statement| statement.range.start <= range.start && range.end <= statement.range.end);
    let table = statement.and_then(|statement| {
        statement
            .ddl
            .iter()
            .find_map(|ddl| table_of_trigger(ddl, text))
    });
    let states = [&ctx.replayed.before, &ctx.replayed.after, &ctx.sql.before];
    table.is_some_and(|table| {
        let mut states = states.into_iter();
        !states.any(|state| has_same_after_cutting(state, table, text))
    })
}

/// The table of a trigger of this name.
fn table_of_trigger<'d>(ddl: &'d Ddl, text: &str) -> Option<&'d SmolStr> {
    match ddl {
        Ddl::CreateObject {
            kind: ObjectKind::Trigger,
            name,
            on,
            ..
        }
        | Ddl::AlterObject {
            kind: ObjectKind::Trigger,
            name,
            on,
            ..
        }
        | Ddl::DropObject {
            kind: ObjectKind::Trigger,
            name,
            on,
            ..
        } => on.as_ref().filter(|_| name.eq_ignore_ascii_case(text)),
        Ddl::Together(parts) => parts.iter().find_map(|part| table_of_trigger(part, text)),
        _ => None,
    }
}

fn has_same_after_cutting(state: &Catalog, table: &str, text: &str) -> bool {
    let kept = |name: &str| name.as_bytes().get(..KEPT).map(<[u8]>::to_ascii_lowercase);
    state.objects.keys().any(|key| {
        key.kind == ObjectKind::Trigger
            && key
                .name
                .strip_prefix(table)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|name| !name.eq_ignore_ascii_case(text) && kept(name) == kept(text))
    })
}
