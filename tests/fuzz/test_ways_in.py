"""What programs and people send to the ways in: commands, alerts, files of the address, words of the command line."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.cli import arguments
from adapters.cli.outcome import CommandError
from adapters.control import wire
from adapters.control.webhook import instant_ms, read, to_command
from adapters.listening.body import document
from adapters.paper.binance.streams import _reply_to
from albra.loopback.discovery import ADDRESS_FILE, ControlAddress, find
from messages import codec
from messages.commands import Command
from messages.fields import KINDS, FieldError
from messages.operations import operations
from messages.types import AccountId
from tests.control.test_webhook import SECRET, alert, config
from tests.fuzz.strategies import ANYTHING, bounded, shuffled, spoiled

ACCOUNTS = (AccountId("main"),)
COMMANDS = st.sampled_from(list(operations()))
GOOD: dict[str, dict[str, Any]] = {
    name: {"command_id": "c1", **{each.name: each.kind.example for each in operation.parameters.values()}}
    for name, operation in operations().items()
}


def commanded(name: str, body: object) -> object:
    """The command, or the refusal's words."""
    try:
        found = wire.command(name, body, ACCOUNTS, 1_700_000_000_000_000_000)
    except FieldError as error:
        assert len(str(error)) < 1_000
        assert error.field
        return str(error)
    if isinstance(found, Command):
        assert codec.decode(codec.encode(found)) == found
    assert bounded(found)
    return found


@given(name=COMMANDS, data=st.data())
def test_a_command_is_understood_or_refused_by_its_field_in_any_order(name: str, data: st.DataObject) -> None:
    body = data.draw(spoiled(GOOD[name]) | ANYTHING)
    found = commanded(name, body)
    if isinstance(body, dict):
        assert isinstance(commanded(name, shuffled(body, data.draw(st.randoms(use_true_random=False)))), type(found))


@given(value=ANYTHING)
@example(10**400)
@example(2**63)
@example("９")
def test_a_field_is_read_or_refused(value: Any) -> None:
    for kind in KINDS.values():
        try:
            assert bounded(kind(value), 1_000)
        except FieldError as error:
            assert len(str(error)) < 500


@given(body=st.just(alert()).flatmap(spoiled) | st.dictionaries(st.text(max_size=8), ANYTHING, max_size=4))
@example({**alert(), "timestamp": "0001-01-01T00:00:00+23:59"})
@example({**alert(), "timestamp": "9999-12-31T23:59:59-23:59"})
@example({**alert(), "id": 10**300})
def test_an_alert_is_understood_or_refused_without_its_secret(body: dict[str, Any]) -> None:
    try:
        found = read("trend", body)
    except FieldError as error:
        assert len(str(error)) < 1_000
        assert SECRET not in str(error)
        return
    assert SECRET not in repr(found)
    command, said = to_command(found, config().strategies[0], 60_000)
    assert isinstance(commanded(command, json.loads(json.dumps(said))), Command)


@given(value=ANYTHING)
@example("2026-01-31T12:00:00Z")
@example("0001-01-01T00:00:00+14:00")
def test_a_time_of_an_alert_is_read_or_refused(value: Any) -> None:
    try:
        assert abs(instant_ms(value)) < 10**15
    except FieldError as error:
        assert len(str(error)) < 500


@given(text=st.text(max_size=200) | ANYTHING.map(lambda value: json.dumps(value, default=str)))
@example("[" * 100_000)
@example("1" * 5_000)
@example('{"a":1,"a":2}')
@example("NaN")
def test_a_body_is_a_document_or_a_value_error(text: str) -> None:
    try:
        document(text)
    except ValueError:
        return


@given(text=st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value, default=str).encode()))
@example(b'{"host": "127.0.0.1", "port": 1e400, "pid": 1}')
@example(b"[" * 100_000)
@example(b'{"host": null, "port": -1, "pid": 99999999999999999999}')
def test_any_address_file_is_an_address_or_none(tmp_path_factory: Any, text: bytes) -> None:
    storage: Path = tmp_path_factory.mktemp("storage")
    (storage / ADDRESS_FILE).write_bytes(text)
    (storage / ADDRESS_FILE).chmod(0o600)
    assert isinstance(find(storage), ControlAddress | None)


_WORDS = """
open close modify positions history logs doctor config check --all --yes --json --percent --since 1h -1 1e5 BTCUSDT long
NaN --timeout --config -- - --limit 0 main.BTCUSDT.long.manual.1 --leverage 99999999999999999999
"""
WORDS = st.lists(st.sampled_from(_WORDS.split()) | st.text(max_size=12), max_size=8)


@given(words=WORDS)
def test_any_words_are_a_command_or_a_usage_error(words: list[str]) -> None:
    try:
        arguments.parse(words)
    except CommandError as error:
        assert 0 < len(str(error.text)) < 3_000
    except SystemExit as end:
        assert end.code == 0, "only --help and --version end at once"


def socket() -> Any:
    return SimpleNamespace(names={"btcusdt@markPrice"}, combined=False)


@given(
    text=st.text(max_size=60)
    | ANYTHING.map(lambda value: json.dumps(value, default=str))
    | st.fixed_dictionaries(
        {"method": st.sampled_from(["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"])},
        optional={"params": ANYTHING, "id": ANYTHING},
    ).map(lambda value: json.dumps(value, default=str))
)
@example('{"method": "SUBSCRIBE", "params": 5, "id": 1}')
@example('{"method": "SET_PROPERTY", "params": null}')
@example('{"method": "SUBSCRIBE", "params": "abc"}')
@example('{"method": []}')
@example("[" * 100_000)
def test_a_socket_of_the_paper_venue_answers_any_message(text: str) -> None:
    asked = socket()
    json.dumps(_reply_to(text, cast("Any", asked)))
    assert all(isinstance(name, str) for name in asked.names)
