"""Alerts of chart services: what is taken, once; what is refused, and that the secret is never shown."""

import http.client
import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.config import Secret, WebhookConfig, WebhookStrategy, load_text
from adapters.config.problems import ConfigError
from adapters.control import webhook
from adapters.control.auth_throttle import ADDRESSES_MOST, WINDOW_MS, WRONG_MOST, AuthThrottle
from adapters.control.server import ControlAddressError, ControlServer
from albra.loopback.discovery import announced
from messages.commands import CloseMatching, OpenPosition
from messages.fields import FieldError
from messages.types import AccountId, ReplyCode
from tests.control.description import check
from tests.control.fake_supervisor import FakeSupervisor, view

SECRET = "correct horse battery"
MAX_AGE_MS = 60_000


def config(**more: Any) -> WebhookConfig:
    strategy = WebhookStrategy(strategy="trend", secret=Secret(SECRET), account=None)
    values = {"enabled": True, "host": "127.0.0.1", "port": 0, "max_age_ms": MAX_AGE_MS, "strategies": (strategy,)}
    return WebhookConfig(**{**values, **more})


def alert(**more: object) -> dict[str, object]:
    plain = {
        "secret": SECRET,
        "id": "order 1",
        "timestamp": time.time_ns() // 1_000_000,
        "action": "buy",
        "symbol": "BTCUSDT.P",
        "quantity": 0.01,
        "stop": "58000",
    }
    return {**plain, **more}


@dataclass
class Hook:
    supervisor: FakeSupervisor
    server: ControlServer
    storage: Path

    def post(
        self, body: object, strategy: str = "trend", path: str | None = None, seen_by_proxy: str = ""
    ) -> tuple[int, Any]:
        where = announced(self.storage)
        assert where is not None
        connection = http.client.HTTPConnection(where["webhook"]["host"], where["webhook"]["port"], timeout=10)
        text = body if isinstance(body, str) else json.dumps(body)
        try:
            # As TradingView sends what it does not take for JSON.
            headers = {"Content-Type": "text/plain"} | ({"X-Forwarded-For": seen_by_proxy} if seen_by_proxy else {})
            connection.request("POST", path or f"/v1/webhook/{strategy}", text, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def effects(self) -> list[object]:
        return [each for each in self.supervisor.received if isinstance(each, OpenPosition | CloseMatching)]


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Hook]:
    supervisor = FakeSupervisor()
    server = serve(supervisor, tmp_path)
    yield Hook(supervisor, server, tmp_path)
    server.stop()


def serve(supervisor: FakeSupervisor, storage: Path, **more: Any) -> ControlServer:
    server = ControlServer(
        storage=storage,
        submit=supervisor.submit,
        accounts=(AccountId("main"),),
        answer_timeout_s=0.3,
        webhook=config(**more),
    )
    supervisor.deliver = server.deliver
    server.start()
    return server


def test_a_buy_opens_a_long_with_its_stop_for_the_strategy_it_names(hook: Hook) -> None:
    sent = alert()
    status, said = hook.post(sent)
    assert (status, said["position_id"]) == (200, "main.BTCUSDT.long.trend.1")
    [command] = hook.effects()
    assert isinstance(command, OpenPosition)
    assert (command.symbol, command.side, command.strategy) == ("BTCUSDT", "long", "trend")
    assert (str(command.quantity), command.stop_loss) == ("0.01", Decimal(58000))
    assert isinstance(sent["timestamp"], int)
    assert command.expires_at_ns == (sent["timestamp"] + MAX_AGE_MS) * 1_000_000


def test_a_sell_opens_a_short_and_a_close_closes_the_strategys_position(hook: Hook) -> None:
    hook.supervisor.keep(view(1))
    hook.supervisor.keep(view(2, strategy="trend"))
    assert hook.post(alert(id="a", action="SELL", symbol="ETHUSDT", target="2000"))[0] == 200
    closing = {key: value for key, value in alert(id="b", action="close").items() if key not in ("quantity", "stop")}
    assert hook.post(closing)[0] == 200
    opened, closed = hook.effects()
    assert isinstance(opened, OpenPosition)
    assert isinstance(closed, CloseMatching)
    assert (opened.side, opened.take_profit) == ("short", Decimal(2000))
    assert (closed.symbol, closed.strategy) == ("BTCUSDT", "trend")


def test_a_parameter_of_the_address_is_refused_and_a_wrong_secret_learns_nothing_of_it(hook: Hook) -> None:
    where = "/v1/webhook/trend?dry_run=1"
    assert hook.post(alert(secret="guess"), path=where)[0] == 401
    status, said = hook.post(alert(), path=where)
    assert (status, said["field"], said["found"], hook.effects()) == (400, "query", "'dry_run'", [])


