"""One seed's whole history: a safety phase with faults, then a liveness phase without."""

import traceback
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random

from actors.runtime import SimulatedDispatcher
from adapters.paper.account import AccountSetup
from adapters.paper.answer import Answer
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.faults import FaultPlan
from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from adapters.paper.limits import USUAL_LIMITS
from messages.addresses import SUPERVISOR, ordinal_of
from messages.base import Message
from messages.commands import CloseAll, EmergencyClose
from messages.lifecycle import ActorFailed, ActorQuarantined
from messages.types import AccountId, JournalId, PositionMode
from simulator.besides import besides
from simulator.checks.instances import Door
from simulator.checks.invariants import Invariants, Violation
from simulator.environment.chat import ChatPlan, ChatServer
from simulator.environment.damage import LoggedImage, cut, flip, forget_commands, messages_of
from simulator.environment.disk import DiskHealth, SimulatedDisk
from simulator.environment.network import CALM, MS, START_MS, TICK_MS, Network, Sent, account_of_key
from simulator.environment.plan import SPRINT, SYMBOLS, Act, Kill, Plan
from simulator.environment.process import Login, Process
from simulator.environment.settings import config_of
from simulator.environment.siren import Siren
from simulator.environment.transport import simulated_transport
from simulator.environment.truth import Books, Ledger
from simulator.outcome import Outcome
from simulator.pace import hurried, pause_ms
from simulator.people.edge import Edge, crowd
from simulator.people.outside import Outside
from simulator.people.owner import Owner
from simulator.people.upheaval import Upheaval
from simulator.plans.crowded import CROWDED_PEACE_MS, OTHERS_PEACE_MS, others_ask
from simulator.plans.draw import draw
from simulator.plans.retiring import FLATTEN, FLIP, flatten, kill_that_damages
from simulator.trace import Trace
from simulator.troubles.catalog import ILL_DISK, INTRUSION, TROUBLE_OF_ACT, TROUBLE_OF_DISK, Scene, trouble_of
from simulator.troubles.effects import Effects
from simulator.troubles.situation import Situations
from simulator.troubles.strikes import Strikes
from simulator.troubles.traps import Traps

LIVENESS_MS = 90_000
DAY_MARKS_MS = 15_000
NEXT_CHECK_MS = 30_000
AGAIN_MS = 2_000
"""After a start that failed it is started again."""
SETTLE_MS = 5_000
"""After convergence, once more: nothing moves away again."""
JOURNAL = JournalId("simu1ate")


def simulate(seed: int, *, record: bool = False, plan: Plan | None = None, size: str = SPRINT) -> Outcome:
    """Run one seed (or a plan of its own)."""
    with simulated_transport():
        return World(plan or draw(seed, size), record=record).run()


def _rarer_ms(plan: Plan) -> int:
    """How much longer than elsewhere it takes until everything has converged."""
    sweeps_ms = 1_500 * plan.fast_s if plan.fast_s > 60 else 0  # only a sweep finds what no event tells
    crowded_ms = CROWDED_PEACE_MS if plan.beside else 0
    return sweeps_ms + crowded_ms + (OTHERS_PEACE_MS if others_ask(plan) else 0)


def _venue(plan: Plan) -> PaperVenue:
    return PaperVenue(
        seed=plan.seed,
        instruments=tuple(each for each in DEFAULT_INSTRUMENTS if each.symbol in SYMBOLS),
        accounts=tuple(
            AccountSetup(name=name, api_key=f"{name}-key", balance=Decimal(1_000_000), hedge=hedge)
            for name, hedge in plan.accounts
        ),
        now_ms=START_MS,
        faults=plan.faults,
        volatility_ppm=plan.volatility_ppm,
        limits=replace(USUAL_LIMITS, weight_per_minute=plan.weight_per_minute) if plan.beside else USUAL_LIMITS,
    )


