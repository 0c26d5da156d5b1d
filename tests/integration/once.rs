//! One slip is one finding, whichever rules see it.

use crate::repository::Repository;

const INI: &str =
    "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/shop\n";

fn shop() -> Repository {
    let repository = Repository::init(&[]);
    repository.write("alembic.ini", INI);
    repository.write(
        "migrations/env.py",
        "from alembic import context\nfrom models import Base\n\ncontext.configure(target_metadata=Base.metadata)\n",
    );
    repository.write("models.py", models("\"OPEN\", \"PAID\""));
    repository.write(
        "migrations/versions/a1.py",
        "\"\"\"first\n\nRevision ID: a1\nRevises:\n\n\"\"\"\nimport sqlalchemy as sa\nfrom alembic import op\n\n\
         revision = \"a1\"\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table(\"orders\", \
         sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"state\", sa.Enum(\"OPEN\", \"PAID\", name=\"state\")))\n\n\n\
         def downgrade():\n    op.drop_table(\"orders\")\n    op.execute(\"DROP TYPE state\")\n",
    );
    repository.commit("Orders");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository
}

fn models(labels: &str) -> String {
    format!(
        "from sqlalchemy import Column, Enum, Integer\nfrom sqlalchemy.orm import DeclarativeBase\n\n\n\
         class Base(DeclarativeBase):\n    pass\n\n\nclass Order(Base):\n    __tablename__ = \"orders\"\n\n    \
         id = Column(Integer, primary_key=True)\n    state = Column(Enum({labels}, name=\"state\"))\n"
    )
}

fn codes(repository: &Repository, select: &str) -> Vec<String> {
    let answer = repository.lint(&[
        "check",
        "--from-ref",
        "main",
        "--select",
        select,
        "--output-format",
        "concise",
    ]);
    answer.codes().iter().map(ToString::to_string).collect()
}

#[test]
fn variables_that_were_copied_are_no_news_to_the_docstring() {
    let repository = shop();
    repository.write(
        "migrations/versions/b2.py",
        "\"\"\"second\n\nRevision ID: b2\nRevises: a1\n\n\"\"\"\nrevision = \"a1\"\ndown_revision = None\n\n\n\
         def upgrade():\n    pass\n",
    );
    repository.commit("Second");
    assert_eq!(codes(&repository, "ML103,ML110"), ["103"]);
    assert_eq!(codes(&repository, "ML110"), ["110"]);
}

#[test]
fn labels_of_a_type_that_alembic_does_not_hear_of_are_told_as_that() {
    let repository = shop();
    repository.write("models.py", models("\"OPEN\", \"PAID\", \"LATE\""));
    repository.write(
        "migrations/versions/b2.py",
        "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"b2\"\ndown_revision = \"a1\"\n\n\n\
         def upgrade():\n    op.alter_column(\"orders\", \"state\", sa.Enum(\"OPEN\", \"PAID\", \"LATE\", name=\"state\"))\n",
    );
    repository.commit("Late ones");
    assert_eq!(codes(&repository, "ML211,ML413"), ["211"]);
    assert_eq!(codes(&repository, "ML413"), ["413"]);
}

#[test]
fn a_key_whose_column_does_not_come_back_is_told_with_the_column() {
    let repository = shop();
    let revision = |default: &str| {
        format!(
            "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"b2\"\ndown_revision = \"a1\"\n\n\n\
             def upgrade():\n    op.drop_column(\"orders\", \"id\")\n\n\n\
             def downgrade():\n    op.add_column(\"orders\", sa.Column(\"id\", sa.Integer(), nullable=False{default}))\n"
        )
    };
    for (default, told) in [
        ("", &["501"][..]),
        (", server_default=\"1\"", &["204", "213"]),
    ] {
        repository.write("migrations/versions/b2.py", revision(default));
        repository.commit("No ids");
        assert_eq!(codes(&repository, "ML204,ML213,ML501"), told, "{default}");
    }
}

#[test]
fn a_column_that_is_not_null_against_the_models_both_ways_is_one_slip() {
    let repository = shop();
    let revision = |upgrade: &str| {
        format!(
            "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"b2\"\ndown_revision = \"a1\"\n\n\n\
             def upgrade():\n    op.alter_column(\"orders\", \"state\", {upgrade})\n\n\n\
             def downgrade():\n    op.alter_column(\"orders\", \"state\", comment=None, nullable=False)\n"
        )
    };
    for (upgrade, told) in [
        ("comment=\"a\", nullable=False", "302"),
        ("comment=\"a\"", "204"),
    ] {
        repository.write("migrations/versions/b2.py", revision(upgrade));
        repository.commit("A comment");
        let codes = codes(&repository, "ML204,ML302");
        assert_eq!(
            codes.iter().filter(|code| *code == told).count(),
            1,
            "{codes:?}"
        );
        assert_eq!(
            codes.contains(&"204".to_owned()),
            told == "204",
            "{codes:?}"
        );
    }
}

