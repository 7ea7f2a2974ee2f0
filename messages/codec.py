"""Encodes messages as msgpack bytes, for the journal and for transport between processes.

A message is an array `[tag, version, field …]`. The tag is a number of the table below and means its class for good;
fields stand in the order of their declaration; decimals are exact strings (`1.50` stays `1.50`); enumerations are their
values; tuples are arrays, frozensets sorted ones; a nested dataclass is a record of the same form, so a field typed
`Message` holds any message.

Rules for changing a message that was ever released:

1. A field is only appended, with a default, and never changes its meaning. An older, shorter record decodes with the
default; a newer, longer one of the same version decodes without its surplus.

2. Everything else is an incompatible change (a field removed, retyped or reinterpreted, or added to a base class and so
inserted in every subclass): the class gets a new version in the table, and `upcast` converts a record of the old
version.

3. A tag is never used again, and an event class is never deleted: old journals stay readable.
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgpack  # type: ignore[import-untyped]

import messages.wording  # noqa: F401 - the tables that statements in messages name
from messages import (
    commands,
    events,
    journal,
    lifecycle,
    notices,
    reconciliation,
    reports,
    requests,
    status,
    telegram,
    types,
)
from messages.base import Message
from messages.coders import (
    HEADER_LENGTH,
    DecodeError,
    Decoder,
    EncodeError,
    Encoder,
    build_decoder,
    build_encoder,
)
from messages.decimals import plain
from messages.statement import fact

__all__ = [
    "DecodeError",
    "EncodeError",
    "decode",
    "decode_as",
    "encode",
    "from_wire",
    "pack",
    "register",
    "table",
    "tagged",
    "to_jsonable",
    "to_wire",
    "unpack",
    "upcast",
]

_OURS: tuple[tuple[int, type], ...] = (
    (1, types.Instrument),
    (2, types.Key),
    (3, reports.PositionRow),
    (4, reports.OrderView),
    (5, reconciliation.Discrepancy),
    (6, reconciliation.SymbolSetting),
    (7, types.RateLimit),
    (8, types.RateUse),
    (9, types.RequestCost),
    (10, reports.UnreadRow),
    (11, types.Worth),
    (12, status.StatusRow),
    (44, status.Concern),
    (45, status.Verdict),
    (13, reports.LimitUse),
    (14, reports.CircuitView),
    (16, types.OtherContract),
    (17, reports.Outside),
    (18, types.Fee),
    (19, types.Track),
    (46, types.TrailingBounds),
    (20, commands.OpenPosition),
    (21, commands.ClosePosition),
    (22, commands.EmergencyClose),
    (23, commands.ModifyPosition),
    (24, commands.PausePosition),
    (25, commands.ResumePosition),
    (26, commands.PauseOpenings),
    (27, commands.ResumeOpenings),
    (28, commands.CloseAll),
    (29, commands.AdoptPosition),
    (30, commands.AdjustPosition),
    (31, commands.Reconcile),
    (35, commands.CancelEntry),
    (36, commands.CancelEntries),
    (37, commands.AssignPosition),
    (38, commands.CloseMatching),
    (42, commands.SettlePosition),
    (43, commands.RetirePosition),
    (32, commands.ListPositions),
    (33, commands.ReadStatus),
    (34, commands.ReadHistory),
    (100, events.PositionRequested),
    (101, events.PositionAdopted),
    (102, events.LeverageIntended),
    (103, events.LeverageApplied),
    (104, events.LeverageRefused),
    (105, events.OrderIntended),
    (106, events.OrderAcknowledged),
    (107, events.OrderTriggered),
    (108, events.OrderRefused),
    (109, events.OrderDoubted),
    (110, events.OrderProvenAbsent),
    (111, events.OrderFilled),
    (112, events.OrderEnded),
    (113, events.FillsMissed),
    (114, events.CancelIntended),
    (115, events.CloseRequested),
    (116, events.GoalReached),
    (117, events.ProtectionRequested),
    (118, events.ProtectionPlaced),
    (119, events.ProtectionFailed),
    (120, events.PositionPaused),
    (121, events.PositionResumed),
    (122, events.QuantityAdjusted),
    (123, events.StateChanged),
    (124, events.MessageRefused),
    (125, events.OpeningsPaused),
    (126, events.OpeningsResumed),
    (127, events.AdditionRequested),
    (128, events.EntryAbandoned),
    (129, events.PositionStranded),
    (130, events.FundingBooked),
    (131, events.ForcedTradeShared),
    (132, events.RulesUpdated),
    (133, events.LegUpdated),
    (134, events.ReductionDeferred),
    (135, events.CloseAllRequested),
    (140, events.OrderStalled),
    (141, events.OrderWrittenOff),
    (142, events.CloseAbandoned),
    (145, events.LeverageDoubted),
    (146, events.OrderUncancelable),
    (147, events.QuantityVerified),
    (148, events.PositionRetired),
    (149, events.CancelRefused),
    (200, requests.SubmitOpening),
    (201, requests.SubmitReducing),
    (202, requests.SubmitEmergency),
    (203, requests.SubmitProtection),
    (204, requests.CancelOrder),
    (205, requests.ResolveOrder),
    (206, requests.QueryOrder),
    (207, requests.FetchFills),
    (208, requests.SetLeverage),
    (209, requests.FetchPositions),
    (210, requests.FetchOpenOrders),
    (211, requests.FetchBalance),
    (212, requests.Notify),
    (213, requests.Wake),
    (214, requests.Reply),
    (215, requests.CommandTaken),
    (216, requests.CommandDecided),
    (300, reports.OrderAccepted),
    (301, reports.OrderRejected),
    (302, reports.OutcomeUnknown),
    (303, reports.NotExecuted),
    (304, reports.OrderReport),
    (305, reports.OrderNotFound),
    (306, reports.QueryFailed),
    (307, reports.OrderAbsent),
    (308, reports.CancelRejected),
    (309, reports.FillReport),
    (310, reports.FillsFetched),
    (311, reports.SettingApplied),
    (312, reports.SettingRefused),
    (313, reports.PositionsReport),
    (314, reports.OpenOrdersReport),
    (315, reports.BalanceReport),
    (316, reports.FetchFailed),
    (317, reports.MarkReport),
    (318, reports.VenueUp),
    (319, reports.VenueDown),
    (320, reports.StreamUp),
    (321, reports.StreamDown),
    (322, reports.StrayEvent),
    (323, reports.LeverageChanged),
    (324, reports.MarginCall),
    (325, reports.Sweep),
    (326, reports.Woken),
    (327, reports.Recovered),
    (328, reports.PositionView),
    (329, reports.PositionsAnswer),
    (331, reports.HistoryAnswer),
    (333, reports.FundingReport),
    (334, reports.FundingShare),
    (335, reports.BudgetUsed),
    (336, reports.RulesReport),
    (337, reports.RulesChanged),
    (338, reports.LegChanged),
    (360, reports.StreamMute),
    (361, reports.StreamHeard),
    (362, reports.AccountModes),
    (363, reports.TurnAwaited),
    (364, reports.GatewayStatus),
    (365, reports.StatusAnswer),
    (350, reports.LegHeld),
    (400, journal.Effect),
    (401, journal.AppendStep),
    (402, journal.Committed),
    (403, journal.CommitFailed),
    (404, journal.Replay),
    (405, journal.Replayed),
    (406, journal.StepsDurable),
    (407, journal.StepsFailed),
    (408, journal.ReplayRead),
    (409, journal.RecordDamaged),
    (450, lifecycle.ActorFailed),
    (451, lifecycle.ActorRestarted),
    (452, lifecycle.ActorQuarantined),
    (453, lifecycle.ActorReleased),
    (454, lifecycle.ActorStopped),
    (455, lifecycle.MessageParked),
    (456, lifecycle.SubscriberDropped),
    (500, reconciliation.DiscrepancyDetected),
    (501, reconciliation.RepairAttempted),
    (502, reconciliation.DiscrepancyEscalated),
    (503, reconciliation.DiscrepancyEnded),
    (504, reconciliation.CheckRecorded),
    (505, reconciliation.SettingSeen),
    (506, reconciliation.LegShared),
    (507, reconciliation.LegCleared),
    (508, reconciliation.HistoryPruned),
    (509, reconciliation.DiscrepancyGone),
    (510, reconciliation.AttributionChosen),
    (511, reconciliation.RepairRefused),
    (512, reconciliation.DiscrepancyWatched),
    (513, reconciliation.OrdersUnread),
    (514, reconciliation.OrdersReadAgain),
    (515, reconciliation.PositionsUnread),
    (516, reconciliation.PositionsReadAgain),
    (520, reconciliation.ListDiscrepancies),
    (521, commands.AcknowledgeDiscrepancy),
    (522, reconciliation.HoldKey),
    (523, reconciliation.ReleaseKey),
    (524, reconciliation.FetchTrades),
    (525, reconciliation.PositionSilent),
    (540, reconciliation.TradesReport),
    (541, reconciliation.ReconcileAnswer),
    (543, reconciliation.CheckDue),
    (544, reconciliation.Unproven),
    (545, reconciliation.DiscrepanciesAnswer),
    (700, notices.NoticeQueued),
    (701, notices.NoticeRepeated),
    (702, notices.NoticesDelivered),
    (703, notices.NoticesDropped),
    (704, notices.NoticeAcknowledged),
    (705, notices.AcknowledgeNotice),
    (706, notices.Look),
    (707, notices.PostNotice),
    (708, notices.Posted),
    (709, notices.PostFailed),
    (710, notices.SendPing),
    (711, notices.NoticeReminded),
    (712, notices.NoticesSettled),
    (730, telegram.UpdateTaken),
    (731, telegram.CommandAnswered),
    (732, telegram.Button),
    (733, telegram.MenuEntry),
    (734, telegram.IncomingText),
    (735, telegram.UrgentText),
    (736, telegram.IncomingPress),
    (737, telegram.UrgentPress),
    (738, telegram.IncomingOther),
    (739, telegram.SendText),
    (740, telegram.EditText),
    (741, telegram.AnswerPress),
    (742, telegram.PublishMenu),
    (743, telegram.UpdateKept),
    (744, telegram.TextSent),
    (745, telegram.SendFailed),
    (746, telegram.ChatUp),
    (747, telegram.ChatDown),
    (748, telegram.ReadLogs),
    (749, telegram.LogsAnswer),
    (750, telegram.Tick),
)
"""The table of tags. Numbers from 900 on belong to classes registered from outside."""
RETIRED = frozenset({330, 332, 542})
"""Tags of answers that were never stored and changed their form; they are never used again."""

_T = TypeVar("_T")
Upcast = Callable[[Sequence[Any]], Sequence[Any]]

_classes: dict[int, tuple[type, int]] = {}
_tags: dict[type, int] = {}
_upcasts: dict[tuple[int, int], Upcast] = {}


class _Encoders(dict[type, Encoder]):
    """Generates encoders on first use: a command-line tool that needs three classes does not generate a hundred."""

    def __missing__(self, cls: type) -> Encoder:
        if cls not in _tags:
            raise EncodeError(f"{cls.__module__}.{cls.__qualname__} has no tag in messages.codec")
        tag = _tags[cls]
        self[cls] = encoder = build_encoder(cls, tag, _classes[tag][1], self)
        return encoder


class _Decoders(dict[int, Decoder]):
    def __missing__(self, tag: int) -> Decoder:
        if tag not in _classes:
            raise DecodeError(f"unknown tag {tag!r}: damaged, or written by a newer Albra")
        cls, version = _classes[tag]
        self[tag] = decoder = build_decoder(cls, version, _record, _upgrade)
        return decoder


_encoders = _Encoders()
_decoders = _Decoders()
# One Packer for all threads: it keeps the interpreter lock while packing, and is emptied even by an error.
_pack = msgpack.Packer().pack


def register(tag: int, cls: type, version: int = 1) -> None:
    """Give a frozen dataclass its tag. Idempotent.

    Raises ValueError when the tag or the class is taken.
    """
    if not is_dataclass(cls):
        raise ValueError(f"{cls.__qualname__} is not a dataclass")
    if tag in RETIRED:
        raise ValueError(f"tag {tag} is retired; {cls.__qualname__} needs another")
    if _classes.get(tag, (cls, version)) != (cls, version):
        owner = _classes[tag][0].__qualname__
        raise ValueError(f"tag {tag} means {owner} for good; {cls.__qualname__} needs another")
    if _tags.get(cls, tag) != tag:
        raise ValueError(f"{cls.__qualname__} has tag {_tags[cls]} already")
    _classes[tag] = (cls, version)
    _tags[cls] = tag


def upcast(tag: int, from_version: int, convert: Upcast) -> None:
    """Register the conversion of a record's fields to the next version; both are plain msgpack values.

    Raises ValueError when that step is registered.
    """
    if (tag, from_version) in _upcasts:
        raise ValueError(f"tag {tag} version {from_version} has its upcast already")
    _upcasts[tag, from_version] = convert


def table() -> tuple[tuple[int, type, int], ...]:
    """Return the built-in classes as (tag, class, version), for tests and documentation."""
    return tuple((tag, cls, _classes[tag][1]) for tag, cls in _OURS)


def tagged() -> frozenset[type]:
    """Return every class that can be encoded, classes registered from outside included."""
    return frozenset(_tags)


def encode(value: object) -> bytes:
    """Return the bytes of a message or another registered value.

    Raises EncodeError for a class without a tag, or a field whose value its type does not allow.
    """
    try:
        return cast("bytes", _pack(_encoders[type(value)](value)))
    except EncodeError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise EncodeError(f"{type(value).__qualname__} cannot be encoded: {error}") from error


def to_wire(value: object) -> tuple[Any, ...]:
    """Return a message's record as plain values, to be packed together with others. Raises as `encode`."""
    try:
        return _encoders[type(value)](value)
    except EncodeError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise EncodeError(f"{type(value).__qualname__} cannot be encoded: {error}") from error


