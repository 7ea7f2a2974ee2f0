"""The same worlds, in which people also add, change leverage, trail the stop and call entries off."""

from collections.abc import Callable
from dataclasses import dataclass

from actors.position.machine import Step
from messages import commands as c
from messages.events import AdditionRequested
from tests.position.story import dec
from tests.position.world import World, live_through


@dataclass(slots=True)
class GrowingWorld(World):
    """Commands are the usual ones, or one of these."""

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


def grow_through(choose: Callable[[int], int], happenings: int) -> World:
    """A whole life of a growing position, as `live_through`."""
    return live_through(choose, happenings, GrowingWorld)
