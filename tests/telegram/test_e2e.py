"""From the phone to the venue and back: `albra run`, the paper venue, python-telegram-bot, a Bot API server."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.e2e.process import Home, Supervisor, Venue, wait_for
from tests.telegram.hook import listening
from tests.telegram.server import TOKEN, ApiError, BotApi, Shown, serving

OWNER, VIEWER, STRANGER = 100, 300, 666
READ = (
    "/status", "/phase2_status", "/accounts", "/health", "/balance", "/positions", "/position #1", "/position_states",
    "/history #1", "/strategies", "/discrepancies", "/reconcile",
)  # fmt: skip
NO_WORDS = frozenset({"main", "binanceusdm", "manual", "long", "BTCUSDT", "USDT", "albra", "bot", "ms", "MiB"})
"""Names, symbols and units, which are nobody's language."""
_TAG, _LATIN = re.compile(r"<[^<>]*>|ID: \w+"), re.compile(r"\b[A-Za-z]{2,}\b")


@contextmanager
def running(tmp_path: Path, **more: Any) -> Iterator[tuple[BotApi, Venue, Home]]:
    with serving() as api, Venue(tmp_path) as venue:
        venue.post("price", symbol="BTCUSDT", price="60000")
        telegram = {
            "enabled": True,
            "token": TOKEN,
            "api_base_url": api.url,
            "users": {str(OWNER): "owner", str(VIEWER): "viewer"},
            **more,
        }
        yield api, venue, Home.at(tmp_path / "home", venue, telegram=telegram)


def confirm(api: BotApi, shown: Shown, label: str = "Confirm") -> None:
    """Press it, and see that the message changes."""
    api.press(OWNER, shown, label)
    api.wait("the press to count", lambda: len(shown.texts) > 1)


def test_a_day_on_the_phone(tmp_path: Path) -> None:
    with running(tmp_path) as (api, venue, home):
        policy = {"policy": {"POSITION_NOT_IN_SYSTEM": "MANUAL_INTERVENTION"}, "observation_gap": 1}
        home.config["phase2"] = {"enabled": True, "reconciliation": policy}
        home.write()
        with home.run() as albra:
            _a_day(api, venue, home, albra)


def _a_day(api: BotApi, venue: Venue, home: Home, albra: Supervisor) -> None:
    albra.ready()
    api.wait("the menus", lambda: {OWNER, VIEWER} <= api.menus.keys())
    assert "you are owner" in api.ask(OWNER, "/help", "Albra").text

    opening = api.ask(OWNER, "/open btc/usdt:usdt long 0.01 sl=58000", "Opens")
    confirm(api, opening)
    api.wait("the opening", lambda: "✅ #1 BTCUSDT long: ACTIVE" in opening.text)
    api.shown("0.010 open at 6", chat=OWNER)
    assert venue.truth().net == {"BTCUSDT": "0.01"}
    assert "1 position" in api.ask(VIEWER, "/positions", "position").text
    assert "may not" in api.ask(VIEWER, "/close_all", "viewer").text

    venue.post("price", symbol="BTCUSDT", price="57900")  # the stop triggers; nobody was asked
    notice = api.shown("closed, realized", chat=OWNER)
    assert "BTCUSDT long" in notice.text
    assert "No open positions" in api.ask(OWNER, "/positions", "No open").text

    venue.post("trade", symbol="SOLUSDT", side="BUY", quantity="5")  # a human, at the venue itself
    needs = api.shown("SOLUSDT needs you", chat=OWNER)
    api.press(OWNER, needs, "Acknowledge d1")
    confirm(api, api.shown("it is not repaired", chat=OWNER))
    api.shown("d1 is acknowledged", chat=OWNER)
    seen = api.press(OWNER, needs, data=needs.data("Acknowledge"))
    api.wait("its acknowledgment", lambda: api.answered.get(seen) == "Acknowledged.")
    venue.post("trade", symbol="SOLUSDT", side="SELL", quantity="5")

    reconciled = api.ask(OWNER, "/reconcile", "")
    api.wait("the comparison", lambda: "<b>Reconciled</b>" in reconciled.text)
    assert "discrepancies" in api.ask(OWNER, "/discrepancies", "iscrepancies").text.lower()
    assert "bus" not in api.ask(OWNER, "/phase2_status", "<b>Messages</b>").text

    for symbol in ("BTCUSDT", "ETHUSDT"):
        shown = api.ask(OWNER, f"/open {symbol} short 0.05", "Opens")
        confirm(api, shown)
        api.shown(f"{symbol} short: ACTIVE", chat=OWNER)
    everything = api.ask(OWNER, "/close_all", "Closes")
    assert "2 positions" in everything.text
    confirm(api, everything)
    api.wait("all closed", lambda: "Closed 2 of 2." in everything.text)
    assert venue.truth().net == {}

    before = len(api.messages)
    api.say(STRANGER, "/close_all")
    api.press(STRANGER, everything, data="!y:1")
    api.ask(OWNER, "/health", "well")
    assert all(shown.chat_id != STRANGER for shown in api.messages[before:])
    assert albra.terminate() == 0
    assert TOKEN not in albra.said()
    assert TOKEN not in "".join(path.read_text() for path in (home.storage / "logs").glob("*"))
    assert home.albra("journal", "verify").code == 0


