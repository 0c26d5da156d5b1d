"""Constraints that are added to tables and dropped from them."""

from call import call
from tables import comparable, repr_of


def named(model, table, label, names, referred=None):
    """A name as written, and as it will be."""
    number = model.number()
    ways = [(f'"{label}_{number}"', f"{label}_{number}"), (f'op.f("{label}_{number}")', f"{label}_{number}")]
    automatic = model.name_of(label, table.name, names, referred)
    if automatic and label != "ck":
        ways.append(("None", automatic))
    written, name = model.rng.choice(ways)
    if label == "ck" and model.naming and "ck" in model.naming and "op.f" not in written:
        name = f"ck_{table.name}_{name}"
    return written, name


def dropper(model, table, name, kind, batch, is_final=True):
    written = f'op.f("{name}")' if is_final and model.naming else f'"{name}"'
    kind = f'type_="{kind}"' if model.chance(0.85) or not model.is_postgresql else ""
    return call(batch, "drop_constraint", table.name, kind, first=written)


def possible(model, batch):
    return model.is_postgresql or batch


def unique(model, table=None, batch=False):
    table = table or model.table()
    usable = [column for column in table.columns.values() if comparable(column)]
    if not usable or not possible(model, batch):
        return None
    names = [column.name for column in model.rng.sample(usable, min(len(usable), model.rng.choice([1, 2])))]
    written, name = named(model, table, "uq", names)
    if name in table.unique:
        return None
    table.unique[name] = names
    keyword = "deferrable=True" if model.chance(0.05) and model.is_postgresql else ""
    up = [
        call(
            batch, "create_unique_constraint", table.name, f"[{', '.join(repr_of(names))}]", keyword, first=written
        )  # fmt: skip
    ]
    return up, [dropper(model, table, name, "unique", batch)]


def foreign_key(model, table=None, batch=False):
    rng = model.rng
    table = table or model.table()
    if not possible(model, batch):
        return None
    targets = [target for target in model.targets() if target.columns[target.key[1][0]].kind == "int"]
    numbers = [column for column in table.columns.values() if column.kind == "int" and not column.extra]
    if not targets or not numbers:
        return None
    target, column = rng.choice(targets), rng.choice(numbers)
    if target is table:
        return None
    written, name = named(model, table, "fk", [column.name], target.name)
    if name in table.foreign:
        return None
    table.foreign[name] = ([column.name], target.name, target.key[1])
    options = rng.choice(["", "", 'ondelete="CASCADE"', 'ondelete="SET NULL"', 'onupdate="CASCADE"', "deferrable=True", 'initially="DEFERRED"'])
    up = [
        call(
            batch, "create_foreign_key", table.name, f'"{target.name}"', f'["{column.name}"]',
            f"[{', '.join(repr_of(target.key[1]))}]", options, first=written,
        )  # fmt: skip
    ]
    return up, [dropper(model, table, name, "foreignkey", batch)]


def check(model, table=None, batch=False):
    rng = model.rng
    table = table or model.table()
    numbers = [column for column in table.columns.values() if column.kind in ("int", "number", "text")]
    if not numbers or not possible(model, batch):
        return None
    column = rng.choice(numbers)
    written, name = named(model, table, "ck", [column.name])
    quoted = model.quoted(column.name)
    condition = f"{quoted} > 0" if column.kind != "text" else f"{quoted} <> ''"
    if column.kind == "text":
        condition = rng.choice([condition, f"length({quoted}) > 2", f"{quoted} IN ('a', 'b')"])
    table.checks[name] = [column.name]
    written_condition = rng.choice([f'"""{condition}"""', f'sa.text("""{condition}""")'])
    up = [call(batch, "create_check_constraint", table.name, written_condition, first=written)]
    return up, [dropper(model, table, name, "check", batch)]


def primary_key(model, table=None, batch=False):
    table = table or model.table()
    if not possible(model, batch) or table.key and not (batch and model.is_wild):
        return None
    usable = [column for column in table.columns.values() if comparable(column)]
    if not usable:
        return None
    column = model.rng.choice(usable)
    written, name = named(model, table, "pk", [column.name])
    table.key = (name, [column.name])
    column.nullable = False
    up = [call(batch, "create_primary_key", table.name, f'["{column.name}"]', first=written)]
    return up, [dropper(model, table, name, "primary", batch)]


def drop(model, table=None, batch=False):
    rng = model.rng
    table = table or model.table()
    if not possible(model, batch):
        return None
    choice = [("unique", name) for name in table.unique] + [("foreignkey", name) for name in table.foreign]
    choice += [("check", name) for name in table.checks]
    if not choice:
        return None
    kind, name = rng.choice(choice)
    up = [dropper(model, table, name, kind, batch)]
    written = f'op.f("{name}")'
    if kind == "unique":
        names = table.unique.pop(name)
        down = call(batch, "create_unique_constraint", table.name, f"[{', '.join(repr_of(names))}]", first=written)
    elif kind == "foreignkey":
        names, referred, others = table.foreign.pop(name)
        down = call(
            batch, "create_foreign_key", table.name, f'"{referred}"', f"[{', '.join(repr_of(names))}]",
            f"[{', '.join(repr_of(others))}]", first=written,
        )  # fmt: skip
    else:
        names = table.checks.pop(name)
        down = call(
            batch, "create_check_constraint", table.name, f"'{model.quoted(names[0])} IS NOT NULL'", first=written
        )  # fmt: skip
    return up, [down]
