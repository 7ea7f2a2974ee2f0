"""How a position's decisions fare with its age: a stop that is moved again and again, as a trailing strategy does.

The pure machine alone, its venue answering at once; each figure is the processor time of one move, from the command to
the last answer, and of one snapshot, which a position writes every few dozen events.
"""

import time

from actors.position.machine import decide
from actors.position.policy import Policy
from actors.position.state import Position, blank
from benchmarks.obliging import ACCOUNT, LONG, STOP, STRATEGY, SYMBOL, TIGHTER, ObligingVenue
from benchmarks.report import Row, at_most, median_ratio, row
from benchmarks.transitions import opening
from messages import codec
from messages.base import Message
from messages.commands import ModifyPosition
from messages.types import CommandId, JournalId, Key

MOVES = 100
BETWEEN_NS = 60_000_000_000


class Life:
    """One position and all that it asks of its venue."""

    def __init__(self) -> None:
        self._venue = ObligingVenue()
        self._now_ns = 1_700_000_000_000_000_000
        self.position: Position = blank(
            Key(account=ACCOUNT, symbol=SYMBOL, side=LONG, strategy=STRATEGY), 1, JournalId("benchmrk")
        )
        self.moved = 0
        self._tell(opening(1))

    def move(self) -> None:
        """A minute later the stop is somewhere else."""
        self._now_ns += BETWEEN_NS
        self.moved += 1
        self._tell(
            ModifyPosition(
                command_id=CommandId(f"move-{self.moved}"),
                position_id=self.position.position_id,
                stop_loss=TIGHTER if self.moved % 2 else STOP,
            )
        )

    def _tell(self, message: Message) -> None:
        waiting = [message]
        while waiting:
            step = decide(self.position, waiting.pop(0), self._now_ns, Policy())
            self.position = step.position
            for effect in step.effects:
                waiting.extend(self._venue.answers(effect.message, self._now_ns))


def grow(life: Life, orders: int) -> None:
    while len(life.position.orders) < orders:
        life.move()


def move_ms(life: Life) -> float:
    began = time.process_time()
    for _ in range(MOVES):
        life.move()
    return (time.process_time() - began) / MOVES * 1e3


def snapshot_ms(life: Life) -> float:
    began = time.process_time()
    codec.encode(life.position)
    return (time.process_time() - began) * 1e3


def run(*, quick: bool = False) -> list[Row]:
    """Seconds."""
    repeats, many = (1, 2_000) if quick else (5, 10_000)
    young, old, snapshots = [], [], []
    aged = Life()
    grow(aged, many)
    for _ in range(repeats):
        fresh = Life()
        young.append(move_ms(fresh))
        old.append(move_ms(aged))
        snapshots.append(snapshot_ms(aged))
    return [
        row("moving the stop of a young position", young, "ms"),
        row(
            f"moving it after {many:,} orders",
            old,
            "ms",
            ratio=median_ratio(old, young),
            against="a young position",
            target=at_most(2),
        ),
        row(f"  a snapshot of {many:,} orders", snapshots, "ms"),
    ]
