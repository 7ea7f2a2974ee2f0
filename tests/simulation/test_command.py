"""The harness from the command line: exit codes, one JSON document, several processes."""

import json
from collections import Counter
from pathlib import Path

import pytest

from adapters.cli import entry
from adapters.cli import simulate as command
from adapters.cli.outcome import Exit
from tests.simulation import fleet, written
from tests.simulation.__main__ import main
from tests.simulation.coverage import reachable
from tests.simulation.draw import draw
from tests.simulation.target import draw_target
from tests.simulation.world import simulate

CAUGHT = ("--mutant", "effects before commit", "--size", "sprint", "--from", "1", "--seeds", "20")


def test_seeds_in_which_everything_holds_end_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["simulate", "--seeds", "4", "--from", "1", "--size", "sprint", "--jobs", "2"]) == Exit.DONE
    told = capsys.readouterr().out
    assert "seeds 1 to 4, sprint" in told
    assert "4 of 4 seeds" in told


def test_a_violation_ends_with_1_and_the_command_that_replays_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CAUGHT, "--jobs", "1"]) == Exit.FAILED
    assert "replay: python -m tests.simulation --seed" in capsys.readouterr().out


def test_failures_are_told_as_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CAUGHT, "--jobs", "2", "--json", "--keep-going"]) == Exit.FAILED
    document = json.loads(capsys.readouterr().out)
    assert document["seeds"] == 20
    assert {failure["invariant"] for failure in document["failed"]} == {"I3"}


def test_one_seed_is_told_as_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["simulate", "--seed", "5", "--size", "sprint", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["failed"] == []


def test_without_a_checkout_the_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    assert entry.main(["simulate"]) == Exit.FAILED
    assert "make simulate" in capsys.readouterr().err


def test_a_failure_of_a_plan_in_a_file_names_the_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    planted = ("--mutant", "effects before commit")
    written.write(file, draw(1))
    assert main(["--plan", str(file), *planted]) == Exit.FAILED
    told = capsys.readouterr().out
    assert f"replay: python -m tests.simulation --plan {file} --mutant 'effects before commit' --trace" in told


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
