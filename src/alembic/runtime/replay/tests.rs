//! Histories of one revision, and what is said of them.

mod declarative;
mod doubts;

use super::*;
use crate::alembic::revision::{Identifier, RevisionDoc};
use crate::dialect::Dialect;
use crate::git::Snapshot;
use crate::python::ParseCache;

const FILE: &str = "m/versions/a.py";

/// What came of one revision: its verdict, its failures and the tables with their columns and constraints.
struct Seen {
    verdict: Verdict,
    failures: Vec<String>,
    tables: Vec<String>,
}

fn semantics(dialect: Dialect) -> Semantics {
    Semantics {
        dialect,
        ..Semantics::default()
    }
}

/// Replays a file of migrations beside other files of the repository.
fn replay(
    text: &str,
    others: &[(&str, &str)],
    semantics: Semantics,
    initial: Option<&str>,
) -> Seen {
    let files: Vec<(&str, &str)> = others.iter().copied().chain([(FILE, text)]).collect();
    let snapshot = Snapshot::in_memory(files);
    let cache = ParseCache::default();
    let sources = Sources::new(&snapshot, &cache);
    let finder = ModuleFinder::new(&snapshot, []);
    let file = RepoPath::new(FILE);
    let revision = Revision {
        source: sources.python(&file).unwrap(),
        file,
        id: Identifier {
            value: "a".into(),
            span: Span::default(),
        },
        down_revision: Vec::new(),
        down_revision_span: Span::default(),
        depends_on: Vec::new(),
        branch_labels: Vec::new(),
        doc: RevisionDoc::default(),
    };
    let mut replay = Replay::new(&sources, &finder, semantics);
    if let Some(initial) = initial {
        replay.make_initial_tables(initial);
    }
    let replayed = replay.replay(&revision);
    let failures = replayed.upgrade_failures.iter();
    let failures = failures.chain(&replayed.downgrade_failures);
    let catalog = replay.catalog();
    let tables = catalog.tables.iter().map(|(name, table)| {
        let columns = table.columns.iter().map(|column| {
            let spelling = column.column_type.known();
            let null = match column.nullable.known() {
                Some(false) => " not null",
                _ => "",
            };
            format!(
                "{} {}{null}",
                column.name,
                spelling.map_or("?", |known| known.as_str())
            )
        });
        let constraints = table.constraints.iter().map(|constraint| {
            let name = match &constraint.name {
                crate::catalog::Fact::Known(Some(name)) => name.as_str(),
                crate::catalog::Fact::Known(None) => "-",
                crate::catalog::Fact::Unknown(_) => "?",
            };
            format!("{} {name}", constraint.kind.noun())
        });
        let parts: Vec<String> = columns.chain(constraints).collect();
        format!("{name}: {}", parts.join(", "))
    });
    Seen {
        verdict: replayed.verdict,
        failures: failures.map(|failed| failed.message.clone()).collect(),
        tables: tables.collect(),
    }
}

fn upgrade(body: &str) -> Seen {
    upgrade_with(body, &[])
}

fn upgrade_with(body: &str, others: &[(&str, &str)]) -> Seen {
    let text = format!(
        "import sqlalchemy as sa\nfrom alembic import op\n{body}\ndef downgrade():\n    pass\n"
    );
    replay(&text, others, semantics(Dialect::PostgreSql), None)
}

const MODELS: &str = "
from sqlalchemy import Column, Enum, ForeignKey, Integer, String, MetaData, UniqueConstraint
from sqlalchemy.orm import declarative_base
Base = declarative_base(metadata=MetaData(naming_convention={'pk': 'pk_%(table_name)s'}))
class Stamped:
    made = Column(String(10))
class Parent(Base):
    __tablename__ = 'parent'
    id = Column(Integer, primary_key=True)
    mood = Column(Enum('a', 'b', name='mood'))
class Child(Stamped, Base):
    __tablename__ = 'child'
    __table_args__ = (UniqueConstraint('parent_id', name='one_child'), {'comment': 'c'})
    id = Column('key', Integer, primary_key=True)
    parent_id = Column(ForeignKey('parent.id'))
";

