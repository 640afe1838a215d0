"""docs/decisions/020 names what holds each of the 72 cases: every test it names exists, every line without one says why."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "decisions" / "020-the-72-cases.md"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")

ROWS = ROW.findall(PAGE.read_text())
TESTS = {
    (path.relative_to(ROOT).as_posix(), node.name)
    for path in (ROOT / "tests").rglob("test_*.py")
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
}


def test_each_of_the_72_cases_has_its_line_once_in_order():
    """None is left out, and none is told twice."""
    assert [int(number) for number, *_ in ROWS] == list(range(1, 73))


@pytest.mark.parametrize(("number", "case", "held", "words"), ROWS, ids=[number for number, *_ in ROWS])
def test_a_case_is_held_by_tests_that_exist_or_says_why_not(number, case, held, words):
    """Nothing stands in the third column but names of tests there are; where it is empty the fourth is a sentence."""
    assert set(NAMED.findall(held)) - TESTS == set(), f"case {number}"
    assert NAMED.sub("", held).replace("<br>", "").strip() == ""
    assert case.strip().endswith((".", "”"))
    assert held.strip() or words.strip().endswith("."), f"case {number} has neither a test nor a reason"
