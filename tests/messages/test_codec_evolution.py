"""The rules for changing a released message, each as a test: see `messages.codec`."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from messages import codec, events
from messages.base import Message
from messages.types import CorrelationId
from tests.messages import layout

_tags = itertools.count(91_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown(Message):
    """As it became: `note` and `sizes` were appended later."""

    name: str
    size: Decimal
    note: str = "none"
    sizes: tuple[Decimal, ...] = (Decimal("1.0"),)


def test_an_older_shorter_record_decodes_with_the_defaults() -> None:
    tag = next(_tags)
    codec.register(tag, Grown)
    old = msgpack.packb([tag, 1, "c", "", "a", "2.50"])
    assert codec.decode(old) == Grown(correlation_id=CorrelationId("c"), name="a", size=Decimal("2.50"))


def test_a_newer_longer_record_of_the_same_version_decodes_without_its_surplus() -> None:
    wire = [*codec.to_wire(events.LeverageApplied(leverage=3)), "appended later", None]
    assert codec.decode(msgpack.packb(wire)) == events.LeverageApplied(leverage=3)


def test_a_record_that_lacks_a_field_without_default_is_refused() -> None:
    wire = codec.to_wire(events.LeverageApplied(leverage=3))[:-1]
    with pytest.raises(codec.DecodeError, match="lacks 'leverage'"):
        codec.decode(msgpack.packb(wire))


def test_a_short_record_is_checked_like_a_whole_one() -> None:
    with pytest.raises(codec.DecodeError, match="correlation_id"):
        codec.decode(msgpack.packb([327, 1, 5]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(Message):
    """Version 3: version 1 had (percent: int), version 2 (share: str), version 3 (share, reason)."""

    share: Decimal
    reason: str


def test_upcasts_lead_an_old_version_to_the_present_one_step_by_step() -> None:
    tag = next(_tags)
    codec.register(tag, Renamed, version=3)

    def share_for_percent(record: Sequence[Any]) -> Sequence[Any]:
        *head, percent = record
        return [*head, str(Decimal(percent) / 100)]

    codec.upcast(tag, 1, share_for_percent)
    codec.upcast(tag, 2, lambda record: [*record, "unknown"])
    assert codec.decode(msgpack.packb([tag, 1, "", "", 50])) == Renamed(share=Decimal("0.5"), reason="unknown")
    assert codec.decode(msgpack.packb([tag, 2, "", "", "0.50"])) == Renamed(share=Decimal("0.50"), reason="unknown")
    with pytest.raises(codec.DecodeError, match="version 4 of Renamed"):
        codec.decode(msgpack.packb([tag, 4, "", "", "0.5", "x"]))
    with pytest.raises(ValueError, match="upcast already"):
        codec.upcast(tag, 1, share_for_percent)


def test_a_failing_upcast_is_a_decode_error() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Failing(Message):
        pass

    tag = next(_tags)
    codec.register(tag, Failing, version=2)
    codec.upcast(tag, 1, lambda record: [record[99]])
    with pytest.raises(codec.DecodeError):
        codec.decode(msgpack.packb([tag, 1]))


def test_a_tag_means_one_class_for_good() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class One(Message):
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Other(Message):
        pass

    tag = next(_tags)
    codec.register(tag, One)
    codec.register(tag, One)
    with pytest.raises(ValueError, match=f"tag {tag} means"):
        codec.register(tag, Other)
    with pytest.raises(ValueError, match="has tag"):
        codec.register(next(_tags), One)
    with pytest.raises(ValueError, match="means"):
        codec.register(111, Other)


def test_a_float_field_has_no_wire_form() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Floating(Message):
        price: float

    codec.register(next(_tags), Floating)
    with pytest.raises(codec.EncodeError, match=r"Floating\.price has no wire form"):
        codec.encode(Floating(price=1.0))


def test_fields_of_released_messages_are_only_appended() -> None:
    """Where this fails because a field was appended or a class added: `python -m tests.messages.layout`."""
    recorded = layout.read(Path(layout.__file__).with_suffix(".txt"))
    present = layout.present()
    for tag, (version, names) in recorded.items():
        if tag in codec.RETIRED:
            continue
        assert tag in present, f"tag {tag} is gone: {names}"
        now_version, now_names = present[tag]
        if now_version == version:
            assert now_names[1 : len(names)] == names[1:], f"tag {tag}: fields moved without a new version"
        else:
            assert now_version > version, f"tag {tag} went back to version {now_version}"
    assert set(present) <= set(recorded), "record what is new: python -m tests.messages.layout"


def test_appended_fields_have_defaults() -> None:
    recorded = layout.read(Path(layout.__file__).with_suffix(".txt"))
    for tag, cls, version in codec.table():
        known_version, names = recorded.get(tag, (0, ()))
        if known_version == version:
            for field in fields(cls)[len(names) - 1 :]:
                assert layout.has_default(field), f"{cls.__name__}.{field.name} was appended without a default"
