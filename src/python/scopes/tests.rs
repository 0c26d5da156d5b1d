use super::*;

fn undefined(text: &str) -> Vec<String> {
    let file = ParsedFile::new(text.as_bytes());
    let found = undefined_names(&file);
    found.into_iter().map(|found| found.path).collect()
}

#[test]
fn names_that_nothing_binds() {
    for (text, expected) in [
        ("Text()\n", &["Text"][..]),
        (
            "def f():\n    return app.types.GUID(a)\n",
            &["app.types.GUID", "a"],
        ),
        ("import a.b\na.c\nb\n", &["b"]),
        ("from a import b as c\nb\nc\n", &["b"]),
        (
            "def f(x=y, *args: int, **kw):\n    return x, args, kw\n",
            &["y"],
        ),
        ("@decorator\ndef f(): pass\n", &["decorator"]),
        (
            "class A(Base):\n    x = 1\n    def f(self):\n        return x\n",
            &["Base", "x"],
        ),
        ("class A:\n    x = [1]\n    y = [x for _ in x]\n", &["x"]),
        ("[a for a in b]\na\n", &["b", "a"]),
        ("f = lambda a, b=c: a + b + d\n", &["c", "d"]),
        ("x = f\"{y!r:{z}}\"\n", &["y", "z"]),
        ("def f():\n    x = 1\ndef g():\n    return x\n", &["x"]),
        ("a.b = c\n", &["a.b", "c"]),
        ("d[k] = 1\n", &["d", "k"]),
        ("try:\n    x\nexcept E as e:\n    e\n", &["x", "E"]),
        ("x: Union[str, None] = None\n", &["Union"]),
        ("match a:\n    case B(c) if d: c\n", &["a", "B", "d"]),
        (
            "def f():\n    def g():\n        nonlocal x\n        x = 1\n    g()\n",
            &[],
        ),
        ("{k: v for k in ks for v in k if w}\n", &["ks", "w"]),
    ] {
        assert_eq!(undefined(text), expected, "{text}");
    }
}

#[test]
fn names_that_are_there() {
    for text in [
        "def f():\n    return later\nlater = 1\n",
        "try:\n    import a\nexcept ImportError:\n    a = None\na\n",
        "try:\n    unknown\nexcept NameError:\n    unknown = None\n",
        "try:\n    unknown\nexcept (KeyError, NameError):\n    pass\n",
        "if x_ := 1:\n    pass\nx_\n",
        "[y := a for a in ()]\ny\n",
        "for a, (b, *c) in ():\n    a, b, c\n",
        "with open(__file__) as f, open('b') as (g, h):\n    f, g, h\n",
        "match 1:\n    case {'a': a, **rest}: a, rest\n    case [b, *c]: b, c\n    case (int() as d) | d: d\n",
        "from __future__ import annotations\ndef f(a: X) -> Y: pass\nz: Z = 1\n",
        "def f():\n    a: X = 1\n    return a\n",
        "def f() -> 'Unknown': pass\n",
        "def f[T](a: T) -> T:\n    return T\n",
        "class A[T](list[T]):\n    x: T\n",
        "type X[T] = list[T]\nX\n",
        "def f():\n    global g\n    g = 1\ndef h():\n    return g\n",
        "class A(metaclass=M):\n    x = unknown\nM = type\n",
        "class A:\n    x = 1\n    y = x\n    def f(self):\n        return __class__\n",
        "from a import *\nunknown\n",
        "exec('unknown = 1')\nunknown\n",
        "globals()['unknown'] = 1\nunknown\n",
        "import sys\nsetattr(sys.modules[__name__], 'unknown', 1)\nunknown\n",
        "print unknown\n",
        "def f(:\n    unknown\n",
        "unicode, long, WindowsError, ExceptionGroup, __name__, _('a')\n",
        "del a\na = 1\n",
        "async def f():\n    async with a as b:\n        await b\n    return [c async for c in b]\na = 1\n",
        "def f(*, a, b=1, **kw): a, b, kw\n",
        "lambda *args, **kw: (args, kw)\n",
        "class E(Exception):\n    pass\nraise E from None\n",
    ] {
        assert_eq!(undefined(text), [""; 0], "{text}");
    }
}

#[test]
fn imports_go_behind_the_others() {
    let place = |text: &str| place_for_import(&ParsedFile::new(text.as_bytes()));
    assert_eq!(
        place("import a\nfrom b import (\n  c,\n)\nx = 1\n"),
        Some((32, "\n"))
    );
    assert_eq!(place("import a\r\n"), Some((10, "\r\n")));
    assert_eq!(place("import a\nx = 1\nimport b\n"), Some((9, "\n")));
    assert_eq!(place("import a"), None);
    assert_eq!(place("x = 1\n"), None);
}

#[test]
fn uses_of_imported_names() {
    let text = "from a import b as c, unused\nimport d.e\nfrom .f import g\nfrom h import shadowed\n\
                def up(x: c.Annotation = c.Default):\n    from i import j\n    c.query(j)\n    d.e.f(g)\n    shadowed = 1\n";
    let file = ParsedFile::new(text.as_bytes());
    let found: Vec<(String, Vec<(String, bool)>)> = imported_names(&file.module)
        .into_iter()
        .map(|name| {
            let uses = name.uses.iter();
            let uses = uses.map(|used| (used.attributes.join("."), used.is_called));
            (name.local.to_string(), uses.collect())
        })
        .collect();
    let used = |attributes: &str, is_called| (attributes.to_owned(), is_called);
    assert_eq!(
        found,
        [
            (
                "c".to_owned(),
                vec![used("Default", false), used("query", true)]
            ),
            ("d".to_owned(), vec![used("e.f", true)]),
            ("g".to_owned(), vec![used("", false)]),
            ("j".to_owned(), vec![used("", false)]),
        ]
    );
}

#[test]
fn defaults_of_columns_are_not_called() {
    let stamp = "def stamp():\n    return later()\ndef later():\n    return datetime.now()\n";
    for (rest, is_silent) in [
        ("op.add_column('t', sa.Column('a', default=stamp))\n", true),
        (
            "op.create_table('t', sa.Column('a', default=stamp, onupdate=stamp))\ninsert\n",
            true,
        ),
        (
            "op.add_column('t', sa.Column('a', default=lambda: stamp()))\n",
            true,
        ),
        (
            "t = op.create_table('t', sa.Column('a', default=stamp))\nop.bulk_insert(t, [])\n",
            false,
        ),
        (
            "op.add_column('t', sa.Column('a', default=stamp()))\n",
            false,
        ),
        (
            "op.add_column('t', sa.Column('a', default=stamp))\nop.execute(stamp())\n",
            false,
        ),
        (
            "t = sa.Table('t', m, sa.Column('a', default=stamp))\nbind.execute(t.insert())\n",
            false,
        ),
        (
            "class T(Base):\n    a = sa.Column('a', default=stamp)\n",
            true,
        ),
        (
            "class T(Base):\n    a = sa.Column('a', default=stamp)\nsession.add(T())\n",
            false,
        ),
        ("", false),
    ] {
        let text = format!("import sa, op, m, bind, session, Base, insert\n{stamp}{rest}");
        assert_eq!(undefined(&text).is_empty(), is_silent, "{rest}");
    }
}