#[test]
fn create_all_makes_the_tables_of_the_classes() {
    let seen = upgrade(&format!(
        "{MODELS}\ndef upgrade():\n    Base.metadata.create_all(op.get_bind())\n"
    ));
    assert_eq!(
        seen.tables,
        [
            "child: key integer not null, parent_id integer, made character varying(10), primary key pk_child, \
             unique constraint one_child, foreign key child_parent_id_fkey",
            "parent: id integer not null, mood mood, primary key pk_parent"
        ]
    );
    assert_eq!(seen.verdict, Verdict::NotReversed);
}

#[test]
fn what_create_all_made_drop_all_drops() {
    let text = format!(
        "from alembic import op\n{MODELS}\ndef upgrade():\n    Base.metadata.create_all(bind=op.get_bind())\ndef downgrade():\n    Base.metadata.drop_all(bind=op.get_bind())\n"
    );
    let seen = replay(&text, &[], semantics(Dialect::PostgreSql), None);
    assert_eq!(seen.verdict, Verdict::Reversible, "{:?}", seen.failures);
}

#[test]
fn create_all_of_models_elsewhere_is_not_known() {
    let seen = upgrade_with(
        "from models import Base\ndef upgrade():\n    Base.metadata.create_all(op.get_bind())\n",
        &[("models.py", MODELS)],
    );
    assert_eq!(seen.verdict, Verdict::Unknown);
    let seen = upgrade_with(
        "from models import Base, Parent\ndef upgrade():\n    Base.metadata.create_all(op.get_bind(), tables=[Parent.__table__])\n",
        &[("models.py", MODELS)],
    );
    assert_eq!(seen.tables.len(), 1);
    assert_eq!(seen.verdict, Verdict::NotReversed);
}

#[test]
fn columns_of_classes_are_named_by_their_attributes() {
    let seen = upgrade(
        "
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class T(Base):
    __tablename__ = 't'
    id = sa.Column(sa.Integer, sa.Sequence('own'), primary_key=True, server_default=sa.Sequence('own').next_value())
    kind = sa.Column(sa.String(5))
    __table_args__ = (sa.CheckConstraint(kind.in_(['a', 'b']), name='kinds'), sa.Index('by_kind', kind))
def upgrade():
    Base.metadata.create_all(op.get_bind())
    op.drop_column('t', 'kind')
",
    );
    // What is built on the column has gone with it.
    assert_eq!(seen.tables, ["t: id integer not null, primary key t_pkey"]);
}

#[test]
fn tables_of_classes_are_created_and_dropped() {
    let text = "from alembic import op\nfrom models import Parent\ndef upgrade():\n    Parent.__table__.create(op.get_bind())\ndef downgrade():\n    Parent.__table__.drop(op.get_bind())\n    op.execute('DROP TYPE mood')\n";
    let seen = replay(
        text,
        &[("models.py", MODELS)],
        semantics(Dialect::PostgreSql),
        None,
    );
    assert_eq!(seen.verdict, Verdict::Reversible, "{:?}", seen.failures);
}

#[test]
fn initial_tables_are_there_before_the_first_revision() {
    let text = "from alembic import op\ndef upgrade():\n    op.drop_column('parent', 'mood')\ndef downgrade():\n    raise NotImplementedError\n";
    let files = [("app/models.py", MODELS)];
    let with = |initial| replay(text, &files, semantics(Dialect::PostgreSql), initial);
    let seen = with(Some("app.models:Base.metadata"));
    assert!(seen.failures.is_empty(), "{:?}", seen.failures);
    assert_eq!(
        seen.tables[1],
        "parent: id integer not null, primary key pk_parent"
    );
    // Modules that are imported on the way bring their tables.
    let files = [
        ("app/__init__.py", ""),
        (
            "app/models/__init__.py",
            "from .base import Base\nfrom . import shop\nfrom .user import *\n",
        ),
        (
            "app/models/base.py",
            "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n",
        ),
        (
            "app/models/shop.py",
            "import sqlalchemy as sa\nfrom .base import Base\nclass Shop(Base):\n    __tablename__ = 'shop'\n    id = sa.Column(sa.Integer, primary_key=True)\n",
        ),
        (
            "app/models/user.py",
            "import sqlalchemy as sa\nfrom app.models.base import Base\nusers = sa.Table('users', Base.metadata, sa.Column('id', sa.Integer))\n",
        ),
    ];
    let empty = "def upgrade():\n    pass\ndef downgrade():\n    pass\n";
    let initial = Some("app.models:Base.metadata");
    let seen = replay(empty, &files, semantics(Dialect::PostgreSql), initial);
    assert_eq!(
        seen.tables,
        [
            "shop: id integer not null, primary key shop_pkey",
            "users: id integer"
        ]
    );
    // A metadata that is not found leaves open what there is.
    let files = [("app/models.py", MODELS)];
    let initial = Some("app.models:Other.metadata");
    let seen = replay(text, &files, semantics(Dialect::PostgreSql), initial);
    assert!(seen.failures.is_empty(), "{:?}", seen.failures);
}

