"""No supervisor runs: what only reads is answered from the journal, marked as such, with the exit code of that."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Albra, Ended
from tests.cli.running import running

ID = "main.BTCUSDT.long.manual.1"


class Whole(Albra):
    """The composed command: the reading one of it knows the journal."""

    def __call__(self, *arguments: str, stdin: str | None = None) -> Ended:
        process = subprocess.run(
            [sys.executable, "-m", "albra", *arguments],
            cwd=self.directory, capture_output=True, text=True, timeout=60, check=False, input=stdin,
        )  # fmt: skip
        return Ended(process.returncode, process.stdout, process.stderr)


def test_reads_are_answered_from_the_journal_and_commands_are_not(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("accounts: {main: {exchange: paper}}\n")
    albra = Whole(tmp_path)
    with running(albra):
        assert albra("open", "BTCUSDT", "long", "0.01", "--stop-loss", "50000", "--wait").code == 0
        live = albra("positions", "--json").document()[0]
        told = albra("history", ID, "--json").document()
        assert albra("status", "--json").document()["trading"] == {"money": "paper: no real money"}
    shown = albra("positions")
    assert (shown.code, ID in shown.out) == (3, True)
    assert "no supervisor is running" in shown.err
    assert "shown is what the journal holds as of 20" in shown.err
    down = albra("positions", "--json")
    document = down.document()
    assert (down.code, document["supervisor"]) == (3, "down")
    same = ("position_id", "state", "quantity", "entry_price", "stop_loss", "protected", "fees")
    assert [document["positions"][0][key] for key in same] == [live[key] for key in same]
    assert albra("history", ID, "--json").document()["history"][: len(told)] == told
    assert albra("history", "main.ETHUSDT.long.manual.1", "--json").code == 1
    assert albra("discrepancies", "--json").document()["discrepancies"] == []
    assert albra("status", "--json").document()["status"]["supervisor"] == {"state": "down"}
    told = albra("status")
    assert (told.code, "live" in told.out, "Traceback" in told.err) == (3, True, False)
    assert albra("status", "--json").document()["status"]["positions"] == {"live": 1, "in doubt": 0}
    assert albra("discrepancies").code == 3
    assert albra("close", "BTCUSDT").code == 3
    assert "expires_at=20" in albra("history", ID).out


def test_a_damaged_record_is_marked_and_what_it_says_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("accounts: {main: {exchange: paper}}\n")
    albra = Whole(tmp_path)
    opening = ("open", "BTCUSDT", "long", "0.01", "--stop-loss", "50000", "--command-id", "k1")
    with running(albra):
        assert albra(*opening, "--wait").code == 0
    with sqlite3.connect(tmp_path / "var" / "journal.sqlite3") as connection:
        seq, payload = connection.execute(
            "SELECT seq, payload FROM step WHERE ordinal = 1 ORDER BY seq LIMIT 1 OFFSET 2"
        ).fetchone()
        connection.execute("UPDATE step SET payload = ? WHERE seq = ?", (payload.replace(b"0.01", b"0.09"), seq))
        connection.execute("DELETE FROM snapshot WHERE ordinal = 1")
    assert b"0.01" in payload
    for shown in (albra("history", ID), _while_running(albra, "history", ID)):
        assert f"RecordDamaged         record='record {seq}' why='its checksum does not fit'" in shown.out
        assert "=0.09" not in shown.out  # a time may hold 0.09
    again = _while_running(albra, *opening)
    assert (again.code, again.out.strip()) == (0, ID)
    waited = _while_running(albra, *opening, "--wait")
    assert (waited.code, "its history is damaged" in waited.err) == (6, True)


def _while_running(albra: Albra, *arguments: str) -> Ended:
    with running(albra):
        return albra(*arguments)


def test_without_a_journal_only_the_absence_is_told(tmp_path: Path) -> None:
    albra = Whole(tmp_path)
    ended = albra("positions", "--json")
    assert (ended.code, "positions" in ended.document()) == (3, False)


def test_a_closed_terminal_is_an_orderly_stop_and_paper_is_the_first_line(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "albra", "run", "--plain"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first == "PAPER: no real money; no configuration file was found\n"
    assert any("stream of main is up" in line for line in process.stdout)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert not (tmp_path / "var" / "control.json").exists()


def test_paper_on_purpose_needs_no_keys(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "accounts: {main: {exchange: binanceusdm, api_key: '${NO_A}', api_secret: '${NO_B}'}}\n"
    )
    albra = Whole(tmp_path)
    assert albra("run").code == 5
    process = subprocess.Popen(
        [sys.executable, "-m", "albra", "run", "--plain", "--paper"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "PAPER: no real money, as --paper asks\n"
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0
