"""What a plan came by that is no fault of the table: counted, so that a run tells what it has looked at."""

from collections import Counter

from messages import commands as c
from messages import events as e
from simulator.environment.plan import Plan
from simulator.environment.truth import Ledger
from simulator.plans.retiring import retired


def besides(ledger: Ledger, plan: Plan) -> Counter[str]:
    met = Counter(_settled(ledger)) | Counter(_retired(ledger))
    if plan.beside:
        met["shared address"] += 1
    return met


def _retired(ledger: Ledger) -> Counter[str]:
    """What was damaged and retired, and whether somebody opened there since."""
    met: Counter[str] = Counter()
    for ordinal, event in retired(ledger).items():
        met["retired"] += 1
        place = ledger.damaged[ordinal].key.account, ledger.damaged[ordinal].key.symbol
        since = (events[0] for events in ledger.events.values() if isinstance(events[0], e.PositionRequested))
        if any((new.key.account, new.key.symbol) == place and new.ts_init > event.ts_init for new in since):
            met["retired: opened since"] += 1
    return met


def _settled(ledger: Ledger) -> Counter[str]:
    """By what was written off; and what was refused."""
    met = Counter(f"settled: {ledger.intents[name].purpose} written off" for name in ledger.written_off)
    for events in ledger.events.values():
        for event in events:
            match event:
                case e.MessageRefused(message=c.SettlePosition.__name__):
                    met["settled: refused"] += 1
                case e.LeverageRefused(command_id=name) if name:
                    met["settled: leverage given up"] += 1
    return met
