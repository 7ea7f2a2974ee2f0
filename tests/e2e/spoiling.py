"""Fault plans for the paper venue, drawn from a seed: answers lost or spoiled with and without the effect, events lost.

Every fault has a bound, so that a plan wears off by itself: what is repeated often enough comes through.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from adapters.paper.binance.answers import ANSWERS, Proof
from adapters.paper.faults import Fault, FaultKind, Moment

LOST = ("read_timeout", "reset", "empty_200", "truncated_200", "html_200")
"""Nothing that can be read comes back; the connection hangs, breaks, or brings something else."""
SERVER_ERRORS = (
    *("timeout_408", "gateway_timeout", "unknown_error_503", "internal_500", "bad_gateway_502", "unknown_520"),
    *("unavailable_503", "overloaded_1008"),
)
QUERY_ERRORS = (*LOST, "bad_gateway_502", "unknown_error_503", "unavailable_503", "query_not_found_2013")
EVENTS = (
    *(FaultKind.EVENT_LOST, FaultKind.EVENT_LOST, FaultKind.EVENT_DUPLICATED, FaultKind.EVENT_REORDERED),
    *(FaultKind.EVENT_DELAYED, FaultKind.STREAM_DISCONNECT),
)
EFFECT_DELAY_MS = 300
"""Within the validity of a request, so that an effect that is to come later does come."""


def drawn(random: Random, method: str, path: str, targets: int) -> tuple[Fault, ...]:
    """Faults on the requests with which `targets` orders are sent or canceled, on the queries after them, on events."""
    return (*on_orders(random, method, path, targets), *on_queries(random, path), *on_events(random))


def on_orders(random: Random, method: str, path: str, targets: int) -> Iterator[Fault]:
    """Some of the first requests, so that they fall before a kill; each with its own answer and its own effect."""
    for _ in range(random.randint(1, 3)):
        answer = ANSWERS[random.choice((*LOST, *SERVER_ERRORS))]
        moment = random.choice(tuple(Moment)) if answer.proves is Proof.UNKNOWN else Moment.BEFORE_EFFECT
        yield answer.at(
            moment,
            method=method,
            path=path,
            nth=random.randint(1, max(1, targets // 2)),
            count=random.randint(1, 2),
            effect_delay_ms=EFFECT_DELAY_MS,
        )


def on_queries(random: Random, path: str) -> Iterator[Fault]:
    """What became of an order is asked at the same path; its trades at another."""
    for _ in range(random.randint(0, 2)):
        fault = replace(ANSWERS[random.choice(QUERY_ERRORS)].fault, method="GET", count=random.randint(1, 2))
        yield replace(fault, path=random.choice((path, path, "/userTrades")), nth=random.randint(1, 3))


def on_events(random: Random) -> Iterator[Fault]:
    for _ in range(random.randint(0, 2)):
        kind = random.choice(EVENTS)
        yield Fault(kind=kind, name=kind.lower(), nth=random.randint(1, 6), count=random.randint(1, 3), delay_ms=400)


def struck(log: Sequence[Mapping[str, Any]], since: int, until_ms: int) -> Counter[tuple[str, str]]:
    """How often each fault struck since that place of the venue's log: by name, and whether before `until_ms`."""
    return Counter(
        (_named(record), "before" if record["at_ms"] <= until_ms else "after")
        for record in log[since:]
        # An effect that is to come is logged once more when it has come, or has not.
        if record["effect"] is not None or " " not in record["subject"]
    )


def _named(record: Mapping[str, Any]) -> str:
    """What it was, and on an order whether that was sent or called off nevertheless."""
    name = record["name"] or record["kind"].lower()
    if record["kind"] == "DELAYED" or " " not in record["subject"]:
        return str(name)
    if record["subject"].startswith("GET"):
        return f"{name} to a query"
    return f"{name}, {'done' if record['effect'] else 'not done'}"
