//! Code that means no good ends soon, and what it does is not known.

use super::{eval, operations, run};

/// Runs on a stack like the program's own, and fails if it takes long.
fn bounded(text: &str) -> String {
    let text = text.to_owned();
    let start = std::time::Instant::now();
    let shown = std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(move || eval(&text))
        .unwrap()
        .join()
        .unwrap();
    // Unoptimised, on a busy machine.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    shown
}

fn is_unknown(text: &str) {
    let shown = bounded(text);
    let is_vague = ["unknown", "lost", "unbound"]
        .iter()
        .any(|word| shown.starts_with(word));
    assert!(is_vague, "{text}\n{shown}");
}

#[test]
fn endless_loops() {
    is_unknown("while True:\n    pass\nx = 1\n");
    is_unknown(
        "def f():\n    while True:\n        yield 1\nfor i in f():\n    x = [i] * 9000\nx = [f() for _ in range(9000)]\n",
    );
    is_unknown("l = [1]\nfor i in l:\n    l.append(i)\n    l += l\nx = l\n");
    is_unknown("import itertools\nx = list(itertools.count())\n");
    is_unknown("while (y := 1):\n    def f(): pass\nx = 1\n");
}

#[test]
fn recursion() {
    is_unknown("def f(n):\n    return f(n + 1)\nx = f(0)\n");
    is_unknown("f = lambda g: g(g)\nx = f(f)\n");
    is_unknown("def f(n):\n    return [f(n), f(n), f(n)][0]\nx = f(0)\n");
    is_unknown(
        "class A:\n    def __getattr__(self, name):\n        return getattr(self, name)\nx = A().y\n",
    );
    is_unknown("class A:\n    def __getitem__(self, i):\n        return self[i]\nx = A()[0]\n");
    let (open, close) = ("(1, ".repeat(60), ")".repeat(60));
    bounded(&format!(
        "def f():\n    return {open}f(){close}\nf()\nx = 1\n"
    ));
    let text = format!("y = {}1{}\nx = 1\n", "[".repeat(400), "]".repeat(400));
    bounded(&text);
    let text = format!("x = {}True\n", "not ".repeat(5_000));
    bounded(&text);
    let chain: String = (0..3_000)
        .map(|i| format!("elif a == {i}:\n    x = {i}\n"))
        .collect();
    bounded(&format!("import os\na = os.a\nif a:\n    x = 1\n{chain}"));
}

#[test]
fn growth() {
    is_unknown("x = 'a'\nfor i in range(100):\n    x = x + x\n");
    is_unknown("x = [1]\nfor i in range(100):\n    x = x + x\n");
    is_unknown("x = (1,)\nfor i in range(100):\n    x = x + x\n");
    is_unknown("x = 'a' * 10 ** 9\n");
    is_unknown("x = [0] * 10 ** 12\n");
    is_unknown("x = (0,) * 10 ** 12\n");
    is_unknown("x = list(range(10 ** 12))\n");
    is_unknown("x = [a for a in range(9999) for b in range(9999) for c in range(9999)]\n");
    is_unknown("x = 'a'.replace('', 'b' * 1000000).replace('', 'b' * 1000000)\n");
    is_unknown("x = 'a'.center(10 ** 18)\n");
    bounded("x = '%1000000000d' % 5 + f'{5:1000000000}'\n");
    is_unknown("import itertools\nx = list(itertools.product(*[range(100)] * 10))\n");
    is_unknown("x = 9 ** 9 ** 9\n");
    is_unknown("x = 1 << 10 ** 9\n");
    is_unknown("x = 9223372036854775807 + 1\n");
    is_unknown("x = (-9223372036854775807 - 1) // -1\n");
    is_unknown("x = 1 % 0\n");
    bounded("a = {}\nfor i in range(9999):\n    a[i] = i\nx = a\n");
    bounded("a = [1]\nfor i in range(60):\n    a = [a, a]\nx = a == [a, a]\nx = repr(a)\n");
    bounded("a = b = [1]\nfor i in range(60):\n    a = [a, a]\n    b = [b, b]\nx = a == b\n");
    bounded(
        "a = []\na.append(a)\nx = a == [a]\nx = str(a)\nimport copy\ny = copy.deepcopy(a)\nx = 1\n",
    );
    bounded(
        "import os\na = []\nfor i in range(9999):\n    a.append(i)\n    if os.x:\n        a.append(i)\nx = a\n",
    );
}

