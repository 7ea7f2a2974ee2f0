"""`python -m tests.fuzz --minutes N`: rounds of fresh examples over every property, until time is over or one fails.

A round that fails prints its seed and the command that repeats it; hypothesis prints the smallest example.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from random import SystemRandom

ROOM = Path(__file__).parent
EXAMPLES = 1_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="for each property and round")
    parser.add_argument("--seed", type=int, help="repeat this one round")
    parser.add_argument("tests", nargs="*", default=[str(ROOM)], help="files or test ids; all of them otherwise")
    options = parser.parse_args()
    end_s = time.monotonic() + 60 * options.minutes
    rounds = 0
    while rounds == 0 or (options.seed is None and time.monotonic() < end_s):
        seed = options.seed if options.seed is not None else SystemRandom().randrange(2**32)
        if code := _round(seed, options.examples, options.tests):
            sys.stdout.write(f"again: {sys.executable} -m tests.fuzz --seed {seed} --examples {options.examples}\n")
            return code
        rounds += 1
        sys.stdout.write(f"round {rounds}, seed {seed}: nothing found\n")
        sys.stdout.flush()
    return 0


def _round(seed: int, examples: int, tests: list[str]) -> int:
    """pytest's exit code."""
    environment = {**os.environ, "FUZZ_EXAMPLES": str(examples)}
    arguments = ["--hypothesis-seed", str(seed), "-q", "-x", "-p", "no:cacheprovider", "-o", "timeout=0"]
    return subprocess.run([sys.executable, "-m", "pytest", *arguments, *tests], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
