"""Enum types of PostgreSQL that are made, used, changed and dropped by themselves."""

import columns
from cases import Block, Snippet
from tables import repr_of


def step(model):
    if not model.is_postgresql:
        return None
    ways = [create, create_and_use]
    if model.enums:
        ways += [add_value, add_value, use, replace]
    return model.rng.choice(ways)(model)


def made(model):
    """A new type, and what makes and drops it."""
    rng = model.rng
    name = f"enum_{model.number()}"
    labels = ["new", "open", "it's"][: rng.randint(1, 3)]
    model.enums[name] = labels
    listed = ", ".join(repr_of(labels))
    quoted = ", ".join("'" + label.replace("'", "''") + "'" for label in labels)
    up = rng.choice(
        [
            f'sa.Enum({listed}, name="{name}").create(op.get_bind())',
            f'sa.Enum({listed}, name="{name}").create(op.get_bind(), checkfirst=True)',
            f'postgresql.ENUM({listed}, name="{name}").create(op.get_bind())',
            f'op.execute("CREATE TYPE {name} AS ENUM ({quoted})")',
            f'op.execute("""\n    CREATE TYPE {name}\n    AS ENUM ({quoted});\n    """)',
        ]
    )
    down = rng.choice(
        [
            f'sa.Enum({listed}, name="{name}").drop(op.get_bind())',
            f'sa.Enum(name="{name}").drop(op.get_bind(), checkfirst=True)',
            f'postgresql.ENUM(name="{name}").drop(op.get_bind())',
            f'op.execute("DROP TYPE {name}")',
            f'op.execute("drop type if exists {name}")',
        ]
    )
    return name, labels, Snippet(up), Snippet(down)


def create(model):
    _, _, up, down = made(model)
    return [up], [down]


def column_of(model, name, labels):
    table = model.table()
    listed = ", ".join(repr_of(labels))
    written = model.rng.choice(
        [
            f'sa.Enum({listed}, name="{name}")',
            f'postgresql.ENUM({listed}, name="{name}", create_type=False)',
            f'postgresql.ENUM(name="{name}", create_type=False)',
        ]
    )
    column = columns.Column(f"e{model.number()}", written, None)
    if model.chance(0.3):
        column.nullable = False
        column.default = f'"{labels[0]}"'
    table.columns[column.name] = column
    return (
        Snippet(f'op.add_column("{table.name}", {column.code()})'),
        Snippet(f'op.drop_column("{table.name}", "{column.name}")'),
    )


def create_and_use(model):
    name, labels, up, down = made(model)
    add, drop = column_of(model, name, labels)
    return [up, add], [drop, down]


def use(model):
    name = model.rng.choice(list(model.enums))
    add, drop = column_of(model, name, model.enums[name])
    return [add], [drop]


def add_value(model):
    rng = model.rng
    name = rng.choice(list(model.enums))
    labels = model.enums[name]
    value = f"value{model.number()}"
    where, at = rng.choice([("", len(labels)), (f" BEFORE '{quoted(labels[0])}'", 0), (f" AFTER '{quoted(labels[0])}'", 1)])
    exists = rng.choice(["", " IF NOT EXISTS"])
    labels.insert(at, value)
    statement = Snippet(f'op.execute("ALTER TYPE {name} ADD VALUE{exists} \'{value}\'{where}")')
    if model.chance(0.3):
        return [Block("with op.get_context().autocommit_block():", [statement])], []
    return [statement], []


def quoted(label):
    return label.replace("'", "''")


def replace(model):
    """A label is renamed, or the type."""
    rng = model.rng
    name = rng.choice(list(model.enums))
    labels = model.enums[name]
    if model.chance(0.5):
        at = rng.randrange(len(labels))
        old, labels[at] = labels[at], f"value{model.number()}"
        new = labels[at]
        return (
            [Snippet(f"op.execute(\"ALTER TYPE {name} RENAME VALUE '{quoted(old)}' TO '{new}'\")")],
            [Snippet(f"op.execute(\"ALTER TYPE {name} RENAME VALUE '{new}' TO '{quoted(old)}'\")")],
        )
    new = f"enum_{model.number()}"
    model.enums[new] = model.enums.pop(name)
    for table in model.tables.values():
        for column in table.columns.values():
            column.type = column.type.replace(f'name="{name}"', f'name="{new}"')
    return (
        [Snippet(f'op.execute("ALTER TYPE {name} RENAME TO {new}")')],
        [Snippet(f'op.execute("ALTER TYPE {new} RENAME TO {name}")')],
    )
