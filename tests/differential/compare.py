"""What two schemas differ in, by the kinds of `migrate-lint replay`, and a form in which they can be compared."""

import re


def expression(text, dialect):
    """An expression without what its printers add by right: casts, parentheses, white space and case."""
    if text is None:
        return None
    text = str(text)
    strings = []

    def keep(match):
        strings.append(match.group())
        return f"\x00{len(strings) - 1}\x00"

    text = re.sub(r"'(?:[^']|'')*'", keep, text)
    text = text.lower()
    if dialect == "postgresql":
        # `"`, `.` and a name may stand in the name of a type.
        text = re.sub(
            r"::(character varying|double precision|bit varying|timestamp|time|\"[^\"]+\"|\w+)(\(\d+(,\d+)?\))?"
            r"( with(out)? time zone)?(\[\])*",
            "",
            text,
        )
        text = re.sub(r"\bcurrent_timestamp\b(\(\))?", "now()", text)
        text = re.sub(r"\bnow\(\) at time zone (\x00\d+\x00)", r"timezone(\1, now())", text)
        text = re.sub(r"= any \(+array\[([^\]]*)\]\)+", r" in (\1)", text)
    else:
        text = re.sub(r"\bcurrent_timestamp\b(\(\))?", "now()", text)
    text = text.replace("!=", "<>").replace('"', "")
    text = re.sub(r"[()\s]+", "", text)
    text = re.sub(r"\x00(\d+)\x00", lambda match: strings[int(match.group(1))], text)
    # A number between quotes is that number; a boolean between quotes is that.
    text = re.sub(r"'(-?\d+(\.\d+)?)'", r"\1", text)
    if dialect == "postgresql":
        text = {"'t'": "true", "'true'": "true", "'f'": "false", "'false'": "false"}.get(text, text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        text = text.rstrip("0").rstrip(".")
    return None if text == "null" else text


def normal(schema, dialect):
    """A schema with its tables as maps, by name where there is one."""
    tables = {}
    for name, table in schema["tables"].items():
        if name == "alembic_version":
            continue
        # The column that is the row's number in SQLite holds no NULL, whatever is written.
        key = (table["primary_key"] or {}).get("columns", [])

        def spelled(column):
            kind = column["type"]
            is_row_number = dialect == "sqlite" and kind == "INTEGER" and key == [column["name"]]
            if kind is not None and dialect == "sqlite":
                kind = re.sub(r"\s", "", kind.upper())
            generated = column.get("generated")
            default = expression(column["default"], dialect)
            if (kind or "").lower() == "boolean" and default in ("1", "0"):
                default = {"1": "true", "0": "false"}[default]
            return {
                "type": kind,
                "nullable": column["nullable"] and not is_row_number,
                "default": default,
                "identity": column.get("identity"),
                # SQLite tells apart only whether it is.
                "generated": expression(generated, dialect) if dialect == "postgresql" else generated is not None,
                "comment": column.get("comment"),
            }

        tables[name] = {
            "columns": {column["name"]: spelled(column) for column in table["columns"]},
            "order": [column["name"] for column in table["columns"]],
            "constraints": [("primary_key", pick(found, "columns")) for found in [table["primary_key"]] if found]
            + [("unique", pick(found, "columns")) for found in table["unique"]]
            + [
                ("fk", pick(found, "columns", "references", "ref_columns", "ondelete", "onupdate"))
                for found in table["foreign_keys"]
            ]
            + [
                ("check", {"name": found["name"], "definition": expression(found["definition"], dialect)})
                for found in table["checks"]
            ],
            "indexes": [
                {
                    "name": index["name"],
                    "columns": [expression(key, dialect) for key in index.get("columns") or []],
                    "unique": index.get("unique"),
                    "using": index.get("using"),
                    "include": index.get("include") or [],
                    "where": expression(index.get("where"), dialect),
                }
                for index in table["indexes"]
            ],
            "comment": table.get("comment"),
        }
    return {
        "tables": tables,
        "enums": dict(schema["enums"]),
        "sequences": {
            name: {"owned_by": found.get("owned_by"), "type": found.get("type")}
            for name, found in schema["sequences"].items()
        },
    }


def pick(found, *keys):
    return {**{key: found[key] for key in ("name", *keys)}, "deferrable": found.get("deferrable")}


def differences(before, after):
    """Pairs of a kind and an object, with what it was and is."""
    found = []

    def both(one, two):
        return sorted(one.keys() | two.keys())

    def add(kind, name, old=None, new=None):
        found.append((kind, name, old, new))

    for name in both(before["tables"], after["tables"]):
        old, new = before["tables"].get(name), after["tables"].get(name)
        if old is None or new is None:
            add("table_added" if old is None else "table_removed", name)
            continue
        for column in both(old["columns"], new["columns"]):
            one, two = old["columns"].get(column), new["columns"].get(column)
            where = f"{name}.{column}"
            if one is None or two is None:
                add("column_added" if one is None else "column_removed", where, one, two)
                continue
            for key in one:
                if one[key] != two[key]:
                    kind = f"{key}_changed" if key in ("nullable", "default") else f"column_{key}_changed"
                    add(kind, where, one[key], two[key])
        named(old["constraints"], new["constraints"], name, add)
        indexes = [[("index", index) for index in table["indexes"]] for table in (old, new)]
        named(*indexes, name, add)
        if old["comment"] != new["comment"]:
            add("table_comment_changed", name, old["comment"], new["comment"])
    for kind, of in (("enum", "enums"), ("sequence", "sequences")):
        for name in both(before[of], after[of]):
            old, new = before[of].get(name), after[of].get(name)
            if old is None or new is None:
                add(f"{kind}_added" if old is None else f"{kind}_removed", name, old, new)
            elif old != new:
                add(f"{kind}_labels_changed" if kind == "enum" else f"{kind}_changed", name, old, new)
    return found


def named(old, new, table, add):
    """The difference of two lists of things with a kind, and mostly a name."""
    left = [item for item in old if item not in new]
    right = [item for item in new if item not in old]

    def pairs(same):
        for one in list(left):
            two = next((two for two in right if same(one, two)), None)
            if two is not None:
                left.remove(one)
                right.remove(two)
                yield one, two

    def subject(item):
        return f"{table}.{item['name']}" if item["name"] else f"{table}({', '.join(item.get('columns', []))})"

    def definition(item):
        return {key: value for key, value in item.items() if key != "name"}

    for (kind, one), (_, two) in pairs(lambda one, two: one[1]["name"] and one[1]["name"] == two[1]["name"]):
        add(f"{kind}_changed", subject(one), one, two)
    for (kind, one), (_, two) in pairs(
        lambda one, two: one[0] == two[0] and definition(one[1]) == definition(two[1])
    ):
        add(f"{kind}_renamed", subject(one), one["name"], two["name"])
    for kind, one in left:
        add(f"{kind}_removed", subject(one), one)
    for kind, two in right:
        add(f"{kind}_added", subject(two), None, two)


def without_unknown(ours, real, said):
    """Both schemas without what we say not to know, and the reasons."""
    reasons = [entry["reason"] for entry in said["uncertain"]]
    if reasons:
        return None, None, reasons
    for name, table in said["tables"].items():
        if not table["uncertain"]:
            continue
        reasons += [entry["reason"] for entry in table["uncertain"]]
        for schema in (ours, real):
            schema["tables"].pop(name, None)
    return ours, real, reasons