def pack(wire: Any) -> bytes:
    """Return the bytes of records from `to_wire`. Raises EncodeError for values that are not plain."""
    try:
        return cast("bytes", _pack(wire))
    except (TypeError, ValueError, OverflowError) as error:
        raise EncodeError(f"cannot be packed: {error}") from error


def unpack(data: bytes) -> Any:
    """Return the plain values that `pack` wrote, for `from_wire`. Raises DecodeError."""
    try:
        return msgpack.unpackb(data)
    except Exception as error:
        raise DecodeError(f"not msgpack: {type(error).__name__} {error}") from error


def decode(data: bytes) -> Message:
    """Return the message that `encode` wrote. Raises only DecodeError."""
    return decode_as(data, Message)


def decode_as(data: bytes, cls: type[_T]) -> _T:
    """As `decode`, for a value that is no message."""
    return from_wire(unpack(data), cls)


def from_wire(wire: Any, cls: type[_T]) -> _T:
    """Return the value of a record. Raises DecodeError when the record is invalid or not of `cls`."""
    try:
        value = _record(wire)
    except DecodeError:
        raise
    except Exception as error:  # any exception that damaged bytes cause, in an upcast too
        raise DecodeError(f"damaged record: {type(error).__name__} {error}") from error
    if not isinstance(value, cls):
        raise DecodeError(f"a {type(value).__qualname__} where a {cls.__qualname__} belongs")
    return value


