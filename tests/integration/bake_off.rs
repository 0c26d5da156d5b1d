//! Twenty hazards in one branch: each is found, where it is, and nothing else is said.
//!
//! `tests/bake_off/base` is a small shop as it was deployed, `tests/bake_off/branch` what a branch changes of it. Run one by
//! one with Alembic 1.20.1 on an empty PostgreSQL 15 (up, down, up again) the revisions fail where an error is expected here,
//! and `trim_names` fails because of the column that `model without migration` is about.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::repository::{Answer, Repository};

/// What is wrong, and what is said of it: the rule, the file (revisions by their slug), the line.
const HAZARDS: &[(&str, &[&str])] = &[
    (
        "NOT NULL column without a default",
        &["ML501 loyalty_points:19"],
    ),
    ("plain `create_index`", &["ML505 index_orders_by_state:18"]),
    (
        "`CONCURRENTLY` outside of an `autocommit_block`",
        &["ML507 index_customers_by_email:18"],
    ),
    (
        "FOREIGN KEY, CHECK and UNIQUE that block",
        &[
            "ML509 constraints_on_orders:18",
            "ML510 constraints_on_orders:25",
            "ML508 constraints_on_orders:26",
        ],
    ),
    (
        // `VARCHAR(50)` becomes `VARCHAR(100)` for nothing; what the way back does is said with the way there.
        "SET NOT NULL, other types",
        &[
            "ML504 stricter_names_longer_cities_more_items:19",
            "ML514 stricter_names_longer_cities_more_items:27",
        ],
    ),
    (
        // One release asks for both: the table is told with the column.
        "column and table renamed",
        &["ML515 better_words_for_notes_and_newsletters:18"],
    ),
    (
        // Likewise.
        "column and table dropped",
        &["ML517 drop_fax_numbers_and_coupons:19"],
    ),
    (
        "the body of `batch_alter_table`",
        &["ML501 currency_of_orders:20", "ML505 currency_of_orders:21"],
    ),
    (
        "`op.execute(sa.text(…))`",
        &["ML504 addresses_are_required:19"],
    ),
    (
        // Once for each turn of the loop.
        "SQL in f-strings",
        &["ML505 index_orders_by_dates:22"],
    ),
    (
        "volatile server default",
        &["ML502 public_ids_of_customers:19"],
    ),
    (
        "hidden locks of `add_column`: `unique`, `index`, `ForeignKey`",
        &[
            "ML508 referrals:19",
            "ML505 referrals:20",
            "ML509 referrals:21",
        ],
    ),
    ("two heads", &["ML101 wishlists:12"]),
    (
        "`downgrade` missing or empty",
        &["ML201 vat_ids:18", "ML202 gift_wrapping:25"],
    ),
    ("`downgrade` undoes a part", &["ML204 pick_up_points:20"]),
    (
        "enum type never created, never dropped",
        &["ML206 priorities_of_orders:19", "ML205 shipments:19"],
    ),
    (
        "enum value added and used in one transaction",
        &["ML519 returned_orders:19"],
    ),
    (
        "unnamed constraint, `drop_constraint(None)`",
        &["ML208 orders_of_shipments:22"],
    ),
    (
        "missing import; ORM model imported and queried",
        &["ML404 preferences_of_customers:21", "ML405 trim_names:22"],
    ),
    ("merged file edited", &["ML108 create_customers:18"]),
    ("model without migration", &["ML301 shop/models.py:56"]),
    (
        "model that `env.py` does not import",
        &["ML301 shop/audit.py:7"],
    ),
    (
        "`create_all` in CI",
        &["ML601 .github/workflows/test.yml:28"],
    ),
    ("column order", &["ML401 suppliers:22"]),
    (
        // So the column of the model is not made either.
        "unknown table",
        &["ML206 websites_of_suppliers:19", "ML302 suppliers:19"],
    ),
];

