"""The request lanes, by their effect on exposure."""

from enum import IntEnum


class Lane(IntEnum):
    """A smaller value is sent first."""

    EMERGENCY = 0
    PROTECTION = 1
    REDUCING = 2
    RESOLUTION = 3
    OPENING = 4
    ASKED = 5
    """Reads that a user waits for."""
    READING = 6
