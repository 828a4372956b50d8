"""Rules of the house about danger, read off the source as deploy/semgrep/rules.yml has them too.

Each rule has an example that breaks it, so that none is kept by a reader that sees nothing.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "cases", "desk", "eligibility", "knowledge", "store")

_UNSAFE_IMPORTS = {
    "requests", "urllib.request", "urllib3", "pickle", "marshal", "shelve", "dill", "subprocess",
    "telnetlib", "ftplib", "xmlrpc", "xml.etree.ElementTree", "xml.dom.minidom", "xml.sax",
}  # fmt: skip
_SHELLS = {"system", "popen", "create_subprocess_shell", "getoutput"}
_YAML_LOADS = {"load", "load_all", "unsafe_load", "full_load"}
_LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_PERSONAL = re.compile(
    r"(^|_)(body|text|words|story|phone|contact|content|token|secret|password|pin|answer_text|"
    r"address|message|inbound|update|payload|note|reply|username|display_name)$"
)
"""Names of variables that hold what a log must never show."""
_SECRET = re.compile(r"(^|_)(secret|secret_token|signature|mac|hmac|password|pin_index)$")
_SQL_CALLS = {"sa.text", "sqlalchemy.text", "connection.exec_driver_sql"}

Finding = tuple[str, int]


def _dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of names, or nothing."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            before = _dotted(inner)
            return f"{before or '?'}.{name}"
        case _:
            return ""


def _last(node: ast.expr) -> str:
    return _dotted(node).rpartition(".")[2]


def _is_built(node: ast.expr) -> bool:
    """Whether a text is put together rather than written down."""
    match node:
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.FormattedValue) for value in values)
        case ast.BinOp(left=left, right=right):
            return not (isinstance(left, ast.Constant) and isinstance(right, ast.Constant))
        case ast.Call(func=ast.Attribute(attr="format")):
            return True
        case _:
            return False


def findings(source: str) -> Iterator[Finding]:
    """The rules that a file breaks, and the lines."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                for one in names:
                    if one.name in _UNSAFE_IMPORTS:
                        yield "import", node.lineno
            case ast.ImportFrom(module=str(module), names=names):
                whole = {module, *(f"{module}.{one.name}" for one in names)}
                if whole & _UNSAFE_IMPORTS:
                    yield "import", node.lineno
            case ast.Call():
                yield from ((rule, node.lineno) for rule in _rules_of_a_call(node))
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
                if any(_SECRET.search(_last(side)) for side in (left, right)):
                    yield "secret compared", node.lineno
            case _:
                pass


def _rules_of_a_call(node: ast.Call) -> Iterator[str]:
    name, called = _last(node.func), _dotted(node.func)
    first = node.args[0] if node.args else None
    if name == "Markup" and not isinstance(first, ast.Constant):
        yield "markup"
    if name in _SHELLS or any(
        word.arg == "shell" and not (isinstance(word.value, ast.Constant) and not word.value.value)
        for word in node.keywords
    ):
        yield "shell"
    if called.startswith("yaml.") and name in _YAML_LOADS:
        yield "yaml"
    if name in {"eval", "exec", "compile"} and called == name:
        yield "eval"
    if called in _SQL_CALLS and first is not None and _is_built(first):
        yield "sql"
    if name == "execute" and first is not None and _is_built(first):
        yield "sql"
    if name in _LOGS and called.partition(".")[0] in {"log", "logger", "logging"}:
        if first is not None and _is_built(first):
            yield "log built"
        told = (*node.args[1:], *(word.value for word in node.keywords))
        if any(_PERSONAL.search(_last(arg)) for arg in told if isinstance(arg, ast.expr)):
            yield "log personal"


BROKEN = {
    "import": "from urllib.request import urlopen",
    "markup": "Markup(f'<b>{name}</b>')",
    "shell": "run(command, shell=True)",
    "yaml": "yaml.load(text)",
    "eval": "eval(text)",
    "sql": "session.execute(f'DELETE FROM cases WHERE id = {id}')",
    "log built": "log.info(f'{name} wrote')",
    "log personal": "log.warning('not sent: %s', message.body)",
    "secret compared": "given == settings.webhook_secret",
}

