"""Tables that are made, dropped, renamed and described."""

import copy

import columns
from cases import Block, Snippet
from model import Table


def create(model):
    rng = model.rng
    table = Table(model.new_table_name())
    parts, down = [], []
    key = rng.choice(["flag", "flag", "item", "item", "composite", "identity", "none", "item-flag"])
    if not model.is_postgresql and key == "identity":
        key = "flag"
    if key != "none":
        written = rng.choice(["sa.Integer()", "sa.Integer()", "sa.BigInteger()"])
        identifier = columns.Column("id", written, "int", nullable=False)
        flags = []
        if key in ("flag", "item-flag"):
            flags.append("primary_key=True")
        elif key == "identity":
            identifier.extra = rng.choice(["sa.Identity()", "sa.Identity(always=True)", "sa.Identity(start=10)"])
            flags.append("primary_key=True")
        if model.chance(0.2) and flags and not identifier.extra:
            flags.append(rng.choice(["autoincrement=True", "autoincrement=False"]))
        if flags and model.chance(0.4):
            identifier.nullable = True
        parts.append(identifier.code(*flags))
        identifier.nullable = False
        table.columns["id"] = identifier
        table.key = (model.name_of("pk", table.name, ["id"]), ["id"])
    for _ in range(rng.randint(1, 5)):
        column = model.column(table.columns)
        table.columns[column.name] = column
        parts.append(column.code(*flags_of(model, table, column)))
    if key in ("item", "composite"):
        names = ["id"]
        if key == "composite":
            other = rng.choice([column for column in table.columns.values() if column.name != "id"])
            if other.kind not in ("json",) and "Pickle" not in other.type and not other.extra:
                names.append(other.name)
                other.nullable = False
        name = rng.choice(["", "", f', name="{table.name}_pk"', f', name=op.f("pk_{table.name}")'])
        table.key = (given(name) or model.name_of("pk", table.name, names), names)
        parts.append(f"sa.PrimaryKeyConstraint({', '.join(repr_of(names))}{name})")
    parts += items(model, table)
    if model.is_postgresql and model.chance(0.3):
        parts.append(enum_column(model, table, down))
    if model.chance(0.05):
        parts = [parts[0], "*timestamps()", *parts[1:]]
        for name in ("created_at", "updated_at"):
            table.columns[name] = columns.Column(name, "sa.DateTime(timezone=True)", "moment")
    keywords = ""
    if model.chance(0.06):
        keywords = 'comment="a table",\n'
    model.tables[table.name] = table
    up = Snippet(f'op.create_table(\n    "{table.name}",', parts, f"    {keywords}".rstrip() + "\n)" if keywords else ")")
    drops = [Snippet(f'op.drop_table("{table.name}")')]
    if model.chance(0.3):
        for name in table.indexes:
            drops.insert(0, Snippet(f'op.drop_index("{name}", table_name="{table.name}")'))
    up = [up]
    if model.chance(0.05):
        up = [Block(f'if not sa.inspect(op.get_bind()).has_table("{table.name}"):', up)]
    return up, drops + down


def repr_of(names):
    return [f'"{name}"' for name in names]


def given(written):
    """The name in `, name="…"` or `, name=op.f("…")`."""
    return written.split('"')[1] if '"' in written else None


def comparable(column):
    """Whether there is a default way to order it, as keys and indexes need."""
    return column.kind not in ("json",) and "JSON" not in column.type


