"""The house rules, executable: arrows between rooms, sizes, and words on every test."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("flows", "newsletter", "subscribers")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))

ONLY_IN = {
    "prefect": ("flows/",),
    "fastapi": ("subscribers/web/",),
    "starlette": ("subscribers/web/",),
    "aiosmtplib": ("newsletter/mail/smtp.py",),
    "sklearn": ("newsletter/relevance/features.py", "newsletter/relevance/topics.py"),
    "feedparser": ("newsletter/sources/",),
    "bs4": ("newsletter/sources/",),
    "pydantic_settings": ("newsletter/settings.py",),
    "ruamel": ("subscribers/roster/",),
    "mjml": ("newsletter/mail/",),
    "flufl": ("newsletter/mail/bounces.py",),
    "cryptography": ("newsletter/mail/dkim.py",),
    "dns": ("newsletter/lookups.py",),
    "imap_tools": ("subscribers/mailbox.py",),
    "aiosmtpd": ("subscribers/lmtp.py",),
}
"""Each of these libraries is known in one place, so that it can be replaced there."""

PURE = (
    "newsletter/models.py",
    "newsletter/errors.py",
    "newsletter/novelty.py",
    "newsletter/identity.py",
    "newsletter/encoding.py",
    "newsletter/asking.py",
    "subscribers/web/drawing.py",
    "newsletter/reports.py",
    "newsletter/relevance/topics.py",
    "newsletter/relevance/labels.py",
    "newsletter/relevance/fields.py",
    "newsletter/relevance/phrases.py",
    "newsletter/relevance/related.py",
    "newsletter/relevance/corpus.py",
    "newsletter/relevance/abbreviations.py",
    "newsletter/relevance/matching.py",
    "newsletter/relevance/examples.py",
    "newsletter/relevance/telling.py",
    "newsletter/relevance/reasons.py",
    "newsletter/relevance/interests.py",
    "newsletter/relevance/words.py",
    "newsletter/relevance/noticed.py",
    "newsletter/relevance/keysentence.py",
    "newsletter/relevance/sentences.py",
    "newsletter/relevance/cues.py",
    "newsletter/relevance/named.py",
    "newsletter/relevance/naming.py",
    "newsletter/relevance/variety.py",
    "newsletter/relevance/discovery.py",
    "newsletter/relevance/trends.py",
    "newsletter/mail/mime.py",
    "newsletter/mail/press.py",
    "newsletter/mail/excerpt.py",
    "newsletter/mail/rates.py",
    "newsletter/mail/quoted.py",
    "newsletter/mail/classify.py",
    "newsletter/mail/bounces.py",
    "newsletter/mail/diagnosis.py",
    "newsletter/mail/received.py",
    "newsletter/mail/latex.py",
    "newsletter/mail/text.py",
    "subscribers/models.py",
    "subscribers/due.py",
    "subscribers/addresses.py",
    "subscribers/tokens.py",
    "subscribers/inbound.py",
    "subscribers/commands.py",
    "subscribers/robots.py",
    "subscribers/answers.py",
    "subscribers/votes.py",
    "subscribers/wishes.py",
    "subscribers/pasted.py",
    "subscribers/libraries.py",
)
OUTSIDE = {"os", "subprocess", "socket", "httpx", "sqlalchemy", "aiosmtplib", "asyncio", "time", "random", "secrets"}
"""What a pure module does not import: files, processes, network, database, clock and dice."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, at the top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: imports are absolute"
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_arrows_point_one_way(path):
    """newsletter imports neither subscribers nor flows; subscribers imports no flows."""
    room = name_of(path).split("/")[0]
    forbidden = {"newsletter": {"subscribers", "flows"}, "subscribers": {"flows"}, "flows": set()}[room]

    assert {module.split(".")[0] for module in imports(path)} & forbidden == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_library_is_known_in_one_place(path):
    """Prefect only in flows, the web framework only in subscribers/web, and so on."""
    strays = [
        module
        for module in imports(path)
        if module.split(".")[0] in ONLY_IN and not name_of(path).startswith(ONLY_IN[module.split(".")[0]])
    ]

    assert strays == []


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_reach_for_nothing_outside(name):
    """A pure module imports no edge, and nothing that reads a clock, a file or a socket."""
    reached = {module.split(".")[0] for module in imports(ROOT / name)}

    assert reached & OUTSIDE == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_settings_reads_the_environment(path):
    """Nothing but settings.py looks at os.environ."""
    if name_of(path) == "newsletter/settings.py":
        return
    reads = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"})
    ]

    assert reads == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_reads_the_date_by_itself(path):
    """`now` and `day` are arguments; only doors read the clock, and always with a zone."""
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in {"today", "utcnow"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"date", "datetime"}
    ]

    assert calls == []


@pytest.mark.parametrize("path", MODULES + TESTS, ids=name_of)
def test_no_file_passes_the_wall(path):
    """A file is at most 400 lines."""
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_and_public_name_says_what_it_is(path):
    """Modules, public classes and public functions have a docstring."""
    tree = ast.parse(path.read_text())
    if not tree.body:
        return
    silent = [] if ast.get_docstring(tree) else ["the module"]
    silent += [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and name_of(path).split("/")[1] != "migrations"
    ]

    assert silent == []


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_every_test_states_the_fact_it_proves(path):
    """Each test has a docstring, and no fixture patches our own code."""
    tree = ast.parse(path.read_text())
    silent = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]

    assert silent == []


def test_flows_annotate_with_real_types():
    """Prefect cannot build a form from annotations that are strings."""
    strays = [name_of(path) for path in (ROOT / "flows").rglob("*.py") if "__future__" in set(imports(path))]

    assert strays == []