def test_the_same_alert_has_one_effect_also_after_a_restart(hook: Hook, tmp_path: Path) -> None:
    sent = alert()
    first, again = hook.post(sent), hook.post(sent)
    assert first[0] == 200
    assert again == first, "a repetition has the answer of the first"
    hook.server.stop()
    # A new process remembers no alerts; the command's id is what the supervisor knows it by.
    server = serve(hook.supervisor, tmp_path)
    after = hook.post(sent)
    server.stop()
    assert after == first
    assert len(hook.supervisor.views) == 1


def test_too_old_and_too_far_ahead_are_refused(hook: Hook) -> None:
    now_ms = time.time_ns() // 1_000_000
    for timestamp in (now_ms - MAX_AGE_MS - 1000, now_ms + MAX_AGE_MS + 1000, "2020-01-31T12:00:00Z"):
        status, said = hook.post(alert(timestamp=timestamp))
        assert status == 409
        assert "nothing was done" in said["error"]
    assert hook.effects() == []


def test_without_the_secret_nothing_is_told_or_done(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = [
        alert(secret=""),
        alert(secret=None),
        alert(secret=[SECRET]),
        alert(secret=SECRET + "x"),
        alert(secret="\ud800"),
    ]
    answers = [hook.post(body) for body in wrong]
    answers += [hook.post(alert(), "nobody"), hook.post(alert(secret="\0" * 32), "nobody")]
    assert answers == [(401, {"error": "the secret is missing or wrong"})] * len(answers)
    assert hook.effects() == []
    assert SECRET not in caplog.text


def test_the_right_secret_passes_however_often_the_same_address_guessed_wrong(hook: Hook) -> None:
    guesses = [hook.post(alert(secret=f"guess {n}"), seen_by_proxy="6.6.6.6")[0] for n in range(WRONG_MOST + 3)]
    assert guesses == [401] * WRONG_MOST + [429] * 3
    assert hook.post(alert(), seen_by_proxy="8.8.8.8, 6.6.6.6")[0] == 200
    assert hook.post(alert(secret="guess"), seen_by_proxy="8.8.8.8")[0] == 401, "others hear what they did wrong"
    assert len(hook.effects()) == 1


def test_guesses_are_forgotten_after_their_window_and_never_fill_the_memory() -> None:
    guesses = AuthThrottle()
    for now_ms in range(WRONG_MOST):
        assert guesses.wait_ms("a", now_ms) == 0
        guesses.on_failure("a", now_ms)
    assert guesses.wait_ms("a", WRONG_MOST) == WINDOW_MS - WRONG_MOST
    assert guesses.wait_ms("a", WINDOW_MS) == 0, "the oldest has left the window"
    for number in range(3 * ADDRESSES_MOST):
        guesses.on_failure(f"b{number}", WINDOW_MS)
    assert len(guesses._wrong) == ADDRESSES_MOST


@pytest.mark.parametrize(
    "body", ["", "[]", "{", json.dumps([SECRET]), f'"{SECRET}"', "[" * 5000, '{"id": ' + "9" * 9000]
)
def test_what_is_no_json_object_is_refused_and_not_repeated(hook: Hook, body: str) -> None:
    status, said = hook.post(body)
    assert status == 400
    assert SECRET not in json.dumps(said)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"action": "hold"}, "action"),
        ({"action": None}, "action"),
        ({"quantity": None}, "quantity"),
        ({"quantity": "1e2"}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"symbol": "BTC"}, "symbol"),
        ({"symbol": None}, "symbol"),
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"timestamp": None}, "timestamp"),
        ({"timestamp": 1_790_000_000}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "2026-01-31T12:00:00"}, "timestamp"),
        ({"leverage": 1.5}, "leverage"),
        ({"price": "1"}, "body"),
        ({"action": "close"}, "stop"),
    ],
)
def test_a_field_that_could_be_misread_is_refused_by_name(hook: Hook, change: dict[str, object], field: str) -> None:
    status, said = hook.post(alert(**change))
    assert (status, said["field"]) == (400, field)
    assert SECRET not in json.dumps(said)
    assert hook.effects() == []


def test_a_refusal_is_told_and_a_busy_supervisor_may_be_asked_again(hook: Hook) -> None:
    hook.supervisor.refusal = "openings are paused"
    assert hook.post(alert(id="a"))[1]["error"] == "openings are paused"
    hook.supervisor.refusal = ""
    hook.supervisor.full = True
    sent = alert(id="b")
    assert hook.post(sent)[0] == 503
    hook.supervisor.full, hook.supervisor.silent = False, True
    assert hook.post(sent)[0] == 504
    hook.supervisor.silent = False
    assert hook.post(sent)[0] == 200