#[test]
fn what_a_type_is_called_may_be_said_later() {
    let seen = upgrade(
        "
from sqlalchemy.dialects.postgresql import ENUM
kind = sa.Enum('a', 'b', name='kind')
other = kind
def upgrade():
    kind.name = 'kind_old'
    other.create(op.get_bind(), checkfirst=False)
    op.execute('ALTER TYPE kind_old RENAME TO kind')
    op.create_table('t', sa.Column('id', sa.Integer), sa.Column('kind', ENUM(name='kind', create_type=False)))
",
    );
    assert!(seen.failures.is_empty(), "{:?}", seen.failures);
    assert_eq!(seen.tables, ["t: id integer, kind kind"]);
}

#[test]
fn a_table_may_refer_to_what_it_keeps_unique_itself() {
    let seen = upgrade(
        "
def upgrade():
    op.create_table(
        'span',
        sa.Column('id', sa.Integer, nullable=False),
        sa.Column('code', sa.String, nullable=False),
        sa.Column('parent', sa.String),
        sa.ForeignKeyConstraint(['parent'], ['span.code']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('code'),
    )
",
    );
    assert!(seen.failures.is_empty(), "{:?}", seen.failures);
}

#[test]
fn data_frames_change_rows_only() {
    let seen = upgrade(
        "
import pandas as pd
def upgrade():
    op.create_table('t', sa.Column('id', sa.Integer))
    frame = pd.read_sql('SELECT id FROM t', op.get_bind())
    frame = frame[frame['id'] != 1]
    frame.drop(columns='id', inplace=True)
    frame.to_sql('t', con=op.get_bind(), if_exists='append', index=False)
",
    );
    assert_eq!(seen.tables, ["t: id integer"]);
    assert_ne!(seen.verdict, Verdict::Unknown);
}

#[test]
fn data_frames_that_replace_a_table_leave_nothing_known_of_it() {
    let seen = upgrade(
        "
import geopandas as gp
def upgrade():
    op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))
    op.create_table('u', sa.Column('id', sa.Integer))
    frame = gp.read_postgis('t', op.get_bind(), geom_col='shape')
    frame['id'] = 0
    frame.to_postgis('t', op.get_bind(), if_exists='replace')
    frame.to_postgis('new', op.get_bind())
    op.create_primary_key('pk', 't', ['id'])
    frame.to_sql('u', op.get_bind())
",
    );
    assert_eq!(seen.failures, ["table `u` already exists"]);
    assert_eq!(
        seen.tables,
        ["new: ", "t: id ? not null, primary key pk", "u: "]
    );
}

#[test]
fn columns_that_an_inspector_finds_may_be_of_another_type() {
    let seen = upgrade(
        "
def upgrade():
    op.create_table('t', sa.Column('at', sa.DateTime), sa.Column('on', sa.DateTime(timezone=True)), sa.Column('name', sa.Text))
    op.create_table('u', sa.Column('at', sa.DateTime))
    unknown(op)
    inspector = sa.inspect(op.get_bind())
    for table in inspector.get_table_names():
        for column in inspector.get_columns(table):
            if isinstance(column['type'], sa.DateTime):
                op.alter_column(table, column['name'], type_=sa.DateTime(timezone=True))
",
    );
    assert_eq!(
        seen.tables,
        ["t: at ?, on timestamp with time zone, name text", "u: at ?"]
    );
}

#[test]
fn foreign_keys_to_columns_of_models() {
    let seen = upgrade_with(
        "from models import Parent\ndef upgrade():\n    op.create_table('parent', sa.Column('id', sa.Integer, primary_key=True))\n    op.create_table('c', sa.Column('p', sa.Integer, sa.ForeignKey(Parent.id, name='to_parent')), sa.Column('q', sa.Integer, sa.ForeignKey(unknown.id, name='to_unknown')))\n    op.drop_constraint('to_parent', 'c')\n    op.drop_constraint('to_unknown', 'c')\n",
        &[("models.py", MODELS)],
    );
    assert!(seen.failures.is_empty(), "{:?}", seen.failures);
    assert_eq!(seen.tables[0], "c: p integer, q integer");
}

