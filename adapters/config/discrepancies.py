"""The configuration of each discrepancy type; a test compares it with the reconciler's defaults."""

ACTIONS = (
    *("UPDATE_SYSTEM", "UPDATE_EXCHANGE", "CREATE_POSITION", "CLOSE_POSITION"),
    *("MANUAL_INTERVENTION", "IGNORE", "RETRY"),
)
DISCREPANCIES = {
    "POSITION_NOT_IN_SYSTEM": ("Held at the venue, unknown here.", "CREATE_POSITION"),
    "POSITION_NOT_IN_EXCHANGE": ("Believed, not at the venue.", "UPDATE_SYSTEM"),
    "SIZE_MISMATCH": ("Another quantity.", "UPDATE_SYSTEM"),
    "SIDE_MISMATCH": ("The other side.", "UPDATE_SYSTEM"),
    "PRICE_MISMATCH": ("Another entry price.", "UPDATE_SYSTEM"),
    "LEVERAGE_MISMATCH": ("Another leverage; only UPDATE_EXCHANGE changes it there.", "UPDATE_SYSTEM"),
    "STATE_MISMATCH": ("A state that should have passed.", "RETRY"),
    "OVERSOLD": ("One strategy sold more than it held: what a neighbor on the leg held is gone.", "UPDATE_SYSTEM"),
    "ORPHAN_ORDER": ("An order of ours without a position.", "UPDATE_EXCHANGE"),
    "PROTECTION_MISSING": ("A stop that is not on the book.", "RETRY"),
    "PROTECTION_MISMATCH": ("A stop of another size.", "UPDATE_EXCHANGE"),
    "MARGIN_MODE_MISMATCH": ("Another margin mode.", "MANUAL_INTERVENTION"),
    "POSITION_MODE_MISMATCH": ("Another position mode.", "MANUAL_INTERVENTION"),
}
ABSENT = ("POSITION_NOT_IN_EXCHANGE", "PROTECTION_MISSING")
