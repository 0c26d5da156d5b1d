"""A sequence of revisions, and how it is written to files."""

import copy
import os
from dataclasses import dataclass, field

import versions


@dataclass
class Snippet:
    """One statement of a migration. The parts between head and tail can be left out, one by one."""

    head: str
    parts: list = field(default_factory=list)
    tail: str = ""

    def lines(self):
        if not self.parts:
            return (self.head + self.tail).split("\n")
        lines = self.head.split("\n")
        for part in self.parts:
            lines += ["    " + line for line in f"{part},".split("\n")]
        return lines + self.tail.split("\n")


@dataclass
class Block:
    """Statements below a `with`, `if` or `for`; they can be left out, one by one."""

    head: str
    body: list = field(default_factory=list)

    def lines(self):
        body = [line for snippet in self.body for line in snippet.lines()] or ["pass"]
        return [self.head] + ["    " + line if line else line for line in body]


@dataclass
class Revision:
    id: str
    up: list = field(default_factory=list)
    # None where there is no such function.
    down: "list | None" = field(default_factory=list)

    def text(self, parent):
        lines = [
            "import enum",
            "",
            "import sqlalchemy as sa",
            "from alembic import op",
            "from sqlalchemy.dialects import postgresql",
            "",
            f'revision = "{self.id}"',
            f"down_revision = {parent!r}",
        ]
        up = [line for snippet in self.up for line in snippet.lines()]
        down = None if self.down is None else [line for snippet in self.down for line in snippet.lines()]
        text = "\n".join(up + (down or []))
        for name, helper in HELPERS.items():
            if name in text:
                lines += helper.split("\n")
        lines += ["", "", "def upgrade():"] + ["    " + line for line in up or ["pass"]]
        if down is not None:
            lines += ["", "", "def downgrade():"] + ["    " + line for line in down or ["pass"]]
        return "\n".join(lines) + "\n"


# What revisions may use, written out where its name occurs.
HELPERS = {
    "Mood": '\n\nclass Mood(enum.Enum):\n    happy = "h"\n    sad = "s"\n    calm = "c"',
    "has_column": (
        "\n\ndef has_column(table, column):\n"
        "    inspector = sa.inspect(op.get_bind())\n"
        '    return any(found["name"] == column for found in inspector.get_columns(table))'
    ),
    "has_index": (
        "\n\ndef has_index(table, name):\n"
        '    return name in [index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)]'
    ),
    "add_columns": (
        "\n\ndef add_columns(table, *columns):\n    for column in columns:\n        op.add_column(table, column)"
    ),
    "timestamps": (
        "\n\ndef timestamps():\n"
        "    return [\n"
        '        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),\n'
        '        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),\n'
        "    ]"
    ),
}

ENV = """\
from alembic import context
from sqlalchemy import MetaData

target_metadata = MetaData({convention})

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=target_metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
"""


@dataclass
class Case:
    dialect: str
    seed: str
    naming: "dict | None" = None
    revisions: list = field(default_factory=list)

    def texts(self):
        parent = None
        for revision in self.revisions:
            yield revision.id, versions.fitting(revision.text(parent))
            parent = revision.id

    def write(self, folder, requirements):
        scripts = os.path.join(folder, "migrations", "versions")
        os.makedirs(scripts)
        files = {
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "requirements.txt": requirements,
            "migrations/env.py": ENV.format(
                convention=f"naming_convention={self.naming!r}" if self.naming else "",
            ),
        }
        for revision, text in self.texts():
            files[f"migrations/versions/{revision}.py"] = text
        for path, text in files.items():
            with open(os.path.join(folder, path), "w") as file:
                file.write(text)

    def smaller(self):
        """Every case in which one thing less is done, the largest things first."""
        for at in reversed(range(len(self.revisions))):
            # All that follows, then one alone.
            if at and at < len(self.revisions) - 1:
                fewer = copy.deepcopy(self)
                del fewer.revisions[at:]
                yield fewer
            fewer = copy.deepcopy(self)
            del fewer.revisions[at]
            yield fewer
        for at, revision in enumerate(self.revisions):
            for side in ("down", "up"):
                for path in paths(getattr(revision, side) or []):
                    fewer = copy.deepcopy(self)
                    steps = getattr(fewer.revisions[at], side)
                    for step in path[:-1]:
                        steps = steps[step].body if isinstance(steps[step], Block) else steps[step].parts
                    del steps[path[-1]]
                    yield fewer
        if self.naming:
            fewer = copy.deepcopy(self)
            fewer.naming = None
            yield fewer


def paths(steps):
    """Where something can be left out, as positions within positions."""
    for at, step in enumerate(steps):
        yield [at]
        if isinstance(step, Block):
            for path in paths(step.body):
                yield [at, *path]
        elif len(step.parts) > 1:
            for part in range(len(step.parts)):
                yield [at, part]