#[test]
fn constraints_of_reflected_tables() {
    let seen = upgrade(
        "
def key_of(table):
    known = sa.Table(table, sa.MetaData(), autoload_with=op.get_bind())
    for key in known.foreign_key_constraints:
        if key.referred_table.name == 'p' and key.column_keys == ['p_id']:
            return key.name
def upgrade():
    op.create_table('p', sa.Column('id', sa.Integer, primary_key=True))
    op.create_table('c', sa.Column('p_id', sa.Integer, sa.ForeignKey('p.id')))
    op.drop_constraint(key_of('c'), 'c', type_='foreignkey')
",
    );
    assert_eq!(seen.tables[0], "c: p_id integer");
}

#[test]
fn what_a_dialect_is() {
    let seen = upgrade(
        "
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.dialects.mysql.base import MySQLDialect
def upgrade():
    dialect = op.get_bind().dialect
    if isinstance(dialect, MySQLDialect):
        op.drop_table('never')
    if isinstance(dialect, (mysql.dialect, postgresql.dialect)):
        op.create_table('t', sa.Column('a', sa.Integer))
",
    );
    assert_eq!(seen.tables, ["t: a integer"]);
    assert_eq!(seen.verdict, Verdict::NotReversed);
}

#[test]
fn arguments_of_run_migrations_are_handed_on() {
    let text = "import sqlalchemy as sa\ndef upgrade(op, tables, tester):\n    op.bulk_insert(tables.kind, [{'name': 'x'}])\n    tester.populate('kind')\ndef downgrade(op, tables, tester):\n    op.execute(tables.kind.delete().where(tables.kind.c.name == 'x'))\n";
    let seen = replay(text, &[], semantics(Dialect::PostgreSql), None);
    assert_eq!(seen.verdict, Verdict::NoSchemaChange);
}

#[test]
fn sessions_change_rows_only() {
    let seen = upgrade(
        "from somewhere import db\ndef upgrade():\n    session = db.Session(bind=op.get_bind())\n    for row in session.query(Thing).all():\n        row.x = 1\n    session.commit()\n",
    );
    assert_eq!(seen.verdict, Verdict::NoSchemaChange);
}

#[test]
fn types_that_know_what_they_decorate() {
    let seen = upgrade_with(
        "from types_ import Utf8\ndef upgrade():\n    op.create_table('t', sa.Column('a', Utf8(length=50)), sa.Column('b', Utf8()))\n",
        &[(
            "types_.py",
            "import sqlalchemy as sa\nclass Utf8(sa.types.TypeDecorator):\n    impl = sa.String\n    def load_dialect_impl(self, dialect):\n        return dialect.type_descriptor(sa.String(length=self.impl.length))\n",
        )],
    );
    assert_eq!(
        seen.tables,
        ["t: a character varying(50), b character varying"]
    );
}

#[test]
fn constructors_of_types_hand_on_what_they_want() {
    let seen = upgrade_with(
        "from types_ import Code\ndef upgrade():\n    op.create_table('t', sa.Column('a', Code()), sa.Column('b', Code))\n",
        &[(
            "types_.py",
            "import sqlalchemy as sa\nclass Code(sa.types.TypeDecorator):\n    impl = sa.String\n    def __init__(self):\n        super(Code, self).__init__(length=16)\n",
        )],
    );
    assert_eq!(
        seen.tables,
        ["t: a character varying(16), b character varying(16)"]
    );
}

#[test]
fn triggers_are_found_by_name_alone() {
    let text = "from alembic import op\nimport sqlalchemy as sa\nTRIGGER = 'CREATE TRIGGER t_guard BEFORE UPDATE ON t BEGIN SELECT 1; END'\ndef upgrade():\n    op.create_table('t', sa.Column('a', sa.Integer))\n    op.execute(TRIGGER)\n    op.execute('DROP TRIGGER IF EXISTS t_guard')\n    op.execute(TRIGGER)\ndef downgrade():\n    op.drop_table('t')\n";
    let seen = replay(text, &[], semantics(Dialect::Sqlite), None);
    assert!(seen.failures.is_empty(), "{:?}", seen.failures);
}

