"""Leverage and margin mode of each symbol, as last read or reported. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from messages.types import MarginMode, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSetting:
    leverage: int
    isolated: bool


class SymbolSettings:
    """Known settings; a missing symbol was not read, or changed since."""

    def __init__(self) -> None:
        self._known: dict[Symbol, SymbolSetting] = {}

    @property
    def known(self) -> Mapping[Symbol, SymbolSetting]:
        return self._known

    def read(self, found: Mapping[Symbol, SymbolSetting]) -> None:
        """Replace all settings."""
        self._known = dict(found)

    def note_leverage(self, symbol: Symbol, leverage: int) -> None:
        """Store a leverage from the stream or a setting."""
        known = self._known.get(symbol)
        if known is not None:
            self._known[symbol] = replace(known, leverage=leverage)

    def note_margin_mode(self, symbol: Symbol, mode: MarginMode | None) -> None:
        """Store a margin mode from the stream or a setting; None: it changed, and has to be read."""
        known = self._known.get(symbol)
        if mode is None:
            self._known.pop(symbol, None)
        elif known is not None:
            self._known[symbol] = replace(known, isolated=mode is MarginMode.ISOLATED)

    def leverage(self, symbol: Symbol) -> int | None:
        known = self._known.get(symbol)
        return None if known is None else known.leverage

    def margin_mode(self, symbol: Symbol) -> MarginMode | None:
        known = self._known.get(symbol)
        return None if known is None else MarginMode.ISOLATED if known.isolated else MarginMode.CROSS

    def in_mode(self, *, other_than: MarginMode) -> Sequence[Symbol]:
        return [symbol for symbol in self._known if self.margin_mode(symbol) is not other_than]
