"""Single steps of migrations: each gives what upgrade and downgrade do, and changes the model."""

import copy

import alterations
import columns
import constraints
import indexes
import raw
import tables
import types_of_their_own
from cases import Block, Snippet

STEPS = [
    (tables.create, 12),
    (tables.drop, 3),
    (tables.rename, 3),
    (alterations.add_column, 14),
    (alterations.drop_column, 7),
    (alterations.alter_column, 14),
    (indexes.create, 9),
    (indexes.drop, 5),
    (constraints.unique, 5),
    (constraints.foreign_key, 5),
    (constraints.check, 4),
    (constraints.primary_key, 2),
    (constraints.drop, 5),
    (alterations.batch, 8),
    (types_of_their_own.step, 6),
    (raw.step, 10),
    (tables.comment, 1),
]


def any_of(model):
    """A step that is possible now, perhaps written in a roundabout way."""
    if not model.tables:
        return tables.create(model)
    for _ in range(20):
        step = model.rng.choices([step for step, _ in STEPS], [weight for _, weight in STEPS])[0]
        found = step(model)
        if found is not None:
            return disguised(model, *found)
    return None


def disguised(model, up, down):
    """The same, below a condition that holds, in a loop, or with names put together."""
    what = model.rng.random()
    simple = all(isinstance(step, Snippet) and "# " not in step.head for step in up)
    if what < 0.05:
        up = [Block(f'if op.get_bind().dialect.name == "{model.dialect}":', up)]
    elif what < 0.08:
        up = [Block('if "no_such_table" not in sa.inspect(op.get_bind()).get_table_names():', up)]
    elif what < 0.1:
        up = [Block('if sa.inspect(op.get_bind()).has_table("no_such_table"):', copy.deepcopy(up) * 2)] + up
    elif what < 0.12:
        up = [Block('for ignored in ("once",):', up)]
    elif what < 0.16 and simple:
        for step in up + [step for step in down if isinstance(step, Snippet)]:
            for table in model.tables:
                step.head = step.head.replace(f'("{table}"', f"(f\"{{'{table[:2]}'}}{table[2:]}\"")
    return up, down


def invalid(model):
    """Something that fails for what is or is not there.

    Tables and types that no migration has made are not asked for: migrate-lint takes them to have been there before.
    """
    rng = model.rng
    table = model.table()
    if table is None:
        return None
    column = rng.choice(list(table.columns))
    nothing = 'op.execute("SELECT 1")'
    choice = [
        f'op.add_column("{table.name}", sa.Column("{column}", sa.Integer()))',
        f'op.drop_index("ix_nowhere", table_name="{table.name}")',
        f'op.create_table("{table.name}", sa.Column("id", sa.Integer()))',
        f'op.create_index("ix_wrong", "{table.name}", ["nowhere"])',
        f'op.rename_table("{table.name}", "{rng.choice(list(model.tables))}")',
    ]
    if model.is_postgresql:
        choice += [
            f'op.drop_column("{table.name}", "nowhere")',
            f'op.drop_constraint("nowhere", "{table.name}", type_="unique")',
            f'op.alter_column("{table.name}", "nowhere", nullable=False)',
            f'op.create_unique_constraint(None, "{table.name}", ["nowhere"])',
            f'op.drop_constraint(None, "{table.name}", type_="unique")',
            f'op.alter_column("{table.name}", "{column}", new_column_name="{rng.choice(list(table.columns))}")',
            f"op.execute('ALTER TABLE {model.quoted(table.name)} ADD COLUMN {model.quoted(column)} integer')",
        ]
    else:
        choice += [
            f'batch_op.drop_column("nowhere")',
            f'batch_op.drop_constraint("nowhere", type_="unique")',
            f'batch_op.drop_constraint(None, type_="unique")',
            f'batch_op.alter_column("nowhere", nullable=False)',
            f'batch_op.alter_column("{column}", new_column_name="{rng.choice(list(table.columns))}")',
            f'batch_op.create_unique_constraint("uq_wrong", ["nowhere"])',
            f'batch_op.create_unique_constraint(None, ["{column}"])',
            f'batch_op.create_index("ix_wrong", [sa.text("lower({column})")])',
            f'batch_op.drop_index("ix_nowhere")',
            f'batch_op.add_column(sa.Column("{column}", sa.Text()))',
        ]
    wrong = Snippet(rng.choice(choice))
    if wrong.head.startswith("batch_op."):
        always = rng.choice(["", ', recreate="always"'])
        wrong = Block(f'with op.batch_alter_table("{table.name}"{always}) as batch_op:', [wrong])
    # Where it stands in the downgrade, the upgrade is fine.
    return ([wrong], []) if model.chance(0.5) else ([Snippet(nothing)], [wrong])
