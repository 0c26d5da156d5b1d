"""The columns of random tables: types, defaults and whatever else is written at them."""

from dataclasses import dataclass

# Type as written, and the kind of its values.
TYPES = [
    ("sa.Integer()", "int"),
    ("sa.Integer", "int"),
    ("sa.BigInteger()", "int"),
    ("sa.SmallInteger()", "int"),
    ("sa.String()", "text"),
    ("sa.String(50)", "text"),
    ("sa.String(length=255)", "text"),
    ("sa.Text()", "text"),
    ("sa.Unicode(20)", "text"),
    ("sa.UnicodeText()", "text"),
    ("sa.VARCHAR(10)", "text"),
    ("sa.CHAR(3)", None),
    ("sa.Numeric()", "number"),
    ("sa.Numeric(10, 2)", "number"),
    ("sa.Numeric(precision=8)", "number"),
    ("sa.DECIMAL(5, 1)", "number"),
    ("sa.Float()", "number"),
    ("sa.Float(precision=20)", "number"),
    ("sa.Double()", "number"),
    ("sa.REAL()", "number"),
    ("sa.DateTime()", "moment"),
    ("sa.DateTime(timezone=True)", "moment"),
    ("sa.TIMESTAMP()", "moment"),
    ("sa.TIMESTAMP(timezone=True)", "moment"),
    ("sa.Date()", "date"),
    ("sa.Time()", None),
    ("sa.Boolean()", "bool"),
    ("sa.LargeBinary()", None),
    ("sa.LargeBinary(length=16)", None),
    ("sa.JSON()", "json"),
    ("sa.Uuid()", "uuid"),
    ("sa.PickleType()", None),
    ('sa.Enum("red", "green", name="colour", native_enum=False)', None),
    ('sa.Enum("red", "green", name="colour", native_enum=False, create_constraint=True)', None),
    ('sa.Boolean(create_constraint=True, name="flag_check")', "bool"),
    ('sa.String(10).with_variant(sa.Text(), "postgresql")', "text"),
    ('sa.Integer().with_variant(sa.BigInteger(), "sqlite")', "int"),
]
POSTGRESQL_TYPES = [
    ("sa.Interval()", None),
    ("sa.Time(timezone=True)", None),
    ('sa.String(20, collation="C")', "text"),
    ("postgresql.TIMESTAMP(precision=3)", "moment"),
    ("postgresql.TIMESTAMP(timezone=True, precision=0)", "moment"),
    ("postgresql.INTERVAL()", None),
    ("postgresql.UUID()", "uuid"),
    ("postgresql.UUID(as_uuid=True)", "uuid"),
    ("postgresql.JSONB()", "json"),
    ("postgresql.JSONB(astext_type=sa.Text())", "json"),
    ("postgresql.JSON()", "json"),
    ("postgresql.ARRAY(sa.Integer())", "array"),
    ("sa.ARRAY(sa.String(20))", "array"),
    ("sa.ARRAY(sa.Text(), dimensions=2)", "array"),
    ("postgresql.BYTEA()", None),
    ("postgresql.DOUBLE_PRECISION()", "number"),
    ("postgresql.INET()", None),
    ("postgresql.CIDR()", None),
    ("postgresql.MACADDR()", None),
    ("postgresql.BIT(4)", None),
    ("postgresql.BIT(5, varying=True)", None),
    ("postgresql.MONEY()", None),
    ("postgresql.TSVECTOR()", None),
    ("postgresql.INT4RANGE()", None),
    ("postgresql.TSTZRANGE()", None),
]
# What a migration that was copied from another database writes.
SQLITE_TYPES = [("sa.BLOB()", None), ("sa.NVARCHAR(12)", "text"), ("sa.Interval()", None)]

