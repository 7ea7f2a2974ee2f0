"""Identifiers, as pure functions of what they name, so that a replay makes equal ones.

A client order id is `ab` + journal id (8) + position ordinal (7) + order number (4) + life (6), the numbers in base 36:
27 characters of `[a-z0-9]`, which every venue accepts (the narrowest common form is `[A-Za-z0-9]{1,28}`). The random
journal id distinguishes two data directories on one account. The life is random and new at each start: a journal that
lost its last steps, or an older copy, counts orders again and reuses none of their ids. Ids of early versions have no
life.
"""

import re
from dataclasses import dataclass

from messages.types import (
    AccountId,
    ClientOrderId,
    JournalId,
    Key,
    Life,
    PositionId,
    PositionSide,
    StrategyId,
    Symbol,
)

NO_LIFE = Life("")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_JOURNAL_ID = re.compile(r"[a-z0-9]{8}")
_CLIENT_ORDER_ID = re.compile(r"ab([a-z0-9]{8})([a-z0-9]{7})([a-z0-9]{4})([a-z0-9]{6})?")
_LIFE = re.compile(r"[a-z0-9]{6}|")
_POSITION_ID = re.compile(r"([a-z0-9_]+)\.([A-Z0-9]+)\.(long|short)\.([A-Za-z0-9_]+)\.([0-9]{1,18})")
"""Ordinals fit 64 bits, and names are ASCII: the id may come from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderName:
    """The parts of a client order id."""

    journal_id: JournalId
    ordinal: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The client order ids of this journal: under its own id and, after a restore, the known ones under former ids.

    `former`: earlier journal ids, each with its highest ordinal then. `known`: orders of positions open at the restore,
    whose ordinals are `open_then`. The backed-up journal may have continued; its later orders are foreign.
    """

    current: JournalId
    former: tuple[tuple[JournalId, int], ...] = ()
    known: frozenset[ClientOrderId] = frozenset()
    open_then: frozenset[int] = frozenset()

    def own(self, text: str) -> bool:
        name = parse_client_order_id(text)
        if name is None:
            return False
        if name.journal_id == self.current or text in self.known:
            return True
        return name.ordinal not in self.open_then and any(
            name.journal_id == journal_id and name.ordinal <= highest for journal_id, highest in self.former
        )


def client_order_id(journal_id: JournalId, ordinal: int, number: int, life: Life = NO_LIFE) -> ClientOrderId:
    """Return the id of a position's `number`-th order in this life of the journal.

    Raises ValueError when a part does not fit its field.
    """
    if not _JOURNAL_ID.fullmatch(journal_id):
        raise ValueError(f"journal id {journal_id!r} is not 8 characters of [a-z0-9]")
    if not _LIFE.fullmatch(life):
        raise ValueError(f"life {life!r} is not 6 characters of [a-z0-9]")
    return ClientOrderId(f"ab{journal_id}{_base36(ordinal, 7)}{_base36(number, 4)}{life}")


def parse_client_order_id(text: str) -> OrderName | None:
    """Return the parts of an id in our format; None for a foreign one."""
    match = _CLIENT_ORDER_ID.fullmatch(text)
    if match is None:
        return None
    return OrderName(journal_id=JournalId(match[1]), ordinal=int(match[2], 36), number=int(match[3], 36))


def position_id(key: Key, ordinal: int) -> PositionId:
    """Return `account.SYMBOL.side.strategy.ordinal`; ordinals count through the whole journal."""
    return PositionId(f"{key.account}.{key.symbol}.{key.side}.{key.strategy}.{ordinal}")


def parse_position_id(text: str) -> tuple[Key, int] | None:
    match = _POSITION_ID.fullmatch(text)
    if match is None:
        return None
    key = Key(
        account=AccountId(match[1]),
        symbol=Symbol(match[2]),
        side=PositionSide(match[3]),
        strategy=StrategyId(match[4]),
    )
    return key, int(match[5])


def _base36(number: int, width: int) -> str:
    if not 0 <= number < 36**width:
        raise ValueError(f"{number} does not fit {width} base-36 digits")
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 36)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