def test_killed_between_a_confirmation_and_its_outcome_nothing_is_done_twice(tmp_path: Path) -> None:
    with running(tmp_path) as (api, venue, home):
        with home.run() as albra:
            albra.ready()
            shown = api.ask(OWNER, "/open BTCUSDT long 0.01", "Opens")
            api.press(OWNER, shown, data=shown.data("Confirm"))
            wait_for("the order", lambda: venue.truth().net)
            albra.kill()
        with home.run() as albra:
            albra.ready()
            assert "1 position" in api.ask(OWNER, "/positions", "position").text
            assert venue.truth().net == {"BTCUSDT": "0.01"}
            assert len(venue.truth().orders) == 1


def test_a_chat_that_was_down_and_then_slow_is_told_all_and_late_commands_are_not_carried_out(tmp_path: Path) -> None:
    with running(tmp_path) as (api, venue, home):
        slow = [ApiError(429, "Too Many Requests: retry after 1", retry_after=1) for _ in range(2)]
        api.trouble = lambda method, _: slow.pop() if method == "sendMessage" and slow else None
        api.dead = True
        with home.run() as albra:
            albra.ready()
            quantities = {"BTCUSDT": "0.01", "ETHUSDT": "0.1", "SOLUSDT": "5"}
            for symbol, quantity in quantities.items():
                albra.command("open", command_id=f"c-{symbol}", symbol=symbol, side="long", quantity=quantity)
            api.say(OWNER, "/close_all", ago_s=300)
            wait_for("three positions", lambda: len([p for p in albra.positions() if p["state"] == "ACTIVE"]) == 3)
            api.dead = False
            for symbol in quantities:
                api.shown(f"{symbol} long (main", chat=OWNER)
            api.shown("late and is not carried out", chat=OWNER)
            assert len(venue.truth().net) == 3
            assert slow == []


def test_what_a_korean_owner_reads_is_korean(tmp_path: Path) -> None:
    with running(tmp_path, languages={str(OWNER): "ko"}, timezone="Asia/Seoul") as (api, _, home), home.run() as albra:
        albra.ready()
        api.wait("the menus", lambda: OWNER in api.menus)
        assert {"command": "close_all", "description": "지금 전부 청산"} in api.menus[OWNER]
        shown = api.ask(OWNER, "/open BTCUSDT long 0.01 sl=58000", "진입합니다")
        confirm(api, shown, "확인")
        api.shown("0.010 진입", chat=OWNER)
        for command in READ:
            before = len(api.messages)
            api.say(OWNER, command)
            shown = api.wait(command, lambda before=before: api.messages[before:])[0]  # type: ignore[misc]
            api.wait("the answer", lambda shown=shown: "…" not in shown.text)  # type: ignore[misc]
            left = [word for word in _LATIN.findall(_TAG.sub("", shown.text)) if word not in NO_WORDS]
            assert left == [], (command, shown.text)
        assert "you are viewer" in api.ask(VIEWER, "/help", "Albra").text


def test_critical_goes_to_the_webhook_while_the_chat_is_down(tmp_path: Path) -> None:
    posts: list[dict[str, Any]] = []
    pings: list[str] = []

    async def hook(request: web.Request) -> web.Response:
        if request.method == "GET":
            pings.append(str(request.path))
        else:
            posts.append(await request.json())
        return web.Response()

    with listening(hook) as url, running(tmp_path) as (api, venue, home):
        api.dead = True
        home.config["notifier"] = {
            "webhook": {"url": f"{url}/alert?key=secret", "after": 1},
            "ping": {"url": f"{url}/ping", "every": 0.5},
        }
        home.write()
        with home.run() as albra:
            albra.ready()
            albra.command("open", command_id="c1", symbol="BTCUSDT", side="long", quantity="0.01", stop_loss="58000")
            wait_for("the position", lambda: [p for p in albra.positions() if p["protected"]])
            wait_for("pings", lambda: len(pings) > 3)
            venue.post("deleverage", symbol="BTCUSDT", quantity="0.01")  # the venue itself closes: always CRITICAL
            found = wait_for("the alert", lambda: posts)
            assert found[0]["severity"] == "critical"
            assert found[0]["account"] == "main"
            assert "key=secret" not in json.dumps([path.read_text() for path in (home.storage / "logs").glob("*")])
