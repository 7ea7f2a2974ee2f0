"""The harness from the command line: exit codes, one JSON document, several processes, what is refused."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from adapters.cli import entry
from adapters.cli import simulate as command
from adapters.cli.outcome import Exit
from simulator import fleet, written
from simulator.__main__ import main
from simulator.arguments import OPTIONS
from simulator.plans.draw import draw
from simulator.replay import started_as
from simulator.troubles.coverage import reachable
from simulator.troubles.target import draw_target
from simulator.usage import from_here
from simulator.world import simulate

ROOT = Path(__file__).resolve().parents[2]
CAUGHT = ("--mutant", "effects before commit", "--size", "sprint", "--from", "1", "--seeds", "20")


def test_seeds_in_which_everything_holds_end_with_0(capfd: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["simulate", "--seeds", "4", "--from", "1", "--size", "sprint", "--jobs", "2"]) == Exit.DONE
    told = capfd.readouterr().out
    assert "seeds 1 to 4, sprint" in told
    assert "4 of 4 seeds" in told


def test_a_violation_ends_with_1_and_the_command_that_replays_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CAUGHT, "--jobs", "1"]) == Exit.FAILED
    assert re.search(r"replay: \S*python\S* -m simulator --seed \d+ --size sprint", capsys.readouterr().out)


def test_the_printed_command_works_as_printed_without_an_environment() -> None:
    """As after `make simulate`, in a shell whose PATH knows neither Python nor albra."""
    program = Path(sys.executable).with_name("albra")
    if not program.exists():
        pytest.skip("albra is not installed beside this interpreter")
    bare = {**os.environ, "PATH": "/nonexistent"}
    failed = subprocess.run(
        [program, "simulate", *CAUGHT, "--jobs", "1"],
        cwd=ROOT,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode == Exit.FAILED
    words = re.findall(r"^  replay: (.*)$", failed.stdout, re.MULTILINE)[0]
    assert shlex.split(words)[0] == str(from_here(program.with_name("albra-simulate")))
    again = subprocess.run(["/bin/sh", "-c", words], cwd=ROOT, env=bare, capture_output=True, text=True, check=False)
    assert again.returncode == Exit.FAILED, again.stderr
    assert f"replay: {words}" in again.stdout


def test_failures_are_told_as_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CAUGHT, "--jobs", "2", "--json", "--keep-going"]) == Exit.FAILED
    document = json.loads(capsys.readouterr().out)
    assert document["seeds"] == 20
    caught_by = {failure["invariant"] for failure in document["failed"]}
    assert "I3" in caught_by
    assert caught_by <= {"I3", "I19"}, "what is answered before it is durable may not be done"
    for failure in document["failed"]:
        assert f"--seed {failure['seed']} --size sprint --mutant 'effects before commit'" in failure["replay"]


def test_one_seed_is_told_as_json_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["simulate", "--seed", "5", "--size", "sprint", "--json"]) == Exit.DONE
    assert json.loads(capfd.readouterr().out)["failed"] == []


def test_where_the_program_is_not_installed_the_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PROGRAM", "albra-absent")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert entry.main(["simulate"]) == Exit.FAILED
    assert "albra-absent is not installed beside albra" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["albra", "simulate"], ["albra-simulate"]])
def test_the_program_has_a_name_of_its_own_and_runs_anywhere(words: list[str], tmp_path: Path) -> None:
    """Outside of a checkout, on a PATH that knows nothing."""
    program = Path(sys.executable).with_name(words[0])
    if not program.exists():
        pytest.skip("albra is not installed beside this interpreter")
    done = subprocess.run(
        [program, *words[1:], "--seed", "1", "--size", "sprint"],
        cwd=tmp_path,
        env={**os.environ, "PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (Exit.DONE, "")
    assert "converged after" in done.stdout
    helped = subprocess.run([program, *words[1:], "--help"], capture_output=True, text=True, check=True)
    assert all(option in helped.stdout for option in OPTIONS)


def test_a_failure_of_a_plan_in_a_file_names_the_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    planted = ("--mutant", "effects before commit")
    written.write(file, draw(1))
    assert main(["--plan", str(file), *planted]) == Exit.FAILED
    told = capsys.readouterr().out
    assert f"replay: {started_as()} --plan {file} --mutant 'effects before commit' --trace" in told


def test_a_cell_is_aimed_at_and_a_failure_there_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    cell = "killed/ACTIVE/after ack"
    assert main(["--seed", "1", "--cell", cell]) == Exit.DONE
    assert simulate(1, plan=draw_target(1, ("killed", "ACTIVE", "after ack"))).cells["killed", "ACTIVE", "after ack"]
    assert main(["--seed", "1", "--cell", cell, "--mutant", "effects before commit"]) == Exit.FAILED
    assert f"--seed 1 --cell '{cell}' --mutant 'effects before commit' --trace" in capsys.readouterr().out


def test_cells_that_were_missed_are_aimed_at_until_they_are_reached() -> None:
    killed = ("killed", "ACTIVE", "after ack")
    total = fleet.Sum(cells=Counter(cell for cell in reachable() if cell != killed))
    fleet.aim(total, 1, tries=3, jobs=1)
    assert total.cells[killed] > 0
    assert total.seeds < 4


KILLED = ("killed", "ACTIVE", "after ack")
AIMED = ("--seeds", "1", "--from", "1", "--size", "sprint", "--jobs", "1", "--aim", "1")


def all_but(*missed: tuple[str, ...]) -> fleet.Sum:
    return fleet.Sum(seeds=1, cells=Counter(cell for cell in reachable() if cell not in missed))


def test_a_cell_that_is_missed_though_aimed_at_ends_with_1_and_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fleet, "run", lambda *_, **__: all_but(KILLED))
    monkeypatch.setattr(fleet, "aim", lambda *_, **__: None)
    assert main(AIMED) == Exit.FAILED
    assert "1 reachable cells were missed by 1 plans for each, which counts as a failure" in capsys.readouterr().out
    assert main([*AIMED, "--json"]) == Exit.FAILED
    assert json.loads(capsys.readouterr().out)["missed"] == ["/".join(KILLED)]


def test_cells_that_are_all_reached_or_not_aimed_at_end_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "run", lambda *_, **__: all_but())
    assert main(AIMED) == Exit.DONE
    monkeypatch.setattr(fleet, "run", lambda *_, **__: all_but(KILLED))
    assert main(AIMED[:-2]) == Exit.DONE


def test_the_options_before_the_command_are_the_programs_too(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--config", "absent.yaml", "--json", "simulate", "--seed", "5", "--size", "sprint"]
    assert entry.main(words) == Exit.DONE
    assert json.loads(capfd.readouterr().out)["failed"] == []


REFUSED = [
    ("--seeds 0", "--seeds: expected a whole number of 1 or more, found '0'"),
    ("--seeds -5", "--seeds: expected a whole number of 1 or more, found '-5'"),
    ("--seeds many", "--seeds: expected a whole number of 1 or more, found 'many'"),
    ("--jobs 0", "--jobs: expected a whole number of 1 or more, found '0'"),
    ("--aim -1", "--aim: expected a whole number of 0 or more, found '-1'"),
    ("--size week", "--size: invalid choice: 'week'"),
    ("--seed 1 --from 3", "--seed and --from do not go together: a single plan is run, or many seeds are"),
    ("--seed 0 --seeds 3", "--seed and --seeds do not go together"),
    ("--seed 1 --plan /dev/null", "--seed and --plan do not go together"),
    ("--seed 1 --jobs 2", "--seed and --jobs do not go together"),
    ("--seed 1 --trace --json", "--json and --trace do not go together"),
    ("--seed 1 --shrink x.json --json", "--shrink and --json do not go together"),
    ("--seed 1 --cell 'killed/ACTIVE/after ack' --size day", "--cell and --size do not go together"),
    ("--digests --jobs 2", "--digests and --jobs do not go together"),
    ("--seeds 2 --trace", "--trace is about a single plan: name it by --seed or --plan"),
    ("--seeds 2 --cell 'killed/ACTIVE/after ack'", "--cell is about a single plan: name it by --seed"),
    ("--seeds 2 --shrink x.json", "--shrink is about a single plan: name it by --seed or --plan"),
    ("--seed 1 --cell foo", "--cell: expected `trouble/state/moment`, found 'foo'"),
    ("--seed 1 --cell a/b/c", "--cell: no trouble of the table is called 'a'; there are: "),
    ("--seed 1 --cell killed/ACTVE/later", "--cell: no state of the table is called 'ACTVE'; there are: ACTIVE"),
    ("--seed 1 --cell killed/ACTIVE/later", "--cell: no moment of the table is called 'later'; there are: before send"),
    ("--seed 1 --cell 'killed/PENDING/after ack'", "cannot be reached: it is pending while a setting is outstanding"),
    ("--seed 1 --mutant nope", "--mutant: no planted bug is called 'nope'; there are: blind resend, "),
    ("--seed 1 --mutant 'blind resent'", "--mutant: no planted bug is called 'blind resent'; there are: blind resend"),
    ("--plan /nonexistent", "--plan: /nonexistent cannot be read: No such file or directory"),
    ("--plan /dev/null", "--plan: /dev/null holds no plan: Expecting value"),
    ("--seed 1 --shrink /nonexistent/x.json", "--shrink: /nonexistent/x.json cannot be written"),
    ("--coverage /nonexistent/x.json", "--coverage: /nonexistent/x.json cannot be written: No such file or directory"),
    ("--sedes 3", "unrecognized arguments: --sedes"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[words for words, _ in REFUSED])
def test_words_that_say_nothing_are_refused_before_anything_runs(
    words: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "run", None)
    monkeypatch.setattr("simulator.__main__.simulate", None)
    monkeypatch.setattr("simulator.__main__.shrink", None)
    assert main(shlex.split(words)) == Exit.USAGE
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert told.out == "" or "error" in json.loads(told.out)


def test_a_refusal_of_the_program_is_one_of_the_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["simulate", "--seeds", "0"]) == Exit.USAGE
    told = capfd.readouterr()
    assert "--seeds: expected a whole number of 1 or more, found '0'" in told.err
    assert (told.err.count("\n"), told.out) == (1, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "expected a JSON object, found []"),
        ("{", "Expecting property name"),
        ("{}", "missing 8 required keyword-only arguments"),
        ('{"speling": 1}', "no plan has a field 'speling'"),
        ('{"seed": "1"}', 'expected int, found "1"'),
        ('{"acts": 5}', "has no len()"),
    ],
)
def test_a_file_that_holds_no_plan_is_refused(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plan.json").write_text(text)
    assert main(["--plan", str(tmp_path / "plan.json")]) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_a_plan_that_fails_nowhere_is_not_made_small(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "small.json"
    assert main(["--seed", "1", "--size", "sprint", "--shrink", str(file)]) == Exit.USAGE
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert "--shrink: plan 1 violates nothing, so that there is nothing to make small" in told.err
    assert not file.exists()


def test_a_refusal_is_a_json_document_where_one_was_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    for run in (main, lambda given: entry.main(["simulate", *given])):
        assert run(["--seeds", "0", "--json"]) == Exit.USAGE
        assert "--seeds: expected a whole number" in json.loads(capfd.readouterr().out)["error"]