ALLOWED = {
    ("desk/charts.py", "markup"): "the one place that draws SVG; every text in it is escaped there",
    ("desk/pages/security.py", "markup"): "a QR code that segno draws: squares, no words",
    ("store/backup.py", "sql"): "names of tables and columns, read from the database itself",
    ("store/session.py", "sql"): "pragmas of ours, which take no parameters",
    (
        "desk/pages/accounts.py",
        "secret compared",
    ): "the two fields of one form",
}
"""What a file may do, and why."""


def sources() -> list[Path]:
    """All Python of the program; released migrations are never edited."""
    return [
        path
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def test_no_source_breaks_a_rule() -> None:
    broken = [
        f"{name}:{line}: {rule}"
        for path in sources()
        for rule, line in findings(path.read_text("utf-8"))
        if ((name := path.relative_to(ROOT).as_posix()), rule) not in ALLOWED
    ]

    assert broken == []


def test_what_is_allowed_is_still_done() -> None:
    done = {
        (path.relative_to(ROOT).as_posix(), rule)
        for path in sources()
        for rule, _ in findings(path.read_text("utf-8"))
    }

    assert set(ALLOWED) <= done


@pytest.mark.parametrize(("rule", "source"), BROKEN.items(), ids=BROKEN)
def test_each_rule_sees_what_breaks_it(rule: str, source: str) -> None:
    assert rule in {found for found, _ in findings(source)}


@pytest.mark.parametrize(
    "source",
    [
        "Markup('<b>')",
        "run(command, shell=False)",
        "yaml.safe_load(text)",
        "session.execute(sa.text('SELECT 1'))",
        "log.info('sent %s', row.id)",
        "hmac.compare_digest(given, secret)",
    ],
)
def test_no_rule_minds_what_is_well_done(source: str) -> None:
    assert list(findings(source)) == []


# --- templates ------------------------------------------------------------------------------------

TEMPLATES = sorted(
    path for room in ("desk", "bot", "cases", "knowledge") for path in (ROOT / room).rglob("*.html")
)
_FORBIDDEN = {
    "unescaped": re.compile(r"[^\"'\s]\s*\|\s*safe\b|\{%-?\s*autoescape\s+false"),
    "inline script": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.IGNORECASE
    ),
    "inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "inline style": re.compile(r"<style\b|<[^>]*\sstyle\s*=", re.IGNORECASE),
    "javascript address": re.compile(r"=\s*[\"']?\s*javascript:", re.IGNORECASE),
    "another site": re.compile(
        r"<(?:script|img|link|iframe|audio|video|source)\b[^>]*(?:src|href)\s*=\s*[\"'](?:https?:)?//",
        re.IGNORECASE,
    ),
}
_EXAMPLES = {
    "unescaped": "{{ name | safe }}",
    "inline script": "<script>go()</script>",
    "inline handler": '<a href="/" onclick="go()">',
    "inline style": '<p style="color: red">',
    "javascript address": '<a href="javascript:go()">',
    "another site": '<img src="//cdn.example/logo.png">',
}


def _told(text: str) -> set[str]:
    return {rule for rule, pattern in _FORBIDDEN.items() if pattern.search(text)}


def test_templates_are_found() -> None:
    assert len(TEMPLATES) > 20


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_trusts_a_value_or_carries_a_script_or_style(path: Path) -> None:
    assert _told(path.read_text("utf-8")) == set()


@pytest.mark.parametrize(("rule", "text"), _EXAMPLES.items(), ids=_EXAMPLES)
def test_each_rule_of_templates_sees_what_breaks_it(rule: str, text: str) -> None:
    assert rule in _told(text)


# --- the same for semgrep -------------------------------------------------------------------------


def test_semgrep_is_given_a_rule_for_each_of_ours() -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "semgrep" / "rules.yml").read_text("utf-8"))["rules"]

    assert {one["metadata"]["rule"] for one in rules} == set(BROKEN) | {"unescaped"}
    for one in rules:
        assert one["message"]
        assert one["severity"] == "ERROR"
