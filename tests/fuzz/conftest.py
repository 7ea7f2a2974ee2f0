"""Two lengths: some dozens of fixed examples for each property in every test run, fresh ones by the thousand on demand.

`FUZZ_EXAMPLES` names how many; `make fuzz` sets it, and the seed of each round.
"""

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("FUZZ_EXAMPLES")
settings.register_profile(
    "fuzz",
    max_examples=int(LONG or 60),
    derandomize=not LONG,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("fuzz")
