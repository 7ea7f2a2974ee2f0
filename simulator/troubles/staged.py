"""Lives that are staged so that a situation lasts long enough for a trouble to meet it.

A request leaves in the instant in which it is durable, is answered within milliseconds, and a process that starts
has heard of everything within a fraction of a second. Readings and events seldom fall into so little. So a staged life
commands something while no connection is made: the gateway tries it again later, and until then it is durable and
has not left, while the line is as good as ever. Or answers and the disk take their time. And the account is kept busy
meanwhile, so that there are readings, events and commits for the trouble to meet.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from actors.position.next_orders import RETRY_FIRST_MS
from adapters.paper.binance.answers import ANSWERS as ROWS
from adapters.paper.faults import Fault, FaultKind
from adapters.paper.faults import Moment as Effect
from messages.types import PositionSide, PositionState
from simulator.environment.network import START_MS, Window
from simulator.environment.plan import SYMBOLS, Act, Trap
from simulator.troubles.catalog import LATE_FILL
from simulator.troubles.reach import ANSWERS, EVENTS, EXPOSURE, STOPS
from simulator.troubles.situation import Moment

S = PositionState
BESIDE = 10
"""Slot of the position that keeps the account busy, on a symbol of its own."""
DEAD_MS = ((-1, 50), (190, 290), (590, 700), (1_390, 1_510))
"""When no connection is made: at each try of an order but the fifth. In between the venue is there, and stays so."""
TRIES_OF_OPENING = 3
RESTING_PPM = 4_000
"""How far from the price an entry rests."""
FAR_PPM = 30_000
"""A stop that the price does not reach which a trap moves."""
BUSY_MS, STEP_MS = 1_700, 60
"""For how long the account is kept busy, and how often something happens to it."""
SLUGGISH_MS = 8_000
SILENT = Fault(kind=FaultKind.RESET, method="GET", path="/order", count=0)
"""Nobody says what became of an order, for so long:"""
DOUBT_MS = 3_500
LEAD_MS = 9_000
"""The life of the one whose stop fills before the position comes."""
DOWN_MS = 50
"""So short a death is outlived by what was on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One life and what is arranged for it."""

    acts: tuple[Act, ...] = ()
    windows: tuple[Window, ...] = ()
    faults: tuple[Fault, ...] = ()
    traps: tuple[Trap, ...] = ()

    def __add__(self, more: "Stage") -> "Stage":
        return Stage(
            acts=self.acts + more.acts,
            windows=self.windows + more.windows,
            faults=self.faults + more.faults,
            traps=self.traps + more.traps,
        )


def beside(side: PositionSide) -> Act:
    """Opened first of all, by somebody who only keeps the account busy."""
    return Act(at_ms=500, do="open", slot=BESIDE, symbol=SYMBOLS[0], strategy="beside", side=side, stop_ppm=10_000)


def stage(random: Random, slot: int, trap: Trap, sides: Mapping[str, PositionSide]) -> Stage:
    """The life of the position that the trap waits for, from `trap.from_ms` on."""
    symbol = random.choice(SYMBOLS[1:])
    acts, key_ms = _life(random, trap)
    busy_ms, staged = _arranged(random, trap, key_ms)
    in_flight = trap.moment == Moment.SENT and trap.trouble in (*EVENTS, "filled in part")
    opened = replace(acts[0], strategy=f"aim{slot}", lots=4, stop_ppm=FAR_PPM if in_flight else 10_000)
    if key_ms > trap.from_ms and random.randrange(2):
        acts.append(Act(at_ms=trap.from_ms + 1_200, do="fund"))  # which event a trap spoils goes by the version
    own = (_whose(act, slot, symbol, sides[symbol]) for act in (opened, *acts[1:], *staged.acts))
    set_ms = key_ms if in_flight else random.choice((key_ms, busy_ms))
    before = _outlived(slot, trap, symbol, sides[symbol].opposite) if trap.trouble == LATE_FILL else Stage()
    return before + replace(
        staged,
        acts=(*own, *_bustle(random, trap.state, symbol, busy_ms)),
        traps=(*staged.traps, replace(trap, from_ms=set_ms - 1)),
    )


def _whose(act: Act, slot: int, symbol: str, side: PositionSide) -> Act:
    """Of this position. Prices move in favor of it, as far as the act says."""
    sign = side.sign if act.do == "move price" else 1
    return replace(act, slot=slot, symbol=symbol, side=side, offset_ppm=act.offset_ppm * sign)


def _outlived(slot: int, trap: Trap, symbol: str, side: PositionSide) -> Stage:
    """One to the other side, that is over by its stop: of the fill no event tells, it is read."""
    from_ms = trap.from_ms - LEAD_MS
    lost = Fault(kind=FaultKind.EVENT_LOST, event="ORDER_TRADE_UPDATE", symbol=symbol, count=0)
    acts = (
        Act(at_ms=from_ms, do="open", strategy="old", stop_ppm=10_000),
        _moved(from_ms + 3_000, -12_000),
        *(Act(at_ms=from_ms + ms, do="reconcile") for ms in (3_500, 5_000, 6_500)),
    )
    return Stage(
        acts=tuple(_whose(act, BESIDE + 1 + slot, symbol, side) for act in acts),
        faults=(_during(lost, from_ms + 2_900, from_ms + 5_000),),
    )


def fires(trap: Trap) -> bool:
    """Whether its position is to be closed by its stop, which takes its time."""
    return trap.state == S.CLOSING and trap.moment == Moment.ACKED


# What is commanded, and when that is which is to be outstanding ----------------------------------------------


def _life(random: Random, trap: Trap) -> tuple[list[Act], int]:
    """The opening first."""
    opening = Act(at_ms=trap.from_ms, do="open")
    key_ms = opening.at_ms + 3_000
    match trap.state:
        case S.PENDING:
            return [replace(opening, leverage=random.randrange(2, 20))], opening.at_ms
        case S.OPENING:
            return _entering(random, trap, opening, key_ms)
        case S.RECONCILING if trap.trouble == "mode changed":  # with nothing at the venue, a setting is outstanding
            return [opening, Act(at_ms=opening.at_ms + 8, do="lever", leverage=7)], opening.at_ms
        case S.MODIFYING if trap.trouble == "said to be canceled":
            return _partly(opening, _part(key_ms))
        case S.CLOSING if trap.trouble == "said to be canceled":
            return [replace(opening, offset_ppm=RESTING_PPM), Act(at_ms=key_ms, do="call off")], key_ms
        case S.MODIFIED | S.PAUSED if trap.trouble in STOPS:
            return _bared_of_target(trap, opening)
        case S.MODIFIED:
            found = [Act(at_ms=opening.at_ms + ms, do="reconcile") for ms in (2_500, 4_500, 6_500)]
            key_ms = opening.at_ms + 12_000
            return [opening, Act(at_ms=opening.at_ms + 2_000, do="hand reduce"), *found, _bared(key_ms)], key_ms
        case S.PAUSED:
            return [opening, Act(at_ms=opening.at_ms + 2_000, do="pause"), _bared(key_ms)], key_ms
        case _:
            return [opening, _key_act(random, trap, key_ms)], key_ms


def _entering(random: Random, trap: Trap, opening: Act, key_ms: int) -> tuple[list[Act], int]:
    """At the market, or resting; with a part filled, where something is to befall what is held."""
    if trap.trouble in EXPOSURE | STOPS:
        acts, key_ms = _partly(opening, Act(at_ms=key_ms, do="call off"))
        return (acts[:-1] if trap.moment == Moment.ACKED else acts), key_ms
    if trap.moment == Moment.ACKED or trap.trouble == "filled in part":
        if trap.moment == Moment.ACKED or random.randrange(2):
            return [replace(opening, offset_ppm=RESTING_PPM)], opening.at_ms + 100
        return [opening], opening.at_ms
    if trap.moment == Moment.UNSENT or random.randrange(2):
        return [opening], opening.at_ms
    return _partly(opening, Act(at_ms=key_ms, do="call off"))


def _key_act(random: Random, trap: Trap, at_ms: int) -> Act:
    """What is commanded of a position that is held."""
    match trap.state:
        case S.ACTIVE:
            return _bared(at_ms) if random.randrange(2) else _part(at_ms)
        case S.MODIFYING if trap.moment != Moment.ACKED:
            stop = Act(at_ms=at_ms, do="move stop", stop_ppm=8_000)
            levered = Act(at_ms=at_ms, do="lever", leverage=7)
            return random.choice((stop, _part(at_ms), Act(at_ms=at_ms, do="add"), levered))
        case S.MODIFYING | S.RECONCILING:
            return _part(at_ms)
        case _ if fires(trap) and random.randrange(2):
            return _moved(at_ms, -12_000)
        case _:
            return Act(at_ms=at_ms, do=random.choice(("close", "emergency")))


def _part(at_ms: int) -> Act:
    return Act(at_ms=at_ms, do="close part", percent=50)


def _bared(key_ms: int) -> Act:
    """Its stop is taken by hand, and placed anew after half a second, as after any refusal."""
    return Act(at_ms=key_ms - RETRY_FIRST_MS + 2, do="hand cancel")


def _bared_of_target(trap: Trap, opening: Act) -> tuple[list[Act], int]:
    """Its stop rests, its target is outstanding: by hand the older of the two goes first, so the stop is made new."""
    key_ms = opening.at_ms + 12_000
    opening = replace(opening, target_ppm=15_000)
    changed = Act(at_ms=opening.at_ms + 2_000, do="pause" if trap.state == S.PAUSED else "hand reduce")
    found = [Act(at_ms=opening.at_ms + ms, do="reconcile") for ms in (2_500, 4_500, 6_500)]
    return [opening, changed, *found, _bared(opening.at_ms + 9_000), _bared(key_ms)], key_ms


def _partly(opening: Act, then: Act) -> tuple[list[Act], int]:
    """An entry that rests, is filled in part, and is not wanted any more."""
    met_ms = opening.at_ms + 1_500
    met = (_moved(met_ms, -6_000), _moved(met_ms + 1, 6_000))
    return [replace(opening, offset_ppm=RESTING_PPM), *met, then], then.at_ms


def _moved(at_ms: int, ppm: int) -> Act:
    """The price, by so much in favor of the position."""
    return Act(at_ms=at_ms, do="move price", offset_ppm=ppm)


# What is arranged so that it lasts ----------------------------------------------------------------------------


def _arranged(random: Random, trap: Trap, key_ms: int) -> tuple[int, Stage]:
    """From when on the account is busy, and the rest."""
    if trap.state == S.RECONCILING and trap.moment != Moment.RECOVERY:
        return _unread(key_ms) if trap.moment == Moment.ACKED else _doubted(trap, key_ms)
    match trap.moment:
        case Moment.UNSENT:
            tries = TRIES_OF_OPENING if trap.state == S.OPENING else len(DEAD_MS)
            return key_ms + DEAD_MS[0][1], Stage(windows=_dead(key_ms)[:tries]) + _in_part(trap, key_ms)
        case Moment.SENT:
            return key_ms + 1, _slow(random, trap, key_ms) + _in_part(trap, key_ms)
        case Moment.RECOVERY:
            recovering = _death(random, trap, key_ms) + _in_part(trap, key_ms) + _unresolved(trap, key_ms)
            return key_ms + 20, _slow(random, trap, key_ms) + recovering
        case _ if trap.state in (S.MODIFYING, S.CLOSING):
            refused = ROWS["rejected_2010"].at(Effect.BEFORE_EFFECT, method="POST", path="/order")
            return key_ms + 30, Stage(faults=(_during(refused, key_ms - 1, key_ms + 60),))
        case _:
            return key_ms + 1, _in_part(trap, key_ms)


def _dead(key_ms: int) -> tuple[Window, ...]:
    return tuple(Window(what="refused", from_ms=key_ms + begin, until_ms=key_ms + end) for begin, end in DEAD_MS)


def _in_part(trap: Trap, key_ms: int) -> Stage:
    """For an entry that is to rest with a part of it filled; and what cancels it is lost before the process dies."""
    if trap.state not in (S.OPENING, S.MODIFYING) or trap.trouble == "filled in part":
        return Stage()
    part = _during(Fault(kind=FaultKind.PARTIAL_FILL, client_id="ab"), key_ms - 2_000, key_ms - 1_000)
    lost = ROWS["timeout_408"].at(Effect.BEFORE_EFFECT, method="DELETE", path="/order")
    dies = trap.moment == Moment.RECOVERY and trap.state == S.MODIFYING
    return Stage(faults=(part, _during(lost, key_ms, key_ms + 200)) if dies else (part,))


def _slow(random: Random, trap: Trap, key_ms: int) -> Stage:
    """Answers or commits take up to more than a second, or both do."""
    line, disk = random.choice(((True, False), (False, True), (True, True)))
    if trap.moment == Moment.RECOVERY:
        # What was on its way is to arrive meanwhile; or what is asked after the start, at once.
        line, disk = trap.trouble in ANSWERS or random.randrange(4) == 0, True
    sluggish = Window(what="sluggish", from_ms=key_ms - 1, until_ms=key_ms + SLUGGISH_MS)
    ill = Trap(trouble="disk slow", state=trap.state, moment=Moment.UNSENT, from_ms=key_ms - 1)
    return Stage(windows=(sluggish,) if line else (), traps=(ill,) if disk else ())


def _death(random: Random, trap: Trap, key_ms: int) -> Stage:
    """While something is outstanding; before it arrives, where its answer is to be spoiled."""
    early = trap.trouble in ANSWERS or trap.trouble == "filled in part" or trap.state == S.RECONCILING
    if early or random.randrange(2):
        return Stage(acts=(Act(at_ms=key_ms + random.choice((8, 30, 60, 100)), do="kill", for_ms=DOWN_MS),))
    moment = random.choice((Moment.UNSENT, Moment.SENT))
    return Stage(traps=(Trap(trouble="killed", state=trap.state, moment=moment, from_ms=key_ms - 1),))


def _unresolved(trap: Trap, key_ms: int) -> Stage:
    """After the start nobody says what became of the order, where that is to be in doubt."""
    if trap.state != S.RECONCILING:
        return Stage()
    return Stage(faults=(_during(SILENT, key_ms, key_ms + DOUBT_MS),))


def _doubted(trap: Trap, key_ms: int) -> tuple[int, Stage]:
    """Nobody knows whether a part was closed, or the entry placed, when the next request is to leave."""
    lost = ROWS["timeout_408"].at(Effect.BEFORE_EFFECT, method="POST", path="/order")
    faults = (_during(lost, key_ms - 1, key_ms + 60), _during(SILENT, key_ms, key_ms + DOUBT_MS))
    if trap.trouble == "mode changed":
        return key_ms + 60, Stage(windows=_dead(key_ms + 8), faults=faults)
    next_ms = key_ms + 100
    windows = _dead(next_ms) if trap.moment == Moment.UNSENT else ()
    return next_ms + DEAD_MS[0][1], Stage(acts=(Act(at_ms=next_ms, do="close"),), windows=windows, faults=faults)


def _unread(key_ms: int) -> tuple[int, Stage]:
    """The answer says that it was filled, the stream is mute, and its trades are not read at once."""
    mute = Window(what="mute", from_ms=key_ms - 1, until_ms=key_ms + 2_500)
    silent = Fault(kind=FaultKind.RESET, method="GET", path="/userTrades", count=0)
    return key_ms + 30, Stage(windows=(mute,), faults=(_during(silent, key_ms, key_ms + 1_200),))


def _during(fault: Fault, from_ms: int, until_ms: int) -> Fault:
    return replace(fault, from_ms=START_MS + from_ms, until_ms=START_MS + until_ms)


def _bustle(random: Random, state: str, symbol: str, from_ms: int) -> Iterator[Act]:
    """Readings, events, commits and messages, one after another in any order."""
    does: Sequence[Act] = (
        Act(at_ms=0, do="reconcile"),
        Act(at_ms=0, do="fund", symbol=symbol),
        Act(at_ms=0, do="fund", symbol=SYMBOLS[0]),
        Act(at_ms=0, do="status"),
        Act(at_ms=0, do="move stop", slot=BESIDE),
    )
    # A trap is not to take it for the position that it waits for.
    does = does[:-1] if state == S.MODIFYING else does
    for at_ms in range(from_ms, from_ms + BUSY_MS, STEP_MS):
        act = random.choice(does)
        yield replace(act, at_ms=at_ms + random.randrange(STEP_MS), stop_ppm=random.choice((7_000, 8_000, 9_000)))
