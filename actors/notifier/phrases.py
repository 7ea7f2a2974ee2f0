"""Sentences that positions, gateways, the reconciler and the supervisor say in English, for saying them again.

They are written where they arise, into the journal and the log; here each stands as a pattern, so that a
reader's catalog can say it again. A sentence that is missing here is told in English, never lost; a test
reads the actors' source and fails while one is missing. Of those that fit the most particular is taken.
"""

from actors.telegram.names import NAMES
from actors.telegram.words import N_, Phrases

SENTENCES = (
    # Positions
    # Reasons
    N_("flat"),
    N_("no answer in time"),
    # Gateways
    N_("the account waits for its turn in the request budget"),
    # The reconciler
    N_("{position} cannot say what it holds: {why}"),
    # The notifier itself
    N_(
        "Day {date}: {opened} opened, {closed} closed, {failed} failed, realized {realized}, fees {fees}, "
        "funding {funding}, {discrepancies} discrepancies, {restarts} restarts of actors, up for {uptime}"
    ),
    N_(
        "Week {first} to {last}: {opened} opened, {closed} closed, {failed} failed, realized {realized}, "
        "fees {fees}, funding {funding}, {discrepancies} discrepancies, {restarts} restarts of actors, up for {uptime}"
    ),
    N_("{report}; not counted: {amounts}"),
    N_("{name}: resolved, it is {state} and protected"),
    N_("{name}: resolved, it is {state}"),
    # Supervisor and runtime
    # The journal's disk
    N_("{number}, and the configuration does not name the account"),
    N_("a symbol without a name"),
    # Durations
    N_("{s} s"),
    N_("{m} min"),
    N_("{h} h {m} min"),
    N_("{m} min {s} s"),
    N_("{d} d {h} h"),
)

PHRASES = Phrases.of(SENTENCES, NAMES)