#[test]
fn class_hierarchies() {
    bounded("class A(A): pass\nx = A\n");
    let mut text = "class A0: pass\nclass B0: pass\n".to_owned();
    for i in 1..60 {
        let below = i - 1;
        text.push_str(&format!(
            "class A{i}(A{below}, B{below}): pass\nclass B{i}(A{below}, B{below}): pass\n"
        ));
    }
    bounded(&format!("{text}x = A59().y\n"));
    let deep: String = (1..500)
        .map(|i| format!("class A{i}(A{}): pass\n", i - 1))
        .collect();
    bounded(&format!("class A0: y = 1\n{deep}x = A499().y\n"));
}

#[test]
fn imports() {
    let files = [
        ("main.py", "from a import *\nfrom main import *\nx = y\n"),
        ("a.py", "from b import *\nfrom main import *\n"),
        ("b.py", "from a import *\n"),
    ];
    assert!(run(&files, &["x"])[0].starts_with("unknown"));
    let chain: Vec<(String, String)> = (0..300)
        .map(|i| (format!("m{i}.py"), format!("from m{} import y\n", i + 1)))
        .collect();
    let mut files: Vec<(&str, &str)> = chain
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    files.push(("main.py", "from m0 import y as x\n"));
    assert!(run(&files, &["x"])[0].starts_with("unknown"));
}

#[test]
fn what_is_computed_from_text_is_not_known() {
    for text in [
        "x = eval('1')\n",
        "x = __import__('os').getcwd()\n",
        "x = compile('1', '', 'eval')\n",
        "import importlib\nx = str(importlib.import_module('a').b)\n",
    ] {
        let shown = eval(text);
        assert!(!shown.starts_with(['1', '\'']), "{text}{shown}");
    }
}

#[test]
fn rebinding_and_patching_are_seen() {
    assert_eq!(
        operations(
            "def f():\n    op.a('1')\nf()\nclass op:\n    @staticmethod\n    def a(x): pass\nf()\n"
        ),
        ["a(1)"]
    );
    let files = [
        (
            "main.py",
            "import lib\nlib.N = 2\nfrom lib import f\nx = f()\n",
        ),
        ("lib.py", "N = 1\ndef f():\n    return N\n"),
    ];
    assert_eq!(run(&files, &["x"]), ["2"]);
    assert_eq!(eval("class A:\n    n = 1\nA.n = 2\nx = A().n\n"), "2");
    assert!(
        eval("import os\nclass A:\n    n = 1\nsetattr(A, os.name, 2)\nx = A.n\n")
            .starts_with("unknown")
    );
    assert_eq!(eval("globals()['x'] = 5\n"), "5");
    assert_eq!(eval("len = lambda a: 7\nx = len([])\n"), "7");
}

#[test]
fn what_an_iteration_leaves_behind_the_next_one_sees() {
    let text = "\
import os
first = True
for t in os.tables():
    if first:
        op.a('1')
    else:
        op.a('2')
    first = False
";
    let calls = operations(text);
    assert!(calls.contains(&"a(1)?".to_owned()), "{calls:?}");
    assert!(calls.contains(&"a(2)?".to_owned()), "{calls:?}");
}

#[test]
fn recursion_under_unknown_conditions_ends() {
    let text = "import lib\ndef safe(x):\n    if lib.is_map(x):\n        return {safe(k): safe(v) for k, v in x.items()}\n    if lib.is_list(x):\n        return [safe(v) for v in x]\n    return x\nsafe(lib.load())\nx = 1\n";
    assert_eq!(eval(text), "1");
    // A known end is reached.
    assert_eq!(
        eval("def f(n):\n    return 1 if n == 0 else n * f(n - 1)\nx = f(10)\n"),
        "3628800"
    );
}
