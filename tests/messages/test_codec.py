from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages import codec, commands, events, journal, lifecycle, reports, requests, types
from messages.addresses import NOTIFIER, position_address
from messages.base import Event, Message
from messages.priority import PRIORITY
from messages.statement import Statement
from messages.types import ClientOrderId, Key, Symbol, TradeId
from tests.messages import strategies

MODULES = (types, commands, events, requests, reports, journal, lifecycle)


def concrete_dataclasses() -> list[type]:
    """Every dataclass of the message modules from which no other inherits."""
    found = [
        value
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, type) and is_dataclass(value) and value.__module__ == module.__name__
    ]
    return [cls for cls in found if not any(cls in other.__mro__[1:] for other in found)]


def fill(**changes: Any) -> events.OrderFilled:
    known: dict[str, Any] = {
        "client_order_id": ClientOrderId("abjournal100000010001"),
        "trade_id": TradeId("7"),
        "quantity": Decimal("1.50"),
        "price": Decimal("60000.10"),
        "fee": Decimal("0.02"),
        "fee_currency": "USDT",
        "realized_pnl": Decimal(0),
    }
    return events.OrderFilled(**(known | changes))


def exact(value: object) -> Iterator[object]:
    """What equality alone does not see: classes, and the exponent and sign of decimals."""
    yield type(value)
    match value:
        case Decimal():
            yield value.as_tuple()
        case Statement():
            yield (value.code, *(each for _, part in sorted(value.args.items()) for each in exact(part)))
        case tuple():
            for item in value:
                yield from exact(item)
        case frozenset():
            yield sorted(map(repr, value))
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from exact(getattr(value, field.name))
        case _:
            yield value


def test_every_message_and_every_value_within_one_has_a_tag() -> None:
    assert set(PRIORITY) <= codec.tagged()
    assert set(concrete_dataclasses()) <= codec.tagged()


@pytest.mark.parametrize("cls", concrete_dataclasses(), ids=lambda cls: cls.__name__)
def test_every_message_class_round_trips(cls: type) -> None:
    @settings(max_examples=15, deadline=None, database=None)
    @given(strategies.of(cls))
    def round_trips(value: object) -> None:
        again: object = codec.decode_as(codec.encode(value), cls)
        assert again == value
        assert list(exact(again)) == list(exact(value))
        assert codec.encode(again) == codec.encode(value)

    round_trips()


def test_decimals_keep_their_exponent_and_sign() -> None:
    for text in ("1.50", "1.5", "6E+4", "-0", "0.00", "1E-27", "123456789012345678901234567890.12345"):
        quantity = codec.decode_as(codec.encode(fill(quantity=Decimal(text))), events.OrderFilled).quantity
        assert quantity.as_tuple() == Decimal(text).as_tuple()


def test_equal_sets_are_equal_bytes() -> None:
    ids = [ClientOrderId(f"ab{n}") for n in range(50)]
    known: dict[str, Any] = {"account": types.AccountId("main"), "begun_ns": 1}
    forward = reports.Sweep(open_orders=frozenset(ids), **known)
    backward = reports.Sweep(open_orders=frozenset(reversed(ids)), **known)
    assert codec.encode(forward) == codec.encode(backward)


def test_an_effect_carries_any_message_and_gives_it_back_as_its_own_class() -> None:
    effect = journal.Effect(to=NOTIFIER, message=fill())
    again = codec.decode_as(codec.encode(effect), journal.Effect)
    assert type(again.message) is events.OrderFilled
    assert again == effect


