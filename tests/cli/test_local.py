"""Commands that need no supervisor: logs, journal, run's hand-over, the paper venue."""

import json
import os
import signal
import sqlite3
import urllib.request
from pathlib import Path

import pytest

from adapters.cli import CommandError, Exit, main
from adapters.config import Config
from adapters.logs.writing import Logs
from adapters.storage.sqlite import SqliteJournal
from messages.addresses import position_address
from messages.events import StateChanged
from messages.journal import AppendStep
from messages.statement import verbatim
from messages.types import PositionId, PositionState
from tests.cli.conftest import WAIT_S, Albra

ID = "main.BTCUSDT.long.manual.1"


def test_logs_are_filtered_and_a_trace_follows_one_command(albra: Albra) -> None:
    logs = Logs(storage=albra.storage)
    logs.step(actor="control", correlation_id="c1", message="received")
    logs.step(actor="position/1", correlation_id="c1", position_id=ID, event="OrderFilled", effects=("A", "B"))
    logs.step("ERROR", actor="position/2", correlation_id="c2", message="other")
    logs.stop()
    lines = albra("logs", "--trace", "c1").out.splitlines()
    assert [line.split()[2] for line in lines] == ["received", "step"]
    assert "effects=A,B" in lines[1]
    assert [line["message"] for line in albra("logs", "--level", "error", "--json").document()] == ["other"]
    assert [line["actor"] for line in albra("logs", "--symbol", "btcusdt", "--json").document()] == ["position/1"]
    assert albra("logs", "--since", "0s").out == ""


def test_a_name_that_only_a_refused_command_had_is_no_hint(albra: Albra) -> None:
    _write_journal(albra.storage)
    logs = Logs(storage=albra.storage)
    logs.step(actor="supervisor", position_id="main.BTCUSTD.long.manual.7", message="ClosePosition")
    logs.step(actor="supervisor", symbol="BTCUSTD", message="opening refused")
    logs.stop()
    asked = ("--position", "main.BTCUSTD.long.manual.8"), ("--symbol", "BTCUSTE"), ("--symbol", "BTCUSTD", "--since=0s")
    for arguments, meant in zip(asked, (ID, "BTCUSDT", "BTCUSDT"), strict=True):
        ended = albra("logs", *arguments)
        assert (ended.code, ended.out) == (4, "")
        assert ended.err.endswith(f"; did you mean {meant}?\n"), "a name that was refused is no guess"
    assert "opening refused" in albra("logs", "--symbol", "BTCUSTD").out
    assert (albra("logs", "--symbol", "BTCUSDT").code, albra("logs", "--position", ID).code) == (0, 0)


def test_logs_follow_until_interrupted(albra: Albra) -> None:
    logs = Logs(storage=albra.storage)
    logs.step(message="one")
    process = albra.start("logs", "--follow", "--json")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["message"] == "one"
    logs.step(message="two")
    assert json.loads(process.stdout.readline())["message"] == "two"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=WAIT_S)
    logs.stop()
    assert (process.returncode, err) == (130, "")


def test_no_logs_are_said_with_where(albra: Albra) -> None:
    ended = albra("logs")
    assert ended.code == 1
    assert str(albra.storage / "logs") in ended.err


def test_an_intact_journal_is_verified_and_exported(albra: Albra) -> None:
    _write_journal(albra.storage)
    ended = albra("journal", "verify")
    assert ended.code == 0
    assert "is intact: 1 positions, 1 steps, 1 events" in ended.out
    assert albra("journal", "verify", "--json").document()["intact"] is True
    [event] = [json.loads(line) for line in albra("journal", "export").out.splitlines()]
    assert (event["type"], event["position_id"], event["after"]) == ("StateChanged", ID, "OPENING")
    assert albra("journal", "export", "--json").document() == [event]


