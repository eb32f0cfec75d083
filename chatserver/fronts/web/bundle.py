"""The page's modules as one script, its style sheets as one, so that a first visit is few requests and few bytes.

Joined when the server starts, in the order of the imports, into one scope: no name stands at the top of two modules.
Comments and what blanks can be missed stay behind. It knows the few forms of import and export that the page's modules
use, and refuses others at the start. Compressed one by one, the files would be half as large again.
"""

import re
from collections.abc import Mapping

SCRIPT, STYLES = "page.js", "page.css"
_ENTRY = re.compile(r'<script type="module" src="\./([\w.]+)"></script>')
_SHEET = re.compile(r'<link rel="stylesheet" href="\./([\w.]+)">\n')
_IMPORT = re.compile(r'^import \{[\w, ]*\} from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) )", re.MULTILINE)
_NAME = re.compile(r"^(?:export )?(?:async function|function|class|const|let) (\w+)", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
_LINE_COMMENT = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_TRAILING_COMMENT = re.compile(r"([;,{}()\[])[ \t]+// [^\n]*$", re.MULTILINE)
_TEMPLATE = r"`(?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\})*`"
_REGEXP = r"(?:(?<=[(\[!])|(?<=[,=:&|?] )|(?<=return ))/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/"
_TEXT = re.compile(rf'"(?:[^"\\\n]|\\.)*"|{_TEMPLATE}|{_REGEXP}')
_BLANKS = re.compile(rf"({_TEXT.pattern})|[ \n]*([=,;:?&|<>(){{}}\[\]]+)[ \n]*")
_STYLE_BLANKS = re.compile(r"\s*([{};,>])\s*|(?<=:)\s+")
_INDENT = re.compile(r"^[ \t]+|^\n", re.MULTILINE)


def bundled(contents: Mapping[str, bytes], page: str) -> dict[str, bytes]:
    """The files and the joined ones, to which the page refers. Raises ValueError for what cannot be joined."""
    texts = {name: data.decode() for name, data in contents.items() if name.endswith((".js", ".css", ".html"))}
    text = texts[page]
    found = {}
    sheets = _SHEET.findall(text)
    if sheets:
        found[STYLES] = lean_styles("".join(texts[name] for name in sheets))
        text = _SHEET.sub("", text).replace("</head>", f'<link rel="stylesheet" href="./{STYLES}">\n</head>', 1)
    entry = _ENTRY.search(text)
    if entry:
        found[SCRIPT] = joined(texts, entry[1].removesuffix(".js"))
        text = text.replace(entry[0], f'<script type="module" src="./{SCRIPT}"></script>')
    return {**contents, **{name: made.encode() for name, made in found.items()}, page: text.encode()}


def joined(texts: Mapping[str, str], entry: str) -> str:
    """A module and all that it imports, those first that others need. Raises ValueError on a circle or a name twice."""
    parts: dict[str, str] = {}
    begun: set[str] = set()
    owners: dict[str, str] = {}

    def add(name: str) -> None:
        if name in parts:
            return
        if name in begun:
            raise ValueError(f"{name}.js imports itself in a circle")
        begun.add(name)
        source = texts[f"{name}.js"]
        for other in _IMPORT.findall(source):
            add(other)
        parts[name] = _bare(name, source)
        for said in _NAME.findall(source):
            if said in owners:
                raise ValueError(f"{name}.js and {owners[said]}.js both call something {said}")
            owners[said] = name

    add(entry)
    return "".join(parts.values())


def lean(text: str) -> str:
    """Without lines of comment, empty lines and indentation."""
    text = _LINE_COMMENT.sub("", _BLOCK_COMMENT.sub("", text))
    return _INDENT.sub("", _TRAILING_COMMENT.sub(r"\1", text))


def lean_script(text: str) -> str:
    """A module also without the blanks around its signs, and semicolons at the end of a block.

    Quotes, templates and regular expressions stay as they are. A loop needs a body: the page's modules have no other.
    """
    return _BLANKS.sub(_lean_signs, lean(text))


def _lean_signs(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    return found[2].removesuffix(";") if found.string.startswith("}", found.end()) else found[2]


def lean_styles(text: str) -> str:
    """Style sheets also without the blanks around their signs."""
    return _STYLE_BLANKS.sub(r"\1", lean(text)).replace(";}", "}")


def _bare(name: str, source: str) -> str:
    """A module without its imports and exports: all share one scope."""
    body = _EXPORT.sub("", _IMPORT.sub("", source))
    other = _OTHER.search(body)
    if other:
        raise ValueError(f"{name}.js has a form of import or export that is not joined: {other[0]}")
    return lean_script(body)
