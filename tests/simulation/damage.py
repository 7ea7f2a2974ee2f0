"""A bit flips in a record of one position while nobody looks: it is found when the next process reads it."""

from random import Random

from adapters.storage.memory import Image
from tests.simulation.truth import Ledger


def flip(image: Image, ledger: Ledger, ordinal: int, random: Random) -> bool:
    """In the last step of this position. False where a snapshot holds all that the step said, so nothing is lost.

    What the position held is from now on the venue's word alone: its own orders' trades.
    """
    which = next((which for which in reversed(range(len(image.steps))) if image.steps[which][1] == ordinal), None)
    if which is None or ordinal not in ledger.positions:
        return False
    seq, _, version, ts, payload, checksum = image.steps[which]
    snapshot = image.snapshots.get(ordinal)
    if snapshot is not None and snapshot.version >= version:
        return False
    spoiled = bytearray(payload)
    spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
    image.steps[which] = (seq, ordinal, version, ts, bytes(spoiled), checksum)
    ledger.damaged[ordinal] = ledger.positions.pop(ordinal)
    return True