class World:
    """Venue, disk, network, people and clocks: what is there whether or not the process lives."""

    def __init__(self, plan: Plan, *, record: bool = False) -> None:
        self.plan = plan
        self.trace = Trace(record=record)
        self.scheduler = SimulatedDispatcher(plan.seed)
        self.venue = _venue(plan)
        clock = self.scheduler.clock
        self.network = self._connect(plan)
        self.image = LoggedImage(journal_id=JOURNAL)
        self.ledger = Ledger(image=self.image)
        self.books = Books(venue=self.venue)
        ill = bool(plan.disk.failing or plan.disk.slow) or any(trap.trouble in ILL_DISK for trap in plan.traps)
        hedged = frozenset(name for name, hedge in plan.accounts if hedge)
        self.invariants = Invariants(self.ledger, self.books, clock, hedged=hedged, ill_disk=ill)
        self.outside = Outside(
            venue=self.venue,
            books=self.books,
            clock=clock,
            venue_ms=lambda: self.network.venue_ms,
            hedged=hedged,
        )
        self.situations = Situations(ledger=self.ledger, account_of_key=account_of_key)
        # While another program holds the journal no stop may leave, and no notice of that: both wait for their commit.
        self.invariants.wait_for_disk(sum(until - since for since, until in plan.disk.locks))
        self.disk_health = DiskHealth(plan.disk, later=self.scheduler.call_later)
        self.scene = self._scene()
        self.upheaval = Upheaval(
            scene=self.scene, books=self.books, ledger=self.ledger, later=self.scheduler.call_later
        )
        self.effects = Effects(books=self.books, situations=self.situations, clock=clock)
        self.traps = Traps(
            set=list(plan.traps),
            situations=self.situations,
            scene=self.scene,
            now_ms=lambda: self.network.now_ms,
            note=self._note,
        )
        self.strikes = Strikes(books=self.books, traps=self.traps, account_of_key=self.situations.account_of_key)
        self.network.on_struck = self.strikes.on_the_way
        self.network.on_tried = self.invariants.tried
        self.network.on_event = self.invariants.streamed
        self.edge = self._open_edge(plan)
        self.chat = self._open_chat(plan.chat) if plan.chat else None
        self.siren = self._siren(plan.chat) if plan.chat and plan.chat.webhook else None
        self.invariants.watch_chat(self.chat, self.siren)
        self.invariants.watch_limits({name: Decimal(limit) for name, limit in plan.limits})
        rarer_ms = _rarer_ms(plan)
        self._liveness_ms = LIVENESS_MS + rarer_ms
        # The same trouble three times in a row may keep the venue away for as long as faults take to be over.
        self.invariants.orphan_ns += (rarer_ms + (LIVENESS_MS if plan.aim else 0)) * MS
        if plan.bursts:
            self.network.marks_every_ms = DAY_MARKS_MS
        intruded = plan.intrusions or any(trap.trouble == INTRUSION for trap in plan.traps)
        self.door = Door() if intruded else None
        self._instances = self._holder = 0
        self._intruders: list[Process] = []
        self.process: Process | None = None
        self.deaths = 0
        self.peace = False
        self._kills = list(plan.kills)
        self._crowds = self._stream("crowds")
        self._moments: dict[str, int] = {}
        self._doomed: Kill | None = None
        self._absent: list[tuple[str, bool, int]] = []
        self._due_ms = 0
        self._rows = 0
        self._settled_ns = 0
        self._peace_ns = 0

    def _connect(self, plan: Plan) -> Network:
        return Network(
            later=self.scheduler.call_later,
            now_ns=self.scheduler.clock.monotonic_ns,
            venue=self.venue,
            weather=plan.weather,
            random=self._stream("network"),
            on_sent=self._sent,
            on_arrival=self._arrived,
            on_heard=self._heard_back,
        )

    def _open_edge(self, plan: Plan) -> Edge:
        edge = Edge(offer=self._offer, later=self.scheduler.call_later, venue=self.venue, ledger=self.ledger)
        edge.wall_ns = self.scheduler.clock.time_ns
        edge.additions_expire = plan.additions_expire
        edge.echoes = self._stream("echoes") if plan.echoes else None
        return edge

    def _scene(self) -> Scene:
        return Scene(
            venue=self.venue,
            network=self.network,
            kill=self._kill,
            act=self._act,
            intrude=self._intrude,
            sicken=self._sicken,
            haunt=self._haunt,
        )

    # The run -------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        for act in self.plan.acts:
            self.scheduler.call_later(act.at_ms * MS, lambda act=act: self._act(act))  # type: ignore[misc]
        for at_ms in self.plan.intrusions:
            self.scheduler.call_later(at_ms * MS, self._intrude)
        self._tick()
        if self.chat is not None:
            self.chat.open_day()
        self._boot()
        converged_ms = -1
        try:
            self._run(self.plan.safety_ms)
            if self.invariants.found is None:
                self._make_peace()
                converged_ms = self._converge()
        except Exception:  # noqa: BLE001 - a defect in here fails its seed by name, and not all the others of the run
            self.invariants.fail("the harness does not fail", traceback.format_exc())
        outcome = self._outcome(self.invariants.found, converged_ms)
        if self.process is not None:
            self.process.die()
        for intruder in self._intruders:
            intruder.die()
        if self.door is not None:
            self.door.close()
        return outcome

    def _run(self, for_ms: int, until: Callable[[], bool] | None = None) -> bool:
        looked = self._look if until is None else lambda: self._look() or until()
        return self.scheduler.run_until(looked, for_ms * MS)

    def _look(self) -> bool:
        """After every step of the scheduler; True when there is nothing more to see."""
        if len(self.image.steps) != self._rows:
            for row in self.image.steps[self._rows :]:
                self.trace.mixed(row[4])
                self._note(f"DISK  ordinal {row[1]} is durable at version {row[2]}")
            self._rows = len(self.image.steps)
            self.traps.changed = True
            self._reached("durable")
        self.invariants.after_step()
        self.situations.settle()
        if self._absent:
            self._haunt_again()
        if self.traps.changed and self.traps.set and not self.peace:
            self.traps.look()
        if self._kills:
            self._reached("step")
        if self._doomed is not None:
            self._die(self._doomed)
        return self.invariants.found is not None

    def _make_peace(self) -> None:
        """Faults are over: the network and the disk are well, nobody interferes, the process lives."""
        self._note("*** peace")
        self.peace = True
        self._kills.clear()
        self._absent.clear()
        self.network.weather = CALM
        self.disk_health.make_peace()
        if self.chat is not None:
            self.chat.make_peace()
        if self.siren is not None:
            self.siren.make_peace()
        self.upheaval.make_peace()
        if self.process is not None:
            self.process.lay_ghosts()
        self.venue.set_faults(FaultPlan(quirks=self.plan.faults.quirks))
        self.venue.set_volatility(0)

    def _converge(self) -> int:
        """Milliseconds of peace until everything agreed."""
        began_ns = self._peace_ns = self.scheduler.clock.monotonic_ns()
        self._settled_ns = 0
        done = self._run(self._liveness_ms, self._settled)
        if not done and all(invariant == "I6" for invariant, *_ in self._disagreements()):
            # What others traded unheard may be hidden by a fill of ours that was not heard either: the check that
            # learns of the fill sees no difference yet, the next one does, and is to be confirmed.
            done = self._run(NEXT_CHECK_MS, self._settled)
        if not done:
            self._complain()
            return -1
        if self.invariants.found is not None:
            return -1
        converged_ms = (self._settled_ns - began_ns) // MS
        self._ask()
        self._run(SETTLE_MS)
        # A stop may fire in the last instant of that, and a notice be queued: then they are on their way.
        if self.invariants.found is None and self._disagreements() and not self._run(self._liveness_ms, self._answered):
            self._complain()
        self.invariants.replays()
        return converged_ms

    def _settled(self) -> bool:
        """Looked at when time has passed, not after every step."""
        now_ns = self.scheduler.clock.monotonic_ns()
        # What takes long is looked at less and less often.
        if now_ns - self._settled_ns < max(TICK_MS * MS, (self._settled_ns - self._peace_ns) // 20):
            return False
        self._settled_ns = now_ns
        return not self._disagreements()

    def _ask(self) -> None:
        for question in self.invariants.questions():
            if self.process is not None:
                self.process.offer(question)

    def _answered(self) -> bool:
        """What is asked for again may be answered otherwise."""
        looked_ns, settled = self._settled_ns, self._settled()
        if not settled and self._settled_ns != looked_ns:
            self._ask()
        return settled

    def _disagreements(self) -> list[tuple[str, str, int]]:
        if self.process is None:
            return [("I5", "the process is not up", 0)]
        waiting = [("I5", f"{wish} has no answer", 0) for wish in self.edge.wishes]
        return self.invariants.divergences() + waiting

    def _complain(self) -> None:
        found = self._disagreements()
        if found:
            invariant, _, ordinal = found[0]
            text = "; ".join(each[1] for each in found[:6])
            self.invariants.fail(invariant, f"after {self._liveness_ms // 1000} s of peace: {text}", ordinal)

    def _outcome(self, found: Violation | None, converged_ms: int) -> Outcome:
        timeline: list[str] = []
        if self.trace.record:
            position = self.ledger.positions.get(found.ordinal) if found else None
            timeline = self.trace.about(found.ordinal if found else 0, position.position_id if position else "")
        return Outcome(
            seed=self.plan.seed,
            digest=self.trace.digest(),
            violation=found,
            simulated_ms=self.network.now_ms,
            converged_ms=converged_ms,
            steps=self.scheduler.steps,
            deaths=self.deaths,
            positions=len(self.ledger.positions),
            faults=self.strikes.counted(self.network.faults) | besides(self.ledger, self.plan),
            size=self.plan.size,
            aim=self.plan.aim,
            cells=self.traps.met,
            timeline=timeline,
        )

    # The process ---------------------------------------------------------------------------------------

    def _boot(self) -> None:
        self._note("*** the process starts")
        self._instances += 1
        self._holder = self._instances
        if self.door is not None and not self.door.enter(self._holder):
            self.invariants.fail("I13", "nobody holds the directory, and an instance is refused")
        try:
            self.process = self._started()
        except OSError as error:
            self._note(f"*** the process does not start: {error}")
            if self.door is not None:
                self.door.leave(self._holder)
            self.scheduler.call_later(AGAIN_MS * MS, self._boot)

    def _intrude(self) -> None:
        """Somebody starts a second instance. Where it is let in, it does what an instance does."""
        if self.peace or self.process is None or self.door is None:
            return
        self._count(INTRUSION)
        self.traps.struck(INTRUSION)
        self._instances += 1
        if self.door.enter(self._instances):
            self._note("*** a second instance starts")
            self._intruders.append(self._started())

    def _started(self) -> Process:
        disk = SimulatedDisk(
            self.image,
            later=self.scheduler.call_later,
            time_ns=self.scheduler.clock.time_ns,
            weather=lambda: self.disk_health.weather,
            random=self._stream(f"disk {self.deaths}"),
            count=self._count,
        )
        self._moments.clear()
        self.situations.born()
        self.traps.changed = True
        self.invariants.born()
        process = Process(
            self.scheduler,
            disk,
            self.network,
            config=config_of(
                tuple(name for name, _ in self.plan.accounts),
                self.plan.fast_s,
                users=self.plan.chat.users if self.plan.chat else (),
                webhook=self.siren is not None,
                limits=self.plan.limits,
            ),
            logins=tuple(
                Login(
                    account=AccountId(name),
                    api_key=f"{name}-key",
                    mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
                    probe_ms=self.plan.probe_ms,
                    refresh_ms=self.plan.refresh_ms,
                )
                for name, hedge in self.plan.accounts
            ),
            stream=lambda name: self._stream(f"{name} {self.deaths}"),
            hear=self._hear,
            chat=self.chat,
            siren=self.siren,
            instance=self._instances,
            log=_say_nothing,
            observer=self._observe,
        )
        process.system.subscribe(ActorFailed, self.invariants.failed)
        process.system.subscribe(ActorQuarantined, self.invariants.quarantined)
        return process

    def _die(self, kill: Kill) -> None:
        self._doomed = None
        if self.process is None:
            return
        self._note(f"*** the process dies after {kill.count} x {kill.moment}, for {kill.down_ms} ms")
        for trouble in ("killed", "power lost") if kill.power else ("killed",):
            self.traps.struck(trouble)
        self.process.die(power=kill.power)
        self.process = None
        self.invariants.died()
        if kill.flipped:
            self._damage(kill.flipped)
        if kill.lost:
            self._lose(kill.lost)
        if kill.unrecorded:
            self._forget_commands()
        if self.door is not None:
            self.door.leave(self._holder)
        self.deaths += 1
        self._count(f"death at {kill.moment}")
        self.scheduler.call_later(kill.down_ms * MS, self._boot)

    def _damage(self, ordinal: int) -> None:
        """While nobody has the journal open."""
        self.invariants.after_step()
        found = self.ledger.positions.get(ordinal)
        if found is None or found.state.terminal:
            return
        moment = self.situations.moment(found)
        if flip(self.image, self.ledger, ordinal, self._stream(f"bit {self.deaths}")):
            self._note(f"*** a bit flips in the history of {found.position_id}")
            self.network.faults["flipped bit"] = self.network.faults.get("flipped bit", 0) + 1
            self.traps.met["record damaged", found.state.value, moment.value] += 1

    def _lose(self, commits: int) -> None:
        """While nobody has the journal open. What is damaged besides cannot be folded from the beginning."""
        self.invariants.after_step()
        if self.ledger.damaged or not self.image.log:
            return
        steps = list(self.image.steps)
        stood = {p.ordinal: (p.state.value, self.situations.moment(p).value) for p in self.situations.live()}
        number = cut(self.image, commits)
        effects = (message for row in steps[-number:] for message in messages_of(row))
        loss = self.ledger.lose(number, tuple(effects))
        self._rows = len(self.image.steps)
        self._liveness_ms = max(self._liveness_ms, LIVENESS_MS + 2_000 * max(300, self.plan.fast_s))
        self.books.orphan(loss)
        self.invariants.forget(loss)
        self._note(f"*** {number} acknowledged steps are lost")
        self.network.faults["lost tail"] = self.network.faults.get("lost tail", 0) + 1
        for ordinal in {ordinal for ordinal, _ in loss.events} & stood.keys():
            self.traps.met[("log damaged", *stood[ordinal])] += 1

    def _forget_commands(self) -> None:
        """While nobody has the journal open."""
        self.invariants.after_step()
        if forget_commands(self.image, self._stream(f"records {self.deaths}")):
            self._note("*** the records of commands are lost")
            self.network.faults["lost records"] = self.network.faults.get("lost records", 0) + 1
            self.invariants.unrecorded()
            self.edge.unrecorded = True

    def _reached(self, moment: str) -> None:
        if not self._kills or self.process is None:
            return
        self._moments[moment] = count = self._moments.get(moment, 0) + 1
        if self._kills[0].moment == moment and count == self._kills[0].count:
            self._doomed = self._kills.pop(0)

    def _offer(self, command: Message) -> bool:
        self._note(f"EDGE  {command}")
        if self.process is None:
            return False
        if isinstance(command, EmergencyClose | CloseAll) and crowd(self.process.offer, self._crowds):
            self._count("crowd at the door")
        taken = self.process.offer(command)
        if taken:
            self.invariants.offered(SUPERVISOR, command)
        return taken

    def _hear(self, message: Message) -> None:
        self.situations.heard(message)
        self.invariants.heard(message)
        self.edge.hear(message)

    def _observe(self, address: str, message: object, started_ns: int, finished_ns: int) -> None:
        self.trace.delivered(started_ns, address, message)
        self.invariants.delivered(address, message)

    # What the network tells ----------------------------------------------------------------------------

    def _sent(self, sent: Sent) -> None:
        self._note(f"-->   {sent.call.method} {sent.call.path} {sent.shown}")
        self.situations.sent(sent)
        self.traps.changed = True
        self.invariants.sent(sent)
        self._reached("send")
        if sent.call.method == "POST" and sent.call.path.endswith(("/order", "/algoOrder")):
            self._reached("order")

    def _arrived(self, sent: Sent, answer: Answer) -> None:
        fault = f" FAULT {answer.fault.kind} {answer.fault.name}" if answer.fault else ""
        body = answer.body.decode(errors="replace")[:160] if sent.call.private else ""
        self._note(f"<--   {answer.status}{fault} to {sent.call.method} {sent.call.path} {sent.shown}: {body}")
        if answer.fault is not None:
            account = self.situations.account_of_key(sent.api_key)
            trouble, symbol = trouble_of(answer.fault, sent.call.method), sent.params.get("symbol", "")
            self.traps.struck(trouble, account=account, symbol=symbol, name=sent.order)
        self.traps.changed = True
        self.invariants.arrived(sent)
        self.strikes.read()
        self._reached("arrival")
        self._hasten()

    def _heard_back(self, sent: Sent, answer: Answer) -> None:
        self.invariants.heard_back(sent, answer)

    # Time, prices and people ---------------------------------------------------------------------------

    def _tick(self) -> None:
        self.venue.advance(self.network.venue_ms)
        self.network.publish()
        self.network.publish_marks()
        self.strikes.read()
        now_ms = self.network.now_ms
        calm = not any(each.from_ms - 60_000 < now_ms < each.until_ms + 30_000 for each in self.plan.weather.windows)
        self.invariants.tick(self.process, calm=calm and not self._banned())
        self._due_ms = now_ms + pause_ms(now_ms, self.plan.bursts, self.venue, self.books, peace=self.peace)
        self._ticking = self.scheduler.call_later((self._due_ms - now_ms) * MS, self._tick)

    def _hasten(self) -> None:
        """The next tick may be too late for what has begun just now."""
        if self.plan.bursts and self._due_ms - self.network.now_ms > TICK_MS and hurried(self.venue, self.books):
            self._ticking.cancel()
            self._due_ms = self.network.now_ms + TICK_MS
            self._ticking = self.scheduler.call_later(TICK_MS * MS, self._tick)

    def _banned(self) -> bool:
        return not self.peace and any(fault.retry_after_s for fault in self.plan.faults.faults)

    def _act(self, act: Act) -> None:
        if self.peace:
            return
        self._note(f"*** {act.do} {act.account} {act.symbol} {act.strategy} slot {act.slot}")
        outside = self.outside.does.get(act.do) or self.upheaval.does.get(act.do)
        if outside is not None:
            before = self.effects.standings()
            outside(act)
            self.traps.befell(TROUBLE_OF_ACT.get(act.do, ""), self.effects.met(act, before))
        elif act.do == FLATTEN:
            flatten(self.ledger, self.outside.take_off, act)
        elif act.do == FLIP:
            self._doomed = self._doomed or kill_that_damages(self.ledger)
        elif act.do == "kill":
            self._doomed = Kill(moment="once", count=1, down_ms=act.for_ms)
        else:
            self.edge.act(act)
        self.network.publish()
        self.strikes.read()
        self._hasten()

    def _open_chat(self, plan: ChatPlan) -> ChatServer:
        owner = Owner(self.ledger, self.venue, self._stream("owner"))
        return ChatServer(
            plan=plan,
            later=self.scheduler.call_later,
            now_ns=self.scheduler.clock.monotonic_ns,
            wall_ns=self.scheduler.clock.time_ns,
            words=owner.words,
            random=self._stream("chat weather"),
            count=self._count,
            note=self._note,
            unconnected=lambda: self.network.exhausted,
        )

    def _siren(self, plan: ChatPlan) -> Siren:
        clock = self.scheduler.clock
        return Siren(clock.monotonic_ns, clock.time_ns, self._count, plan.webhook_outages)

    # Troubles brought about ------------------------------------------------------------------------------

    def _kill(self, kill: Kill) -> None:
        self._doomed = kill

    def _sicken(self, what: str, for_ms: int) -> None:
        self.disk_health.sicken(what, for_ms)
        if what == "locked":
            self.invariants.wait_for_disk(for_ms)

    def _haunt(self, address: str, after: bool, times: int) -> None:  # noqa: FBT001 - as the scene has it
        """A position that a start has not come to yet is haunted as soon as its actor is there; but on whole days,

        whose seeds are known by what befalls them without.
        """
        there = self.process is not None and self.process.haunt(address, after=after, times=times, struck=self._haunted)
        if not there and self.plan.aim and ordinal_of(address) is not None:
            self._absent.append((address, after, times))

    def _haunt_again(self) -> None:
        absent, self._absent = self._absent, []
        for address, after, times in absent:
            self._haunt(address, after, times)

    def _haunted(self, trouble: str) -> None:
        self._count(trouble)
        self.traps.struck(trouble)

    # Small things --------------------------------------------------------------------------------------

    def _stream(self, name: str) -> Random:
        return Random(f"albra simulation {self.plan.seed} {name}")

    def _count(self, name: str) -> None:
        self.traps.struck(TROUBLE_OF_DISK.get(name, ""))
        self.network.faults[name] = self.network.faults.get(name, 0) + 1

    def _note(self, text: str) -> None:
        self.trace.noted(self.scheduler.clock.monotonic_ns(), text)


def _say_nothing(level: str, event: str, /, **fields: str) -> None:
    """Logs are not looked at."""
