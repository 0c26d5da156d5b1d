"""Columns that are added, dropped and changed."""

import copy

import columns
import constraints
import indexes
from call import call
from cases import Block, Snippet
from tables import comparable, flags_of, repr_of


def add_column(model, table=None, batch=False):
    rng = model.rng
    table = table or model.table()
    before = copy.deepcopy(table)
    column = model.column(table.columns)
    if not model.is_postgresql:
        # Nothing that makes a constraint can be added there.
        if not batch and ("create_constraint" in column.type or column.default in ("sa.func.now()",)):
            return None
        if not column.nullable and not column.default and not batch:
            column.nullable = True
    table.columns[column.name] = column
    flags = flags_of(model, table, column)
    if not model.is_postgresql:
        # A table that is copied gets such an index twice, once by the name of the copy.
        if any("unique" in flag or batch and "index" in flag for flag in flags) and not (batch and model.is_wild):
            table.__dict__.update(before.__dict__)
            return None
        if not batch or not model.naming and not model.is_wild and model.chance(0.9):
            flags = [flag for flag in flags if "ForeignKey" not in flag]
    keyword = ""
    if not batch and model.is_postgresql and model.chance(0.05):
        keyword = "if_not_exists=True"
    up = [call(batch, "add_column", table.name, column.code(*flags), keyword)]
    down = [call(batch, "drop_column", table.name, f'"{column.name}"')]
    if not batch and model.chance(0.06):
        up = [Snippet(f'add_columns("{table.name}", {column.code(*flags)})')]
    elif not batch and model.chance(0.06):
        up = [Block(f'if not has_column("{table.name}", "{column.name}"):', up)]
    elif not batch and model.chance(0.05) and not flags:
        other = copy.copy(column)
        other.name = model.new_column_name(table.columns)
        table.columns[other.name] = other
        code = column.code().replace(f'"{column.name}"', "name", 1)
        pair = f'("{column.name}", "{other.name}")'
        up = [Block(f"for name in {pair}:", [Snippet(f'op.add_column("{table.name}", {code})')])]
        down = [Block(f"for name in {pair}:", [Snippet(f'op.drop_column("{table.name}", name)')])]
    if not batch:
        for name, (names, _) in table.indexes.items():
            if name not in before.indexes and (not model.is_postgresql or model.chance(0.5)):
                down.insert(0, Snippet(f'op.drop_index("{name}", table_name="{table.name}")'))
    return up, down


def drop_column(model, table=None, batch=False):
    rng = model.rng
    table = table or model.table()
    used = table.used()
    targeted = {name for other in model.tables.values() for _, referred, names in other.foreign.values()
                if referred == table.name for name in names}  # fmt: skip
    generated = " ".join(column.extra or "" for column in table.columns.values())
    free = [
        column
        for column in table.columns.values()
        if column.name not in targeted
        and (f'"{column.name}"' not in generated or batch and model.is_wild)
        and (model.is_postgresql or batch or column.name not in used and "create_constraint" not in column.type)
    ]
    if len(table.columns) < 2 or not free:
        return None
    column = rng.choice(free)
    up, place = [], ""
    if batch and not model.is_postgresql:
        # What would stand in the way of the copy.
        for name, (names, _) in table.indexes.items():
            if column.name in names and model.chance(0.85):
                up.append(call(batch, "drop_index", table.name, first=f'"{name}"'))
        for name, names in table.checks.items():
            if column.name in names and model.chance(0.85):
                up.append(call(batch, "drop_constraint", table.name, 'type_="check"', first=f'op.f("{name}")'))
        others = [name for name in table.columns if name != column.name]
        if model.chance(0.3):
            place = f'{rng.choice(["insert_before", "insert_after"])}="{rng.choice(others)}"'
    down = [call(batch, "add_column", table.name, column.code(), place)]
    for name, (names, unique) in table.indexes.items():
        if column.name in names and model.chance(0.8):
            down.append(
                call(
                    batch, "create_index", table.name, f"[{', '.join(repr_of(names))}]", f"unique={unique}",
                    first=f'"{name}"',
                )  # fmt: skip
            )
    for name, names in table.unique.items():
        if column.name in names and model.chance(0.8):
            down.append(
                call(
                    batch, "create_unique_constraint", table.name, f"[{', '.join(repr_of(names))}]", first=f'"{name}"'
                )  # fmt: skip
            )
    for name, (names, referred, others) in table.foreign.items():
        if column.name in names and model.chance(0.8):
            down.append(
                call(
                    batch, "create_foreign_key", table.name, f'"{referred}"', f"[{', '.join(repr_of(names))}]",
                    f"[{', '.join(repr_of(others))}]", first=f'"{name}"',
                )  # fmt: skip
            )
    table.forget(column.name)
    up.append(call(batch, "drop_column", table.name, f'"{column.name}"'))
    if batch and not model.is_postgresql and model.chance(0.15):
        # Out and in again, as generated columns need it.
        table.columns[column.name] = column
        up.append(call(batch, "add_column", table.name, column.code(), place))
        down.insert(0, call(batch, "drop_column", table.name, f'"{column.name}"'))
    return up, down


# Types that change into each other without saying how.
CHANGES = [
    {"sa.Integer()", "sa.BigInteger()", "sa.SmallInteger()", "sa.Numeric()", "sa.Numeric(10, 2)", "sa.Double()"},
    {"sa.String()", "sa.String(50)", "sa.String(length=255)", "sa.Text()", "sa.Unicode(20)", "sa.VARCHAR(10)"},
    {"sa.DateTime()", "sa.DateTime(timezone=True)", "sa.Date()", "sa.TIMESTAMP(timezone=True)"},
    {"sa.JSON()", "postgresql.JSONB()"},
]


