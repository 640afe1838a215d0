"""A setting, a command, a table or a reason exists only with its line of documentation, and no line outlives its thing."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.main import get_command

from flows.cli import app
from newsletter.models import Skip, Word
from newsletter.schema import metadata
from newsletter.settings import ROOT, Settings

DOCS = ROOT / "docs"
ROW = re.compile(r"^\| `?([^`|]+?)`? \|(.*)\|$", re.MULTILINE)


def rows(page: str) -> dict[str, str]:
    """The rows of every table on a page, by their first cell."""
    return {name: rest for name, rest in ROW.findall((DOCS / page).read_text()) if not set(name) <= set("-: ")}


def written(value: object) -> str:
    """A default as the page writes it."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, Path) and value.is_absolute():
        return value.relative_to(ROOT).as_posix()
    return str(value)


def commands(command, path=("paperboy",)):
    """Every command that does something, with its words."""
    for name, inner in getattr(command, "commands", {}).items():
        deeper = list(commands(inner, (*path, name)))
        yield from deeper or [" ".join((*path, name))]


SETTINGS = {f"PAPERBOY_{name.upper()}": field for name, field in Settings.model_fields.items()}


def test_every_setting_has_its_line_and_every_line_its_setting():
    """docs/settings.md names the settings there are, in the order in which the code has them."""
    assert [name for name in rows("settings.md") if name.startswith("PAPERBOY_")] == list(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_default_of_a_setting_is_the_one_in_the_code(name):
    """The second column is the default, empty where there is none; the third is a sentence."""
    default, sentence = rows("settings.md")[name].split("|", 1)

    assert default.strip().strip("`") == written(SETTINGS[name].default)
    assert sentence.strip().endswith(".")


def test_every_command_has_its_line_and_every_line_its_command():
    """docs/commands.md names the commands there are."""
    documented = {name for name in rows("commands.md") if name.startswith("paperboy ")}

    assert documented == set(commands(get_command(app)))


def test_every_table_has_its_line_and_every_line_its_table():
    """docs/database.md names the tables there are, in the order of the schema."""
    documented = [name for name in rows("database.md") if name != "table"]

    assert documented == [table.name for table in metadata.tables.values()]


@pytest.mark.parametrize("kind", [Skip, Word])
def test_every_word_a_run_says_is_explained(kind):
    """The words for sources and the reasons for skips stand on the page of the commands."""
    assert set(kind) <= set(rows("commands.md"))


def test_pages_name_no_setting_that_is_not_there():
    """A setting that was renamed leaves no ghost on any page."""
    pages = [*DOCS.rglob("*.md"), ROOT / "README.md"]
    ghosts = {
        (page.name, name)
        for page in pages
        for name in re.findall(r"PAPERBOY_[A-Z0-9_]+[A-Z0-9]", page.read_text())
        if name not in {*SETTINGS, "PAPERBOY_HOME"}
    }

    assert ghosts == set()


def test_pages_name_no_command_that_is_not_there():
    """`paperboy something` in the docs is something one can type."""
    known = {line.split(" ", 1)[1].split()[0] for line in commands(get_command(app))}
    ghosts = {
        (page.name, name)
        for page in [*DOCS.rglob("*.md"), ROOT / "README.md"]
        for name in re.findall(r"`paperboy ([a-z-]+)", page.read_text())
        if name not in known
    }

    assert ghosts == set()
