"""What the reconciler says: discrepancies, their reasons and ends, and reads that fail."""

from messages.statement import Wording


class Reconciler(Wording):
    """What the reconciler says: discrepancies, their reasons and ends, and reads that fail."""

    POLICY = "the policy says so"
