"""Which cells of the coverage table cannot be reached, and why."""


def why_unreachable(trouble: str, state: str, moment: str) -> str:
    """Empty for a cell that can be reached."""
    return ""
