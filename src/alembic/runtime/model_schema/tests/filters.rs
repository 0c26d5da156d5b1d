//! What `include_object` and `include_name` let through.

use super::*;
use crate::catalog::Subject;

#[test]
fn filters_of_env_py_are_asked() {
    let env = "from alembic import context
from app.base import Base
import app.user
def include_object(object, name, type_, reflected, compare_to):
    if type_ == 'table' and reflected and name not in target_metadata.tables:
        return False
    return object.schema != 'audit' and name != unknown_name
def include_name(name, type_, parent_names):
    return not name.startswith('tmp_')
target_metadata = Base.metadata
context.configure(target_metadata=target_metadata, include_name=include_name, compare_type=False, include_object=lambda *a: include_object(*a) if a[1] != 'x' else True)
";
    let user = model("User");
    let mut migrated = Database::new(Dialect::PostgreSql);
    for statement in crate::sql::parse(
        "CREATE TABLE tmp_a (id int); CREATE TABLE x (id int); CREATE TABLE old (id int)",
        Dialect::PostgreSql,
        &|_| None,
    ) {
        for ddl in &statement.ddl {
            migrated.apply(ddl, None);
        }
    }
    let models = read(env, &[("app/user.py", &user)], &migrated.now);
    let comparison = &models.comparison;
    let includes = |table| comparison.includes(Subject::Table, table);
    assert_eq!(comparison.compares_types, Some(false));
    assert_eq!(comparison.compares_defaults, Some(false));
    assert_eq!(includes("tmp_a"), Some(false));
    assert_eq!(includes("old"), Some(false));
    assert_eq!(includes("x"), Some(true));
    // It depends on a name that is not found.
    assert_eq!(includes("user"), None);
}

#[test]
fn filters_may_be_made_by_a_helper() {
    let env = "from app.run import run
import app.user
import app.view
run(owned_tables={'user'})
";
    let helper = "import asyncio
from alembic import context
from sqlalchemy.ext.asyncio import async_engine_from_config
from app.base import Base
from app.config import settings
def run(*, owned_tables):
    owned = frozenset(owned_tables)
    def include_object(obj, name, type_, reflected, compare_to):
        if type_ == 'table':
            return name in owned
        return True
    def do_run_migrations(connection):
        context.configure(connection=connection, target_metadata=Base.metadata, include_object=include_object)
        with context.begin_transaction():
            context.run_migrations()
    async def run_async_migrations():
        configuration = context.config.get_section('alembic', {})
        configuration['sqlalchemy.url'] = settings.DATABASE_URL
        connectable = async_engine_from_config(configuration, prefix='sqlalchemy.')
        async with connectable.connect() as connection:
            await connection.run_sync(do_run_migrations)
        await connectable.dispose()
    def run_migrations_online():
        asyncio.run(run_async_migrations())
    if context.is_offline_mode():
        context.configure(url='', target_metadata=Base.metadata)
    else:
        run_migrations_online()
";
    let (user, view) = (model("User"), model("View"));
    let files = [
        ("app/run.py", helper),
        ("app/user.py", &user),
        ("app/view.py", &view),
    ];
    let models = read(env, &files, &Catalog::default());
    let includes = |table| models.comparison.includes(Subject::Table, table);
    assert_eq!(models.origin, MetadataOrigin::Environment);
    assert_eq!(includes("user"), Some(true));
    assert_eq!(includes("view"), Some(false));
}

#[test]
fn filters_are_asked_about_parts_of_tables() {
    let env = "from alembic import context
import sqlalchemy as sa
from app.base import Base
import app.user
import app.view
def include_object(object, name, type_, reflected, compare_to):
    if type_ == 'table' and hasattr(object, 'info') and object.info.get('skip'):
        return False
    if isinstance(object, sa.Index):
        return not reflected
    if type_ == 'unique_constraint' and name == 'user_a_key' and compare_to is None:
        return False
    if type_ == 'column' and object.table.name == 'user' and name == 'later':
        return unknown_name
    return type_ != 'column' or hasattr(compare_to, 'name')
async def run_migrations_online():
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)
def do_run_migrations(connection):
    context.configure(connection=connection, target_metadata=Base.metadata, include_object=include_object)
";
    let user = model("User") + "    a: Mapped[int]\n    later: Mapped[int]\n";
    let view = model("View") + "    __table_args__ = {'info': {'skip': True}}\n";
    let mut migrated = Database::new(Dialect::PostgreSql);
    for statement in crate::sql::parse(
        "CREATE TABLE \"user\" (id serial PRIMARY KEY, a bigint NOT NULL UNIQUE, b int UNIQUE, \
         CONSTRAINT other UNIQUE (a, b)); CREATE INDEX ix ON \"user\" (a); CREATE TABLE audit.log (id int)",
        Dialect::PostgreSql,
        &|_| None,
    ) {
        for ddl in &statement.ddl {
            migrated.apply(ddl, None);
        }
    }
    let files = [("app/user.py", user.as_str()), ("app/view.py", &view)];
    let models = read(env, &files, &migrated.now);
    let includes = |subject, object| models.comparison.includes(subject, object);
    for (subject, object, included) in [
        (Subject::Table, "user", Some(true)),
        (Subject::Table, "view", Some(false)),
        // Only the default schema is looked at.
        (Subject::Table, "audit.log", Some(false)),
        (Subject::Index, "user.ix", Some(false)),
        (Subject::Unique, "user.user_a_key", Some(false)),
        (Subject::Unique, "user.other", Some(true)),
        // It is on both sides, in another type.
        (Subject::Column, "user.a", Some(true)),
        // It is in the database only.
        (Subject::Column, "user.b", Some(false)),
        (Subject::Column, "user.later", None),
    ] {
        assert_eq!(includes(subject, object), included, "{object}");
    }
}

#[test]
fn filters_may_go_by_info() {
    let env = "from alembic import context
from app.base import Base
import app.user
def include_object(object, name, type_, reflected, compare_to):
    return not object.info.get('skip')
context.configure(url='', target_metadata=Base.metadata, include_object=include_object)
";
    let user = model("User")
        + "    hidden: Mapped[int] = mapped_column(info={'skip': True})\n    shown: Mapped[int]\n    by_column: Mapped[int] = mapped_column(index=True)\n    __table_args__ = (sa.Index('ix_hidden', 'shown', info={'skip': True}), sa.Index('ix_shown', 'hidden'))\n";
    let user = format!("import sqlalchemy as sa\n{user}");
    let mut migrated = Database::new(Dialect::PostgreSql);
    let table = "CREATE TABLE \"user\" (id serial PRIMARY KEY)";
    for statement in crate::sql::parse(table, Dialect::PostgreSql, &|_| None) {
        for ddl in &statement.ddl {
            migrated.apply(ddl, None);
        }
    }
    let models = read(env, &[("app/user.py", &user)], &migrated.now);
    for (subject, object, included) in [
        (Subject::Column, "user.hidden", Some(false)),
        (Subject::Column, "user.shown", Some(true)),
        (Subject::Index, "user.ix_hidden", Some(false)),
        (Subject::Index, "user.ix_shown", Some(true)),
        (Subject::Index, "user.ix_user_by_column", None),
    ] {
        let includes = models.comparison.includes(subject, object);
        assert_eq!(includes, included, "{object}");
    }
}
