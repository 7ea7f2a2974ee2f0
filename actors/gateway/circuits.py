"""The circuits of an account: the requests they hold, and their notices to the owner."""

from types import MappingProxyType

from actors.gateway import circuit_breaker, venue_health
from actors.gateway.actions import Later, Never
from actors.gateway.circuit_breaker import Channel, Circuit, Phase
from actors.gateway.context import GatewayContext
from actors.gateway.lane import Lane
from messages.addresses import NOTIFIER
from messages.reports import CircuitView
from messages.statement import NOTHING, Statement
from messages.types import Severity
from messages.wording import Gateway

_EVERYTHING = 1 << 30
_UNTRIED = MappingProxyType({channel: Circuit(channel=channel) for channel in Channel})


class Circuits:
    """Counts responses and failures; sets what may be sent, and why openings may not."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._seed = f"{context.account}/{context.memory.started_ns}"
        self._notified: dict[Channel, Severity] = {}
        for circuit in self._all():
            if circuit.phase is Phase.OPEN:
                self._schedule_probe(circuit)
            if circuit.openings:
                self._notified[circuit.channel] = Severity.WARNING
        self._hold()

    @property
    def reads_held(self) -> Statement:
        """Why bulk reads are held; NOTHING where they are not."""
        return self._why(Channel.READS) if self._of(Channel.READS).phase is Phase.OPEN else NOTHING

    @property
    def views(self) -> tuple[CircuitView, ...]:
        """The circuits that are not closed."""
        return circuit_breaker.views(self._all())

    def tripped(self, channel: Channel) -> bool:
        """Return whether the circuit is open or half open."""
        return self._of(channel).phase is not Phase.CLOSED

    def on_no_response(self, channel: Channel, cause: Statement) -> bool:
        """Count a request without a response; returns whether that opened the circuit (again)."""
        before = self._of(channel)
        after = circuit_breaker.on_no_response(before, cause, self._context.now_ns, self._seed)
        self._context.memory.circuits[channel] = after
        if after.openings == before.openings:
            return False
        self._schedule_probe(after)
        self._notify(after)
        self._hold()
        return True

    def on_response(self, channel: Channel) -> None:
        """Close the circuit: a response arrived."""
        before = self._of(channel)
        if before.phase is Phase.CLOSED and not before.failures:
            return
        self._context.memory.circuits[channel] = circuit_breaker.on_response(before)
        if not before.openings:
            return
        self._context.actions.append(Never(f"breaker/{channel}"))
        if self._notified.pop(channel, None) is not None:
            notice = venue_health.mended(self._context.account, channel, before.since_ns, self._context.now_ns)
            self._context.say(notice, NOTIFIER)
        self._hold()

    def on_pause_end(self, channel: Channel) -> bool:
        """Apply the end of a pause; returns whether the circuit is half open now."""
        after = circuit_breaker.on_pause_end(self._of(channel), self._context.now_ns)
        self._context.memory.circuits[channel] = after
        self._hold()
        return after.phase is Phase.HALF_OPEN

    def _of(self, channel: Channel) -> Circuit:
        return self._context.memory.circuits.get(channel) or _UNTRIED[channel]

    def _all(self) -> tuple[Circuit, ...]:
        return tuple(map(self._of, _UNTRIED))

    def _schedule_probe(self, circuit: Circuit) -> None:
        delay_ns = max(0, circuit.until_ns - self._context.now_ns)
        self._context.actions.append(Later(f"breaker/{circuit.channel}", delay_ns))

    def _hold(self) -> None:
        """Set the requests per lane. Openings need both circuits: an opened position must be readable."""
        orders, reads = self._of(Channel.ORDERS), self._of(Channel.READS)
        most = {Phase.CLOSED: _EVERYTHING, Phase.HALF_OPEN: 1, Phase.OPEN: 0}
        openings = 0 if reads.phase is not Phase.CLOSED else most[orders.phase]
        bulk = most[reads.phase]
        self._context.hold(MappingProxyType({Lane.OPENING: openings, Lane.ASKED: bulk, Lane.READING: bulk}))
        shut = next((c for c in (reads, orders) if c.phase is Phase.OPEN), None)
        if shut is None and reads.phase is Phase.HALF_OPEN:
            shut = reads
        self._context.no_openings = self._why(shut.channel) if shut else NOTHING

    def _why(self, channel: Channel) -> Statement:
        return Gateway.CIRCUIT_OPEN(what=channel, cause=self._of(channel).cause)

    def _notify(self, circuit: Circuit) -> None:
        """Send a WARNING when the circuit opens, and one CRITICAL when it stays open."""
        notified = self._notified.get(circuit.channel)
        lasts = self._context.now_ns - circuit.since_ns >= venue_health.CRITICAL_AFTER_NS
        severity = Severity.CRITICAL if lasts else Severity.WARNING
        if notified is None or (lasts and notified is not Severity.CRITICAL):
            self._notified[circuit.channel] = severity
            self._context.say(
                venue_health.unanswered(
                    self._context.account,
                    circuit.channel,
                    circuit.cause,
                    severity,
                    circuit.since_ns,
                    self._context.now_ns,
                ),
                NOTIFIER,
            )
