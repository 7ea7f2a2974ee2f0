"""What can befall a position, by the rows of the fault catalogue, and how each is brought about at a chosen instant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from actors.position.state import Position
from adapters.paper.binance.answers import ANSWERS, Proof
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.faults import Fault, FaultKind, FaultPlan, FaultRecord, FaultState, Moment
from messages.addresses import NOTIFIER, RECONCILER, SUPERVISOR, gateway_address, position_address
from simulator.environment import malformed
from simulator.environment.network import Network, Window
from simulator.environment.plan import Act, Kill

ARMED_MS = 120_000
"""How long an armed fault of the venue waits for its occasion."""
READ_ARMED_MS = 10_800_000
"""Reads are rare."""
MAINTENANCE = "maintenance"
"""Also the name of its fault: who asks nothing meanwhile has not met it."""
LATE_FILL = "old stop's fill"
"""It is told when the stop's position is over, and an opposite one stands on its leg."""
INTRUSION = "second instance"
UNLISTED = Fault(
    kind=FaultKind.STATUS,
    name="unlisted",
    code=-4999,
    message="A rule of the venue that nobody has heard of.",
    moment=Moment.BEFORE_EFFECT,
)


@dataclass(slots=True, kw_only=True)
class Scene:
    """Where troubles are brought about."""

    venue: PaperVenue
    network: Network
    kill: Callable[[Kill], None]
    act: Callable[[Act], None]
    intrude: Callable[[], None]
    """Somebody starts a second instance."""
    sicken: Callable[[str, int], None]
    """Make the disk `full`, `failing` or `slow` for so many milliseconds."""
    haunt: Callable[[str, bool, int], None]
    """Let the actor at an address raise: after or before it has handled a message, and at how many of them."""

    def arm(self, fault: Fault, for_ms: int = ARMED_MS) -> None:
        """One more fault of the venue, from now on."""
        now_ms = self.venue.now_ms
        before = self.venue.exchange.faults
        plan = before.plan
        added = replace(fault, from_ms=now_ms, until_ms=now_ms + for_ms)
        after = FaultState(
            FaultPlan(faults=(*plan.faults, added), quirks=plan.quirks, seed=plan.seed),
            met=[*before.met, 0],
            struck=[*before.struck, 0],
        )
        after.random_state = before.random_state
        self.venue.exchange.faults = after

    def break_network(self, what: str, for_ms: int) -> None:
        now_ms = self.network.now_ms
        window = Window(what=what, from_ms=now_ms, until_ms=now_ms + for_ms)
        self.network.weather = replace(self.network.weather, windows=(*self.network.weather.windows, window))


