"""`albra doctor`: every check can pass and fail, and says what to do."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from adapters.cli import checks, doctor, entry
from adapters.cli.checks import Finding, Judgement
from adapters.config import Config, load_text
from adapters.exchange.venue import Checkup, KeyPermissions
from adapters.paper.server import EmbeddedServer
from adapters.storage.lock import DirectoryLock
from adapters.storage.sqlite import SqliteJournal
from messages.types import PositionId
from tests.cli.conftest import Albra
from tests.control.fake_supervisor import FakeSupervisor
from tests.exchange.desk_side import paper, venue_answers
from tests.storage.steps import append, step

Answer = tuple[int, bytes]


@contextmanager
def answering(answer: Callable[[str, Mapping[str, str]], Answer]) -> Iterator[str]:
    """The base URL of a server on loopback that answers GETs by `answer(path, headers)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path, dict(self.headers))
            self.send_response(status)
            if status == 307:
                self.send_header("Location", self.path.replace("moved", "good"))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def live_venue(venue: EmbeddedServer, permissions: Mapping[str, bool], missing: str = "-") -> Iterator[str]:
    """The paper venue, and beside it what only the exchange itself serves; `missing` it knows nothing of."""

    def answer(path: str, headers: Mapping[str, str]) -> Answer:
        if path.startswith(missing):
            return 404, b"<html><body><h1>404</h1></body></html>"
        if path.startswith("/sapi/v1/account/apiRestrictions?"):
            return 200, json.dumps(permissions).encode()
        key = {name: value for name, value in headers.items() if name.upper() == "X-MBX-APIKEY"}
        try:
            with urllib.request.urlopen(urllib.request.Request(venue.http_url + path, headers=key)) as said:
                return said.status, said.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    with answering(answer) as url:
        yield url


def write(albra: Albra, **more: object) -> None:
    file = albra.directory / "config.yaml"
    file.write_text(json.dumps({"storage": {"path": "var"}, **more}))
    file.chmod(0o600)


def account(url: str, **more: object) -> dict[str, object]:
    return {"exchange": "binanceusdm", "api_key": "paper-key", "api_secret": "paper-secret", "base_url": url, **more}


def results(document: Mapping[str, Any]) -> dict[str, str]:
    return {row["check"]: row["result"] for row in document["checks"]}


@pytest.fixture
def venue() -> Iterator[EmbeddedServer]:
    with paper() as server:
        yield server


def test_a_healthy_account_passes_every_check(albra: Albra, venue: EmbeddedServer, supervisor: FakeSupervisor) -> None:
    lock = DirectoryLock(albra.storage)
    restricted = {"enableFutures": True, "enableWithdrawals": False, "ipRestrict": True}
    limits = {"order_notional": 1, "account_exposure": 1, "daily_loss": 1}
    with live_venue(venue, restricted) as url:
        write(albra, accounts={"main": account(url)}, limits=limits)
        ended = albra("doctor", "--json")
    lock.release()
    assert (ended.code, ended.err) == (0, "")
    assert ended.document()["healthy"] is True
    found = results(ended.document())
    assert {name: result for name, result in found.items() if result != "ok"} == {}
    wanted = {"configuration", "disk space", "disk writes", "journal", "supervisor", "venue main", "clock main"}
    assert wanted | {"keys main", "permissions main", "position mode main"} <= set(found)


def test_a_wrong_key_and_a_wrong_mode_fail_with_the_venues_words(albra: Albra, venue: EmbeddedServer) -> None:
    venue_answers(venue, "POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    write(
        albra,
        accounts={
            "main": account(venue.http_url, api_key="wrong"),
            "second": account(venue.http_url),
        },
    )
    ended = albra("doctor")
    assert ended.code == 1
    assert "fail  keys main               -2015" in ended.out
    assert "set position_mode: hedge" in ended.out
    assert "albra: doctor: 2 failed: keys main, position mode second" in ended.err
    assert "paper-secret" not in ended.out + ended.err


def test_a_server_that_does_not_serve_every_page_of_the_api_is_no_wrong_key(
    albra: Albra, venue: EmbeddedServer
) -> None:
    with live_venue(venue, {}, missing="/fapi/v1/accountConfig") as url:
        write(albra, accounts={"main": account(url)})
        document = albra("doctor", "--json").document()
    assert results(document)["keys main"] != "fail"


def test_a_venue_that_is_not_there_fails_and_the_rest_is_still_checked(albra: Albra) -> None:
    write(albra, accounts={"main": account("http://127.0.0.1:9")}, control={"port": 0})
    ended = albra("doctor", "--json")
    assert ended.code == 1
    found = results(ended.document())
    assert found["venue main"] == "fail"
    assert found["disk writes"] == "ok"


def test_a_journal_counts_positions_and_not_the_histories_of_those_who_keep_none(tmp_path: Path) -> None:
    def said() -> str:
        [found] = checks.journal(tmp_path)
        return found.found

    journal = SqliteJournal.open(tmp_path)
    append(journal, replace(step(0, 1), position_id=PositionId("supervisor")))
    assert ", 0 positions;" in said()
    append(journal, step(1, 1))
    assert ", 1 positions;" in said()
    assert journal.close()


def test_a_secret_in_a_file_for_everybody_fails(albra: Albra) -> None:
    write(albra, accounts={"main": account("http://127.0.0.1:9")})
    (albra.directory / "config.yaml").chmod(0o644)
    ended = albra("doctor", "--json")
    assert results(ended.document())["secrets"] == "fail"


def test_a_supervisor_that_does_not_answer_fails_and_one_that_is_not_there_warns(albra: Albra) -> None:
    assert results(albra("doctor", "--json").document())["supervisor"] == "warn"
    lock = DirectoryLock(albra.storage)
    ended = albra("doctor", "--json")
    lock.release()
    assert ended.code == 1
    assert results(ended.document())["supervisor"] == "fail"


def test_the_chat_is_asked_and_its_token_never_shown(albra: Albra) -> None:
    def bot(path: str, _: Mapping[str, str]) -> Answer:
        if path == "/bot1:good/getMe":
            return 200, b'{"ok": true, "result": {"id": 1, "username": "albra_bot"}}'
        return (307, b"") if path == "/bot1:moved/getMe" else (401, b'{"ok": false}')

    with answering(bot) as url:
        chat = {"enabled": True, "api_base_url": f"{url}/bot", "users": {"1": "owner"}, "chats": [1]}
        write(albra, telegram={**chat, "token": "1:moved"})
        assert "the Bot API answers 307" in albra("doctor").out
        write(albra, telegram={**chat, "token": "1:good"})
        good = albra("doctor")
        write(albra, telegram={**chat, "token": "1:bad"})
        bad = albra("doctor")
    assert (good.code, bad.code) == (0, 1)
    assert "@albra_bot answers" in good.out
    assert "BotFather" in bad.out
    assert "1:good" not in good.out + good.err
    assert "1:bad" not in bad.out + bad.err


@pytest.mark.parametrize("host", ["localhost:x", "localhost:123456789", "[::1", f"{'a' * 70}.example"])
def test_a_base_that_cannot_be_asked_is_configuration_and_no_network(host: str, albra: Albra) -> None:
    chat = {"enabled": True, "api_base_url": f"http://{host}/bot", "users": {"1": "owner"}, "chats": [1]}
    write(albra, telegram={**chat, "token": "1:good"})
    ended = albra("doctor")
    assert "check the network" not in ended.out
    assert "telegram.api_base_url" in ended.out + ended.err


@pytest.mark.parametrize(
    ("section", "name", "check", "judgement"),
    [
        ("account", "venue", "account main", Judgement.FAIL),
        ("account", "stream", "account main", Judgement.WARN),
        ("actors", "quarantined", "quarantine", Judgement.FAIL),
        ("positions", "without their protection", "protection", Judgement.WARN),
        ("journal", "disk", "journal", Judgement.FAIL),
        ("positions", "quarantined or damaged", "broken positions", Judgement.FAIL),
        ("positions", "openings", "openings", Judgement.WARN),
        ("account", "breaker", "account main", Judgement.WARN),
    ],
)
def test_what_the_supervisor_says_of_itself_is_judged(
    section: str, name: str, check: str, judgement: Judgement
) -> None:
    positions = {"live": 1, "main.X.1": "damaged"}
    assert list(checks._health({"positions": positions, "verdict": {"level": "CALM", "reasons": []}})) == []
    reason = {"level": "LOOK", "section": section, "name": name, "text": f"{section}, {name}: so", "about": "main"}
    [finding] = checks._health({"positions": positions, "verdict": {"level": "LOOK", "reasons": [reason]}})
    assert (finding.check, finding.judgement) == (check, judgement)
    assert finding.advice


@pytest.mark.parametrize(
    ("offset_ms", "round_trip_ms", "judgement"),
    [(0, 10, "ok"), (-480, 0, "ok"), (600, 400, "ok"), (600, 100, "warn"), (-700, 0, "warn"), (-5000, 9999, "fail")],
)
def test_the_clock_is_judged_less_half_of_the_round_trip(offset_ms: int, round_trip_ms: int, judgement: str) -> None:
    [finding] = doctor.clock("main", Checkup(offset_ms=offset_ms, round_trip_ms=round_trip_ms))
    assert finding.judgement == judgement
    assert ("ahead of" in finding.found) == (offset_ms > 0)


@pytest.mark.parametrize(
    ("futures", "withdrawals", "bound", "judgements"),
    [
        (True, False, True, ["ok"]),
        (True, True, True, ["warn"]),
        (True, False, False, ["warn"]),
        (False, False, True, ["fail"]),
        (False, True, False, ["fail", "warn", "warn"]),
        (None, None, None, ["warn"]),
    ],
)
def test_what_a_key_may_do_is_judged(
    *, futures: bool | None, withdrawals: bool | None, bound: bool | None, judgements: list[str]
) -> None:
    said = KeyPermissions(futures=futures, withdrawals=withdrawals, bound_to_addresses=bound)
    findings: list[Finding] = list(doctor.permissions("main", said))
    assert [finding.judgement for finding in findings] == judgements


def test_a_check_that_fails_itself_is_a_finding_and_the_next_is_looked_at(
    albra: Albra, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_config: Config) -> Iterator[Finding]:
        yield checks.ok("half", "looked at")
        raise RuntimeError("nonnumeric port: 'part-of-a-token'")

    monkeypatch.setattr(checks, "chat", broken)
    monkeypatch.setattr(checks, "configuration", broken)
    config = albra.directory / "config.yaml"
    assert entry.main(["doctor", "--config", str(config)]) == 1
    said = capsys.readouterr()
    assert "doctor: 2 failed: configuration, chat" in said.err
    assert "could not be looked at (RuntimeError)" in said.out
    assert "part-of-a-token" not in said.out + said.err
    assert "disk space" in said.out


def test_what_others_can_read_replace_or_exhaust_is_told_with_what_to_do(albra: Albra) -> None:
    albra.storage.mkdir(parents=True, exist_ok=True)
    albra.storage.chmod(0o700)
    (albra.storage / "journal.sqlite3-wal").write_bytes(b"")
    (albra.storage / "journal.sqlite3-wal").chmod(0o644)
    (albra.storage / "reserve").symlink_to("elsewhere")
    rows = {row["check"]: row for row in albra("doctor", "--json").document()["checks"]}
    assert rows["privacy"]["result"] == "fail"
    assert "mode 0644" in rows["privacy"]["found"]
    assert "is a symbolic link" in rows["privacy"]["found"]
    assert "chmod" in rows["privacy"]["advice"]
    assert rows["open files"]["result"] in ("ok", "fail")


def configured(**more: object) -> Any:
    text = json.dumps({"accounts": {"main": {"exchange": "binanceusdm", "api_key": "k", "api_secret": "s", **more}}})
    return load_text(text, Path("c.yaml"), {}).config.accounts[0]


@pytest.mark.parametrize(
    ("found", "more", "judgement", "said"),
    [
        (Checkup(multi_assets=False), {}, Judgement.OK, "single-asset mode"),
        (Checkup(multi_assets=True), {}, Judgement.WARN, "multi-assets mode"),
        (Checkup(multi_assets=True), {"margin_mode": "isolated"}, Judgement.FAIL, "which has no isolated margin"),
        (Checkup(multi_assets=False, credits="BNFCR"), {}, Judgement.WARN, "BNFCR"),
        (Checkup(portfolio_margin=True), {}, Judgement.FAIL, "portfolio margin"),
    ],
)
def test_what_margin_is_made_of_is_named(found: Checkup, more: dict[str, object], judgement: str, said: str) -> None:
    (finding,) = doctor.assets(configured(**more), found)
    assert finding.judgement is judgement
    assert said in finding.found


def test_what_is_held_and_not_supervised_is_named() -> None:
    (finding,) = doctor.outside("main", Checkup(outside=(("XAUUSDT", Decimal("0.5"), "TRADIFI_PERPETUAL"),)))
    assert finding.judgement is Judgement.WARN
    assert "XAUUSDT 0.5 (TRADIFI_PERPETUAL)" in finding.found
    assert not list(doctor.outside("main", Checkup()))


def test_the_environment_is_named_and_a_key_s_permissions_are_asked_of_the_live_exchange_only(albra: Albra) -> None:
    with paper() as venue, live_venue(venue, {"enableFutures": True}) as url:
        keys = {"exchange": "binanceusdm", "api_key": venue.api_key, "api_secret": venue.api_secret, "base_url": url}
        write(albra, accounts={"main": {**keys, "environment": "demo"}})
        rows = {row["check"]: row for row in json.loads(albra("doctor", "--json").out)["checks"]}
    assert "binanceusdm demo" in rows["venue main"]["found"]
    assert "permissions main" not in rows
    assert rows["assets mode main"]["found"] == "single-asset mode"
