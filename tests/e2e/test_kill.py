"""Whatever the instant of SIGKILL: nothing is lost, nothing is doubled, and it is found out by itself."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.histogram import MOMENTS
from tests.e2e.kills import STAGES, Tally, World

SEED = int(os.environ.get("ALBRA_KILL_SEED", "0")) or int.from_bytes(os.urandom(4))
"""Fresh in every run; whoever has a failing one repeats it with ALBRA_KILL_SEED."""
WORLDS = 3
KILLS_PER_WORLD = 3


@pytest.mark.timeout(300)
@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_between_intent_and_outcome_loses_and_doubles_nothing(
    stage: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    sys.stdout.write(f"ALBRA_KILL_SEED={SEED}\n")
    worlds = [World(tmp_path / str(number), stage, SEED + number) for number in range(WORLDS)]
    with ThreadPoolExecutor(WORLDS) as pool:
        # Mostly they wait, for proofs of absence; so they wait together.
        for ended in [pool.submit(world.kill_often, KILLS_PER_WORLD) for world in worlds]:
            ended.result()
    tally = Tally()
    for world in worlds:
        tally.kills.update(world.tally.kills)
        tally.fell.update(world.tally.fell)
        tally.struck.update(world.tally.struck)
    assert tally.kills[stage] == WORLDS * KILLS_PER_WORLD
    for (where, moment), times in tally.fell.items():
        record_property("kills", [SEED, stage, where, tally.kills[where], MOMENTS.index(moment), times])
    for (fault, when), times in tally.struck.items():
        record_property("faults", [fault, when, times])
