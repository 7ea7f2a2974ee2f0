"""The invariants, each against the disk and the venue."""
