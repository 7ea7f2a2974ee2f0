"""From a command to its order at the venue: a real `albra run` that supervises a thousand positions.

Measured from the moment the HTTP request is about to be written to the moment the venue's model is handed
the order: control API, supervisor, position, journal with its fsync, gateway, ccxt, signature and HTTP are
all in it. Prices move and every position has its stop resting while that is measured.
"""

import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from benchmarks.process import Supervisor, write_config
from benchmarks.report import Row, quantile, row
from benchmarks.venue import PRICES, QUANTITIES, Arrivals, serving
from messages.ids import parse_client_order_id, parse_position_id

LIVE = 1_000
SPACING_S = 0.02
PATIENCE_S = 10.0


def symbols() -> Iterator[str]:
    return cycle(PRICES)


def open_many(supervisor: Supervisor, positions: int) -> None:
    """Open protected longs of as many strategies, and wait until every one is held."""
    for number, symbol in enumerate(islice(symbols(), positions)):
        stop = PRICES[symbol] / 2
        supervisor.command(
            "open",
            symbol=symbol,
            side="long",
            quantity=QUANTITIES[symbol],
            strategy=f"s{number}",
            stop_loss=f"{stop:f}",
        )
    supervisor.until(
        f"{positions} held", lambda: sum(each["state"] == "ACTIVE" for each in supervisor.positions()) >= positions
    )


def _arrival_ns(arrivals: Arrivals, ordinal: int, since_ns: int) -> int:
    """When the first order of this position since then came. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for client_order_id, at_ns in reversed(list(arrivals.at_ns.items())):
            if at_ns < since_ns:
                break
            name = parse_client_order_id(client_order_id)
            if name is not None and name.ordinal == ordinal:
                return at_ns
        time.sleep(0.001)
    raise TimeoutError(f"no order of position {ordinal} came to the venue")


def _measure(supervisor: Supervisor, arrivals: Arrivals, name: str, body: dict[str, str]) -> tuple[float, float, str]:
    """Milliseconds to the order's arrival and to the answer, which comes after the commit; the position's id."""
    started_ns = time.monotonic_ns()
    answer = supervisor.command(name, **body)
    answered_ns = time.monotonic_ns()
    parsed = parse_position_id(answer["position_id"])
    assert parsed is not None, answer
    arrived_ns = _arrival_ns(arrivals, parsed[1], started_ns)
    time.sleep(SPACING_S)
    return (arrived_ns - started_ns) / 1e6, (answered_ns - started_ns) / 1e6, str(answer["position_id"])


def _rows(name: str, taken: list[tuple[float, float, str]]) -> list[Row]:
    rows = []
    for what, runs in (("order at the venue", [one[0] for one in taken]), ("answer", [one[1] for one in taken])):
        rows.append(row(f"{name} to {what}, {LIVE:,} live positions, p50", runs, "ms"))
        rows.append(row(f"{name} to {what}, {LIVE:,} live positions, p99", [quantile(runs, 0.99)], "ms"))
    return rows


def run(*, quick: bool = False) -> list[Row]:
    """About a minute, most of it opening a thousand positions one by one."""
    commands = 50 if quick else 300
    with (
        tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name,
        serving(volatility_ppm=20) as (
            server,
            arrivals,
        ),
    ):
        home = Path(name)
        write_config(home, server.http_url)
        with Supervisor(home) as supervisor:
            supervisor.ready()
            began = time.monotonic()
            open_many(supervisor, LIVE)
            opening_s = time.monotonic() - began
            openings, closings = [], []
            for number, symbol in enumerate(islice(symbols(), commands)):
                body = {
                    "symbol": symbol,
                    "side": "long",
                    "quantity": QUANTITIES[symbol],
                    "strategy": f"measured{number}",
                }
                opened = _measure(supervisor, arrivals, "open", body)
                openings.append(opened)
                closings.append(_measure(supervisor, arrivals, "close", {"position_id": opened[2]}))
    return [
        *_rows("open", openings),
        *_rows("close", closings),
        row(f"positions opened one after another, until all {LIVE:,} are held", [LIVE / opening_s], "/s"),
    ]