def test_nothing_of_the_control_api_is_reached_through_the_webhooks_address(hook: Hook) -> None:
    for path in ("/v1/commands/close_all", "/v1/positions", "/v1/health", "/"):
        assert hook.post(alert(), path=path)[0] == 404


def test_a_taken_port_is_said_by_its_key(hook: Hook, tmp_path: Path) -> None:
    where = announced(tmp_path)
    assert where is not None
    with pytest.raises(ControlAddressError, match=r"webhook\.port: 127\.0\.0\.1:\d+ cannot be bound"):
        serve(FakeSupervisor(), tmp_path, port=where["webhook"]["port"])


def test_an_alert_trades_on_the_account_of_its_strategy_with_its_terms() -> None:
    strategy = WebhookStrategy(strategy="trend", secret=Secret(SECRET), account=AccountId("second"))
    terms = {"quantity": "0.01", "leverage": 3, "target": "66000.50", "timestamp": 1_769_860_800_000}
    name, body = webhook.to_command(webhook.read("trend", alert(**terms)), strategy, MAX_AGE_MS)
    command_id = body.pop("command_id")
    assert (name, body) == (
        "open",
        {
            "symbol": "BTCUSDT",
            "side": "long",
            "strategy": "trend",
            "account": "second",
            "quantity": "0.01",
            "stop_loss": "58000",
            "take_profit": "66000.50",
            "leverage": 3,
            "expires_at_ns": (1_769_860_800_000 + MAX_AGE_MS) * 1_000_000,
        },
    )
    assert len(command_id) <= 64
    other = webhook.read("other", alert(**terms))
    assert other.command_id != command_id  # two strategies may name their alerts alike


def test_an_alert_that_comes_before_the_account_is_ready_waits_its_age_out(hook: Hook) -> None:
    """A chart service sends it once."""
    hook.supervisor.refusal, hook.supervisor.code = "the account's positions are being read", ReplyCode.NOT_READY

    def ready() -> None:
        hook.supervisor.refusal, hook.supervisor.code = "", ReplyCode.DECIDED
        hook.supervisor.replies.clear()

    timer = threading.Timer(0.2, ready)
    timer.start()
    status, said = hook.post(alert())
    timer.join()
    assert (status, said["accepted"]) == (200, True)
    assert len(hook.supervisor.views) == 1


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-31T12:00:00Z", 1_769_860_800_000),
        ("2026-01-31T12:00:00.250+00:00", 1_769_860_800_250),
        (1_769_860_800_000, 1_769_860_800_000),
        ("1769860800000", 1_769_860_800_000),
    ],
)
def test_instants_are_read_as_services_write_them(written: object, milliseconds: int) -> None:
    assert webhook.instant_ms(written) == milliseconds


@pytest.mark.parametrize("written", [True, 1.5, None, "", "٣" * 13, "9" * 13 + "0", -1])
def test_instants_that_could_be_something_else_are_refused(written: object) -> None:
    with pytest.raises(FieldError):
        webhook.instant_ms(written)


def test_the_configuration_wants_a_secret_worth_the_name_and_an_account_that_there_is() -> None:
    text = "webhook: {{enabled: true, strategies: {{trend: {0}}}}}"
    good = load_text(text.format(f"{{secret: {SECRET}}}"), Path("c.yaml"), {})
    assert good.config.webhook.strategies[0].secret == Secret(SECRET)
    assert Secret(SECRET) in good.config.secrets()
    for bad, expected in (
        ("{}", "expected a secret"),
        ("{secret: short}", "at least 16 characters"),
        (f"{{secret: {SECRET}, account: other}}", "expected one of main"),
    ):
        with pytest.raises(ConfigError, match=expected):
            load_text(text.format(bad), Path("c.yaml"), {})
    with pytest.raises(ConfigError, match="at least one strategy"):
        load_text("webhook: {enabled: true}", Path("c.yaml"), {})


def test_what_is_answered_is_what_the_control_api_describes(hook: Hook) -> None:
    check({"$ref": "#/components/schemas/Accepted"}, hook.post(alert())[1])
    check({"$ref": "#/components/schemas/Error"}, hook.post(alert(secret="x"))[1])


def test_the_message_in_the_documentation_is_taken() -> None:
    text = (Path(__file__).parents[2] / "docs" / "control-api.md").read_text()
    _, _, rest = text.partition("```json\n")
    message = rest.partition("```")[0]
    for placeholder, value in {
        "strategy.order.id": "Long",
        "timenow": "2026-01-31T12:00:00Z",
        "ticker": "BTCUSDT.P",
        "strategy.order.action": "sell",
        "strategy.order.contracts": "0.25",
    }.items():
        message = message.replace("{{" + placeholder + "}}", value)
    read = webhook.read("trend", json.loads(message))
    assert (read.symbol, read.action, read.quantity) == ("BTCUSDT", "sell", Decimal("0.25"))
