//! Functions, their decorators, classes and their objects.

use super::{eval, operations};

#[test]
fn arguments_find_their_parameters() {
    assert_eq!(
        eval(
            "def f(a, /, b=2, *c, d, e=5, **g):\n    return [a, b, c, d, e, g]\nx = f(1, d=4, h=6)"
        ),
        "[1, 2, (), 4, 5, {'h': 6}]"
    );
    assert_eq!(
        eval("def f(a, b):\n    return [a, b]\nx = f(*[1], **{'b': 2})"),
        "[1, 2]"
    );
    assert_eq!(
        eval("import os\nfrom lib import g\nx = g(*os.a, 1)"),
        "lib.g()"
    );
}

#[test]
fn closures_and_nonlocal() {
    assert_eq!(
        eval(
            "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n        return n\n    g()\n    return g()\nx = f()"
        ),
        "2"
    );
    assert_eq!(eval("x = 0\ndef f():\n    global x\n    x = 5\nf()"), "5");
}

#[test]
fn generators() {
    assert_eq!(
        eval("def f():\n    yield 1\n    yield from [2, 3]\n    a = yield 4\nx = list(f())"),
        "[1, 2, 3, 4]"
    );
    assert_eq!(
        eval("def f():\n    yield 'a'\n    yield 'b'\nx = ', '.join(f())"),
        "'a, b'"
    );
    assert_eq!(
        eval("import os\ndef f():\n    if os.x:\n        yield 1\nx = [0, f()]\ny = 1"),
        "[0, lost: it depends on a condition that is only known at run time]"
    );
    assert_eq!(
        eval("def f():\n    n = 0\n    while True:\n        yield n\nf()\nx = 1"),
        "1"
    );
}

#[test]
fn decorators() {
    let text = "\
import functools
def twice(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        op.a('before')
        f(*args, **kwargs)
        return f(*args, **kwargs)
    return inner
def named(name):
    def outer(f):
        def inner():
            op.a(name)
            return f()
        return inner
    return outer
@named('n')
@twice
def f():
    op.a('f')
    return 'r'
op.a(f())
@functools.lru_cache(maxsize=None)
def g():
    return 'g'
op.a(g())
";
    assert_eq!(
        operations(text),
        ["a(n)", "a(before)", "a(f)", "a(f)", "a(r)", "a(g)"]
    );
    let text = "\
import tenacity, other
@tenacity.retry(stop=1)
def f():
    op.a('1')
@other.magic
def g():
    op.a('2')
f()
g()
";
    assert_eq!(operations(text), ["a(1)", "a(2)?"]);
}

#[test]
fn methods_and_inheritance() {
    let text = "\
class A:
    kind = 'a'
    def __init__(self, n):
        self.n = n
    @property
    def double(self):
        return self.n * 2
    @double.setter
    def double(self, value):
        pass
    @classmethod
    def make(cls, n):
        return cls(n)
    @staticmethod
    def plain(n):
        return n
    def show(self):
        return [self.kind, self.n]
class B(A):
    kind = 'b'
    def __init__(self, n):
        super().__init__(n + 1)
    def show(self):
        return super().show() + ['B']
b = B.make(1)
x = [b.show(), b.double, B.plain(3), isinstance(b, A), issubclass(B, A)]
";
    assert_eq!(eval(text), "[['b', 2, 'B'], 4, 3, True, True]");
}

#[test]
fn data_classes_and_named_tuples() {
    let text = "\
from dataclasses import dataclass, field
@dataclass(frozen=True)
class C:
    name: str
    size: int = 1
    tags: list = field(default_factory=list)
    @property
    def label(self):
        return f'{self.name}-{self.size}'
x = [C('a').label, C(name='b', size=2).label, C('c').tags]
";
    assert_eq!(eval(text), "['a-1', 'b-2', []]");
    let text = "\
from typing import NamedTuple
class C(NamedTuple):
    a: str
    b: int = 2
one, two = C('x')
x = [one, two, C('y', 3).b, C('z')[0]]
";
    assert_eq!(eval(text), "['x', 2, 3, 'z']");
    assert_eq!(
        eval(
            "from collections import namedtuple\nP = namedtuple('P', 'a b')\np = P(1, b=2)\nx = [p.a, p.b, list(p)]"
        ),
        "[1, 2, [1, 2]]"
    );
    assert_eq!(eval("A = type('A', (), {'n': 3})\nx = A().n"), "3");
}

#[test]
fn comprehensions_in_class_bodies() {
    let text = "class K:\n    A, B = range(2)\n    NAMES = {A: 'a', B: 'b'}\n    BACK = {v: k for k, v in NAMES.items()}\nx = K.BACK\n";
    assert_eq!(eval(text), "{'a': 0, 'b': 1}");
}
