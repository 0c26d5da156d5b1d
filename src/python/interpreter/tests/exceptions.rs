//! Which handler takes an exception, and what a `with` statement runs.

use super::{eval, operations};

#[test]
fn the_class_chooses_the_handler() {
    let text = "\
try:
    raise ModuleNotFoundError('x')
except (KeyError, IndexError):
    x = 1
except ImportError as e:
    x = 2
except Exception:
    x = 3
else:
    x = 4
finally:
    y = 1
";
    assert_eq!(eval(text), "2");
    let text = "\
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
try:
    raise sa.exc.NoSuchTableError('t')
except sa.exc.OperationalError:
    x = 1
except SQLAlchemyError:
    x = 2
";
    assert_eq!(eval(text), "2");
    let text = "\
class Base(Exception): pass
class Derived(Base): pass
class Other(Exception): pass
try:
    raise Derived
except Other:
    x = 1
except Base:
    x = 2
";
    assert_eq!(eval(text), "2");
    assert_eq!(
        eval("try:\n    raise SystemExit(1)\nexcept Exception:\n    x = 1\nexcept:\n    x = 2\n"),
        "2"
    );
}

#[test]
fn a_class_that_is_not_known_makes_the_handler_unsure() {
    let text = "\
import psycopg2
try:
    op.a('1')
    raise psycopg2.errors.UndefinedTable
except ValueError:
    op.a('2')
except Exception:
    op.a('3')
op.a('4')
";
    assert_eq!(operations(text), ["a(1)", "a(2)?", "a(3)?", "a(4)"]);
}

#[test]
fn a_handler_may_raise_again() {
    let text = "\
def f():
    try:
        raise KeyError('a')
    except KeyError:
        op.a('1')
        raise
try:
    f()
    op.a('2')
except LookupError:
    op.a('3')
finally:
    op.a('4')
";
    assert_eq!(operations(text), ["a(1)", "a(3)", "a(4)"]);
}

#[test]
fn what_may_have_been_raised_makes_the_rest_uncertain_and_the_handler_too() {
    let text = "\
import os
try:
    if os.x:
        raise ValueError
    op.a('1')
except ValueError:
    op.a('2')
op.a('3')
try:
    if os.x:
        raise ValueError
    op.a('4')
except ValueError:
    op.a('5')
    raise
op.a('6')
";
    assert_eq!(
        operations(text),
        // A handler that raises again belongs to a run that fails.
        ["a(1)?", "a(2)?", "a(3)", "a(4)", "a(6)"]
    );
    let text = "\
import os
x = 0
try:
    x = 1
    if os.x:
        raise ValueError
    x = 2
except ValueError:
    x = 3
";
    assert!(eval(text).starts_with("unknown"));
}

#[test]
fn an_exception_in_an_expression_ends_the_statement() {
    let text = "\
def fail():
    raise ValueError
def f(a):
    op.a('no')
x = 1
try:
    x = f(fail())
except ValueError:
    op.a('yes')
if x == 1:
    op.a('unbound')
";
    assert_eq!(operations(text), ["a(yes)", "a(unbound)"]);
}

#[test]
fn lookups_that_fail_for_certain_are_exceptions_where_they_are_handled() {
    assert_eq!(
        eval("d = {'a': 1}\ntry:\n    x = d['b']\nexcept KeyError:\n    x = 'no b'\n"),
        "'no b'"
    );
    assert_eq!(
        eval("try:\n    x = [][0]\nexcept IndexError:\n    x = 'empty'\n"),
        "'empty'"
    );
    assert_eq!(
        eval("try:\n    x = int('a')\nexcept ValueError:\n    x = 'no number'\n"),
        "'no number'"
    );
    assert!(
        eval("import os\nd = {os.a: 1}\ntry:\n    x = d['b']\nexcept KeyError:\n    x = 'no b'\n")
            .starts_with("unknown")
    );
}

#[test]
fn suppressed_exceptions_end_at_the_with_statement() {
    let text = "\
import contextlib
with contextlib.suppress(ValueError, KeyError):
    op.a('1')
    raise KeyError
    op.a('2')
op.a('3')
with contextlib.suppress(KeyError):
    raise ValueError
op.a('4')
";
    assert_eq!(operations(text), ["a(1)", "a(3)"]);
}

#[test]
fn the_body_of_a_with_statement_runs_where_the_manager_yields() {
    let text = "\
from contextlib import contextmanager
@contextmanager
def disable(name):
    op.a('off')
    try:
        yield name + '!'
    finally:
        op.a('on')
def f():
    with disable('a') as one, disable('b') as two:
        op.b(one)
        op.b(two)
        return 'c'
op.b(f())
try:
    with disable('d'):
        raise ValueError
except ValueError:
    op.b('e')
manager = disable('f')
with manager as g:
    op.b(g)
";
    assert_eq!(
        operations(text),
        [
            "a(off)", "a(off)", "b(a!)", "b(b!)", "a(on)", "a(on)", "b(c)", "a(off)", "a(on)",
            "b(e)", "a(off)", "b(f!)", "a(on)"
        ]
    );
}

#[test]
fn a_manager_may_yield_in_one_of_two_places() {
    let text = "\
import contextlib, os
@contextlib.contextmanager
def block():
    if os.x:
        yield 1
    else:
        op.a('1')
        yield 2
    op.a('2')
with block():
    op.a('3')
op.a('4')
";
    assert_eq!(
        operations(text),
        ["a(3)?", "a(1)?", "a(3)?", "a(2)", "a(4)"]
    );
}

#[test]
fn objects_of_the_repository_are_entered_and_left() {
    let text = "\
class Block:
    def __enter__(self):
        op.a('enter')
        return 'x'
    def __exit__(self, kind, error, trace):
        op.a('exit')
        return error is not None
with Block() as x:
    op.a(x)
with Block():
    raise ValueError
op.a('after')
";
    assert_eq!(
        operations(text),
        [
            "a(enter)", "a(x)", "a(exit)", "a(enter)", "a(exit)", "a(after)"
        ]
    );
}
