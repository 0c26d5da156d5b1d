//! What is said about tables in use: by what a project shows, by what a change is and by what code uses.

use crate::repository::Repository;

const INI: &str =
    "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/shop\n";

/// A revision of a day, which does something up and down.
fn revision(id: &str, parent: Option<&str>, day: &str, upgrade: &str, downgrade: &str) -> String {
    let parent_or_none = parent.map_or("None".to_owned(), |parent| format!("\"{parent}\""));
    format!(
        "\"\"\"{id}\n\nRevision ID: {id}\nRevises: {}\nCreate Date: {day} 10:00:00\n\n\"\"\"\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n\
         revision = \"{id}\"\ndown_revision = {parent_or_none}\n\n\ndef upgrade():\n    {upgrade}\n\n\ndef downgrade():\n    {downgrade}\n",
        parent.unwrap_or_default(),
    )
}

const MODELS: [&str; 7] = [
    "Order", "Customer", "Product", "Invoice", "Address", "Voucher", "Supplier",
];

/// A shop whose models have a module each, and views for all of them but the last.
fn shop() -> Repository {
    let repository = Repository::init(&[]);
    repository.write("alembic.ini", INI);
    repository.write(
        "migrations/env.py",
        "from alembic import context\nfrom shop.models import Base\n\n\
         context.configure(url=\"postgresql://\", target_metadata=Base.metadata)\n",
    );
    repository.write(
        "shop/base.py",
        "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
    );
    let mut imports = "from .base import Base\n".to_owned();
    let mut tables = Vec::new();
    for name in MODELS {
        let table = name.to_lowercase();
        let model = format!(
            "from sqlalchemy import Column, Integer, Text\n\nfrom .base import Base\n\n\nclass {name}(Base):\n    \
             __tablename__ = \"{table}\"\n\n    id = Column(Integer, primary_key=True)\n    note = Column(Text)\n"
        );
        repository.write(&format!("shop/{table}.py"), model);
        imports += &format!("from .{table} import {name}\n");
        tables.push(format!(
            "op.create_table(\"{table}\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"note\", sa.Text()))"
        ));
    }
    repository.write("shop/models.py", &imports);
    repository.write("shop/__init__.py", "");
    let (_, used) = MODELS.split_last().unwrap();
    repository.write(
        "shop/views.py",
        format!("from .models import {0}\n\nprint({0})\n", used.join(", ")),
    );
    let dropped: Vec<String> = MODELS
        .iter()
        .map(|name| format!("op.drop_table(\"{}\")", name.to_lowercase()))
        .collect();
    let first = revision(
        "a1",
        None,
        "2026-01-05",
        &tables.join("\n    "),
        &dropped.join("\n    "),
    );
    repository.write("migrations/versions/a1.py", first);
    repository.commit("The shop");
    repository
}

fn indexed(table: &str, parent: &str, id: &str, day: &str) -> String {
    revision(
        id,
        Some(parent),
        day,
        &format!("op.create_index(\"ix_{id}\", \"{table}\", [\"note\"])"),
        &format!("op.drop_index(\"ix_{id}\", \"{table}\")"),
    )
}

/// A shop that has built an index so that nobody waited, and before it so many in the plain way. The newest revision is `z9`.
fn minding_shop(plain: usize) -> Repository {
    let repository = shop();
    let mut parent = "a1".to_owned();
    for number in 0..plain {
        let id = format!("p{number}");
        let text = indexed("product", &parent, &id, &format!("2026-02-1{number}"));
        repository.write(&format!("migrations/versions/{id}.py"), text);
        parent = id;
    }
    let with_care = revision(
        "z9",
        Some(&parent),
        "2026-02-20",
        "with op.get_context().autocommit_block():\n        op.create_index(\"ix_z9\", \"order\", [\"id\"], postgresql_concurrently=True)",
        "op.drop_index(\"ix_z9\", \"order\")",
    );
    repository.write("migrations/versions/z9.py", with_care);
    repository.commit("Indexes");
    repository
}

const ONLY: [&str; 4] = ["--select", "ML505,ML514", "--output-format", "concise"];