#[test]
fn what_falls_with_a_column_is_gone_even_where_not_all_is_known() {
    let text = "from alembic import op\nimport sqlalchemy as sa\nimport vendor\ndef upgrade():\n    op.create_table('t', sa.Column('a', sa.Integer), sa.Column('b', sa.Integer), sa.UniqueConstraint('a', 'b', name='pair'))\ndef downgrade():\n    vendor.do(op)\n    op.drop_column('t', 'b')\n    op.drop_constraint('pair', 't')\n";
    let seen = replay(text, &[], semantics(Dialect::PostgreSql), None);
    assert_eq!(seen.failures, ["constraint `pair` of `t` does not exist"]);
    // What happens in between may have made it again.
    let text = text.replace(
        "'b')\n    op.drop_c",
        "'b')\n    vendor.do(op)\n    op.drop_c",
    );
    let seen = replay(&text, &[], semantics(Dialect::PostgreSql), None);
    assert!(seen.failures.is_empty(), "{:?}", seen.failures);
}

#[test]
fn what_may_fail_proves_nothing_even_if_all_is_gone_after_it() {
    let text = "from alembic import op\nimport sqlalchemy as sa\ndef upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer), sa.Column('a', sa.Integer), sa.CheckConstraint('a > 0', name='positive'))\ndef downgrade():\n    with op.batch_alter_table('t') as batch:\n        batch.drop_column('a')\n    op.drop_table('t')\n";
    let seen = replay(text, &[], semantics(Dialect::Sqlite), None);
    assert_eq!(seen.verdict, Verdict::Unknown);
    let seen = replay(text, &[], semantics(Dialect::PostgreSql), None);
    assert_eq!(seen.verdict, Verdict::Reversible);
}

#[test]
fn attributes_that_classes_certainly_lack() {
    let fails = |class: &str, used: &str| {
        let text = format!(
            "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.orm import declarative_base, relationship\nBase = declarative_base()\n{class}\ndef upgrade():\n    print({used})\ndef downgrade():\n    pass\n"
        );
        let seen = replay(&text, &[], semantics(Dialect::PostgreSql), None);
        seen.failures
    };
    let class = "class T(Base):\n    __tablename__ = 't'\n    id = sa.Column(sa.Integer)\n";
    assert_eq!(fails(class, "T.kind"), ["`T` has no attribute `kind`"]);
    for (class, used) in [
        (class.to_owned(), "T.id, T.metadata, T.__table__"),
        // Given by another class, later, by a base that cannot be read, or only asked for.
        (
            format!("{class}class U(Base):\n    t = relationship('T', backref='kind')\n"),
            "T.kind",
        ),
        (format!("{class}T.kind = 1\n"), "T.kind"),
        (format!("from elsewhere import Base\n{class}"), "T.kind"),
        (class.to_owned(), "getattr(T, 'kind', None)"),
    ] {
        assert!(fails(&class, used).is_empty(), "{class}{used}");
    }
}

#[test]
fn enums_without_a_name() {
    let seen = upgrade(
        "from vendor import Mood\ndef upgrade():\n    op.create_table('t', sa.Column('a', sa.Enum(Mood)))\n    op.add_column('t', sa.Column('b', sa.Enum('x', 'y')))\n    op.alter_column('t', 'a', type_=sa.Enum('x'))\n    op.alter_column('t', 'a', type_=sa.Enum('x', native_enum=False))\n",
    );
    let error = "PostgreSQL needs a name for the enum type";
    assert_eq!(seen.failures, [error, error]);
}

#[test]
fn questions_in_core() {
    let roles = "from sqlalchemy import column, select, table\ndef has(name):\n    roles = table('pg_roles', column('rolname'))\n    return op.get_bind().execute(select(roles.c.rolname).where(roles.c.rolname == name)).scalar() is not None\n";
    let body = |ask: &str| {
        format!(
            "{roles}def upgrade():\n    op.execute('CREATE ROLE reader')\n    if {ask}:\n        op.create_table('t', sa.Column('a', sa.Integer))\n"
        )
    };
    assert_eq!(upgrade(&body("has('reader')")).tables, ["t: a integer"]);
    // Other roles may be there, whoever made them.
    let without = body("has('writer')").replace("    op.execute('CREATE ROLE reader')\n", "");
    assert_eq!(upgrade(&without).verdict, Verdict::Unknown);
    let seen = upgrade(
        "
def upgrade():
    op.create_table('t', sa.Column('a', sa.Integer))
    tables = sa.table('tables', sa.column('table_name'), sa.column('table_schema'), schema='information_schema')
    asked = sa.select(tables.c.table_name).where(tables.c.table_schema == 'public', tables.c.table_name.in_(['t', 'u']))
    for (name,) in op.get_bind().execute(asked):
        op.add_column(name, sa.Column('b', sa.Integer))
",
    );
    assert_eq!(seen.tables, ["t: a integer, b integer"]);
}

