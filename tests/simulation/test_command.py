"""The harness from the command line: exit codes, one JSON document, several processes."""

import json
from pathlib import Path

import pytest

from adapters.cli import entry
from adapters.cli import simulate as command
from adapters.cli.outcome import Exit
from tests.simulation.__main__ import main

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