def test_a_message_that_is_no_event_is_refused_where_an_event_belongs() -> None:
    step = journal.AppendStep(
        sender=position_address(1),
        position_id=types.PositionId("main.BTCUSDT.long.grid.1"),
        ordinal=1,
        version=1,
        events=(requests.Wake(topic="x", after_ms=1),),  # type: ignore[arg-type]
        effects=(),
    )
    with pytest.raises(codec.EncodeError, match=r"AppendStep\.events"):
        codec.encode(step)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", 1.5),
        ("quantity", "1.5"),
        ("quantity", None),
        ("fee_currency", b"USDT"),
        ("ts_init", 1.0),
        ("ts_init", True),
        ("ts_init", 2**64),
        ("trade_id", 7),
        ("fee_currency", "\ud800"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(field: str, value: object) -> None:
    with pytest.raises(codec.EncodeError):
        codec.encode(fill(**{field: value}))
    assert codec.decode(codec.encode(fill())) == fill(), "and the codec still works"


def test_a_class_without_a_tag_is_refused_by_name() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Untagged(Message):
        pass

    with pytest.raises(codec.EncodeError, match="Untagged"):
        codec.encode(Untagged())


@given(st.binary(max_size=60))
def test_bytes_that_are_no_message_raise_decode_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(codec.DecodeError):
        codec.decode(data)


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_message_is_either_refused_or_still_well_typed(data: st.DataObject) -> None:
    whole = bytearray(codec.encode(fill()))
    index = data.draw(st.integers(0, len(whole) - 1))
    whole[index] ^= data.draw(st.integers(1, 255))
    try:
        message = codec.decode(bytes(whole))
    except codec.DecodeError:
        return
    assert codec.decode(codec.encode(message)) == message


def test_every_truncation_is_refused() -> None:
    whole = codec.encode(fill())
    for length in range(len(whole)):
        with pytest.raises(codec.DecodeError):
            codec.decode(whole[:length])


@pytest.mark.parametrize(
    ("wire", "named"),
    [
        ([999, 1], "unknown tag 999"),
        ([111, 9, "", ""], "version 9 of OrderFilled"),
        ([111], "where a record belongs"),
        ({}, "where a record belongs"),
        ([[], 1], "damaged record"),
        ([2, 1, "main", "BTCUSDT", "long", "grid"], "a Key where a Message belongs"),
        ([402, 1, "", "", "1"], r"Committed\.version"),
        ([326, 1, "", ""], "Woken lacks 'topic'"),
    ],
)
def test_a_decode_error_says_what_is_wrong(wire: object, named: str) -> None:
    with pytest.raises(codec.DecodeError, match=named):
        codec.decode(msgpack.packb(wire))


def test_nesting_without_end_is_refused() -> None:
    opened = msgpack.packb([400, 1, "", "", "a", None])[:-1]
    for depth in (500, 600, 100_000):
        with pytest.raises(codec.DecodeError):
            codec.decode(opened * depth + codec.encode(fill()))


def test_jsonable_shows_decimals_as_plain_strings() -> None:
    shown = codec.to_jsonable(fill(quantity=Decimal("1E-8"), price=Decimal("6E+4")))
    assert shown["type"] == "OrderFilled"
    assert (shown["quantity"], shown["price"]) == ("0.00000001", "60000")


@given(strategies.of(journal.AppendStep))
def test_jsonable_holds_nothing_that_json_does_not_know(step: journal.AppendStep) -> None:
    def check(value: object) -> None:
        match value:
            case dict():
                for name, item in value.items():
                    assert type(name) is str
                    check(item)
            case list():
                for item in value:
                    check(item)
            case _:
                assert type(value) in (str, int, bool, type(None))

    shown = codec.to_jsonable(step)
    check(shown)
    assert [event["type"] for event in shown["events"]] == [type(event).__name__ for event in step.events]


def test_a_class_that_checks_itself_is_still_asked() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Even(Message):
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError("odd")

    codec.register(90_001, Even)
    data = codec.encode(Even(number=2))
    assert codec.decode(data) == Even(number=2)
    with pytest.raises(codec.DecodeError, match="odd"):
        codec.decode(data[:-1] + b"\x03")


def test_replacing_a_field_leaves_the_original_bytes_alone() -> None:
    original = fill()
    before = codec.encode(original)
    assert codec.encode(replace(original, quantity=Decimal(2))) != before
    assert codec.encode(original) == before


def test_keys_and_symbols_are_strings_on_the_wire() -> None:
    key = Key(
        account=types.AccountId("main"),
        symbol=Symbol("BTCUSDT"),
        side=types.PositionSide.LONG,
        strategy=types.StrategyId("grid"),
    )
    assert msgpack.unpackb(codec.encode(key)) == [2, 1, "main", "BTCUSDT", "long", "grid"]


def test_events_are_messages_with_a_time() -> None:
    decoded = codec.decode(codec.encode(fill(ts_event=5, ts_init=6)))
    assert isinstance(decoded, Event)
    assert (decoded.ts_event, decoded.ts_init) == (5, 6)
