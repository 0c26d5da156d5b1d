"""Calls of `op`, which lose the table within a batch."""

from cases import Snippet


def call(batch, function, table, *arguments, first=None):
    """`op.f(first, table, …)`, or `batch_op.f(first, …)`."""
    parts = [first] if first else []
    if not batch:
        parts.append(f'"{table}"')
    parts += [argument for argument in arguments if argument]
    return Snippet(f"{'batch_op' if batch else 'op'}.{function}({', '.join(parts)})")
