"""A rough idea of the schema, enough to know what a migration can do next."""

import re
from dataclasses import dataclass, field

import columns

TABLES = ["users", "orders", "Item", "order", "audit_log", "tag", "a_rather_long_table_name_for_this_purpose_indeed"]
COLUMNS = [
    "name", "email", "state", "count", "price", "created", "userId", "group", "note", "active", "body", "kind",
    "position", "a_column_whose_name_is_long_enough_to_be_cut_somewhere",
]  # fmt: skip
RESERVED = {"order", "group", "user"}


@dataclass
class Table:
    name: str
    columns: dict = field(default_factory=dict)
    # Name and columns.
    key: "tuple | None" = None
    unique: dict = field(default_factory=dict)
    checks: dict = field(default_factory=dict)
    # Columns and whether it is unique.
    indexes: dict = field(default_factory=dict)
    # Columns, the table referred to, its columns.
    foreign: dict = field(default_factory=dict)

    def used(self):
        """The columns that keys, indexes and constraints are made of."""
        found = set(self.key[1]) if self.key else set()
        for group in (self.unique, self.checks):
            for names in group.values():
                found.update(names)
        for names, _ in self.indexes.values():
            found.update(names)
        for names, _, _ in self.foreign.values():
            found.update(names)
        for column in self.columns.values():
            found.update(name for name in self.columns if column.extra and re.search(rf"\b{name}\b", column.extra))
        return found

    def forget(self, column):
        """Drops a column, and what falls with it."""
        del self.columns[column]
        for group in (self.unique, self.checks):
            for name in [name for name, names in group.items() if column in names]:
                del group[name]
        for name in [name for name, found in self.indexes.items() if column in found[0]]:
            del self.indexes[name]
        for name in [name for name, found in self.foreign.items() if column in found[0]]:
            del self.foreign[name]
        if self.key and column in self.key[1]:
            self.key = None


class Model:
    def __init__(self, rng, dialect, naming):
        self.rng = rng
        self.dialect = dialect
        self.naming = naming
        self.tables = {}
        self.enums = {}
        # Whether batches that copy a table of SQLite are as careless as people are.
        self.is_wild = dialect == "sqlite" and rng.random() < 0.5
        self.numbers = 0

    @property
    def is_postgresql(self):
        return self.dialect == "postgresql"

    def number(self):
        self.numbers += 1
        return self.numbers

    def chance(self, probability):
        return self.rng.random() < probability

    def table(self):
        return self.rng.choice(list(self.tables.values())) if self.tables else None

    def new_table_name(self):
        free = [name for name in TABLES if name not in self.tables]
        return self.rng.choice(free) if free and self.chance(0.9) else f"t{self.number()}"

    def new_column_name(self, taken):
        free = [name for name in COLUMNS if name not in taken]
        return self.rng.choice(free) if free and self.chance(0.95) else f"c{self.number()}"

    def referrers(self, name):
        return [
            table for table in self.tables.values() for _, referred, _ in table.foreign.values() if referred == name
        ]

    def targets(self):
        """Tables with a key of one column that a foreign key can refer to."""
        return [table for table in self.tables.values() if table.key and len(table.key[1]) == 1]

    def column(self, taken, plain=False):
        rng = self.rng
        written, kind = rng.choice(columns.types(self.dialect))
        if plain or self.chance(0.4):
            written, kind = rng.choice([pair for pair in columns.TYPES if pair[0] in columns.RAW_TYPES])
        column = columns.Column(self.new_column_name(taken), written, kind)
        column.nullable = self.chance(0.6)
        choice = columns.defaults(self.dialect, kind)
        if choice and self.chance(0.3) and not plain:
            column.default = rng.choice(choice)
        if self.chance(0.06):
            column.comment = rng.choice(["what it is", "50% of it"])
        return column

    def quoted(self, name):
        plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in RESERVED
        return name if plain else f'"{name}"'

    def name_of(self, label, table, names, referred=None):
        """The name that an unnamed constraint or index gets."""
        if self.naming and label in self.naming:
            parts = {
                "table_name": table,
                "column_0_name": names[0],
                "column_0_label": f"{table}_{names[0]}",
                "column_0_N_name": "_".join(names),
                "referred_table_name": referred or "",
                "constraint_name": "",
            }
            return cut(self.naming[label] % parts)
        if label == "ix":
            return cut(f"ix_{table}_{names[0]}")
        if not self.is_postgresql:
            return None
        if label == "pk":
            return server_name(table, "", "pkey")
        return server_name(table, "_".join(names), {"uq": "key", "fk": "fkey", "ck": "check"}[label])


def cut(name):
    # SQLAlchemy appends four digits of a hash.
    import hashlib

    return name if len(name) <= 63 else f"{name[:55]}_{hashlib.md5(name.encode()).hexdigest()[-4:]}"


def server_name(table, names, label):
    """A name as PostgreSQL makes it: the longer part is shortened until it fits."""
    room = 63 - len(label) - 1 - (1 if names else 0)
    while len(table) + len(names) > room:
        if len(table) > len(names):
            table = table[:-1]
        else:
            names = names[:-1]
    return "_".join(part for part in (table, names, label) if part)
