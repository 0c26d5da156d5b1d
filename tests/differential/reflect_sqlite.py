"""What SQLite's PRAGMAs and the statements it keeps say, in the shape of `migrate-lint schema`."""

import re

from sqlalchemy import text


def reflect(connection):
    def rows(query):
        return connection.execute(text(query)).fetchall()

    statements = {
        (kind, name): sql for kind, name, sql in rows("select type, name, sql from sqlite_master order by name")
    }
    tables = {}
    for kind, table in statements:
        if kind != "table" or table == "alembic_version" or table.startswith("sqlite_"):
            continue
        quoted = table.replace('"', '""')
        items = list(constraints(statements[kind, table]))

        columns, key = [], []
        for _, name, spelling, not_null, default, in_key, hidden in rows(f'pragma table_xinfo("{quoted}")'):
            columns.append(
                {
                    "name": name,
                    # A column that is computed has its words in the type.
                    "type": re.sub(r"(?i)\s*generated always", "", spelling),
                    "nullable": not not_null,
                    "default": default,
                    "identity": None,
                    "generated": "" if hidden in (2, 3) else None,
                    "comment": None,
                }
            )
            if in_key:
                key.append((in_key, name))
        key = [name for _, name in sorted(key)]
        # Several that are over the same columns share an index.
        unique = [{"name": name, "columns": names} for kind, name, names, _ in items if kind == "unique"]
        indexes = []
        for _, name, is_unique, origin, _ in rows(f'pragma index_list("{quoted}")'):
            index = name.replace('"', '""')
            keys = [(row[2], row[3]) for row in rows(f'pragma index_xinfo("{index}")') if row[5]]
            if origin == "c":
                listed, predicate = key_list(statements["index", name])
                indexes.append(
                    {
                        "name": name,
                        "columns": [
                            expression if column is None else column + (" DESC" if descending else "")
                            for (column, descending), expression in zip(keys, listed)
                        ],
                        "unique": bool(is_unique),
                        "using": "btree",
                        "include": [],
                        "where": predicate,
                    }
                )
        foreign = {}
        for number, _, references, column, ref_column, onupdate, ondelete, _ in rows(
            f'pragma foreign_key_list("{quoted}")'
        ):
            found = foreign.setdefault(
                number,
                {
                    "columns": [],
                    "references": references,
                    "ref_columns": [],
                    "ondelete": None if ondelete == "NO ACTION" else ondelete,
                    "onupdate": None if onupdate == "NO ACTION" else onupdate,
                },
            )
            found["columns"].append(column)
            found["ref_columns"].append(ref_column)
        # The last one comes first.
        keys = [(name, deferrable) for kind, name, _, deferrable in items if kind == "foreign key"]
        for number, found in foreign.items():
            found["name"], found["deferrable"] = keys[len(keys) - 1 - number]
        key_name = next((name for kind, name, _, _ in items if kind == "primary key"), None)
        tables[table] = {
            "columns": columns,
            "primary_key": {"name": key_name, "columns": key} if key else None,
            "unique": unique,
            "foreign_keys": list(foreign.values()),
            "indexes": indexes,
            "checks": [
                {"name": name, "definition": names}
                for kind, name, names, _ in items
                if kind == "check"
            ],
            "comment": None,
        }
    return {"tables": tables, "enums": {}, "sequences": {}}


def split(text):
    """The items of a list in parentheses that the text begins with, and what comes after."""
    depth, start, quote, items = 0, 1, None, []
    for at, sign in enumerate(text):
        if quote:
            quote = None if sign == quote else quote
        elif sign in "\"'`":
            quote = sign
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if not depth:
                return items + [text[start:at].strip()], text[at + 1 :]
        elif sign == "," and depth == 1:
            items.append(text[start:at].strip())
            start = at + 1
    raise ValueError(f"no end of {text!r}")


def bare(name):
    return name.strip().strip('"')


CONSTRAINT = re.compile(
    r'(?:CONSTRAINT\s+("[^"]+"|\w+)\s+)?\b(PRIMARY KEY|UNIQUE|CHECK|FOREIGN KEY|REFERENCES)\b\s*', re.I
)


def constraints(statement):
    """Kind, name, columns and deferral of the constraints in `CREATE TABLE`; of checks, the expression."""
    items, _ = split(statement[statement.index("(") :])
    for item in items:
        column = bare(re.match(r'"[^"]+"|\w+', item).group())
        at = 0
        while found := CONSTRAINT.search(item, at):
            name, kind = found.group(1) and bare(found.group(1)), found.group(2).lower()
            at = found.end()
            if kind == "check":
                parts, rest = split(item[at:])
                yield kind, name, ", ".join(parts), None
                at = len(item) - len(rest)
            elif found.start() == 0:
                parts, rest = split(item[at:])
                yield kind, name, [bare(part) for part in parts], deferral(rest)
                break
            else:
                yield {"references": "foreign key"}.get(kind, kind), name, [column], deferral(item[at:])


def deferral(text):
    found = re.search(r"(?i)(\bNOT\s+)?\bDEFERRABLE\b(\s+INITIALLY\s+DEFERRED)?", text)
    if found is None or found.group(1):
        return None
    return "DEFERRABLE INITIALLY DEFERRED" if found.group(2) else "DEFERRABLE"


def key_list(statement):
    """The keys and the predicate of `CREATE INDEX`."""
    on = re.search(r"(?i)\bON\s+(\"[^\"]+\"|\w+)\s*", statement)
    keys, rest = split(statement[on.end() :])
    where = re.match(r"(?is)\s*where\s+(.*)$", rest)
    return keys, where and where.group(1)
