"""Changes say what they change, leave files as they are, and are caught where they must be."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.strength.__main__ import main
from tests.strength.drawn import ROOT, draw, modules, path_of
from tests.strength.operators import changes
from tests.strength.planted import Changed, reached


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", {"a <= b"}),
        ("(a) is not (b)", {"(a) is (b)"}),
        ("a not in b", {"a in b"}),
        ("a and b and c", {"a or b and c", "a and b or c"}),
        ("not a", {"(a)"}),
        ("x = a + b * c", {"x = a - b * c", "x = a + b + c"}),
        ("x = 'a' + b", set()),
        ("x = 3", {"x = 4"}),
        ("x = 300", {"x = 3000"}),
        ("x = True", {"x = False"}),
        ("max(a, b)", {"min(a, b)", "pass"}),
        ("x = replace(p, a=b, c=d)", {"x = replace(p, c=d)"}),
        ("x = b if a else c", {"x = b if (not (a)) else c"}),
        ("x = [a for a in b if a]", {"x = [a for a in b if True]"}),
        ("a += b", {"pass"}),
        ("x: Literal[3] = a", set()),
        ("raise ValueError(3)", set()),
        ("x = 'ä' if a < b else c", {"x = 'ä' if a <= b else c", "x = 'ä' if (not (a < b)) else c"}),
    ],
)
def test_what_may_be_changed(source: str, expected: set[str]) -> None:
    assert {change.applied(source) for change in changes(source)} == expected


def test_every_change_of_every_module_is_python_and_differs() -> None:
    for module in modules():
        source = path_of(module).read_text(encoding="utf-8")
        found = changes(source)
        assert len({(each.begin, each.end, each.after) for each in found}) == len(found)
        for change in found[:: max(1, len(found) // 3)]:
            assert ast.dump(ast.parse(change.applied(source))) != ast.dump(ast.parse(source))


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    first, again, other = draw(30, 1), draw(30, 1), draw(30, 2)
    assert first == again
    assert first != other
    assert len({each.module for each in first}) > 10


def test_a_change_is_loaded_by_a_test_run_and_the_file_stays_as_it_is(tmp_path: Path) -> None:
    written = path_of("actors.position.lifecycle").read_text(encoding="utf-8")
    said: dict[str, Any] = {"module": "actors.position.lifecycle", "path": "x.py", "source": "raise OSError('changed')"}
    change = tmp_path / "change.json"
    change.write_text(json.dumps(said), encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "tests.strength.planted", "tests/position/test_settled.py"]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "ALBRA_STRENGTH": str(change)}, capture_output=True,
        text=True, timeout=100, check=False,
    )  # fmt: skip
    assert "OSError: changed" in done.stdout
    assert path_of("actors.position.lifecycle").read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("line", "of", "expected"),
    [
        (3, -1, True),
        (3, 1, False),
        (5, 1, True),
        (6, 1, True),
        (6, -1, False),
        (8, 2, False),
        (10, 1, True),
        (1, 1, True),
    ],
)
def test_a_changed_line_says_whether_it_was_come_by_and_nothing_else_changes(
    line: int,
    of: int,
    expected: bool,  # noqa: FBT001 - parameters of a test
) -> None:
    source = """def sign(of, most=3):
    if of < 0:
        return -1
    elif of:
        more = (of
                + 1)
        if of == 9:
            return more - 1
    match of:
        case 0 | 1 if of <= most: return of
    return 1
"""
    reached.discard(line)
    module: dict[str, Any] = {}
    exec(Changed("m", "m.py", source, line).get_code("m"), module)
    assert module["sign"](of) == (of > 0) - (of < 0)
    assert (line in reached) is expected
    reached.discard(line)


def test_each_change_is_told_with_what_caught_it_and_the_sum_decides(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--count", "2", "--seed", "5", "--sprints", "1", "--jobs", "1", "--simulation-only"]
    main(words)
    told = capsys.readouterr().out
    assert "2 changes of seed 5, 1 sprints each" in told
    assert "that the simulation came by" in told.splitlines()[-2]
    caught = int(told.splitlines()[-1].split(" of 2")[0])
    assert main([*words, "--least", str(50 * caught)]) == 0
    assert main([*words, "--least", str(50 * caught + 1)]) == 1
