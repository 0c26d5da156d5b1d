//! The standard library, files of the repository, and what is different each time.

use super::{eval, run};

#[test]
fn files_of_the_repository_are_read() {
    let text = "\
import os
from pathlib import Path
import pathlib
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'sql', 'a.sql')) as f:
    a = f.read()
b = Path(__file__).parent.joinpath('sql/a.sql').read_text()
c = (pathlib.Path(__file__).resolve().parents[0] / 'sql' / 'a.sql').read_text(encoding='utf-8')
d = open(here + '/sql/a.sql').readlines()
e = [line.strip() for line in open(Path(here, 'sql') / 'a.sql')] if False else Path(__file__).name
x = [a, b, c, d, e]
y = open(os.path.join(here, 'none.sql')).read()
z = __file__
";
    let files = [
        ("main.py", "from versions.m import x, y, z\n"),
        ("versions/m.py", text),
        ("versions/sql/a.sql", "SELECT 1;\r\nSELECT 2;\n"),
    ];
    let shown = run(&files, &["x", "y", "z"]);
    let content = "'SELECT 1;\\nSELECT 2;\\n'";
    assert_eq!(
        shown[0],
        format!("[{content}, {content}, {content}, ['SELECT 1;\\n', 'SELECT 2;\\n'], 'm.py']")
    );
    assert!(!shown[1].contains("SELECT"), "{}", shown[1]);
    assert_eq!(shown[2], "<?>/versions/m.py");
}

#[test]
fn collections() {
    assert_eq!(
        eval(
            "from collections import defaultdict\nd = defaultdict(list)\nd['a'].append(1)\nd['a'].append(2)\nx = [d['a'], d.get('b'), len(d)]"
        ),
        "[[1, 2], None, 1]"
    );
    assert_eq!(
        eval(
            "from collections import OrderedDict, Counter\nx = [list(OrderedDict([('a', 1)])), Counter('abca').most_common(1), Counter('aab')['z']]"
        ),
        "[['a'], [('a', 2)], 0]"
    );
    assert_eq!(
        eval(
            "import itertools\nx = [list(itertools.chain([1], (2,))), list(itertools.product('ab', [1])), list(itertools.zip_longest([1], [2, 3]))]"
        ),
        "[[1, 2], [('a', 1), ('b', 1)], [(1, 2), (None, 3)]]"
    );
    assert_eq!(
        eval(
            "import functools\nadd = functools.partial(lambda a, b=0: a + b, 1)\nx = [add(b=2), functools.reduce(lambda a, b: a * b, [2, 3], 4)]"
        ),
        "[3, 24]"
    );
    assert_eq!(
        eval(
            "import copy\na = [[1]]\nb = copy.copy(a)\nc = copy.deepcopy(a)\na[0].append(2)\nx = [b, c]"
        ),
        "[[[1, 2]], [[1]]]"
    );
}

#[test]
fn texts() {
    assert_eq!(
        eval("import textwrap\nx = textwrap.dedent('''\n    a\n      b\n\n    c''')"),
        "'\\na\\n  b\\n\\nc'"
    );
    assert_eq!(
        eval("import json\nx = [json.loads('[1, \"a\", null]'), json.dumps({'a': [1, True]})]"),
        "[[1, 'a', None], '{\"a\": [1, true]}']"
    );
    assert_eq!(eval("from typing import cast\nx = cast('int', 5)"), "5");
}

#[test]
fn what_differs_each_time_equals_nothing() {
    for call in ["uuid.uuid4()", "datetime.datetime.now()", "os.getenv('A')"] {
        let shown = eval(&format!(
            "import uuid, datetime, os\nx = 1 if {call} == {call} else 2\n"
        ));
        assert!(shown.starts_with("unknown"), "{call}: {shown}");
    }
}

#[test]
fn versions_of_python() {
    assert_eq!(
        eval(
            "import sys\nx = [sys.version_info >= (3, 8), sys.version_info < (3,), sys.version_info[0] == 2]"
        ),
        "[True, False, False]"
    );
    assert!(eval("import sys\nx = 1 if sys.version_info >= (3, 13) else 2").starts_with("unknown"));
    assert_eq!(eval("x = 1\nif __name__ == '__main__':\n    x = 2\n"), "1");
    assert_eq!(
        eval("from typing import TYPE_CHECKING\nx = 1\nif TYPE_CHECKING:\n    x = 2\n"),
        "1"
    );
}

#[test]
fn enums() {
    let text = "\
import enum
class A(str, enum.Enum):
    ONE = 'one'
    TWO = 'two'
    UNO = 'one'
    @property
    def loud(self):
        return self.value.upper()
class B(enum.IntFlag):
    R = enum.auto()
    W = enum.auto()
    X = enum.auto()
class C(enum.StrEnum):
    RED = enum.auto()
x = [[a.value for a in A], A('two').name, A['ONE'].value, A.UNO.name, A.ONE == 'one', A.ONE.loud,
     ', '.join(A), B.X.value, list(A.__members__), f'{C.RED}', A.TWO.upper(), len(A), 'one' in [a for a in A]]
";
    assert_eq!(
        eval(text),
        "[['one', 'two'], 'TWO', 'one', 'ONE', True, 'ONE', 'one, two', 4, ['ONE', 'TWO', 'UNO'], 'red', 'TWO', 2, True]"
    );
}

#[test]
fn modules_imported_by_name() {
    let files = [
        ("pkg/__init__.py", ""),
        ("pkg/other.py", "value = 3\n"),
        (
            "main.py",
            "import importlib\nfrom importlib import import_module\nx = importlib.import_module('pkg.other').value\ny = import_module('.other', 'pkg').value\nz = import_module('elsewhere').value\n",
        ),
    ];
    assert_eq!(run(&files, &["x", "y", "z"]), ["3", "3", "elsewhere.value"]);
}

#[test]
fn proxies_stand_for_what_they_call() {
    assert_eq!(
        eval("from lazy_object_proxy import Proxy\nx = Proxy(lambda: 'a').upper()\n"),
        "'A'"
    );
}

#[test]
fn functions_replace_what_a_pattern_finds() {
    let text = "\
import re
a = re.sub(r'([A-Z])', lambda letter: '_' + letter.group(0).lower(), 'ownerTeam')
def found(match):
    return match[1] + '-' + match.group(2)
b = re.compile('(a)(b)').sub(found, 'abxab')
x = [a, b]
";
    assert_eq!(eval(text), "['owner_team', 'a-bxa-b']");
    let text = "import re\nx = re.sub('a', lambda match: something(match), 'abc')";
    assert_eq!(eval(text), "re.sub('a', function <lambda>, 'abc')");
}
