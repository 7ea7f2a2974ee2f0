"""What each message is expected to do in each state: one line a cell, written down independently of the table.

A line reads: state, verdict, state after, events (a change of state itself aside) | effects. The position and the
message of a cell are those of `histories.scene`.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expected:
    verdict: str
    after: str
    events: tuple[str, ...]
    effects: tuple[str, ...]


# ruff: noqa: E501  one line a cell, to be read across
# fmt: off
_CELLS: Mapping[str, str] = {
    "OpenPosition": """
        PENDING     applied OPENING     PositionRequested OrderIntended | Reply SubmitOpening
        OPENING     refused OPENING     MessageRefused | Reply
        ACTIVE      refused ACTIVE      MessageRefused | Reply
        MODIFYING   refused MODIFYING   MessageRefused | Reply
        MODIFIED    refused MODIFIED    MessageRefused | Reply
        PAUSED      refused PAUSED      MessageRefused | Reply
        RECONCILING refused RECONCILING MessageRefused | Reply
        CLOSING     refused CLOSING     MessageRefused | Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "AdoptPosition": """
        PENDING     applied ACTIVE      PositionAdopted | Notify Reply
        OPENING     refused OPENING     MessageRefused | Reply
        ACTIVE      refused ACTIVE      MessageRefused | Reply
        MODIFYING   refused MODIFYING   MessageRefused | Reply
        MODIFIED    refused MODIFIED    MessageRefused | Reply
        PAUSED      refused PAUSED      MessageRefused | Reply
        RECONCILING refused RECONCILING MessageRefused | Reply
        CLOSING     refused CLOSING     MessageRefused | Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "ClosePosition": """
        PENDING     applied CANCELLED   CloseRequested | Reply Notify
        OPENING     applied CLOSING     CloseRequested CancelIntended | Reply CancelOrder
        ACTIVE      applied CLOSING     CloseRequested OrderIntended | Reply SubmitReducing
        MODIFYING   applied CLOSING     CloseRequested OrderIntended | Reply SubmitReducing
        MODIFIED    applied CLOSING     CloseRequested OrderIntended | Reply SubmitReducing
        PAUSED      applied CLOSING     CloseRequested OrderIntended | Reply SubmitReducing
        RECONCILING applied RECONCILING CloseRequested OrderIntended | Reply SubmitReducing
        CLOSING     applied CLOSING     CloseRequested | Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "EmergencyClose": """
        PENDING     applied CANCELLED   CloseRequested | Reply Notify
        OPENING     applied CLOSING     CloseRequested CancelIntended | Reply CancelOrder
        ACTIVE      applied CLOSING     CloseRequested OrderIntended | Reply SubmitEmergency
        MODIFYING   applied CLOSING     CloseRequested OrderIntended | Reply SubmitEmergency
        MODIFIED    applied CLOSING     CloseRequested OrderIntended | Reply SubmitEmergency
        PAUSED      applied CLOSING     CloseRequested OrderIntended | Reply SubmitEmergency
        RECONCILING applied RECONCILING CloseRequested OrderIntended | Reply SubmitEmergency
        CLOSING     applied CLOSING     CloseRequested | Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "ModifyPosition": """
        PENDING     refused PENDING     MessageRefused | Reply
        OPENING     applied OPENING     ProtectionRequested | Reply
        ACTIVE      applied MODIFYING   ProtectionRequested OrderIntended | Reply SubmitProtection
        MODIFYING   applied MODIFYING   ProtectionRequested | Reply
        MODIFIED    applied MODIFYING   ProtectionRequested OrderIntended | Reply SubmitProtection
        PAUSED      refused PAUSED      MessageRefused | Reply
        RECONCILING refused RECONCILING MessageRefused | Reply
        CLOSING     refused CLOSING     MessageRefused | Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "PausePosition": """
        PENDING     refused PENDING     MessageRefused | Reply
        OPENING     refused OPENING     MessageRefused | Reply
        ACTIVE      applied PAUSED      PositionPaused | Reply
        MODIFYING   applied PAUSED      PositionPaused | Reply
        MODIFIED    applied PAUSED      PositionPaused | Reply
        PAUSED      applied PAUSED      - | Reply
        RECONCILING applied RECONCILING PositionPaused | Reply
        CLOSING     refused CLOSING     MessageRefused | Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "ResumePosition": """
        PENDING     refused PENDING     MessageRefused | Reply
        OPENING     refused OPENING     MessageRefused | Reply
        ACTIVE      refused ACTIVE      MessageRefused | Reply
        MODIFYING   applied MODIFYING   PositionResumed | Reply
        MODIFIED    applied ACTIVE      PositionResumed | Reply
        PAUSED      applied ACTIVE      PositionResumed | Reply
        RECONCILING applied RECONCILING PositionResumed | Reply
        CLOSING     refused CLOSING     MessageRefused | Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "SettlePosition": """
        PENDING     applied FAILED      LeverageRefused | Reconcile Notify Reply
        OPENING     applied FAILED      OrderWrittenOff | Reconcile Notify Reply
        ACTIVE      refused ACTIVE      MessageRefused | Reply
        MODIFYING   applied MODIFYING   OrderWrittenOff | Reconcile Notify Reply
        MODIFIED    refused MODIFIED    MessageRefused | Reply
        PAUSED      refused PAUSED      MessageRefused | Reply
        RECONCILING applied FAILED      OrderWrittenOff | Reconcile Notify Reply
        CLOSING     applied ACTIVE      OrderWrittenOff CloseAbandoned | Reconcile Notify Notify Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "AdjustPosition": """
        PENDING     refused PENDING     MessageRefused | Reply
        OPENING     applied OPENING     QuantityAdjusted OrderIntended OrderIntended | Notify Reply SubmitProtection SubmitProtection
        ACTIVE      applied MODIFIED    QuantityAdjusted OrderIntended OrderIntended | Notify Reply SubmitProtection SubmitProtection
        MODIFYING   applied MODIFYING   QuantityAdjusted OrderIntended | Notify Reply SubmitProtection
        MODIFIED    applied MODIFIED    QuantityAdjusted OrderIntended OrderIntended | Notify Reply SubmitProtection SubmitProtection
        PAUSED      applied PAUSED      QuantityAdjusted OrderIntended OrderIntended | Notify Reply SubmitProtection SubmitProtection
        RECONCILING applied RECONCILING QuantityAdjusted OrderIntended OrderIntended | Notify Reply SubmitProtection SubmitProtection
        CLOSING     applied CLOSING     QuantityAdjusted | Notify Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "CancelEntry": """
        PENDING     applied CANCELLED   EntryAbandoned | Reply Notify
        OPENING     applied CLOSING     EntryAbandoned CancelIntended | Reply CancelOrder
        ACTIVE      refused ACTIVE      MessageRefused | Reply
        MODIFYING   applied MODIFYING   EntryAbandoned CancelIntended | Reply CancelOrder
        MODIFIED    refused MODIFIED    MessageRefused | Reply
        PAUSED      refused PAUSED      MessageRefused | Reply
        RECONCILING applied RECONCILING EntryAbandoned CancelIntended | Reply CancelOrder
        CLOSING     refused CLOSING     MessageRefused | Reply
        CLOSED      refused CLOSED      MessageRefused | Reply
        FAILED      refused FAILED      MessageRefused | Reply
        CANCELLED   refused CANCELLED   MessageRefused | Reply
    """,
    "FundingShare": """
        PENDING     ignored PENDING     - | -
        OPENING     applied OPENING     FundingBooked | -
        ACTIVE      applied ACTIVE      FundingBooked | -
        MODIFYING   applied MODIFYING   FundingBooked | -
        MODIFIED    applied MODIFIED    FundingBooked | -
        PAUSED      applied PAUSED      FundingBooked | -
        RECONCILING applied RECONCILING FundingBooked | -
        CLOSING     applied CLOSING     FundingBooked | -
        CLOSED      applied CLOSED      FundingBooked | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "RulesChanged": """
        PENDING     applied PENDING     RulesUpdated | -
        OPENING     applied OPENING     RulesUpdated | -
        ACTIVE      applied ACTIVE      RulesUpdated | -
        MODIFYING   applied MODIFYING   RulesUpdated | -
        MODIFIED    applied MODIFIED    RulesUpdated | -
        PAUSED      applied PAUSED      RulesUpdated | -
        RECONCILING applied RECONCILING RulesUpdated | -
        CLOSING     applied CLOSING     RulesUpdated | -
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "LegHeld": """
        PENDING     ignored PENDING     - | -
        OPENING     applied OPENING     - | -
        ACTIVE      applied ACTIVE      - | -
        MODIFYING   applied MODIFYING   - | -
        MODIFIED    applied MODIFIED    - | -
        PAUSED      applied PAUSED      - | -
        RECONCILING applied RECONCILING FillsMissed OrderIntended | SubmitProtection
        CLOSING     applied CLOSING     - | -
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "LegChanged": """
        PENDING     applied PENDING     LegUpdated | -
        OPENING     applied OPENING     LegUpdated | -
        ACTIVE      applied ACTIVE      LegUpdated | -
        MODIFYING   applied MODIFYING   LegUpdated | -
        MODIFIED    applied MODIFIED    LegUpdated | -
        PAUSED      applied PAUSED      LegUpdated | -
        RECONCILING applied RECONCILING LegUpdated | -
        CLOSING     applied CLOSING     LegUpdated | -
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "SettingApplied": """
        PENDING     applied OPENING     LeverageApplied OrderIntended | SubmitOpening
        OPENING     applied OPENING     LeverageApplied | -
        ACTIVE      ignored ACTIVE      - | -
        MODIFYING   applied MODIFYING   LeverageApplied | -
        MODIFIED    ignored MODIFIED    - | -
        PAUSED      applied PAUSED      LeverageApplied | -
        RECONCILING applied RECONCILING LeverageApplied | -
        CLOSING     applied CLOSING     LeverageApplied | -
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "SettingRefused": """
        PENDING     applied FAILED      LeverageRefused | Notify
        OPENING     applied OPENING     LeverageRefused | Notify
        ACTIVE      ignored ACTIVE      - | -
        MODIFYING   applied MODIFYING   LeverageRefused | Notify
        MODIFIED    ignored MODIFIED    - | -
        PAUSED      applied PAUSED      LeverageRefused | Notify
        RECONCILING applied RECONCILING LeverageRefused | Notify
        CLOSING     applied CLOSING     LeverageRefused | Notify
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "OrderAccepted": """
        PENDING     refused PENDING     MessageRefused | Notify
        OPENING     applied OPENING     OrderAcknowledged | -
        ACTIVE      applied ACTIVE      - | -
        MODIFYING   applied ACTIVE      OrderAcknowledged CancelIntended ProtectionPlaced | CancelOrder
        MODIFIED    applied MODIFIED    - | -
        PAUSED      applied PAUSED      - | -
        RECONCILING applied MODIFYING   OrderAcknowledged | -
        CLOSING     applied CLOSING     OrderAcknowledged | -
        CLOSED      applied CLOSED      - | -
        FAILED      applied OPENING     OrderAcknowledged | Notify
        CANCELLED   applied CANCELLED   - | -
    """,
    "OrderRejected": """
        PENDING     refused PENDING     MessageRefused | Notify
        OPENING     applied FAILED      OrderRefused | Notify
        ACTIVE      refused ACTIVE      MessageRefused | ResolveOrder
        MODIFYING   applied MODIFYING   OrderRefused ProtectionFailed | Notify
        MODIFIED    refused MODIFIED    MessageRefused | ResolveOrder
        PAUSED      refused PAUSED      MessageRefused | ResolveOrder
        RECONCILING applied MODIFYING   OrderRefused | Notify
        CLOSING     applied CLOSING     OrderRefused | Notify
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "OutcomeUnknown": """
        PENDING     refused PENDING     MessageRefused | Notify
        OPENING     applied RECONCILING OrderDoubted | Notify
        ACTIVE      applied ACTIVE      - | -
        MODIFYING   applied RECONCILING OrderDoubted | Notify
        MODIFIED    applied MODIFIED    - | -
        PAUSED      applied PAUSED      - | -
        RECONCILING applied RECONCILING - | -
        CLOSING     applied RECONCILING OrderDoubted | Notify
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "OrderReport": """
        PENDING     refused PENDING     MessageRefused | Notify
        OPENING     applied OPENING     OrderAcknowledged | -
        ACTIVE      applied CLOSING     OrderTriggered | -
        MODIFYING   applied ACTIVE      OrderAcknowledged CancelIntended ProtectionPlaced | CancelOrder
        MODIFIED    applied CLOSING     OrderTriggered | -
        PAUSED      applied CLOSING     OrderTriggered | -
        RECONCILING applied MODIFYING   OrderAcknowledged | -
        CLOSING     applied CLOSING     OrderAcknowledged | -
        CLOSED      applied CLOSED      - | -
        FAILED      applied OPENING     OrderAcknowledged | Notify
        CANCELLED   applied CANCELLED   - | -
    """,
    "OrderAbsent": """
        PENDING     refused PENDING     MessageRefused | Notify
        OPENING     applied FAILED      OrderProvenAbsent | Notify
        ACTIVE      applied ACTIVE      OrderProvenAbsent | -
        MODIFYING   applied MODIFYING   OrderProvenAbsent | Notify
        MODIFIED    applied MODIFIED    OrderProvenAbsent | -
        PAUSED      applied PAUSED      OrderProvenAbsent | -
        RECONCILING applied MODIFYING   OrderProvenAbsent | Notify
        CLOSING     applied CLOSING     OrderProvenAbsent | Notify
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "CancelRejected": """
        PENDING     refused PENDING     MessageRefused | Notify
        OPENING     ignored OPENING     - | -
        ACTIVE      ignored ACTIVE      - | -
        MODIFYING   ignored MODIFYING   - | -
        MODIFIED    ignored MODIFIED    - | -
        PAUSED      ignored PAUSED      - | -
        RECONCILING ignored RECONCILING - | -
        CLOSING     ignored CLOSING     - | -
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "FillReport": """
        PENDING     refused PENDING     MessageRefused | Notify
        OPENING     applied ACTIVE      OrderFilled OrderIntended OrderIntended | SubmitProtection SubmitProtection Notify
        ACTIVE      applied CLOSING     OrderFilled CancelIntended | CancelOrder
        MODIFYING   applied CLOSING     OrderFilled CancelIntended CancelIntended | CancelOrder CancelOrder
        MODIFIED    applied CLOSING     OrderFilled CancelIntended | CancelOrder
        PAUSED      applied CLOSING     OrderFilled CancelIntended | CancelOrder
        RECONCILING applied ACTIVE      OrderFilled GoalReached OrderIntended OrderIntended | SubmitProtection SubmitProtection
        CLOSING     applied CLOSING     OrderFilled CancelIntended CancelIntended | CancelOrder CancelOrder
        CLOSED      applied RECONCILING OrderFilled | Notify Notify
        FAILED      applied ACTIVE      OrderFilled OrderIntended OrderIntended | Notify ResolveOrder SubmitProtection SubmitProtection Notify
        CANCELLED   applied CLOSING     OrderFilled OrderIntended | SubmitReducing Notify
    """,
    "FillsFetched": """
        PENDING     refused PENDING     MessageRefused | Notify
        OPENING     applied RECONCILING FillsMissed OrderIntended OrderIntended | Notify SubmitProtection SubmitProtection
        ACTIVE      applied RECONCILING FillsMissed | -
        MODIFYING   applied RECONCILING FillsMissed | -
        MODIFIED    applied RECONCILING FillsMissed | -
        PAUSED      applied RECONCILING FillsMissed | -
        RECONCILING applied RECONCILING FillsMissed | -
        CLOSING     applied RECONCILING FillsMissed | -
        CLOSED      applied RECONCILING FillsMissed | Notify
        FAILED      applied RECONCILING FillsMissed OrderIntended OrderIntended | Notify SubmitProtection SubmitProtection Notify
        CANCELLED   applied RECONCILING FillsMissed OrderIntended | Notify SubmitReducing Notify
    """,
    "Sweep": """
        PENDING     ignored PENDING     - | -
        OPENING     applied OPENING     - | ResolveOrder
        ACTIVE      applied ACTIVE      - | ResolveOrder ResolveOrder
        MODIFYING   applied MODIFYING   - | ResolveOrder ResolveOrder ResolveOrder
        MODIFIED    applied MODIFIED    - | ResolveOrder ResolveOrder
        PAUSED      applied PAUSED      - | ResolveOrder ResolveOrder
        RECONCILING applied RECONCILING - | ResolveOrder ResolveOrder ResolveOrder
        CLOSING     applied CLOSING     - | ResolveOrder ResolveOrder ResolveOrder
        CLOSED      ignored CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "Woken": """
        PENDING     applied PENDING     - | SetLeverage
        OPENING     applied OPENING     - | ResolveOrder
        ACTIVE      applied ACTIVE      - | -
        MODIFYING   applied MODIFYING   - | ResolveOrder
        MODIFIED    applied MODIFIED    - | -
        PAUSED      applied PAUSED      - | -
        RECONCILING applied RECONCILING - | ResolveOrder
        CLOSING     applied CLOSING     - | ResolveOrder
        CLOSED      applied CLOSED      - | -
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
    "Recovered": """
        PENDING     applied PENDING     - | SetLeverage
        OPENING     applied RECONCILING OrderDoubted | ResolveOrder Notify
        ACTIVE      applied ACTIVE      - | -
        MODIFYING   applied RECONCILING OrderDoubted | ResolveOrder Notify
        MODIFIED    applied MODIFIED    - | -
        PAUSED      applied PAUSED      - | -
        RECONCILING applied RECONCILING - | ResolveOrder
        CLOSING     applied RECONCILING OrderDoubted | ResolveOrder Notify
        CLOSED      applied CLOSED      - | CancelOrder ResolveOrder
        FAILED      ignored FAILED      - | -
        CANCELLED   ignored CANCELLED   - | -
    """,
}
# fmt: on


def _parse(line: str) -> tuple[str, Expected]:
    told, left = line.split("|")
    state, verdict, after, *events = told.split()
    return state, Expected(verdict, after, _names(events), _names(left.split()))


def _names(words: list[str]) -> tuple[str, ...]:
    return () if words == ["-"] else tuple(words)


EXPECTED: Mapping[tuple[str, str], Expected] = {
    (message, state): expected
    for message, block in _CELLS.items()
    for state, expected in map(_parse, block.strip().splitlines())
}
"""(message class, state) -> what is expected of that cell."""
