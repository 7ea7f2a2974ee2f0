"""What a plan came by that is no fault of the table: counted, so that a run tells what it has looked at."""

from collections import Counter

from messages import commands as c
from messages import events as e
from tests.simulation.plan import Plan
from tests.simulation.truth import Ledger


def besides(ledger: Ledger, plan: Plan) -> Counter[str]:
    met = Counter(_settled(ledger))
    if plan.beside:
        met["shared address"] += 1
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