DEFAULTS = {
    "int": ['"0"', 'sa.text("0")', 'sa.text("-1")', '"7"'],
    "number": ['"0"', '"0.00"', 'sa.text("0.5")', 'sa.text("1.50")'],
    "text": ['"x"', '""', '''sa.text("'x'")''', '"it\'s"', '"0"', '"true"', '''sa.text("'a b'")'''],
    "bool": ["sa.true()", "sa.false()", 'sa.text("true")', 'sa.text("FALSE")', '"t"', '"false"', '"1"'],
    "moment": ["sa.func.now()", 'sa.text("CURRENT_TIMESTAMP")', "sa.func.current_timestamp()"],
    "date": ["sa.func.current_date()", 'sa.text("CURRENT_DATE")', '"2020-01-31"'],
    "json": ['"{}"', '"[]"', '''sa.text("'{}'")'''],
}
POSTGRESQL_DEFAULTS = {
    "moment": ['sa.text("now()")', '''sa.text("(now() at time zone 'utc')")''', "sa.func.clock_timestamp()"],
    "uuid": ['sa.text("gen_random_uuid()")', "sa.func.gen_random_uuid()"],
    "json": ['''sa.text("'{}'::jsonb")'''],
    "text": ['''sa.text("'x'::character varying")''', 'sa.text("upper(\'x\')")', 'sa.func.lower("ABC")'],
    "array": ['"{}"', '''sa.text("'{}'")'''],
    "int": ['sa.text("1 + 1")', '''sa.text("'3'::integer")'''],
}


@dataclass
class Column:
    name: str
    type: str
    kind: "str | None"
    nullable: bool = True
    default: "str | None" = None
    comment: "str | None" = None
    # `sa.Identity()`, `sa.Computed(…)`, and the like.
    extra: "str | None" = None

    def code(self, *flags):
        """As it is written where it is made, with keys and indexes."""
        parts = [f'"{self.name}"', self.type]
        keywords = [flag for flag in flags if "=" in flag.split("(")[0]]
        parts += [flag for flag in flags if flag not in keywords]
        if self.extra:
            parts.append(self.extra)
        if self.default:
            keywords.append(f"server_default={self.default}")
        if not self.nullable:
            keywords.append("nullable=False")
        if self.comment:
            keywords.append(f'comment="{self.comment}"')
        return f"sa.Column({', '.join(parts + keywords)})"


RAW_TYPES = {
    "sa.Integer()": ["integer", "int", "INT4"],
    "sa.BigInteger()": ["bigint", "int8"],
    "sa.String(50)": ["varchar(50)", "character varying(50)", "VARCHAR (50)"],
    "sa.Text()": ["text", "TEXT"],
    "sa.Boolean()": ["boolean", "bool"],
    "sa.Numeric(10, 2)": ["numeric(10,2)", "NUMERIC(10, 2)", "decimal(10, 2)"],
    "sa.DateTime()": ["timestamp", "timestamp without time zone"],
    "sa.DateTime(timezone=True)": ["timestamptz", "TIMESTAMP WITH TIME ZONE"],
    "postgresql.JSONB()": ["jsonb"],
    "postgresql.UUID()": ["uuid"],
    "postgresql.ARRAY(sa.Integer())": ["integer[]", "int[]"],
}
RAW_DEFAULTS = {
    "int": ["0", "-1", "'5'"],
    "text": ["'x'", "''", "'a''b'"],
    "number": ["0", "1.5"],
    "bool": ["true", "FALSE"],
    "moment": ["now()", "CURRENT_TIMESTAMP"],
    "json": ["'{}'"],
    "array": ["'{}'"],
    "uuid": ["gen_random_uuid()"],
}


def raw_type(written, dialect):
    """The ways in which SQL writes a type; none for most."""
    spellings = RAW_TYPES.get(written, [])
    if not spellings:
        return []
    # SQLAlchemy does not know the others when it reflects a table of SQLite.
    return spellings if dialect == "postgresql" else [spellings[0].replace("timestamptz", "timestamp")]


def types(dialect):
    return TYPES + (POSTGRESQL_TYPES if dialect == "postgresql" else SQLITE_TYPES)


def defaults(dialect, kind):
    found = list(DEFAULTS.get(kind, []))
    if dialect == "postgresql":
        found += POSTGRESQL_DEFAULTS.get(kind, [])
    return found
