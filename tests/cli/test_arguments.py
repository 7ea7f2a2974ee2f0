"""A named command has a parser of its own alone; what it prints must not differ from that of all of them."""

import argparse
from collections.abc import Mapping

import pytest

from adapters.cli.arguments import parse, parser
from adapters.cli.outcome import CommandError


def commands(whole: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    [action] = [each for each in whole._actions if isinstance(each, argparse._SubParsersAction)]
    found: Mapping[str, argparse.ArgumentParser] = action.choices
    return found


NAMES = tuple(commands(parser()))


@pytest.mark.parametrize("name", NAMES)
def test_a_command_alone_reads_and_explains_what_it_does_among_all(name: str) -> None:
    alone = commands(parser(name))
    assert list(alone) == [name]
    assert alone[name].format_help() == commands(parser())[name].format_help()


@pytest.mark.parametrize(
    "before", [["--help"], ["-h"], ["--json", "-h"], ["--config", "x", "--help"], ["--config=x", "--help"]]
)
def test_help_before_a_command_is_of_all_of_them(before: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse([*before, "positions"])
    said = capsys.readouterr().out
    assert [name for name in NAMES if f"    {name}" not in said] == []


@pytest.mark.parametrize("before", [[], ["--json"], ["--"], ["-1"], ["-"], ["a word"]])
def test_a_name_of_no_command_is_told_all_of_them(before: list[str]) -> None:
    with pytest.raises(CommandError) as raised:
        parse([*before, "nope"] if before in ([], ["--json"]) else [*before, "positions"])
    assert all(repr(name) in raised.value.text for name in NAMES)
