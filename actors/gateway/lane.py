"""The lanes in which requests wait, by what they do to exposure."""

from enum import IntEnum


class Lane(IntEnum):
    """Smaller leaves first."""

    EMERGENCY = 0
    PROTECTION = 1
    REDUCING = 2
    RESOLUTION = 3
    OPENING = 4
    ASKED = 5
    """Reads that a person waits for."""
    READING = 6