def test_a_damaged_journal_exits_1_and_names_the_record(albra: Albra) -> None:
    path = _write_journal(albra.storage)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE step SET payload = zeroblob(length(payload))")
    connection.close()
    ended = albra("journal", "verify", "--json")
    assert ended.code == 1
    assert "is damaged" in ended.err
    assert ended.document()["damage"]


def test_no_journal_is_said_with_what_to_do(albra: Albra) -> None:
    ended = albra("journal", "verify")
    assert ended.code == 1
    assert "There is no journal at" in ended.err


def test_run_hands_the_configuration_to_the_composition(
    albra: Albra, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(albra.directory)
    seen: list[tuple[Config, bool]] = []

    def run(config: Config, *, live: bool) -> int:
        seen.append((config, live))
        return 0

    def fails(config: Config, *, live: bool) -> int:
        raise CommandError(Exit.FAILED, "run: port taken")

    assert main(["run"], run=run) == 0
    [(config, live)] = seen
    assert (config.storage.path, live) == (albra.storage, False)
    assert main(["run"], run=fails) == 1
    assert capsys.readouterr().err == "albra: run: port taken\n"


def test_the_paper_venue_alone_answers_and_a_taken_port_is_said(albra: Albra) -> None:
    process = albra.start("paper", "--seed", "7")
    assert process.stdout is not None
    url = next(word for word in process.stdout.readline().split() if word.startswith("http://"))
    with urllib.request.urlopen(f"{url}/fapi/v1/ping", timeout=WAIT_S) as answer:
        assert answer.status == 200
    ended = albra("paper", "--port", url.rpartition(":")[2])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=WAIT_S)
    assert ended.code == 1
    assert ended.err.startswith("albra: paper: ")
    assert process.returncode == 130


def test_a_backup_is_restored_under_a_new_id_once_and_not_over_a_journal(albra: Albra, tmp_path: Path) -> None:
    _write_journal(tmp_path / "backup")
    ended = albra("journal", "restore", str(tmp_path / "backup"))
    assert ended.code == 0, ended
    assert "under the new id" in ended.out
    assert "is intact" in ended.out
    again = albra("journal", "restore", str(tmp_path / "backup"))
    assert (again.code, again.out) == (1, "")
    assert "Move it away" in again.err
    assert albra("journal", "restore").code == 2
    assert albra("journal", "verify", "somewhere").code == 2


def test_a_restore_answers_json_with_one_document(albra: Albra, tmp_path: Path) -> None:
    _write_journal(tmp_path / "backup")
    found = albra("--json", "journal", "restore", str(tmp_path / "backup")).document()
    assert found["intact"] is True
    assert found["restored_from"] != found["journal_id"]


def _write_journal(storage: Path) -> Path:
    journal = SqliteJournal.open(storage)
    step = AppendStep(
        sender=position_address(1),
        position_id=PositionId(ID),
        ordinal=1,
        version=1,
        events=(StateChanged(before=PositionState.PENDING, after=PositionState.OPENING, because=verbatim("sent")),),
        effects=(),
    )
    failures: list[str | None] = []
    journal.append([step], failures.append)
    journal.close()
    assert failures == [None]
    return journal.path


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a directory", "noise", "deep", "a list"])
def test_a_fault_plan_that_is_none_is_told_and_not_waited_for(albra: Albra, kind: str) -> None:
    path = albra.directory / "plan"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a directory":
        path.mkdir()
    elif kind != "a device":
        path.write_bytes({"noise": b"\xff\x00", "deep": b"[" * 100_000, "a list": b"[1]"}[kind])
    ended = albra("paper", "--port", "0", "--faults", "/dev/zero" if kind == "a device" else str(path))
    assert ended.code == 1
    assert "Traceback" not in ended.err


def test_a_time_so_long_ago_that_no_clock_shows_it_is_refused(albra: Albra) -> None:
    for ago in ("9" * 30 + "h", "21000d", "1y", "-5m", "٣h"):
        ended = albra("logs", f"--since={ago}")
        assert (ended.code, "a time such as" in ended.err) == (2, True)
