"""The page's modules joined: in the order of their imports, each in a scope of its own, and small."""

import gzip
import re

import pytest

from chatserver.fronts.web import assets
from chatserver.fronts.web.bundle import _TEXT, bundled, joined, lean, lean_script, lean_styles
from tests.harness import ROOT

FOLDER = ROOT / "chatserver" / "fronts" / "web" / "page"
PAGE_BYTES_MAX = 45 * 1024


def test_what_a_module_imports_comes_before_it() -> None:
    texts = {
        "app.js": 'import { b } from "./b.js";\nimport { one } from "./c.js";\nb(one);\n',
        "b.js": 'import { one } from "./c.js";\nexport function b(x) {\n  return one + x;\n}\n',
        "c.js": "// a constant\nexport const one = 1;\n",
    }
    assert joined(texts, "app") == "const one=1;function b(x){return one + x}b(one);"


@pytest.mark.parametrize("again", ["const one = 2;", "export function one() {}", "export class one {}", "let one;"])
def test_a_name_that_two_modules_have_at_their_top_is_refused(again: str) -> None:
    texts = {"app.js": f'import {{ b }} from "./b.js";\n{again}\n', "b.js": "const one = 1;\nexport const b = one;\n"}
    with pytest.raises(ValueError, match="both call something one"):
        joined(texts, "app")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('import b from "./b.js";\n', "import b"),
        ('import * as b from "./b.js";\n', "import *"),
        ('import { b } from "other";\n', "import { b }"),
        ("export default 1;\n", "export default"),
        ('import { app } from "./app.js";\n', "circle"),
    ],
)
def test_a_form_that_it_does_not_know_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        joined({"app.js": text}, "app")


def test_comments_and_indentation_stay_behind() -> None:
    text = '/* a\n b */\na {\n  b: c; /* d */\n}\n\n// e\n"//f";\ng; // h\n'
    assert lean(text) == 'a {\nb: c; /* d */\n}\n"//f";\ng;\n'


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("if (a) {\n  b = [1, 2];\n}\n", "if(a){b=[1,2]}"),
        ("return a + +b / c; // d\n", "return a + +b / c;"),
        ('f("a, b; {", `c ${d ? `(${e}) ; ` : ""} , f`);', 'f("a, b; {",`c ${d ? `(${e}) ; ` : ""} , f`);'),
        ('const a = /[/"] , `/.test(b) ? c : /, d/u;', 'const a=/[/"] , `/.test(b)?c:/, d/u;'),
        ("a.replace(/; }/g, x => x)", "a.replace(/; }/g,x=>x)"),
    ],
)
def test_blanks_within_a_text_stay(text: str, left: str) -> None:
    assert lean_script(text) == left


def test_every_text_of_the_page_is_known_as_one() -> None:
    for path in FOLDER.glob("*.js"):
        beside = _TEXT.sub("", lean(path.read_text()))
        assert not set(beside) & {'"', "`"}, path.name


def test_blanks_that_a_style_sheet_can_miss_stay_behind() -> None:
    text = "a > b, c :hover {\n  color: red;\n  margin: 0 auto;\n}\n"
    assert lean_styles(text) == "a>b,c :hover{color:red;margin:0 auto}"


def test_the_page_refers_to_one_script_and_one_style_sheet() -> None:
    page = bundled(assets._read(FOLDER), "index.html")["index.html"].decode()
    assert re.findall(r'<script[^>]*src="([^"]*)"', page) == ["./page.js"]
    assert re.findall(r'<link rel="stylesheet" href="([^"]*)"', page) == ["./page.css"]


def test_a_first_visit_is_45_kb_at_most() -> None:
    files = bundled(assets._read(FOLDER), "index.html")
    visited = ("index.html", "page.js", "page.css", "icon.svg")
    assert sum(len(gzip.compress(files[name])) for name in visited) <= PAGE_BYTES_MAX


def test_no_text_of_a_module_looks_like_a_comment_at_the_end() -> None:
    for path in FOLDER.glob("*.js"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            before, mark, _ = line.partition(" // ")
            open_texts = mark and any(before.count(quote) % 2 for quote in "\"'`")
            assert not open_texts, f"{path.name}:{number}: {line}"


def test_no_text_of_a_module_goes_over_several_lines() -> None:
    """What is taken off the beginning of a line is never part of a text."""
    for path in FOLDER.glob("*.js"):
        for line in path.read_text().splitlines():
            code = re.sub(r'//.*|/(?:\\.|[^/\\\n])+/[a-z]*|"[^"]*"', "", line)
            assert code.count("`") % 2 == 0 or line.lstrip().startswith(("*", "/")), f"{path.name}: {line}"


def test_every_file_of_the_page_has_its_job_told() -> None:
    told = (FOLDER / "README.md").read_text()
    for path in FOLDER.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in told, path.name
