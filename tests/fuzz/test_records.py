"""Records of a journal that time, a disk or another version has changed: read as they were, or refused by name."""

from pathlib import Path
from typing import Any, cast

import msgpack  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from adapters.storage.high_water_mark import FILE_NAME, HighWaterMark
from adapters.storage.record import RecordDamagedError, SnapshotRecord, StepRecord, assemble, step_checksum
from messages import codec
from messages.base import Event, Message
from messages.commands import Command
from messages.types import JournalId
from tests.messages.strategies import of

_KEPT = [cast("Any", cls) for _, cls, _ in codec.table() if issubclass(cls, Event | Command)]
MESSAGES: st.SearchStrategy[Any] = st.one_of([of(cls) for cls in _KEPT])
WIRE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.binary(max_size=5),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.sampled_from([[], [1, 1], {}]),
)
NAME = "main.BTCUSDT.long.alpha.1"


def decoded(data: bytes) -> object:
    """The message, or that it is none."""
    try:
        found = codec.decode(data)
    except codec.DecodeError:
        return None
    return codec.to_jsonable(found)


@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused_by_name(data: bytes) -> None:
    decoded(data)


@given(message=MESSAGES, data=st.data())
def test_a_changed_record_is_a_message_or_refused_by_name(message: Message, data: st.DataObject) -> None:
    written = codec.encode(message)
    cut = data.draw(st.integers(0, len(written)))
    assert decoded(written[:cut]) is None or cut == len(written)
    spoiled = bytearray(written)
    for _ in range(data.draw(st.integers(1, 3))):
        spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    decoded(bytes(spoiled))


@given(message=MESSAGES, data=st.data())
def test_a_record_of_other_types_lengths_and_versions_is_refused_by_name(message: Message, data: st.DataObject) -> None:
    wire = msgpack.unpackb(codec.encode(message), strict_map_key=False)
    value = data.draw(WIRE)
    which = data.draw(st.integers(0, len(wire)))
    decoded(msgpack.packb([*wire[:which], value, *wire[which + 1 :]]))


@given(payload=st.binary(max_size=60) | st.lists(st.lists(WIRE, max_size=3) | WIRE, max_size=3).map(msgpack.packb))
def test_a_step_that_is_none_keeps_out_its_position_alone(payload: bytes) -> None:
    """Its checksum fits: another version of the program wrote it."""
    checksum = step_checksum(seq=1, ordinal=1, position_id=NAME, version=1, ts=5, payload=payload)
    step = StepRecord(seq=1, ordinal=1, version=1, ts=5, payload=payload, checksum=checksum)
    for snapshot in (None, SnapshotRecord(version=0, payload=payload, checksum=b"")):
        try:
            assemble(1, NAME, snapshot, [step])
        except RecordDamagedError:
            continue


@given(line=st.binary(max_size=100) | st.text(max_size=40).map(lambda text: text.encode(errors="replace")))
def test_any_mark_beside_a_journal_counts_no_loss_that_was_none(tmp_path_factory: Any, line: bytes) -> None:
    folder: Path = tmp_path_factory.mktemp("mark")
    (folder / FILE_NAME).write_bytes(line)
    (folder / FILE_NAME).chmod(0o600)
    mark = HighWaterMark(folder, JournalId("journal0"))
    assert mark.lost(5) == 0
    mark.write(9)
    assert mark.lost(5) == 4
    mark.close()
