"""What the owner writes: he looks at what is held and at the price, and knows how commands are written."""

from dataclasses import dataclass
from typing import Protocol

from adapters.paper.binance.venue import PaperVenue
from simulator.environment.chat import Say
from simulator.environment.plan import LOTS
from simulator.environment.truth import Ledger
from simulator.people.edge import away

STRATEGY = "phone"
"""What he opens is his own, beside what strategies hold."""


class Chooses(Protocol):
    """A random stream of the owner's own."""

    def randrange(self, stop: int, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Owner:
    """`account` is where he opens."""

    ledger: Ledger
    venue: PaperVenue
    random: Chooses
    account: str = "main"

    def words(self, say: Say) -> str:
        """The text, empty where there is nothing to say it about."""
        match say.do:
            case "open":
                return self._open(say)
            case "close" | "modify":
                return self._about_one(say)
            case "close_all" | "pause" | "resume" | "status" | "positions":
                return f"/{say.do}"
            case _:
                return "is anybody there?"

    def _open(self, say: Say) -> str:
        price = self.venue.exchange.markets[say.symbol].last
        side = "long" if say.long else "short"
        stop = away(say.symbol, price, -say.ppm if say.long else say.ppm)
        quantity = LOTS[say.symbol] * say.lots
        return f"/open {say.symbol} {side} {quantity:f} sl={stop:f} strategy={STRATEGY} account={self.account}"

    def _about_one(self, say: Say) -> str:
        held = [p for _, p in sorted(self.ledger.positions.items()) if not p.state.terminal]
        if not held:
            return ""
        position = held[self.random.randrange(len(held))]
        if say.do == "close":
            return f"/close #{position.ordinal}{f' {say.percent}%' if say.percent else ''}"
        symbol = str(position.key.symbol)
        price = self.venue.exchange.markets[symbol].last
        return f"/modify #{position.ordinal} sl={away(symbol, price, -position.key.side.sign * say.ppm):f}"