Arm = Callable[[Scene, Position], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`row` of the catalogue. `of_order`: it concerns one order, and is counted by how far that one has come."""

    row: int
    arm: Arm
    of_order: bool = False


# Answers, reads, events ------------------------------------------------------------------------------------


def _cancels(p: Position) -> bool:
    return any(order.cancel_intended and order.live for order in p.orders)


def _answer(name: str, moment: Moment = Moment.BEFORE_EFFECT) -> Trouble:
    row = {Moment.BEFORE_EFFECT: 2, Moment.AFTER_EFFECT: 1, Moment.LATER: 4}[moment]

    def arm(scene: Scene, p: Position) -> None:
        method = "DELETE" if _cancels(p) else "POST"
        match = {"method": method, "account": p.key.account, "symbol": p.key.symbol}
        scene.arm(ANSWERS[name].at(moment, **match))

    return Trouble(row=row, arm=arm, of_order=True)


def _refusal(name: str, row: int, path: str = "", method: str = "POST", retry_after_s: int = 0) -> Trouble:
    def arm(scene: Scene, p: Position) -> None:
        # A path is matched by its end: `rder` for orders of both kinds.
        match = {"method": method, "path": path, "account": p.key.account, "symbol": p.key.symbol}
        scene.arm(replace(ANSWERS[name].at(Moment.BEFORE_EFFECT, **match), retry_after_s=retry_after_s))

    return Trouble(row=row, arm=arm, of_order=True)


def _duplicate(scene: Scene, p: Position) -> None:
    """Something between us and the venue sent it twice: the second is refused, the first counts."""
    fault = replace(ANSWERS["duplicate_4116"].fault, moment=Moment.AFTER_EFFECT, method="POST", path="rder")
    scene.arm(replace(fault, account=p.key.account, symbol=p.key.symbol))


def _lie(kind: FaultKind, row: int) -> Trouble:
    def arm(scene: Scene, p: Position) -> None:
        for path in ("/positionRisk", "/openOrders", "/openAlgoOrders"):
            fault = Fault(kind=kind, method="GET", path=path, account=p.key.account, age_ms=5_000)
            scene.arm(fault, READ_ARMED_MS)

    return Trouble(row=row, arm=arm)


def _malformed(scene: Scene, p: Position) -> None:
    for fault in malformed.everywhere(p.version):
        scene.arm(replace(fault, account=p.key.account), READ_ARMED_MS)


def _misreported(scene: Scene, p: Position) -> None:
    for method in ("DELETE", "GET"):
        fault = Fault(kind=FaultKind.MISREPORTED_CANCELED, method=method, path="/order", client_id="ab")
        scene.arm(replace(fault, account=p.key.account))


def _event(kind: FaultKind, row: int, *, of_order: bool = True) -> Trouble:
    def arm(scene: Scene, p: Position) -> None:
        symbol = p.key.symbol if of_order else ""
        event = "ORDER_TRADE_UPDATE" if of_order and p.version % 2 else ""
        scene.arm(Fault(kind=kind, account=p.key.account, symbol=symbol, event=event, delay_ms=4_000), READ_ARMED_MS)

    return Trouble(row=row, arm=arm, of_order=of_order)


def _partial(scene: Scene, p: Position) -> None:
    fault = Fault(kind=FaultKind.PARTIAL_FILL, client_id="ab", account=p.key.account, symbol=p.key.symbol)
    scene.arm(replace(fault, keep_ppm=500_000), READ_ARMED_MS)


# Everything else -------------------------------------------------------------------------------------------


def _weather(what: str, for_ms: int) -> Trouble:
    return Trouble(row=22, arm=lambda scene, _p: scene.break_network(what, for_ms))


def _disk(what: str, row: int, for_ms: int) -> Trouble:
    return Trouble(row=row, arm=lambda scene, _p: scene.sicken(what, for_ms))


def _death(*, power: bool = False) -> Trouble:
    return Trouble(row=27, arm=lambda scene, _p: scene.kill(Kill(moment="once", count=1, down_ms=2_000, power=power)))


def _flipped(scene: Scene, p: Position) -> None:
    """It dies, and what it wrote last of this position is not what the next start reads."""
    scene.kill(Kill(moment="once", count=1, down_ms=2_000, flipped=p.ordinal))


def _cut(scene: Scene, p: Position) -> None:
    """It dies, and the next start reads less than was acknowledged: at least what was committed last."""
    scene.kill(Kill(moment="once", count=1, down_ms=4_000, lost=1 + p.version % 5))


def _stuck(scene: Scene, p: Position) -> None:
    fault = Fault(kind=FaultKind.TRIGGER_STUCK, client_id="ab", account=p.key.account, symbol=p.key.symbol)
    scene.arm(fault, READ_ARMED_MS)


def _absurd(scene: Scene, p: Position) -> None:
    for path in ("/openOrders", "/openAlgoOrders", "/order", "/algoOrder", "/userTrades"):
        fault = Fault(kind=FaultKind.ABSURD_NUMBERS, method="GET", path=path, account=p.key.account)
        scene.arm(fault, READ_ARMED_MS)


def _unlisted(scene: Scene, p: Position) -> None:
    method = "DELETE" if _cancels(p) else "POST"
    scene.arm(replace(UNLISTED, method=method, account=p.key.account, symbol=p.key.symbol))


def _act(do: str, row: int, for_ms: int = 0) -> Trouble:
    def arm(scene: Scene, p: Position) -> None:
        key = p.key
        act = Act(at_ms=scene.network.now_ms, do=do, account=key.account, symbol=key.symbol, side=key.side)
        act = replace(act, slot=p.ordinal)  # about this one's symbol, not about whoever comes first
        # Of a price two in a hundred against it; of the clock, whose offset is in milliseconds, three seconds.
        offset = 3_000 if do == "jump the clock" else 20_000
        scene.act(replace(act, leverage=7, percent=90, for_ms=for_ms, offset_ppm=-key.side.sign * offset))

    return Trouble(row=row, arm=arm)


def _raises(*, after: bool, times: int) -> Trouble:
    def arm(scene: Scene, p: Position) -> None:
        addresses = (
            position_address(p.ordinal),
            gateway_address(p.key.account),
            SUPERVISOR,
            RECONCILER,
            NOTIFIER,
        )
        scene.haunt(addresses[p.version % len(addresses)] if times == 1 else addresses[0], after, times)

    return Trouble(row=29, arm=arm)


TROUBLES: Mapping[str, Trouble] = {
    "done, unanswered": _answer("empty_200", Moment.AFTER_EFFECT),
    "lost before effect": _answer("timeout_408", Moment.BEFORE_EFFECT),
    "not executed": _answer("unavailable_503", Moment.BEFORE_EFFECT),
    "duplicate refused": Trouble(row=3, arm=_duplicate, of_order=True),
    "done later": _answer("read_timeout", Moment.LATER),
    "event twice": _event(FaultKind.EVENT_DUPLICATED, 5),
    "event late": _event(FaultKind.EVENT_DELAYED, 5),
    "events reordered": _event(FaultKind.EVENT_REORDERED, 5),
    "event lost": _event(FaultKind.EVENT_LOST, 6),
    "stream cut": _event(FaultKind.STREAM_DISCONNECT, 7, of_order=False),
    "listen key expired": _event(FaultKind.LISTEN_KEY_EXPIRY, 7, of_order=False),
    "hand order": _act("hand order", 8),
    "unknown symbol": _act("hand trade elsewhere", 8),
    "stale read": _lie(FaultKind.STALE_READ, 9),
    "empty list": _lie(FaultKind.EMPTY_LIST, 10),
    "partial list": _lie(FaultKind.PARTIAL_LIST, 10),
    "malformed row": Trouble(row=34, arm=_malformed),
    "said to be canceled": Trouble(row=11, arm=_misreported, of_order=True),
    "filled in part": Trouble(row=12, arm=_partial, of_order=True),
    "reduce-only refused": _refusal("reduce_only_2022", 13, "/order"),
    "liquidated": _act("liquidate", 14),
    "deleveraged": _act("deleverage", 14),
    "hand trade": _act("hand trade", 15),
    "hand reduce": _act("hand reduce", 15),
    "hand close": _act("hand close", 15),
    "hand flip": _act("hand flip", 15),
    "hand cancel": _act("hand cancel", 15),
    "price through stop": _act("move price", 16),
    LATE_FILL: _act("late word", 18),
    "leverage changed": _act("hand leverage", 19),
    "margin changed": _act("clear and hand margin", 19),
    "mode changed": _act("hand mode", 19, 10_000),
    "clock jumped": _act("jump the clock", 20),
    "clock refused": _refusal("clock_1021", 20),
    "429": _refusal("too_many_1003", 21, retry_after_s=3),
    "banned": _refusal("banned_418", 21, retry_after_s=10),
    "others near the limit": _act("others ask", 21),
    MAINTENANCE: _act(MAINTENANCE, 22, 20_000),
    "key revoked": _act("revoke the key", 22, 30_000),
    "no connection": _weather("refused", 8_000),
    "requests vanish": _weather("blackhole", 8_000),
    "answers vanish": _weather("deaf", 8_000),
    "stream silent": _weather("mute", 8_000),
    "no descriptor": replace(_weather("exhausted", 8_000), row=38),
    "halted": _act("halt", 23, 20_000),
    "filters changed": _act("change filters", 23, 30_000),
    "delisted": _act("delist", 23, 30_000),
    "order refused": _refusal("rejected_2010", 24, "rder"),
    "disk full": _disk("full", 25, 10_000),
    "commits fail": _disk("failing", 25, 3_000),
    "disk slow": _disk("slow", 25, 6_000),
    "journal locked": _disk("locked", 36, 4_000),
    "record damaged": Trouble(row=26, arm=_flipped),
    "log damaged": Trouble(row=26, arm=_cut),
    "killed": _death(),
    "power lost": _death(power=True),
    INTRUSION: Trouble(row=28, arm=lambda scene, _p: scene.intrude()),
    "actor raised": _raises(after=False, times=1),
    "actor raised late": _raises(after=True, times=1),
    "poison": _raises(after=False, times=4),
    "funding": _act("fund", 31),
    "trigger stuck": Trouble(row=32, arm=_stuck, of_order=True),
    "unlisted code": Trouble(row=33, arm=_unlisted, of_order=True),
    "absurd numbers": Trouble(row=34, arm=_absurd),
    "absurd event": _event(FaultKind.EVENT_ABSURD, 34),
}


TROUBLE_OF_ACT: Mapping[str, str] = {
    "hand order": "hand order", "liquidate": "liquidated", "deleverage": "deleveraged", "hand trade": "hand trade",
    "hand reduce": "hand reduce", "hand close": "hand close", "hand flip": "hand flip", "hand cancel": "hand cancel",
    "move price": "price through stop", "hand leverage": "leverage changed", "jump the clock": "clock jumped",
    "hand margin": "margin changed", "clear and hand margin": "margin changed", "late word": LATE_FILL,
    "hand trade elsewhere": "unknown symbol", "hand mode": "mode changed", "revoke the key": "key revoked",
    "halt": "halted", "change filters": "filters changed", "delist": "delisted", "fund": "funding",
    "others ask": "others near the limit",
}  # fmt: skip
TROUBLE_OF_WEATHER: Mapping[str, str] = {
    "refused": "no connection", "blackhole": "requests vanish", "lost_request": "requests vanish",
    "deaf": "answers vanish", "lost_answer": "answers vanish", "mute": "stream silent",
    "exhausted": "no descriptor",
}  # fmt: skip
ILL_DISK = frozenset({"disk full", "commits fail", "disk slow", "journal locked"})
TROUBLE_OF_DISK: Mapping[str, str] = {
    "slow disk": "disk slow", "failed commit": "commits fail", "disk full": "disk full",
    "journal locked": "journal locked",
}  # fmt: skip
_KINDS = {
    FaultKind.STALE_READ: "stale read",
    FaultKind.EMPTY_LIST: "empty list",
    FaultKind.PARTIAL_LIST: "partial list",
    FaultKind.MALFORMED: "malformed row",
    FaultKind.MISREPORTED_CANCELED: "said to be canceled",
    FaultKind.PARTIAL_FILL: "filled in part",
    FaultKind.EVENT_LOST: "event lost",
    FaultKind.EVENT_DUPLICATED: "event twice",
    FaultKind.EVENT_DELAYED: "event late",
    FaultKind.EVENT_REORDERED: "events reordered",
    FaultKind.STREAM_DISCONNECT: "stream cut",
    FaultKind.LISTEN_KEY_EXPIRY: "listen key expired",
    FaultKind.TRIGGER_STUCK: "trigger stuck",
    FaultKind.ABSURD_NUMBERS: "absurd numbers",
    FaultKind.EVENT_ABSURD: "absurd event",
}
_ANSWERS = {
    "duplicate_4116": "duplicate refused",
    "reduce_only_2022": "reduce-only refused",
    "banned_418": "banned",
    "clock_1021": "clock refused",
    "clock_5028": "clock refused",
    MAINTENANCE: "maintenance",
}


def trouble_of(record: FaultRecord, method: str = "GET") -> str:
    """Which trouble a fault of the venue was; empty for a spoiled read and others that are not in the table."""
    if record.kind in _KINDS:
        return _KINDS[record.kind]
    if record.name in _ANSWERS:
        return _ANSWERS[record.name]
    if record.name.startswith("too_many"):
        return "429"
    if record.name == UNLISTED.name:
        return "" if method == "GET" else "unlisted code"
    answer = ANSWERS.get(record.name)
    if answer is None or method == "GET":
        return ""
    if answer.proves is Proof.UNKNOWN:
        return "done later" if record.effect is None else "done, unanswered" if record.effect else "lost before effect"
    return {Proof.REJECTED: "order refused", Proof.NOT_EXECUTED: "not executed"}.get(answer.proves, "")
