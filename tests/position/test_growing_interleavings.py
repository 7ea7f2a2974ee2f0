"""The same worlds, in which people also add, change leverage, trail the stop and call entries off."""

import random
from dataclasses import dataclass

import pytest

from actors.position.machine import Step
from messages import commands as c
from messages.events import AdditionRequested
from tests.position.story import Story, dec
from tests.position.witnesses import HAPPENINGS_MOST
from tests.position.world import World, begin

SEEDS = 800


@dataclass(slots=True)
class GrowingWorld(World):
    """Wishes are the usual ones, or one of these."""

    def operate(self) -> None:
        s = self.story
        wishes = (
            lambda: c.ModifyPosition(add=dec(2), **s.own()),
            lambda: c.ModifyPosition(add=dec(120), leverage=3, **s.own()),
            lambda: c.ModifyPosition(leverage=5 + self.choose(3), **s.own()),
            lambda: c.ModifyPosition(trailing=dec(self.choose(3)), **s.own()),
            lambda: c.CancelEntry(**s.own()),
        )
        if self.choose(2):
            World.operate(self)
            return
        command = wishes[self.choose(len(wishes))]()
        self.commands.append(command)
        self.tell(command)

    def _check(self, step: Step) -> None:
        if any(isinstance(ev, AdditionRequested) for ev in step.events):
            self.closing = False  # a reduction came to its end before
        World._check(self, step)


def grow(seed: int) -> World:
    """The same life for the same seed."""
    rng = random.Random(seed)
    first = begin(rng.randrange)
    world = GrowingWorld(rng.randrange, first.story, neighbor=first.neighbor, exposure=first.exposure)
    for name in ("outbox", "inbox", "wakes", "submitted", "commands"):
        setattr(world, name, getattr(first, name))
    for _ in range(rng.randrange(5, HAPPENINGS_MOST)):
        world.happen()
    world.make_peace()
    world.check_at_rest()
    return world


def test_whatever_grows_shrinks_or_is_called_off_belief_and_venue_agree_at_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Story, "declared", frozenset())  # these lives pass through more than the usual ones
    added = 0
    for seed in range(SEEDS):
        try:
            world = grow(seed)
        except Exception as error:
            error.add_note(f"grow({seed}) replays it")
            raise
        added += any(isinstance(ev, AdditionRequested) for ev in world.story.events)
    assert added > SEEDS // 20, "lives without additions prove nothing"
