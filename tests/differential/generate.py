"""Random histories that are mostly valid: what is done fits what was done before.

The model kept here only serves to find what can be done next; what really happens is for the database to say.
"""

import random

import operations
from cases import Block, Case, Revision, Snippet
from model import Model

CONVENTIONS = [
    {
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
    {
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    },
]


def generate(dialect, seed):
    rng = random.Random(f"{dialect} {seed}")
    naming = rng.choice(CONVENTIONS) if rng.random() < 0.3 else None
    case = Case(dialect, str(seed), naming)
    model = Model(rng, dialect, naming)
    # Whether anything invalid may be in it at all, and whether downgrades are written with care.
    reckless = rng.random() < 0.25
    careless = rng.random() < 0.6
    for number in range(rng.randint(2, 8)):
        revision = Revision(f"{number + 1:04}")
        undone = []
        for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
            found = operations.invalid(model) if reckless and rng.random() < 0.05 else operations.any_of(model)
            if found is None:
                continue
            up, down = found
            revision.up += up
            undone.append(down)
        revision.down = [snippet for down in reversed(undone) for snippet in down]
        if careless and rng.random() < 0.5:
            spoil(rng, revision, dialect)
        case.revisions.append(revision)
    return case


def spoil(rng, revision, dialect):
    """A downgrade as people write them."""
    what = rng.random()
    if what < 0.08:
        revision.down = None
    elif what < 0.16:
        revision.down = [Snippet('raise NotImplementedError("no way back")')]
    elif what < 0.24:
        revision.down = []
    elif what < 0.55 and revision.down:
        # Something is forgotten.
        steps = revision.down
        at = rng.randrange(len(steps))
        inner = steps[at].body if isinstance(steps[at], Block) else steps[at].parts
        if len(inner) > 1 and rng.random() < 0.7:
            del inner[rng.randrange(len(inner))]
        else:
            del steps[at]
    elif what < 0.7 and len(revision.down) > 1:
        rng.shuffle(revision.down)
    else:
        swaps = [
            ("nullable=False", "nullable=True"),
            (", nullable=False", ""),
            ("sa.Integer()", "sa.BigInteger()"),
            ("sa.String(50)", "sa.String(60)"),
            ("unique=True", "unique=False"),
            (', ondelete="CASCADE"', ""),
            (', server_default="0"', ""),
        ]
        if dialect == "postgresql":
            swaps.append(("sa.func.now()", 'sa.text("clock_timestamp()")'))
        rng.shuffle(swaps)
        for old, new in swaps:
            if any(swap(step, old, new) for step in revision.down):
                return


def swap(step, old, new):
    """Replaces the first occurrence of a text."""
    if isinstance(step, Block):
        return any(swap(inner, old, new) for inner in step.body)
    if old in step.head:
        step.head = step.head.replace(old, new, 1)
        return True
    for at, part in enumerate(step.parts):
        if old in part:
            step.parts[at] = part.replace(old, new, 1)
            return True
    return False
