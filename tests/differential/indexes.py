"""Indexes."""

from call import call
from tables import comparable, repr_of


def create(model, table=None, batch=False):
    rng = model.rng
    table = table or model.table()
    usable = [column for column in table.columns.values() if comparable(column)]
    texts = [column for column in usable if column.kind == "text"]
    if not usable:
        return None
    chosen = rng.sample(usable, min(len(usable), rng.choice([1, 1, 1, 2])))
    names = [column.name for column in chosen]
    keys = repr_of(names)
    name = f"ix_{model.number()}"
    written = rng.choice([f'"{name}"', f'"{name}"', f'op.f("{name}")'])
    unique = model.chance(0.25)
    options = [rng.choice(["", "unique=False"])]
    if unique:
        options = ["unique=True"]
    # What SQLAlchemy makes of an expression when it has to find a name is nobody's.
    what = rng.random()
    if model.chance(0.1) and what >= 0.26:
        written, name = "None", model.name_of("ix", table.name, names)
        if name in table.indexes:
            return None
    if what < 0.1 and texts:
        column = rng.choice(texts)
        names, keys = [column.name], [f"sa.text('lower({model.quoted(column.name)})')"]
        if model.chance(0.5):
            keys.append(f'"{column.name}"')
    elif what < 0.18:
        keys = [f"sa.text('{model.quoted(names[0])} DESC')"] + keys[1:]
    elif what < 0.22 and model.is_postgresql:
        keys = [f"sa.text('{model.quoted(names[0])} DESC NULLS LAST')"] + keys[1:]
    elif what < 0.26:
        keys = [f'sa.column("{names[0]}").desc()'] + keys[1:]
    if model.chance(0.15):
        column = rng.choice(chosen)
        condition = rng.choice(["IS NOT NULL", "IS NULL"])
        if column.kind == "int":
            condition = rng.choice([condition, "> 0", "!= 3", "IN (1, 2)"])
        elif column.kind == "text":
            condition = rng.choice([condition, "= 'x'", "<> ''"])
        elif column.kind == "bool":
            condition = rng.choice([condition, "", "IS TRUE"]) if model.is_postgresql else condition
        condition = f'{model.quoted(column.name)} {condition}'.strip()
        options.append(f'{model.dialect}_where=sa.text("""{condition} """)')
        names = [*names, column.name] if column.name not in names else names
    if model.is_postgresql and model.chance(0.08) and not unique and len(keys) == 1:
        if chosen[0].kind in ("int", "text", "moment"):
            method = "hash" if keys[0].startswith('"') else "btree"
            options.append(f'postgresql_using="{method}"')
    elif model.is_postgresql and model.chance(0.06) and len(usable) > 1:
        other = rng.choice(usable).name
        if other not in names:
            options.append(f'postgresql_include=["{other}"]')
            names = [*names, other]
    elif model.is_postgresql and model.chance(0.06) and keys[0] == f'"{names[0]}"' and chosen[0].kind == "text":
        if "CHAR" not in chosen[0].type:
            options.append(f'postgresql_ops={{"{names[0]}": "varchar_pattern_ops"}}')
    if batch:
        keywords = ""
    else:
        keywords = "if_not_exists=True" if model.chance(0.06) else ""
    table.indexes[name] = (names, unique)
    up = [call(batch, "create_index", table.name, f"[{', '.join(keys)}]", *options, keywords, first=written)]
    return up, [dropped(model, table, name, batch)]


def dropped(model, table, name, batch):
    if batch:
        return call(batch, "drop_index", table.name, first=f'"{name}"')
    step = call(True, "drop_index", table.name, rng_argument(model, table), first=f'"{name}"')
    step.head = step.head.replace("batch_op.", "op.", 1)
    return step


def rng_argument(model, table):
    named = f'table_name="{table.name}"'
    return model.rng.choice([named, named, named, "", f"{named}, if_exists=True"])


def drop(model, table=None, batch=False):
    table = table or model.table()
    if not table.indexes:
        return None
    name = model.rng.choice(list(table.indexes))
    names, unique = table.indexes.pop(name)
    up = [dropped(model, table, name, batch)]
    down = [
        call(
            batch, "create_index", table.name, f"[{', '.join(repr_of(names))}]", f"unique={unique}", first=f'"{name}"'
        )  # fmt: skip
    ]
    return up, down