#[test]
fn a_type_that_both_directions_state_wrongly_is_one_slip() {
    let repository = Repository::init(&[]);
    repository.write("alembic.ini", INI.replace("postgresql", "mysql"));
    repository.write(
        "migrations/env.py",
        "from alembic import context\nfrom models import Base\n\ncontext.configure(target_metadata=Base.metadata)\n",
    );
    repository.write(
        "models.py",
        "from sqlalchemy import Column, Integer\nfrom sqlalchemy.dialects.mysql import DATETIME\n\
         from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\n\
         class Task(Base):\n    __tablename__ = \"tasks\"\n\n    id = Column(Integer, primary_key=True)\n    \
         seen = Column(DATETIME(fsp=6))\n",
    );
    let revision = |id: &str, parent: &str, upgrade: &str, downgrade: &str| {
        format!(
            "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import mysql\n\n\
             revision = \"{id}\"\ndown_revision = {parent}\n\n\n\
             def upgrade():\n    {upgrade}\n\n\ndef downgrade():\n    {downgrade}\n"
        )
    };
    let table = "op.create_table(\"tasks\", sa.Column(\"id\", sa.Integer(), primary_key=True), \
                 sa.Column(\"seen\", mysql.DATETIME(fsp=6), nullable=False))";
    repository.write(
        "migrations/versions/a1.py",
        revision("a1", "None", table, "op.drop_table(\"tasks\")"),
    );
    repository.commit("Tasks");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    let alter = |kind: &str, nullable: &str| {
        format!("op.alter_column(\"tasks\", \"seen\", existing_type={kind}, nullable={nullable})")
    };
    let wrong = alter("sa.DATETIME()", "False");
    for (kind, told) in [("sa.DATETIME()", "402"), ("mysql.DATETIME(fsp=6)", "204")] {
        let upgrade = alter(kind, "True");
        repository.write(
            "migrations/versions/b2.py",
            revision("b2", "\"a1\"", &upgrade, &wrong),
        );
        repository.commit("Not seen yet");
        assert_eq!(codes(&repository, "ML204,ML402"), [told]);
        assert_eq!(codes(&repository, "ML204"), ["204"]);
    }
}

#[test]
fn advice_says_what_comes_before_it() {
    let repository = shop();
    repository.write(
        "migrations/env.py",
        "from sqlalchemy import create_engine, text\nfrom alembic import context\nfrom models import Base\n\n\
         target_metadata = Base.metadata\n\n\nwith create_engine(\"postgresql://\").connect() as connection:\n    \
         connection.execute(text(\"SET statement_timeout = 5000\"))\n    \
         context.configure(connection=connection, target_metadata=target_metadata)\n    \
         with context.begin_transaction():\n        context.run_migrations()\n    connection.commit()\n",
    );
    repository.write("models.py", models("\"OPEN\", \"PAID\", \"LATE\""));
    repository.commit("Late ones");
    let select = ["--select", "ML413", "--output-format", "full"];
    let answer = repository.lint(&[&["check", "--from-ref", "HEAD^"], &select[..]].concat());
    let words: Vec<&str> = answer.out.split_whitespace().collect();
    let words = words.join(" ");
    assert!(
        words.contains("end it with `op.get_bind().commit()` first"),
        "{answer:?}"
    );
}

#[test]
fn a_constraint_that_upgrade_does_not_add_is_not_to_be_dropped() {
    let repository = shop();
    repository.write(
        "migrations/versions/b2.py",
        "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"b2\"\ndown_revision = \"a1\"\n\n\n\
         def upgrade():\n    op.create_table(\"parts\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n    \
         op.create_foreign_key(None, \"parts\", \"orders\", [\"id\"], [\"id\"])\n    \
         op.add_column(\"orders\", sa.Column(\"age\", sa.Integer()))\n\n\n\
         def downgrade():\n    op.drop_constraint(None, \"orders\", type_=\"foreignkey\")\n    \
         op.drop_column(\"orders\", \"age\")\n    op.drop_constraint(None, \"parts\", type_=\"foreignkey\")\n    \
         op.drop_table(\"parts\")\n",
    );
    repository.commit("Parts");
    let select = ["--select", "ML208", "--output-format", "full"];
    let answer = repository.lint(&[&["check", "--from-ref", "main"], &select[..]].concat());
    let words: Vec<&str> = answer.out.split_whitespace().collect();
    assert!(
        words.join(" ").contains(
            "the constraint that `upgrade` adds to `parts` is called `parts_id_fkey`; \
             `upgrade` adds none to `orders`: leave that out of `downgrade`"
        ),
        "{answer:?}"
    );
}

#[test]
fn advice_says_which_alembic_it_asks_for() {
    let told = |version: &str| {
        let repository = shop();
        repository.write("requirements.txt", format!("alembic=={version}\n"));
        repository.write("models.py", models("\"OPEN\", \"PAID\", \"LATE\""));
        repository.commit("Late ones");
        let answer = repository.lint(&[
            "check",
            "--from-ref",
            "HEAD^",
            "--select",
            "ML413",
            "--output-format",
            "full",
        ]);
        assert!(answer.out.contains("autocommit_block()"), "{answer:?}");
        let words: Vec<&str> = answer.out.split_whitespace().collect();
        words
            .join(" ")
            .contains("that came with Alembic 1.2, and the project has 1.1")
    };
    assert!(told("1.1.0"));
    assert!(!told("1.2.0"));
}
