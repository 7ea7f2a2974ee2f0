"""Bad input and bad surroundings, against real processes: exit codes as promised, words that help, no hanging."""

import socket
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import KEY_NAME, SECRET, SECRET_NAME, Ended, Home, Supervisor, Venue, environment, external

DONE, FAILED, USAGE, NO_SUPERVISOR, REFUSED, CONFIGURATION = 0, 1, 2, 3, 4, 5
NOWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens, and nothing here should come so far as to ask."""


@pytest.fixture(scope="module")
def trading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Supervisor]]:
    path = tmp_path_factory.mktemp("trading")
    with Venue(path / "venue") as venue:
        home = Home.at(path / "home", venue, log={"level": "TRACE"})
        with home.run() as supervisor:
            yield home, supervisor.ready()


BAD_COMMANDS: Mapping[str, tuple[str, int, str]] = {
    "unknown symbol": ("open NOPEUSDT long 1", REFUSED, "NOPEUSDT is not a perpetual of this venue"),
    "a symbol nearly right": ("open BTCUSD long 1", REFUSED, "did you mean BTCUSDT?"),
    "quantity below the minimum": ("open BTCUSDT long 0.0001", REFUSED, "0.0001 is below the minimum of 0.001"),
    "quantity off the step": ("open BTCUSDT long 0.0015", REFUSED, "0.0015 is not a positive multiple of 0.001"),
    "notional below the minimum": ("open XRPUSDT long 1", REFUSED, "minimum notional of 5"),
    "quantity above the maximum": ("open BTCUSDT long 99999999", REFUSED, "above the maximum"),
    "stop of a long above": ("open XRPUSDT long 100 --stop-loss 0.6", REFUSED, "must be below its price: 0.6"),
    "stop of a short below": ("open XRPUSDT short 100 --stop-loss 0.4", REFUSED, "must be above its price: 0.4"),
    "target of a long below": ("open XRPUSDT long 100 --take-profit 0.4", REFUSED, "must be above its price: 0.4"),
    "stop against the limit": ("open XRPUSDT long 100 --limit 0.48 --stop-loss 0.49", REFUSED, "0.49 against 0.48"),
    "stop off the tick": ("open XRPUSDT long 100 --stop-loss 0.40005", REFUSED, "not a positive multiple of 0.0001"),
    "quantity that is no number": ("open BTCUSDT long much", USAGE, "much"),
    "quantity of zero": ("open BTCUSDT long 0", USAGE, "'0'"),
    "negative quantity": ("open BTCUSDT long -- -1", USAGE, "-1"),
    "quantity that is not one": ("open BTCUSDT long nan", USAGE, "nan"),
    "a side that is none": ("open BTCUSDT up 1", USAGE, "up"),
    "a symbol that is none": ("open BTC;USDT long 1", USAGE, "BTC;USDT"),
    "an account nobody has": ("open BTCUSDT long 1 --account nobody", REFUSED, "no account nobody"),
    "an unknown option": ("open BTCUSDT long 1 --leveraged 3", USAGE, "--leveraged"),
    "no command of ours": ("buy BTCUSDT", USAGE, "buy"),
    "pause of a slip": ("pause BTCUSTD", REFUSED, "did you mean BTCUSDT?"),
    "resume of a slip": ("resume btc/ustd:ustd", REFUSED, "did you mean BTCUSDT?"),
    "reconcile of a slip": ("reconcile BTCUSTD", REFUSED, "did you mean BTCUSDT?"),
    "discrepancies of a slip": ("discrepancies BTCUSTD 5", REFUSED, "did you mean BTCUSDT?"),
    "close of a slip": ("close BTCUSTD", REFUSED, "no open position matches BTCUSTD"),
    "logs of a slip": ("logs --symbol QQQUSDT", REFUSED, "no position of symbol QQQUSDT"),
    "logs of no position": (
        "logs --position main.BTCUSDT.long.manual.77",
        REFUSED,
        "no such line, and the journal has no position",
    ),
    "a trace of nothing": ("logs --trace cli-nothing", REFUSED, "no line has trace cli-nothing"),
    "close of all of a slip": ("close --all --yes --account mian", REFUSED, "did you mean main?"),
    "close of nothing": ("close BTCUSDT", REFUSED, "no open position matches BTCUSDT"),
    "close of an unknown position": ("close main.BTCUSDT.long.manual.99", REFUSED, "albra positions"),
    "close of all without a yes": ("close --all", USAGE, "--yes"),
    "modify of an unknown position": ("modify main.BTCUSDT.long.manual.99 --stop-loss 1", REFUSED, "albra positions"),
    "history of an unknown position": ("history main.BTCUSDT.long.manual.99", REFUSED, "albra positions --all"),
}


@pytest.mark.parametrize("case", BAD_COMMANDS)
def test_a_bad_command_is_refused_with_its_exit_code_and_the_reason(
    case: str, trading: tuple[Home, Supervisor]
) -> None:
    home, supervisor = trading
    command, code, words = BAD_COMMANDS[case]
    ended = home.albra(*command.split())
    assert (ended.code, ended.out) == (code, ""), ended
    assert words in ended.err
    assert one_message(ended)
    assert supervisor.positions() == []


def test_a_refusal_as_json_is_one_document_with_the_same_words(trading: tuple[Home, Supervisor]) -> None:
    home, _ = trading
    ended = home.albra("--json", "open", "BTCUSDT", "long", "0.0001")
    assert ended.code == REFUSED
    assert ended.document()["error"] in ended.err


def test_a_second_supervisor_on_the_same_data_names_the_first(trading: tuple[Home, Supervisor]) -> None:
    home, supervisor = trading
    ended = home.albra("run")
    assert ended.code == REFUSED
    assert f"process {supervisor.pid}" in ended.err
    assert "storage.path" in ended.err
    assert one_message(ended)
    assert supervisor.ask("GET", "/v1/status")[0] == 200


def test_another_data_directory_with_the_same_control_port_says_which_key_to_change(
    trading: tuple[Home, Supervisor], tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = a_home(tmp_path, control={"port": port}).albra("run")
    assert ended.code == FAILED
    assert f"control.port: 127.0.0.1:{port} cannot be bound" in ended.err
    assert "choose another port" in ended.err
    assert one_message(ended)


def test_the_embedded_venues_port_taken_says_which_key_to_change(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        home = Home.at(tmp_path, None, paper={"port": port})
        for ended, key in ((home.albra("run"), "paper.port"), (home.albra("paper", "--port", str(port)), "--port")):
            assert ended.code == FAILED
            assert key in ended.err
            assert f"127.0.0.1:{port} cannot be bound" in ended.err
            assert one_message(ended)


BAD_CONFIGURATIONS: Mapping[str, tuple[str, str]] = {
    "no YAML": ("language: [en\nstorage: {", "config.yaml:2: expected valid YAML"),
    "tabs": ("storage:\n\tpath: var\n", ":2"),
    "an unknown key": ("language: en\nstorrage: {path: var}\n", "storrage"),
    "a wrong type": ("phase2: {event_bus: {worker_count: many}}\n", "phase2.event_bus.worker_count"),
    "an impossible value": ("phase2: {event_bus: {worker_count: 0}}\n", "phase2.event_bus.worker_count"),
    "a duplicate key": ("language: en\nlanguage: ko\n", "language"),
    "a missing variable": ("accounts: {main: {api_key: '${ALBRA_E2E_NOT_THERE}', api_secret: x}}\n", "NOT_THERE"),
    "half a pair of keys": ("accounts: {main: {exchange: binanceusdm, api_key: abcdef}}\n", "api_secret"),
    "another exchange": ("accounts: {main: {exchange: mtgox}}\n", "mtgox"),
    "a list": ("- storage\n", ":1"),
}


@pytest.mark.parametrize("command", ["run", "positions", "config check"])
@pytest.mark.parametrize("case", BAD_CONFIGURATIONS)
def test_a_malformed_configuration_exits_5_and_says_where(case: str, command: str, tmp_path: Path) -> None:
    text, words = BAD_CONFIGURATIONS[case]
    home = a_home(tmp_path)
    home.file.write_text(text)
    ended = home.albra(*command.split())
    assert ended.code == CONFIGURATION, ended
    assert "config.yaml" in ended.err
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not home.storage.exists(), "nothing is written before the configuration is valid"


def test_a_configuration_that_is_not_there_or_no_file_exits_5(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    for name in ("nowhere.yaml", "."):
        ended = home.albra("run", "--config", name)
        assert ended.code == CONFIGURATION, ended
        assert name in ended.err
        assert one_message(ended)


def test_bytes_that_are_no_text_exit_5(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    home.file.write_bytes(b"language: \xff\xfe\n")
    ended = home.albra("run")
    assert ended.code == CONFIGURATION, ended
    assert one_message(ended)


@pytest.mark.parametrize("command", ["positions", "status", "open BTCUSDT long 1", "close BTCUSDT", "pause"])
def test_without_a_supervisor_the_exit_code_is_3_and_the_cure_is_named(command: str, tmp_path: Path) -> None:
    ended = a_home(tmp_path).albra(*command.split())
    assert (ended.code, ended.out) == (NO_SUPERVISOR, "")
    assert "`albra run`" in ended.err
    assert one_message(ended)


def test_a_data_directory_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    """Root may write anywhere, so the places are ones where nobody can."""
    home = a_home(tmp_path)
    (home.path / "file").write_text("")
    for path in ("file", "file/below", "/proc/albra", "/sys/albra"):
        home.config["storage"] = {"path": path}
        home.write()
        ended = home.albra("run")
        assert ended.code == FAILED, ended
        assert path in ended.err
        assert one_message(ended), ended


def test_a_journal_that_is_no_database_is_not_replaced(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    home.storage.mkdir()
    journal = home.storage / "journal.sqlite3"
    journal.write_bytes(b"these are not the records you are looking for" * 99)
    before = journal.read_bytes()
    for command in ("run", "journal verify", "journal export"):
        ended = home.albra(*command.split())
        assert ended.code == FAILED, ended
        assert "is not an Albra journal" in ended.err
        assert one_message(ended)
    assert journal.read_bytes() == before


def test_somebody_elses_database_is_not_taken_for_a_journal(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    home.storage.mkdir()
    with sqlite3.connect(home.storage / "journal.sqlite3") as theirs:
        theirs.execute("CREATE TABLE recipe(name TEXT)")
    theirs.close()
    ended = home.albra("run")
    assert ended.code == FAILED, ended
    assert "is not an Albra journal" in ended.err


def test_a_journal_of_another_venue_is_refused_by_both_names(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    with home.run() as supervisor:
        supervisor.up()
        assert supervisor.terminate() == DONE
    home.config["accounts"]["main"]["base_url"] = "http://127.0.0.1:7"
    home.write()
    ended = home.albra("run")
    assert ended.code == REFUSED, ended
    assert "127.0.0.1:9" in ended.err
    assert "127.0.0.1:7" in ended.err
    assert "storage.path" in ended.err
    assert one_message(ended)


def test_no_secret_is_in_any_output_log_or_journal(trading: tuple[Home, Supervisor]) -> None:
    """After openings, refusals, reads and a log of everything; the token lies in its own file alone."""
    home, supervisor = trading
    opened = home.albra("open", "XRPUSDT", "long", "100", "--stop-loss", "0.4", "--wait")
    assert opened.code == DONE, opened
    assert home.albra("close", "XRPUSDT", "--wait").code == DONE
    said = [home.albra(*command.split()) for command in ("config show", "status --json", "logs", "journal export")]
    said += [opened, home.albra("history", opened.out.strip())]
    token = (home.storage / "control.token").read_text().strip()
    written = {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()}
    assert len(written) > 5
    written[home.path / "what was said"] = "".join(each.out + each.err for each in said).encode()
    for path, text in written.items():
        assert SECRET.encode() not in text, path
        assert token.encode() not in text or path.name == "control.token", path
    assert (home.storage / "control.token").stat().st_mode & 0o777 == 0o600
    assert supervisor.ended is None


def test_a_secret_in_a_malformed_configuration_is_not_repeated(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    env = environment(**{KEY_NAME: "key-abcdefgh", SECRET_NAME: "secret-ijklmnop"})
    home.config["accounts"]["main"] |= {"api_secret": "written-qrstuvwx", "recv_window_ms": "soon"}
    home.write()
    for command in ("run", "config check", "config show", "positions --json"):
        ended = home.albra(*command.split(), env=env)
        assert ended.code == CONFIGURATION
        for secret in ("key-abcdefgh", "secret-ijklmnop", "written-qrstuvwx"):
            assert secret not in ended.out + ended.err


def a_home(path: Path, **more: Any) -> Home:
    """A home of its own, at a venue that is not there."""
    home = Home.at(path / "home", None, **more)
    home.config["accounts"] = {"main": external(NOWHERE)}
    home.write()
    return home


def one_message(ended: Ended) -> bool:
    """One line for people, no trace."""
    lines = ended.err.splitlines()
    return len(lines) == 1 and lines[0].startswith("albra: ")
