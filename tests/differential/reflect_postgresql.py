"""What PostgreSQL's catalogs say, in the shape of `migrate-lint schema`."""

from sqlalchemy import text

ACTIONS = {"a": None, "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

COLUMNS = """
select c.relname, obj_description(c.oid, 'pg_class'), a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text, col_description(c.oid, a.attnum)
from pg_class c
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'alembic_version'
order by c.relname, a.attnum
"""

NAMES = """(select array_agg(a.attname::text order by x.at) from unnest({keys}) with ordinality x (number, at)
join pg_attribute a on a.attrelid = {table} and a.attnum = x.number)"""

CONSTRAINTS = f"""
select t.relname, k.conname, k.contype::text, {NAMES.format(keys='k.conkey', table='k.conrelid')},
       r.relname, {NAMES.format(keys='k.confkey', table='k.confrelid')}, k.confdeltype::text, k.confupdtype::text,
       pg_get_expr(k.conbin, k.conrelid),
       case when k.condeferred then 'DEFERRABLE INITIALLY DEFERRED' when k.condeferrable then 'DEFERRABLE' end
from pg_constraint k join pg_class t on t.oid = k.conrelid left join pg_class r on r.oid = k.confrelid
where t.relnamespace = 'public'::regnamespace and t.relname <> 'alembic_version' and k.contype <> 't'
order by 1, 2
"""

INDEXES = """
select t.relname, c.relname, i.indisunique, m.amname, i.indnkeyatts,
       array(select pg_get_indexdef(i.indexrelid, k, true) from generate_series(1, i.indnatts) k order by k),
       i.indoption::text, pg_get_expr(i.indpred, i.indrelid, true),
       array(select case when o.opcdefault then null else o.opcname::text end
             from unnest(i.indclass) with ordinality x (class, at) join pg_opclass o on o.oid = x.class order by x.at)
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
join pg_am m on m.oid = c.relam
where t.relnamespace = 'public'::regnamespace and t.relname <> 'alembic_version'
and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid
                and k.contype in ('p', 'u', 'x'))
order by 1, 2
"""

ENUMS = """
select t.typname, (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)
from pg_type t where t.typtype = 'e' and t.typnamespace = 'public'::regnamespace order by 1
"""

SEQUENCES = """
select c.relname, t.relname || '.' || a.attname, format_type(s.seqtypid, null)
from pg_class c join pg_sequence s on s.seqrelid = c.oid left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
left join pg_class t on t.oid = d.refobjid left join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
where c.relkind = 'S' and c.relnamespace = 'public'::regnamespace order by 1
"""


def reflect(connection):
    def rows(query):
        return connection.execute(text(query.replace("::", "\\:\\:"))).fetchall()

    tables = {}
    for table, comment, name, spelling, nullable, default, identity, generated, column_comment in rows(COLUMNS):
        found = tables.setdefault(
            table,
            {
                "columns": [],
                "primary_key": None,
                "unique": [],
                "foreign_keys": [],
                "indexes": [],
                "checks": [],
                "comment": comment,
            },
        )
        if name is None:
            continue
        found["columns"].append(
            {
                "name": name,
                "type": spelling,
                "nullable": nullable,
                "default": None if generated else default,
                "identity": {"a": "ALWAYS", "d": "BY DEFAULT"}.get(identity),
                "generated": default if generated else None,
                "comment": column_comment,
            }
        )
    for (
        table, name, kind, columns, references, ref_columns, ondelete, onupdate, check, deferrable
    ) in rows(CONSTRAINTS):  # fmt: skip
        found = tables[table]
        constraint = {"name": name, "columns": columns or [], "deferrable": deferrable}
        if kind == "p":
            found["primary_key"] = constraint
        elif kind == "u":
            found["unique"].append(constraint)
        elif kind == "f":
            constraint["references"] = references
            constraint["ref_columns"] = ref_columns
            constraint["ondelete"] = ACTIONS[ondelete]
            constraint["onupdate"] = ACTIONS[onupdate]
            found["foreign_keys"].append(constraint)
        elif kind == "c":
            found["checks"].append({"name": name, "definition": check})
    for table, name, unique, using, count, keys, options, predicate, classes in rows(INDEXES):
        spelled = []
        for key, option, operator_class in zip(keys, options.split(), classes):
            order = {0: "", 1: " DESC NULLS LAST", 2: " NULLS FIRST", 3: " DESC"}[int(option)]
            spelled.append(key + (f" {operator_class}" if operator_class else "") + order)
        tables[table]["indexes"].append(
            {
                "name": name,
                "columns": spelled,
                "unique": unique,
                "using": using,
                "include": [key.strip('"') for key in keys[count:]],
                "where": predicate,
            }
        )
    return {
        "tables": tables,
        "enums": {name: labels or [] for name, labels in rows(ENUMS)},
        "sequences": {name: {"owned_by": owner, "type": spelling} for name, owner, spelling in rows(SEQUENCES)},
    }
