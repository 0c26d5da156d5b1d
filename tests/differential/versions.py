"""What histories may use under the installed versions of Alembic and SQLAlchemy."""

import re
from importlib.metadata import version


def _number(package):
    return tuple(int(part) for part in version(package).split(".")[:2])


ALEMBIC = _number("alembic")
SQLALCHEMY = _number("sqlalchemy")
# As the history's own requirements say it.
REQUIREMENTS = f"alembic=={version('alembic')}\nsqlalchemy=={version('sqlalchemy')}\n"

# What came later is written in another way, or left out.
_LATER = [
    (SQLALCHEMY < (2, 0), r"sa\.Double\(\)", "sa.Float()"),
    (SQLALCHEMY < (2, 0), r"sa\.Uuid\(\)", "sa.String(36)"),
    (SQLALCHEMY < (2, 0), r"sa\.text\((\"[^\"]*\")\)\.desc\(\)", r"sa.text(\1)"),
    (SQLALCHEMY < (1, 4), r"sa\.inspect\(op\.get_bind\(\)\)\.has_table\(", "op.get_bind().dialect.has_table(op.get_bind(), "),
    (SQLALCHEMY < (1, 4), r", postgresql_include=\[[^\]]*\]", ""),
    (SQLALCHEMY < (1, 4), r", sa\.Identity\([^()]*\)", ""),
    (SQLALCHEMY < (1, 4), r"postgresql\.TIMESTAMP\([^()]*precision=\d[^()]*\)", "postgresql.TIMESTAMP()"),
    (ALEMBIC < (1, 6), r"sa\.column\((\"[^\"]*\")\)\.desc\(\)", r"\1"),
    (ALEMBIC < (1, 5), r"(batch_op\.add_column\(.*), comment=\"[^\"]*\"", r"\1"),
    (ALEMBIC < (1, 12), r", if(_not)?_exists=True", ""),
    (ALEMBIC < (1, 16), r"(op\.(?:add|drop)_(?:column|constraint)\(.*), if(?:_not)?_exists=True", r"\1"),
]


def fitting(text):
    """The text of a migration with nothing in it that the installed versions do not have."""
    for applies, later, earlier in _LATER:
        if applies:
            text = re.sub(later, earlier, text)
    return text