def flags_of(model, table, column):
    """What is written at a column besides its type."""
    rng = model.rng
    flags = []
    if column.extra is None and model.chance(0.05 if model.is_postgresql else 0.03):
        source = [other for other in table.columns.values() if other.kind == "int" and other is not column]
        if source and column.default is None and "Enum" not in column.type:
            column.type, column.kind = "sa.Integer()", "int"
            column.extra = f"sa.Computed('\"{source[0].name}\" + 1', persisted=True)"
            return flags
    if comparable(column):
        if model.chance(0.15):
            flags.append("index=True")
            if model.chance(0.3):
                flags.append("unique=True")
            name = model.name_of("ix", table.name, [column.name])
            table.indexes[name] = ([column.name], "unique=True" in flags)
        elif model.chance(0.12):
            flags.append("unique=True")
            name = model.name_of("uq", table.name, [column.name])
            if name:
                table.unique[name] = [column.name]
    targets = model.targets()
    if targets and model.chance(0.15) and not column.extra:
        target = rng.choice(targets)
        referred = target.columns[target.key[1][0]]
        column.type, column.kind, column.default = referred.type, referred.kind, None
        options = rng.choice(["", "", ', ondelete="CASCADE"', ', ondelete="SET NULL", onupdate="CASCADE"'])
        name = rng.choice(["", "", f', name="fk_{model.number()}"'])
        flags.insert(0, f'sa.ForeignKey("{target.name}.{target.key[1][0]}"{options}{name})')
        name = given(name) or model.name_of("fk", table.name, [column.name], target.name)
        if name:
            table.foreign[name] = ([column.name], target.name, target.key[1])
    if column.kind == "int" and model.chance(0.04) and not (model.naming and "ck" in model.naming):
        name = f'"check_{model.number()}"'
        flags.insert(0, f"sa.CheckConstraint('\"{column.name}\" > 0', name={name})")
        table.checks[name.strip('"')] = [column.name]
    return flags


def items(model, table):
    """Constraints and indexes that are written beside the columns."""
    rng = model.rng
    usable = [column for column in table.columns.values() if comparable(column) and column.name != "id"]
    found = []
    if usable and model.chance(0.2):
        names = [column.name for column in rng.sample(usable, min(len(usable), rng.randint(1, 2)))]
        name = rng.choice(["", f', name="unique_{model.number()}"', f', name=op.f("uq_{model.number()}")'])
        found.append(f"sa.UniqueConstraint({', '.join(repr_of(names))}{name})")
        name = given(name) or model.name_of("uq", table.name, names)
        if name:
            table.unique[name] = names
    numbers = [column for column in table.columns.values() if column.kind == "int"]
    if numbers and model.chance(0.15):
        column = rng.choice(numbers)
        name = f"positive_{model.number()}"
        written = rng.choice([f'name="{name}"', f'name=op.f("{name}")'])
        found.append(f"sa.CheckConstraint('{model.quoted(column.name)} > 0', {written})")
        if model.naming and "ck" in model.naming and "op.f" not in written:
            name = f"ck_{table.name}_{name}"
        table.checks[name] = [column.name]
    targets = [target for target in model.targets() if target.columns[target.key[1][0]].kind == "int"]
    if numbers and targets and model.chance(0.15):
        column, target = rng.choice(numbers), rng.choice(targets)
        options = rng.choice(["", ', ondelete="CASCADE"', ', ondelete="RESTRICT", use_alter=False'])
        name = rng.choice(["", f', name="fk_{model.number()}"'])
        found.append(
            f'sa.ForeignKeyConstraint(["{column.name}"], ["{target.name}.{target.key[1][0]}"]{options}{name})'
        )
        name = given(name) or model.name_of("fk", table.name, [column.name], target.name)
        if name:
            table.foreign[name] = ([column.name], target.name, target.key[1])
    if usable and model.chance(0.1):
        names = [rng.choice(usable).name]
        name = f"ix_item_{model.number()}"
        unique = rng.choice(["", ", unique=True"])
        found.append(f'sa.Index("{name}", {", ".join(repr_of(names))}{unique})')
        table.indexes[name] = (names, bool(unique))
    return found


