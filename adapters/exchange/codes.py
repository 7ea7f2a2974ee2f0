"""The type of an exchange's code table: what each code proves. Pure.

A code that no table lists is unknown, so an incomplete table costs a query and never an order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from messages.types import RejectReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Not executed: retry after `retry_after_ms` unless the answer names another time."""

    retry_after_ms: int
    throttled: bool = False
    resync: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCodes:
    """`missing` and `already_set` hold codes per kind of request; texts are casefolded.

    `row_field` is where the answered order stands in its envelope (of a list, the first); empty: it is the answer
    itself. A code of its own there (`row_code_field`) counts before the envelope's.
    """

    rejected: Mapping[str, RejectReason]
    not_executed: Mapping[str, Delay]
    missing: Mapping[str, frozenset[str]]
    duplicate: frozenset[str]
    already_set: frozenset[str]
    quiet_statuses: Mapping[int, int]
    firewall_retry_ms: int
    unknown_texts: tuple[str, ...]
    not_executed_texts: tuple[tuple[str, int], ...]
    order_id_fields: tuple[str, ...]
    client_id_fields: tuple[str, ...]
    code_field: str = "code"
    text_field: str = "msg"
    success: frozenset[str] = frozenset({"200", "0"})
    row_field: str = ""
    row_code_field: str = ""
    row_text_field: str = ""
    unclear: frozenset[str] = frozenset()
    """Codes of internal venue errors with an unknown outcome. A code in no table refuses a setting, and has an order
    queried at once: the request is no longer in transit.
    """
    of_account: frozenset[str] = frozenset()
    """Throttling codes that concern one account; the others concern an address and every account behind it."""
    mode_hints: frozenset[str] = frozenset()
    """Refusals that hint at another position mode, or at a margin mode that the order cannot have."""
    banned_until: re.Pattern[str] | None = None
    """Matches the end of a ban in a text, in ms since the epoch."""

    @property
    def code_in_text(self) -> re.Pattern[str]:
        """Matches the code in a library's error text; the last match is the innermost, the order's own."""
        names = "|".join(re.escape(name) for name in (self.code_field, self.row_code_field) if name)
        return re.compile(rf"\"(?:{names})\"\s*:\s*\"?(-?\d{{1,9}})\b")

    @property
    def words_in_text(self) -> re.Pattern[str]:
        """Matches the venue's message in a library's error text."""
        return re.compile(rf"\"{re.escape(self.text_field)}\"\s*:\s*\"((?:[^\"\\]|\\.)*)\"")


def by_code(table: Mapping[RejectReason, str]) -> Mapping[str, RejectReason]:
    return MappingProxyType({code: reason for reason, codes in table.items() for code in codes.split()})
