"""The types of discrepancies, with all that is declared of each. It imports no message: the configuration needs it."""

from enum import Enum, StrEnum
from typing import Self


class Action(StrEnum):
    """The action for a discrepancy, as configured."""

    UPDATE_SYSTEM = "UPDATE_SYSTEM"
    UPDATE_EXCHANGE = "UPDATE_EXCHANGE"
    CREATE_POSITION = "CREATE_POSITION"
    CLOSE_POSITION = "CLOSE_POSITION"
    MANUAL_INTERVENTION = "MANUAL_INTERVENTION"
    IGNORE = "IGNORE"
    RETRY = "RETRY"


class Subject(Enum):
    """What a type of discrepancy is about."""

    QUANTITY = "quantity"
    """How much is held. Its types are faces of one question: a repair may turn one into another."""
    ORDERS = "orders"
    """What only a list of open orders can tell."""
    STATE = "state"
    """Whether anything is under way."""
    MODE = "mode"
    """In which mode the account or the symbol is."""
    OTHER = "other"


class DiscrepancyType(StrEnum):
    """The seven of the original system, and what its users missed: each with all that is declared of it.

    Its name; its meaning; what is done where the configuration says nothing; what it is about; how often it must be
    seen before it counts, once more where the evidence is that something is absent. The configuration's keys, the
    policy, what waits meanwhile and the names in the chat follow from this, in this order.
    """

    meaning: str
    default_action: Action
    subject: Subject
    default_observations: int

    def __new__(
        cls,
        name: str,
        meaning: str = "",
        action: Action = Action.MANUAL_INTERVENTION,
        subject: Subject = Subject.OTHER,
        observations: int = 2,
    ) -> Self:
        """A member. With a name alone it is looked up: ValueError where there is none."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning, member.default_action = meaning, action
        member.subject, member.default_observations = subject, observations
        return member

    # fmt: off
    POSITION_NOT_IN_SYSTEM = (
        "POSITION_NOT_IN_SYSTEM", "Held at the venue, unknown here.", Action.CREATE_POSITION, Subject.QUANTITY,
    )
    POSITION_NOT_IN_EXCHANGE = (
        "POSITION_NOT_IN_EXCHANGE", "Believed, not at the venue.", Action.UPDATE_SYSTEM, Subject.QUANTITY, 3,
    )
    SIZE_MISMATCH = "SIZE_MISMATCH", "Another quantity.", Action.UPDATE_SYSTEM, Subject.QUANTITY
    SIDE_MISMATCH = "SIDE_MISMATCH", "The other side.", Action.UPDATE_SYSTEM, Subject.QUANTITY
    PRICE_MISMATCH = "PRICE_MISMATCH", "Another entry price.", Action.UPDATE_SYSTEM
    # Belief follows, with a notice; at the venue leverage is changed where UPDATE_EXCHANGE says so, and only there.
    LEVERAGE_MISMATCH = (
        "LEVERAGE_MISMATCH", "Another leverage; only UPDATE_EXCHANGE changes it there.", Action.UPDATE_SYSTEM,
    )
    STATE_MISMATCH = "STATE_MISMATCH", "A state that should have passed.", Action.RETRY, Subject.STATE
    OVERSOLD = (
        "OVERSOLD", "One strategy sold more than it held: what a neighbor on the leg held is gone.",
        Action.UPDATE_SYSTEM, Subject.QUANTITY,
    )
    ORPHAN_ORDER = "ORPHAN_ORDER", "An order of ours without a position.", Action.UPDATE_EXCHANGE, Subject.ORDERS
    PROTECTION_MISSING = "PROTECTION_MISSING", "A stop that is not on the book.", Action.RETRY, Subject.ORDERS, 3
    PROTECTION_MISMATCH = "PROTECTION_MISMATCH", "A stop of another size.", Action.UPDATE_EXCHANGE, Subject.ORDERS
    MARGIN_MODE_MISMATCH = (
        "MARGIN_MODE_MISMATCH", "Another margin mode.", Action.MANUAL_INTERVENTION, Subject.MODE,
    )
    POSITION_MODE_MISMATCH = (
        "POSITION_MODE_MISMATCH", "Another position mode.", Action.MANUAL_INTERVENTION, Subject.MODE,
    )
    # fmt: on