def to_jsonable(value: object) -> dict[str, Any]:
    """Return a message for exports and logs: `type`, then its fields. Decimals are plain strings, bytes hex.

    A statement has its code and arguments beside it, as `text_fact`.

    Raises EncodeError for a value that is no dataclass.
    """
    if not is_dataclass(value) or isinstance(value, type):
        raise EncodeError(f"{type(value).__qualname__} is no message")
    said: dict[str, Any] = {"type": type(value).__name__} if isinstance(value, Message) else {}
    for field in fields(value):
        found = getattr(value, field.name)
        said |= {field.name: _jsonable(found), **fact(field.name, found)}
    return said


def _jsonable(value: Any) -> Any:
    match value:
        case enum.Enum():
            return value.value
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case Decimal():
            return plain(value)
        case bytes():
            return value.hex()
        case frozenset():
            return sorted(_jsonable(item) for item in value)
        case tuple():
            return [_jsonable(item) for item in value]
        case _:
            return to_jsonable(value)


def _record(wire: Any) -> Any:
    if type(wire) is not list or len(wire) < HEADER_LENGTH:
        raise DecodeError(f"{type(wire).__name__} {wire!r:.80} where a record belongs")
    return _decoders[wire[0]](wire)


def _upgrade(wire: list[Any]) -> list[Any]:
    tag, version, *rest = wire
    cls, wanted = _classes[tag]
    while version != wanted:
        if (tag, version) not in _upcasts:
            unknown = f"version {version!r} of {cls.__qualname__} (tag {tag})"
            raise DecodeError(f"{unknown} is unknown here, where version {wanted} is spoken")
        rest = list(_upcasts[tag, version](rest))
        version += 1
    return [tag, version, *rest]


for _tag, _cls in _OURS:
    register(_tag, _cls)