fn codes_of_change(repository: &Repository) -> Vec<String> {
    let arguments = [&["check", "--from-ref", "main"], &ONLY[..]].concat();
    let answer = repository.lint(&arguments);
    answer.codes().iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_that_no_code_uses_is_in_nobodys_way() {
    for (table, codes) in [("order", &["505"][..]), ("supplier", &[])] {
        let repository = minding_shop(0);
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        let text = indexed(table, "z9", "b2", "2026-03-20");
        repository.write("migrations/versions/b2.py", text);
        repository.commit("An index");
        assert_eq!(codes_of_change(&repository), codes, "{table}");
    }
}

#[test]
fn the_tables_of_a_young_project_hold_little() {
    let repository = shop();
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    let text = indexed("order", "a1", "b2", "2026-01-20");
    repository.write("migrations/versions/b2.py", text);
    repository.commit("An index");
    assert!(codes_of_change(&repository).is_empty());
    // Who checks all of it is told.
    let answer = repository.lint(&[&["check"], &ONLY[..]].concat());
    assert_eq!(answer.codes(), ["505"]);
}

#[test]
fn of_a_merged_revision_only_what_is_new_is_said() {
    let repository = minding_shop(0);
    let old = indexed("order", "z9", "b2", "2026-03-20");
    repository.write("migrations/versions/b2.py", &old);
    repository.commit("An index");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    let respelled = old.replace('"', "'").replace("'''", "\"\"\"");
    repository.write("migrations/versions/b2.py", respelled);
    repository.commit("Quotes");
    assert!(codes_of_change(&repository).is_empty());
    let edited = old.replace("\"order\", [", "\"customer\", [");
    repository.write("migrations/versions/b2.py", edited);
    repository.commit("Another table");
    assert_eq!(codes_of_change(&repository), ["505"]);
}

#[test]
fn what_came_within_days_may_be_one_change() {
    let repository = shop();
    for (id, parent, day) in [("b2", "a1", "2026-01-09"), ("c3", "b2", "2026-01-30")] {
        let path = format!("migrations/versions/{id}.py");
        repository.write(&path, indexed("order", parent, id, day));
    }
    let lint = || repository.lint(&[&["check"], &ONLY[..]].concat());
    // A young project shows no habits: all is said.
    assert_eq!(lint().codes(), ["505", "505"]);
    // One index that nobody waits for shows that it matters.
    let with_care = revision(
        "d4",
        Some("c3"),
        "2026-06-01",
        "with op.get_context().autocommit_block():\n        op.create_index(\"ix_d4\", \"order\", [\"id\"], postgresql_concurrently=True)",
        "op.drop_index(\"ix_d4\", \"order\")",
    );
    repository.write("migrations/versions/d4.py", with_care);
    let answer = lint();
    assert_eq!(answer.codes(), ["505"], "{answer:?}");
    assert!(answer.out.contains("c3.py"), "{answer:?}");
    // Without any, a settled project does not mind.
    let without = indexed("order", "c3", "d4", "2026-06-01");
    repository.write("migrations/versions/d4.py", without);
    let answer = lint();
    assert!(answer.codes().is_empty(), "{answer:?}");
    assert!(
        answer.err.contains("zero-downtime = \"required\""),
        "{answer:?}"
    );
}

#[test]
fn a_loop_and_the_way_back_are_one_finding() {
    let repository = shop();
    let loops = |to: &str| {
        format!(
            "for table in [\"order\", \"customer\", \"product\"]:\n        op.alter_column(table, \"note\", type_=sa.{to}())"
        )
    };
    let text = revision(
        "b2",
        Some("a1"),
        "2026-02-20",
        &loops("LargeBinary"),
        &loops("Text"),
    );
    let text = text.replace(
        "LargeBinary()",
        "LargeBinary(), postgresql_using=\"note::bytea\"",
    );
    repository.write("migrations/versions/b2.py", text);
    let answer = repository.lint(&["check", "--select", "ML514", "--output-format", "full"]);
    assert_eq!(answer.out.matches("ML514").count(), 1, "{answer:?}");
    assert!(
        answer.out.contains("the same line does so 2 more times"),
        "{answer:?}"
    );
    assert!(answer.out.contains("and so on the way back"), "{answer:?}");
}

#[test]
fn an_index_of_a_table_that_is_rewritten_is_part_of_that() {
    let repository = minding_shop(0);
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    let both = "op.alter_column(\"order\", \"id\", type_=sa.BigInteger())\n    op.create_index(\"ix_b2\", \"order\", [\"id\"])";
    for (upgrade, codes) in [
        (both.to_owned(), &["514"][..]),
        (
            both.replace("\"ix_b2\", \"order\"", "\"ix_b2\", \"customer\""),
            &["514", "505"],
        ),
    ] {
        let text = revision("b2", Some("z9"), "2026-03-20", &upgrade, "pass");
        repository.write("migrations/versions/b2.py", text);
        repository.commit("A wider key");
        assert_eq!(codes_of_change(&repository), codes, "{upgrade}");
    }
}

#[test]
fn an_index_of_a_table_that_is_shut_is_part_of_that() {
    let repository = minding_shop(0);
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    let check = "op.create_check_constraint(\"named\", \"order\", \"note <> ''\")\n    ";
    let index = "op.create_index(\"ix_b2\", \"order\", [\"note\"])";
    for (upgrade, codes) in [
        (format!("{check}{index}"), &["510"][..]),
        (
            format!("{check}with op.get_context().autocommit_block():\n        {index}"),
            &["510", "505"],
        ),
        (
            format!("{check}{}", index.replace("\"order\"", "\"customer\"")),
            &["510", "505"],
        ),
    ] {
        let text = revision("b2", Some("z9"), "2026-03-20", &upgrade, "pass");
        repository.write("migrations/versions/b2.py", text);
        repository.commit("Names");
        let arguments = ["check", "--from-ref", "main", "--select", "ML505,ML510"];
        let answer = repository.lint(&[&arguments[..], &["--output-format", "concise"]].concat());
        assert_eq!(answer.codes(), codes, "{upgrade}: {answer:?}");
    }
}

#[test]
fn who_migrates_at_the_start_is_not_in_use_meanwhile() {
    for (manifest, codes) in [("readme.yaml", &[][..]), ("deploy.yaml", &["505"])] {
        let repository = minding_shop(4);
        repository.write(
            "entrypoint.sh",
            "#!/bin/sh\nalembic upgrade head\nexec uvicorn shop\n",
        );
        let kind = if manifest == "deploy.yaml" {
            "Deployment"
        } else {
            "Job"
        };
        repository.write(manifest, format!("kind: {kind}\n"));
        repository.commit("How it is deployed");
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        let text = indexed("order", "z9", "b2", "2026-03-20");
        repository.write("migrations/versions/b2.py", text);
        repository.commit("An index");
        assert_eq!(codes_of_change(&repository), codes, "{manifest}");
    }
}

#[test]
fn what_only_a_downgrade_locks_matters_to_the_careful() {
    let repository = shop();
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    let text = revision(
        "b2",
        Some("a1"),
        "2026-01-20",
        "op.add_column(\"order\", sa.Column(\"mail\", sa.Text()))",
        "op.drop_column(\"order\", \"mail\")\n    op.create_index(\"ix_b2\", \"order\", [\"note\"])",
    );
    repository.write("migrations/versions/b2.py", text);
    repository.commit("A column more");
    assert!(codes_of_change(&repository).is_empty());
    let configuration = "[tool.migrate-lint]\nzero-downtime = \"required\"\n";
    repository.write("pyproject.toml", configuration);
    repository.commit("Nobody may wait");
    assert_eq!(codes_of_change(&repository), ["505"]);
}

#[test]
fn what_was_made_lately_holds_little_in_an_old_project() {
    let with_care = |id: &str, parent: &str, day: &str| {
        revision(
            id,
            Some(parent),
            day,
            "with op.get_context().autocommit_block():\n        op.create_index(\"ix_order\", \"order\", [\"id\"], postgresql_concurrently=True)",
            "op.drop_index(\"ix_order\", \"order\")",
        )
    };
    let made = revision(
        "c3",
        Some("b2"),
        "2026-06-10",
        "op.create_table(\"parcel\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"note\", sa.Text()))",
        "op.drop_table(\"parcel\")",
    );
    for (day, codes) in [("2026-06-20", &[][..]), ("2026-08-20", &["505"])] {
        let repository = shop();
        repository.write(
            "migrations/versions/b2.py",
            with_care("b2", "a1", "2026-06-01"),
        );
        repository.write("migrations/versions/c3.py", &made);
        repository.commit("Parcels");
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        let text = indexed("parcel", "c3", "d4", day);
        repository.write("migrations/versions/d4.py", text);
        repository.commit("An index");
        assert_eq!(codes_of_change(&repository), codes, "{day}");
    }
}

#[test]
fn what_is_done_to_many_tables_is_one_finding() {
    let repository = minding_shop(0);
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    let to_bytes = |table: &str| {
        format!(
            "op.alter_column(\"{table}\", \"note\", type_=sa.LargeBinary(), postgresql_using=\"note::bytea\")"
        )
    };
    let tables = ["order", "customer", "product", "invoice"];
    let upgrade: Vec<String> = tables.iter().map(|table| to_bytes(table)).collect();
    let text = revision(
        "b2",
        Some("z9"),
        "2026-03-20",
        &upgrade.join("\n    "),
        "pass",
    );
    repository.write("migrations/versions/b2.py", text);
    repository.commit("Bytes");
    assert_eq!(codes_of_change(&repository), ["514"]);
    let answer = repository.lint(&["check", "--from-ref", "main", "--output-format", "full"]);
    assert!(
        answer.out.contains("the revision does so to 3 more tables"),
        "{answer:?}"
    );
}

#[test]
fn what_running_code_asks_for_is_told_once_for_a_change() {
    let repository = minding_shop(0);
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    for (id, parent, table) in [("b2", "z9", "order"), ("c3", "b2", "customer")] {
        let text = revision(
            id,
            Some(parent),
            "2026-03-20",
            &format!("op.drop_column(\"{table}\", \"note\")"),
            &format!("op.add_column(\"{table}\", sa.Column(\"note\", sa.Text()))"),
        );
        repository.write(&format!("migrations/versions/{id}.py"), text);
    }
    repository.commit("Fewer notes");
    let answer = repository.lint(&[
        "check",
        "--from-ref",
        "main",
        "--select",
        "ML517",
        "--output-format",
        "full",
    ]);
    assert_eq!(answer.out.matches("ML517").count(), 1, "{answer:?}");
    assert!(answer.out.contains("and so here"), "{answer:?}");
}

#[test]
fn a_table_and_a_column_that_go_in_one_release_are_one_finding() {
    let repository = minding_shop(0);
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    for (upgrade, code, said) in [
        (
            "op.drop_column(\"order\", \"note\")\n    op.drop_table(\"customer\")",
            "517",
            "still have the table `customer` that is dropped",
        ),
        (
            "op.alter_column(\"order\", \"note\", new_column_name=\"remark\")\n    op.rename_table(\"customer\", \"client\")",
            "515",
            "still asks for table `customer`, which becomes `client`",
        ),
    ] {
        let text = revision("b2", Some("z9"), "2026-03-20", upgrade, "pass");
        repository.write("migrations/versions/b2.py", text);
        repository.commit("Another shop");
        let arguments = ["check", "--from-ref", "main", "--output-format"];
        let select = ["--select", "ML515,ML516,ML517,ML518"];
        let answer = repository.lint(&[&arguments[..], &["concise"], &select].concat());
        assert_eq!(answer.codes(), [code], "{answer:?}");
        let answer = repository.lint(&[&arguments[..], &["json"], &select].concat());
        assert!(answer.out.contains(said), "{answer:?}");
    }
}

#[test]
fn running_code_matters_to_those_who_make_something_with_care() {
    let renamed = |parent| {
        revision(
            "b2",
            Some(parent),
            "2026-03-20",
            "op.alter_column(\"order\", \"note\", new_column_name=\"remark\")",
            "op.alter_column(\"order\", \"remark\", new_column_name=\"note\")",
        )
    };
    let check = |repository: &Repository, more: &[&str]| {
        let arguments = ["check", "--select", "ML515", "--output-format", "concise"];
        repository.lint(&[&arguments, more].concat())
    };
    for (repository, parent, is_told) in [(shop(), "a1", false), (minding_shop(0), "z9", true)] {
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        repository.write("migrations/versions/b2.py", renamed(parent));
        repository.commit("A better name");
        let answer = check(&repository, &["--from-ref", "main"]);
        assert_eq!(answer.codes().len(), usize::from(is_told), "{answer:?}");
        let note = "and what running code still asks for, are not reported for migrations";
        assert_eq!(answer.err.contains(note), !is_told, "{answer:?}");
        repository.write("migrate-lint.toml", "zero-downtime = \"required\"\n");
        repository.commit("It has to stay up");
        let answer = check(&repository, &["--from-ref", "main"]);
        assert_eq!(answer.codes(), ["515"], "{answer:?}");
    }
}

#[test]
fn a_branch_that_contracts_waits_until_no_old_code_runs() {
    for (folders, is_told) in [
        (["expand", "contract"], false),
        (["other", "contract"], true),
    ] {
        let repository = minding_shop(0);
        let ini = "version_locations = migrations/versions migrations/versions/OTHER migrations/versions/contract\n";
        repository.write(
            "alembic.ini",
            format!("{INI}{}", ini.replace("OTHER", folders[0])),
        );
        let first = revision("c2", Some("z9"), "2026-03-10", "pass", "pass");
        repository.write(&format!("migrations/versions/{}/c2.py", folders[0]), first);
        repository.commit("Branches");
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        let text = indexed("order", "c2", "d3", "2026-03-20");
        repository.write("migrations/versions/contract/d3.py", text);
        repository.commit("An index");
        assert_eq!(
            codes_of_change(&repository).len(),
            usize::from(is_told),
            "{folders:?}"
        );
    }
}

#[test]
fn rows_matter_in_a_downgrade_that_may_work() {
    let back = "op.add_column(\"order\", sa.Column(\"note\", sa.Text(), nullable=False))";
    let unnamed = format!("{back}\n    op.drop_constraint(None, \"order\", type_=\"unique\")");
    for (downgrade, codes) in [(back, &["501"][..]), (&unnamed, &["208"])] {
        let repository = shop();
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        let text = revision(
            "b2",
            Some("a1"),
            "2026-01-20",
            "op.drop_column(\"order\", \"note\")",
            downgrade,
        );
        repository.write("migrations/versions/b2.py", text);
        repository.commit("No notes");
        let select = ["--select", "ML501,ML208", "--output-format", "concise"];
        let answer = repository.lint(&[&["check", "--from-ref", "main"], &select[..]].concat());
        assert_eq!(answer.codes(), codes, "{downgrade}");
    }
}
