"""What was settled by hand is verified by a list of the venue that shows what is believed, and by nothing else."""

import pytest

from messages import commands as c
from messages import reports as r
from tests.reconciler.world import BTC, Play, command, row, view


def verified(play: Play) -> list[r.LegHeld]:
    return [message for message in play.answers if isinstance(message, r.LegHeld)]


@pytest.mark.parametrize(
    ("neighbor", "there", "told"),
    [
        (None, "1", [1]),
        (None, "0.4", []),
        ("2", "3", [1]),
        ("2", "2", []),
    ],
)
def test_a_leg_that_is_as_it_is_believed_is_told_to_who_waits_for_it(
    neighbor: str | None, there: str, told: list[int]
) -> None:
    play = Play()
    play.hold(view(1, "1", unverified=True))
    if neighbor is not None:
        play.hold(view(2, neighbor, strategy="grid"))
    play.at_venue(row(there))
    play.tell(c.Reconcile(symbol=BTC, **command("now")))
    play.run(0.6)
    assert sorted({int(each.position_id.rpartition(".")[2]) for each in verified(play)}) == told


def test_nothing_is_verified_while_the_open_orders_cannot_be_read() -> None:
    """What was written off may rest all the same."""
    play = Play()
    play.hold(view(1, "1", unverified=True))
    play.at_venue(row("1"))
    play.orders_take_s = 60
    play.tell(c.Reconcile(symbol=BTC, **command("now")))
    play.run(5)
    assert verified(play) == []
    play.orders_take_s = 0.1
    play.run(90)
    assert verified(play)