def enum_column(model, table, down):
    """A column of an enum that the table brings along."""
    rng = model.rng
    number = model.number()
    name, labels = f"enum_{number}", ["one", "two", "it's"][: rng.randint(1, 3)]
    listed = ", ".join(f'"{label}"' for label in labels)
    written = rng.choice(
        [
            f'sa.Enum({listed}, name="{name}")',
            f'postgresql.ENUM({listed}, name="{name}")',
            f'sa.ARRAY(sa.Enum({listed}, name="{name}"))',
            f'sa.Enum(Mood, name="{name}")',
            f'sa.Enum(Mood, name="{name}", values_callable=lambda mood: [one.value for one in mood])',
        ]
    )
    if "Mood" in written:
        labels = ["h", "s", "c"] if "callable" in written else ["happy", "sad", "calm"]
    column = columns.Column(f"e{number}", written, None, nullable=model.chance(0.5))
    if model.chance(0.3) and "ARRAY" not in written:
        column.default = f'"{labels[0]}"'
    table.columns[column.name] = column
    model.enums[name] = labels
    if model.chance(0.8):
        down.append(
            Snippet(
                rng.choice(
                    [
                        f'sa.Enum(name="{name}").drop(op.get_bind(), checkfirst=False)',
                        f'sa.Enum(name="{name}").drop(op.get_bind(), checkfirst=True)',
                        f'postgresql.ENUM(name="{name}").drop(op.get_bind())',
                        f'op.execute("DROP TYPE {name}")',
                        f'op.execute(sa.text("DROP TYPE IF EXISTS {name}"))',
                    ]
                )
            )
        )
    code = column.code()
    # Whoever makes the table again finds the type there.
    column.type = f'postgresql.ENUM({listed}, name="{name}", create_type=False)'
    if "ARRAY" in written:
        column.type = f"sa.ARRAY({column.type})"
    if "Mood" in written:
        column.type = f"postgresql.ENUM({', '.join(repr_of(labels))}, name=\"{name}\", create_type=False)"
    return code


def again(model, table):
    """What makes a table as it is now."""
    parts = [column.code() for column in table.columns.values()]
    if table.key:
        name = f', name="{table.key[0]}"' if table.key[0] else ""
        parts.append(f"sa.PrimaryKeyConstraint({', '.join(repr_of(table.key[1]))}{name})")
    for name, names in table.unique.items():
        parts.append(f'sa.UniqueConstraint({", ".join(repr_of(names))}, name="{name}")')
    for name, (names, referred, others) in table.foreign.items():
        target = ", ".join(f'"{referred}.{other}"' for other in others)
        parts.append(f'sa.ForeignKeyConstraint([{", ".join(repr_of(names))}], [{target}], name="{name}")')
    steps = [Snippet(f'op.create_table(\n    "{table.name}",', parts, ")")]
    for name, (names, unique) in table.indexes.items():
        steps.append(
            Snippet(f'op.create_index("{name}", "{table.name}", [{", ".join(repr_of(names))}], unique={unique})')
        )
    return steps


def drop(model):
    free = [table for table in model.tables.values() if all(one is table for one in model.referrers(table.name))]
    if len(free) < 2:
        return None
    table = model.rng.choice(free)
    del model.tables[table.name]
    up = []
    for name in table.indexes:
        if model.chance(0.3):
            up.append(Snippet(f'op.drop_index("{name}", table_name="{table.name}")'))
    keyword = model.rng.choice(["", "", ", if_exists=True"])
    return up + [Snippet(f'op.drop_table("{table.name}"{keyword})')], again(model, copy.deepcopy(table))


def rename(model):
    table = model.table()
    old, new = table.name, model.new_table_name()
    model.tables[new] = model.tables.pop(old)
    table.name = new
    for other in model.tables.values():
        for name, (names, referred, others) in other.foreign.items():
            if referred == old:
                other.foreign[name] = (names, new, others)
    return [Snippet(f'op.rename_table("{old}", "{new}")')], [Snippet(f'op.rename_table("{new}", "{old}")')]


def comment(model):
    if not model.is_postgresql:
        return None
    name = model.table().name
    return (
        [Snippet(f'op.create_table_comment("{name}", "what it holds")')],
        [Snippet(f'op.drop_table_comment("{name}", existing_comment="what it holds")')],
    )