/// Commits are made at this time.
const DATE: &str = "2026-06-01T12:00:00Z";

#[test]
fn every_hazard_of_the_branch_is_found_and_nothing_else() {
    let repository = shop();
    let answer = repository.lint(&["check", "--from-ref", "main"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    let said = all_said(&answer);
    let missed: Vec<&str> = HAZARDS
        .iter()
        .filter(|(_, findings)| {
            findings
                .iter()
                .any(|finding| !said.iter().any(|said| said == finding))
        })
        .map(|(hazard, _)| *hazard)
        .collect();
    assert!(missed.is_empty(), "missed {missed:#?} in\n{}", answer.out);
    assert_eq!(said, all_expected(), "{}", answer.out);
}

#[test]
fn where_the_base_has_moved_on_its_head_counts_too() {
    let repository = shop();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write(
        "migrations/versions/d06a93f7e1b8_empty_notes.py",
        r#""""empty notes

Revision ID: d06a93f7e1b8
Revises: 8b64d0a2c91f
Create Date: 2026-05-30 15:02:11.019342

"""

from alembic import op

revision = "d06a93f7e1b8"
down_revision = "8b64d0a2c91f"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("UPDATE orders SET note = NULL WHERE note = ''")


def downgrade():
    pass
"#,
    );
    repository.commit("Empty notes are none");
    repository.git(&["checkout", "--quiet", "summer"]);
    let answer = repository.lint(&["check", "--changed"]);
    assert_eq!(all_said(&answer), all_expected(), "{}", answer.out);
    let heads = "there are 3 heads: `b37e0f5a9c62`, `d06a93f7e1b8`, `e40b7c19d6a8`";
    assert!(answer.out.contains(heads), "{}", answer.out);
}

#[test]
fn the_shop_as_it_was_is_fine() {
    let repository = shop();
    repository.git(&["checkout", "--quiet", "main"]);
    let answer = repository.lint(&["check"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.out.starts_with("All checks passed"), "{answer:?}");
}

/// What was found, in order.
fn all_said(answer: &Answer) -> Vec<String> {
    let mut said: Vec<String> = answer.out.lines().filter_map(short).collect();
    said.sort();
    said
}

/// What is to be found, in order.
fn all_expected() -> Vec<String> {
    let mut expected: Vec<String> = HAZARDS
        .iter()
        .flat_map(|(_, findings)| findings.iter())
        .map(|finding| (*finding).to_owned())
        .collect();
    expected.sort();
    expected
}

/// The base on `main`, and the branch checked out.
fn shop() -> Repository {
    let mut repository = Repository::init(&[]);
    repository.set("GIT_AUTHOR_DATE", DATE);
    repository.set("GIT_COMMITTER_DATE", DATE);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bake_off");
    copy(&fixtures.join("base"), "", &repository);
    repository.commit("The shop");
    repository.git(&["checkout", "--quiet", "-b", "summer"]);
    copy(&fixtures.join("branch"), "", &repository);
    repository.commit("Everything for the summer");
    repository
}

fn copy(folder: &Path, prefix: &str, repository: &Repository) {
    let entries: BTreeSet<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            copy(&path, &format!("{prefix}{name}/"), repository);
        } else {
            repository.write(&format!("{prefix}{name}"), fs::read(&path).unwrap());
        }
    }
}

/// `migrations/versions/1a2b_slug.py:19:5: error[ML501] …` as `ML501 slug:19`.
fn short(line: &str) -> Option<String> {
    let (place, rest) = line.split_once(": ")?;
    let (_, rest) = rest.split_once('[')?;
    let (code, _) = rest.split_once(']')?;
    let mut parts = place.split(':');
    let (path, line) = (parts.next()?, parts.next()?);
    let file = match path.strip_prefix("migrations/versions/") {
        Some(name) => name.split_once('_')?.1.strip_suffix(".py")?,
        None => path,
    };
    Some(format!("{code} {file}:{line}"))
}
