"""A pseudo-random source small enough to be part of the venue's saved state.

The venue may not import `random`: its randomness has to be seeded, saved as one integer and identical on
every platform and Python version.
"""

from dataclasses import dataclass

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_PPM = 1_000_000


@dataclass(slots=True)
class SplitMix64:
    """Sebastiano Vigna's splitmix64 (https://prng.di.unimi.it/splitmix64.c): one 64-bit word of state."""

    state: int

    def next(self) -> int:
        """The next 64-bit word."""
        self.state = (self.state + _GOLDEN) & _MASK
        word = self.state
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
        return word ^ (word >> 31)

    def below(self, bound: int) -> int:
        """An integer in [0, bound). The modulo bias (bound / 2^64) does not matter to a price walk."""
        return self.next() % bound

    def happens(self, chance_ppm: int) -> bool:
        """True with a chance of `chance_ppm` millionths; draws nothing when the answer is certain."""
        if chance_ppm >= _PPM:
            return True
        return chance_ppm > 0 and self.next() % _PPM < chance_ppm


def seed_for(seed: int, name: str) -> int:
    """An independent seed for the stream called `name` (FNV-1a over the name, mixed with the seed).

    Streams of their own keep one consumer from shifting another: a fault drawn must not move a price.
    """
    word = 0xCBF29CE484222325
    for byte in name.encode():
        word = ((word ^ byte) * 0x100000001B3) & _MASK
    return SplitMix64((word ^ seed) & _MASK).next()
