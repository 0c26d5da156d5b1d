"""The databases that are asked: how migrations run in them, and what they hold afterwards."""

import contextlib
import copy
import itertools
import os
import shutil
import traceback

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import reflect_postgresql
import reflect_sqlite


class Failed(Exception):
    """A migration that the database, or Alembic, refuses."""

    def __init__(self, error, folder):
        self.message = f"{type(error).__name__}: {error}".split("\n")[0]
        # What the migration raises itself is a refusal; Alembic's own operations raise NotImplementedError too.
        last = traceback.extract_tb(error.__traceback__)[-1]
        self.is_refusal = isinstance(error, NotImplementedError) and last.filename.startswith(folder)
        super().__init__(self.message)


def alembic(connection, folder, direction, revision):
    """Runs one revision within the transaction of the connection."""
    config = Config(os.path.join(folder, "alembic.ini"))
    config.set_main_option("script_location", os.path.join(folder, "migrations"))
    config.attributes["connection"] = connection
    try:
        if direction == "downgrade":
            command.downgrade(config, revision or "base")
        else:
            command.upgrade(config, revision)
    except (Exception, SystemExit) as error:
        raise Failed(error, folder) from error


def commit(connection):
    """Before SQLAlchemy 2.0 every statement outside of a transaction was committed at once."""
    if hasattr(connection, "commit"):
        connection.commit()


class PostgreSql:
    def __init__(self, url):
        self.url = sa.engine.url.make_url(url)
        self.names = (f"differential_{os.getpid()}_{number}" for number in itertools.count())
        self.server = sa.create_engine(self.url, isolation_level="AUTOCOMMIT")
        self.template = next(self.names)
        self._run(f'CREATE DATABASE "{self.template}" TEMPLATE template0')

    def _run(self, statement):
        with self.server.connect() as connection:
            connection.execute(sa.text(statement))

    @contextlib.contextmanager
    def session(self, folder):
        del folder
        name = next(self.names)
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        # `set()` came with SQLAlchemy 1.4; before, an address could be changed in place.
        url = copy.copy(self.url)
        if hasattr(url, "set"):
            url = url.set(database=name)
        else:
            url.database = name
        engine = sa.create_engine(url, poolclass=sa.pool.StaticPool)
        try:
            yield PostgreSqlSession(engine)
        finally:
            engine.dispose()
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self):
        self._run(f'DROP DATABASE "{self.template}"')
        self.server.dispose()


class PostgreSqlSession:
    def __init__(self, engine):
        self.engine = engine

    def upgrade(self, folder, revision):
        # Alembic begins and commits, as blocks without a transaction want it.
        with self.engine.connect() as connection:
            alembic(connection, folder, "upgrade", revision)
        with self.engine.connect() as connection:
            return reflect_postgresql.reflect(connection)

    def downgrade(self, folder, revision):
        """What the downgrade would leave; it is rolled back."""
        with self.engine.connect() as connection:
            transaction = connection.begin()
            try:
                alembic(connection, folder, "downgrade", revision)
                return reflect_postgresql.reflect(connection)
            finally:
                transaction.rollback()


class Sqlite:
    @contextlib.contextmanager
    def session(self, folder):
        yield SqliteSession(os.path.join(folder, "database"))

    def close(self):
        pass


class SqliteSession:
    def __init__(self, path):
        self.path = path

    def _run(self, path, folder, direction, revision):
        engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text("PRAGMA synchronous=OFF"))
            commit(connection)
            alembic(connection, folder, direction, revision)
            commit(connection)
        with engine.connect() as connection:
            return reflect_sqlite.reflect(connection)

    def upgrade(self, folder, revision):
        return self._run(self.path, folder, "upgrade", revision)

    def downgrade(self, folder, revision):
        """What the downgrade would leave; it is done to a copy."""
        other = self.path + ".copy"
        shutil.copyfile(self.path, other)
        try:
            return self._run(other, folder, "downgrade", revision)
        finally:
            os.remove(other)
