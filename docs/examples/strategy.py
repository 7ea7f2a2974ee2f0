"""A toy strategy, to copy from: long while a fast moving average of the mark price is above a slow one.

    $ albra run                                     # in one terminal: the supervisor, on paper
    $ python docs/examples/strategy.py --trades 1   # in another

It is no way to make money. What it shows is how little a strategy must know: it opens with a stop,
closes, and asks at its start what it holds. Journalled intents, lost answers, restarts of Albra and
of the strategy itself, and the stop at the venue are not its business.
"""

import argparse
import json
import sys
import time
import urllib.request
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from albra.client import AlbraError, Busy, Client, Ended, NoSupervisor, OutcomeUnknown, Position, Refused

NAME = "averages"
STOP_DISTANCE = Decimal("0.02")


@dataclass(slots=True)
class Averages:
    """Two moving averages. Pure: the same prices give the same answers."""

    fast: int
    slow: int
    _prices: deque[Decimal] = field(init=False)

    def __post_init__(self) -> None:
        self._prices = deque(maxlen=self.slow)

    def rising(self, price: Decimal) -> bool | None:
        """Whether the fast average is above the slow one; None while there are too few prices to say."""
        self._prices.append(price)
        if len(self._prices) < self.slow:
            return None
        prices = list(self._prices)
        return sum(prices[-self.fast :]) / self.fast > sum(prices) / self.slow


def trade(
    albra: Client, prices: Iterable[Decimal], averages: Averages, *, symbol: str, quantity: str, trades: int
) -> int:
    """Follow the averages until `trades` positions have been opened and closed; how many were."""
    finished = 0
    # A strategy that was restarted finds its position here: Albra remembers, so it need not.
    held = next((each for each in albra.positions() if each.symbol == symbol), None)
    for price in prices:
        rising = averages.rising(price)
        try:
            if held is not None and (held := still_open(albra, held)) is None:
                finished += 1  # Its stop, or a human, was faster.
            elif held is None and rising:
                held = enter(albra, symbol, quantity, price)
            elif held is not None and rising is False:
                albra.close(held.position_id)
                closed = albra.wait_closed(held.position_id)
                say(f"closed {closed.position_id}: realized {closed.realized_pnl}, fees {closed.fees}")
                held, finished = None, finished + 1
        except (Refused, Ended) as error:
            say(f"not now: {error}")  # A limit or a hold: the next price may find it lifted.
        except (Busy, NoSupervisor, OutcomeUnknown, TimeoutError) as error:
            say(f"{error}; looking again")
            held = after_silence(albra, symbol, held)
        if finished >= trades:
            break
    return finished


def enter(albra: Client, symbol: str, quantity: str, price: Decimal) -> Position:
    stop = (price * (1 - STOP_DISTANCE)).quantize(price)
    accepted = albra.open(symbol, "long", quantity, stop_loss=stop)
    assert accepted.position_id is not None
    position = albra.wait_open(accepted.position_id)
    say(f"opened {position.position_id}: {position.quantity} at {position.entry_price}, stop {position.stop_loss}")
    return position


def still_open(albra: Client, held: Position) -> Position | None:
    now = albra.position(held.position_id)
    if not now.ended:
        return now
    say(f"{now.position_id} {now.state} {now.reason}")
    return None


def after_silence(albra: Client, symbol: str, believed: Position | None) -> Position | None:
    """What there really is, once an answer comes; until then, what was believed."""
    try:
        return next((each for each in albra.positions() if each.symbol == symbol), None)
    except AlbraError:
        return believed


def paper_marks(storage: Path, symbol: str, interval_s: float) -> Iterator[Decimal]:
    """Mark prices of the embedded paper venue. Any other source of prices will do."""
    url = json.loads((storage / "control.json").read_text())["paper"]["url"]
    while True:
        with urllib.request.urlopen(f"{url}/fapi/v1/premiumIndex?symbol={symbol}", timeout=10) as answer:  # noqa: S310
            # The venue's tick; the mark itself has more digits than an order may have.
            yield Decimal(json.loads(answer.read())["markPrice"]).quantize(Decimal("0.1"))
        time.sleep(interval_s)


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--storage", type=Path, default=Path("var"), help="storage.path of the configuration")
    arguments.add_argument("--account", help="which, where the configuration has several")
    arguments.add_argument("--symbol", default="BTCUSDT")
    arguments.add_argument("--quantity", default="0.01")
    arguments.add_argument("--fast", type=int, default=5)
    arguments.add_argument("--slow", type=int, default=20)
    arguments.add_argument("--interval", type=float, default=0.5, help="seconds between prices")
    arguments.add_argument("--trades", type=int, default=3, help="how many to make")
    given = arguments.parse_args()
    albra = Client(given.storage, strategy=NAME, account=given.account)
    prices = paper_marks(given.storage, given.symbol, given.interval)
    averages = Averages(given.fast, given.slow)
    try:
        trade(albra, prices, averages, symbol=given.symbol, quantity=given.quantity, trades=given.trades)
    except AlbraError as error:  # nothing that another price would change
        say(f"stopped: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
