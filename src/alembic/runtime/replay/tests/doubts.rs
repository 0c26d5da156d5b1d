//! What is not known: what was there before, which foreign keys were dropped, which package an operation comes from.

use super::*;

#[test]
fn labels_in_two_dialects_of_an_operation() {
    let made = "def upgrade():\n    op.execute(\"CREATE TYPE mood AS ENUM ('b')\")\n";
    for call in [
        // alembic-postgresql-enum
        "'public', 'mood', ['b', 'a'], [('t', 'c')]",
        "'public', 'mood', ['b', 'a'], []",
        "enum_schema='public', enum_name='mood', new_values=['b', 'a'], affected_columns=[]",
        // alembic-autogenerate-enums
        "'public', 'mood', ['b'], ['a', 'b']",
        "'public', 'mood', ['b', 'c'], ['b', 'a']",
    ] {
        let used = "    op.execute(\"ALTER TYPE mood RENAME VALUE 'a' TO 'b'\")\n";
        let seen = upgrade(&format!("{made}    op.sync_enum_values({call})\n{used}"));
        // Both are there then.
        assert_eq!(seen.failures.len(), 1, "{call}: {:?}", seen.failures);
    }
}

#[test]
fn what_may_have_been_there_before() {
    let verdict = |upgrade: &str, downgrade: &str| {
        let text = format!(
            "import sqlalchemy as sa\nfrom alembic import op\ndef upgrade():\n    op.execute('''{upgrade}''')\ndef downgrade():\n    op.execute('''{downgrade}''')\n"
        );
        replay(&text, &[], semantics(Dialect::PostgreSql), None).verdict
    };
    for (upgrade, downgrade) in [
        (
            "DROP INDEX IF EXISTS i; ALTER TABLE t ADD b int",
            "ALTER TABLE t DROP b; CREATE INDEX i ON t (a)",
        ),
        (
            "DROP POLICY IF EXISTS p ON t; ALTER TABLE t ADD b int",
            "ALTER TABLE t DROP b; CREATE POLICY p ON t USING (true)",
        ),
        (
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
        ),
    ] {
        assert_eq!(verdict(upgrade, downgrade), Verdict::Unknown, "{upgrade}");
    }
    for (upgrade, downgrade) in [
        // Made by `upgrade`, it is left.
        (
            "DROP INDEX IF EXISTS i; CREATE INDEX i ON t (a); ALTER TABLE t ADD b int",
            "ALTER TABLE t DROP b",
        ),
        (
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY, ADD b int",
            "ALTER TABLE t DROP b",
        ),
    ] {
        assert_eq!(
            verdict(upgrade, downgrade),
            Verdict::NotReversed,
            "{upgrade}"
        );
    }
}

#[test]
fn foreign_keys_of_unknown_names() {
    let failures = |drop: &str| {
        let text = format!(
            "
def upgrade():
    op.create_table('u', sa.Column('id', sa.Integer, primary_key=True))
    op.create_table('p', sa.Column('u', sa.Integer, sa.ForeignKey('u.id')))
    found = op.get_bind().execute(sa.text('SELECT name, owner FROM keys'))
    {drop}
    op.drop_constraint('u_pkey', 'u', type_='primary')
"
        );
        upgrade(&text).failures
    };
    assert_eq!(
        failures("pass"),
        ["foreign key `p_u_fkey` of `p` needs `u` (id)"]
    );
    for drop in [
        "[op.drop_constraint(row[0], row[1], type_='foreignkey') for row in found]",
        "[op.drop_constraint(row[0], row[1]) for row in found]",
        "[op.drop_constraint(row[0], 'p', type_='foreignkey') for row in found]",
        "[op.execute(f'ALTER TABLE {row[1]} DROP CONSTRAINT {row[0]}') for row in found]",
    ] {
        assert!(failures(drop).is_empty(), "{drop}");
    }
}