/// Failures of the call and the table that comes of it, under a version of Alembic that is known or assumed.
fn called(call: &str, alembic: Option<(u32, u32)>) -> Seen {
    let text = format!(
        "import sqlalchemy as sa\nfrom alembic import op\ndef upgrade():\n    op.create_table('t', sa.Column('a', sa.Integer()))\n    {call}\n"
    );
    let semantics = Semantics {
        alembic: alembic.unwrap_or((1, 20)),
        is_alembic_assumed: alembic.is_none(),
        ..semantics(Dialect::PostgreSql)
    };
    replay(&text, &[], semantics, None)
}

#[test]
fn arguments_had_other_names_before() {
    let call = "op.create_unique_constraint(name='u', source='t', local_cols=['a'])";
    for alembic in [None, Some((1, 4))] {
        let seen = called(call, alembic);
        assert_eq!(seen.failures, [""; 0]);
        assert_eq!(seen.tables, ["t: a integer, unique constraint u"]);
    }
    assert_eq!(
        called(call, Some((1, 5))).failures,
        [
            "since Alembic 1.5 the argument `name` of `create_unique_constraint` is `constraint_name`"
        ]
    );
}

#[test]
fn calls_that_python_refuses() {
    let failures = |call: &str, alembic| called(call, alembic).failures;
    assert_eq!(
        failures("op.create_index('i', 't')", None),
        ["`create_index` needs the argument `columns`"]
    );
    assert_eq!(
        failures("op.create_primary_key('p', 't', ['a'], cascade=True)", None),
        ["`create_primary_key` has no argument `cascade`"]
    );
    let by_position = "op.create_index('i', 't', ['a'], None)";
    assert_eq!(failures(by_position, None), [""; 0]);
    assert_eq!(failures(by_position, Some((1, 10))), [""; 0]);
    assert_eq!(
        failures(by_position, Some((1, 11))),
        ["since Alembic 1.11 `create_index` takes 3 arguments by position, not 4"]
    );
    let in_a_batch = "with op.batch_alter_table('t') as batch_op:\n        batch_op.create_primary_key('i', ['a'], None)";
    assert_eq!(
        failures(in_a_batch, Some((1, 11))),
        ["since Alembic 1.11 `create_primary_key` takes 2 arguments by position, not 3"]
    );
    let with_table =
        "with op.batch_alter_table('t') as batch_op:\n        batch_op.drop_column('t', 'a')";
    let seen = called(with_table, None);
    assert_eq!(
        seen.failures,
        ["in a batch `drop_column` takes the column alone: the table is left out"]
    );
    // What was meant is carried out.
    assert_eq!(seen.tables, ["t: "]);
}

#[test]
fn methods_that_sqlalchemy_does_not_have_may_change_a_reflected_table() {
    let seen = upgrade(
        "def upgrade():\n    t = sa.Table('t', sa.MetaData(), autoload=True)\n    t.c.a.alter(nullable=False)\n",
    );
    assert_eq!(seen.verdict, Verdict::Unknown);
    assert_eq!(seen.failures, [""; 0]);
}

#[test]
fn a_column_knows_its_type() {
    let seen = upgrade(
        "class Point(sa.types.UserDefinedType):\n    def get_col_spec(self):\n        return 'point'\ndef add(column):\n    if isinstance(column.type, Point):\n        op.execute('SELECT 1')\n    else:\n        op.add_column('t', column)\ndef upgrade():\n    op.create_table('t', sa.Column('a', sa.Integer()))\n    add(sa.Column('b', Point()))\n    add(sa.Column('c', sa.String(2)))\n",
    );
    assert_eq!(seen.failures, [""; 0]);
    assert_eq!(seen.tables, ["t: a integer, c character varying(2)"]);
}
