"""Troubles that wait for a position in a certain state, at a certain moment of its orders, and strike it then."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from actors.position.state import Position
from simulator.environment.plan import Trap
from simulator.troubles.catalog import TROUBLES, Scene
from simulator.troubles.reach import ANSWERS, EVENTS
from simulator.troubles.situation import Situations


@dataclass(slots=True, kw_only=True)
class Traps:
    """Looks at live positions whenever something has changed. `met` counts every trouble that met a position."""

    set: list[Trap]
    situations: Situations
    scene: Scene
    now_ms: Callable[[], int]
    note: Callable[[str], None]
    changed: bool = False
    met: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def look(self) -> None:
        self.changed = False
        now_ms = self.now_ms()
        for trap in [each for each in self.set if each.from_ms <= now_ms]:
            found = next((p for p in self.situations.live() if self._fits(trap, p)), None)
            if found is not None:
                self.set.remove(trap)
                self.note(f"*** {trap.trouble} meets {found.position_id}, {trap.state}, {trap.moment}")
                TROUBLES[trap.trouble].arm(self.scene, found)
                if trap.trouble in (*EVENTS, "filled in part", "trigger stuck"):
                    # Something has to happen to its orders: what rests is reached by the price.
                    TROUBLES["price through stop"].arm(self.scene, found)
                return

    def _fits(self, trap: Trap, p: Position) -> bool:
        return p.state == trap.state and self.situations.moment(p) == trap.moment

    def struck(self, trouble: str, *, account: str = "", symbol: str = "", name: str = "") -> None:
        """A trouble met every live position of an account and symbol; or the one whose order or setting it was."""
        if trouble not in TROUBLES:
            return
        of_order = TROUBLES[trouble].of_order
        for p in self.situations.live(account=account, symbol=symbol):
            if of_order and not (self._is_about(p, name) if name else p.leverage_pending):
                continue
            moment = (
                self.situations.moment_of_order(p, name, answer=trouble in ANSWERS)
                if of_order
                else self.situations.moment(p)
            )
            self.met[trouble, p.state.value, moment.value] += 1

    def befell(self, trouble: str, positions: Iterable[Position]) -> None:
        """Something was done, and these positions are not as they were."""
        for p in positions:
            self.met[trouble, p.state.value, self.situations.moment(p).value] += 1

    def _is_about(self, p: Position, name: str) -> bool:
        return any(order.client_order_id == name for order in p.orders)