def alter_column(model, table=None, batch=False):
    rng = model.rng
    if not model.is_postgresql and not batch:
        return None
    table = table or model.table()
    free = [column for column in table.columns.values() if not column.extra and column.name != "id"]
    free = [column for column in free if column.name not in (table.key[1] if table.key else ())]
    if not free:
        return None
    column = rng.choice(free)
    old = copy.copy(column)
    done, undone, existing = [], [], []
    what = rng.choice(["nullable", "nullable", "type", "type", "default", "rename", "comment", "two"])
    if what in ("nullable", "two"):
        column.nullable = not old.nullable
        done.append(f"nullable={column.nullable}")
        undone.append(f"nullable={old.nullable}")
    elif model.chance(0.4):
        existing.append(f"existing_nullable={column.nullable}")
    if what in ("type", "two"):
        group = next((group for group in CHANGES if old.type in group), None)
        foreign = any(column.name in names for names, _, _ in table.foreign.values())
        others = sorted((group or set()) - {old.type})
        if not model.is_postgresql:
            others = [other for other in others if "postgresql" not in other]
        if others and not foreign:
            column.type = rng.choice(others)
            done.append(f"type_={column.type}")
            undone.append(f"type_={old.type}")
            if model.chance(0.7):
                existing.append("existing_type={}")
        elif what == "type":
            return None
    elif model.chance(0.6):
        existing.append("existing_type={}")
    if what == "default":
        choice = columns.defaults(model.dialect, column.kind)
        if not choice:
            return None
        column.default = None if old.default and model.chance(0.5) else rng.choice(choice)
        done.append(f"server_default={column.default}")
        undone.append(f"server_default={old.default}")
    if what == "comment":
        if not model.is_postgresql:
            return None
        column.comment = "said later"
        done.append('comment="said later"')
        undone.append(f"comment={old.comment!r}")
    if what == "rename":
        column.name = model.new_column_name(table.columns)
        done.append(f'new_column_name="{column.name}"')
        undone.append(f'new_column_name="{old.name}"')
        renamed(model, table, old.name, column.name)
    before = [entry.format(old.type) for entry in existing]
    after = [entry.format(column.type) for entry in existing]
    return (
        [call(batch, "alter_column", table.name, f'"{old.name}"', *done, *before)],
        [call(batch, "alter_column", table.name, f'"{column.name}"', *undone, *after)],
    )


def renamed(model, table, old, new):
    """A column's name, everywhere."""
    table.columns = {column.name: column for column in table.columns.values()}
    for column in table.columns.values():
        if column.extra:
            column.extra = column.extra.replace(f'"{old}"', f'"{new}"')

    def names(listed):
        return [new if name == old else name for name in listed]

    if table.key:
        table.key = (table.key[0], names(table.key[1]))
    table.unique = {name: names(listed) for name, listed in table.unique.items()}
    table.checks = {name: names(listed) for name, listed in table.checks.items()}
    table.indexes = {name: (names(listed), unique) for name, (listed, unique) in table.indexes.items()}
    table.foreign = {name: (names(listed), *rest) for name, (listed, *rest) in table.foreign.items()}
    for other in model.tables.values():
        for name, (listed, referred, others) in other.foreign.items():
            if referred == table.name:
                other.foreign[name] = (listed, referred, names(others))


def generated_column(model, table=None, batch=False):
    rng = model.rng
    sources = [column for column in table.columns.values() if column.kind == "int" and not column.extra]
    if not sources or not batch:
        return None
    column = columns.Column(model.new_column_name(table.columns), "sa.Integer()", "int")
    persisted = rng.choice(["", ", persisted=True", ", persisted=False"])
    column.extra = f"sa.Computed('\"{rng.choice(sources).name}\" + 1'{persisted})"
    table.columns[column.name] = column
    up = [call(batch, "add_column", table.name, column.code())]
    return up, [call(batch, "drop_column", table.name, f'"{column.name}"')]


# What a batch calls constraints that SQLite has no name for.
NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s"}


def batch(model):
    """Several of them at once."""
    rng = model.rng
    table = model.table()
    steps = [add_column, add_column, alter_column, alter_column, drop_column, indexes.create, indexes.drop]
    steps += [constraints.unique, constraints.drop, constraints.check, constraints.foreign_key]
    if not model.is_postgresql:
        steps += [drop_column, generated_column, constraints.primary_key]
    up, down = [], []
    # SQLite copies the table as it was; what is added cannot be changed in the same go.
    for _ in range(rng.randint(1, 4) if model.is_wild else rng.randint(1, 3) if model.is_postgresql else 1):
        found = rng.choice(steps)(model, table, batch=True)
        if found:
            up += found[0]
            down = found[1] + down
    if not up:
        return None
    arguments = rng.choice(["", "", ", schema=None"])
    if not model.is_postgresql and model.chance(0.25):
        arguments = f', recreate="{"never" if model.is_wild and model.chance(0.2) else "always"}"'
    if not model.is_postgresql and model.is_wild and model.chance(0.15):
        arguments += f", naming_convention={NAMES!r}"
    head = f'with op.batch_alter_table("{table.name}"{arguments}) as batch_op:'
    return [Block(head, up)], [Block(head, down)]
