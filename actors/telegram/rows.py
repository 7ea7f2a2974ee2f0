"""The rows of `albra status` for a phone: in the reader's words, without what says nothing. Pure."""

from collections.abc import Iterable

from actors.telegram.phrases import REPLIES
from actors.telegram.words import N_, Phrases, Words

Rows = tuple[tuple[str, str, str], ...]

SENTENCES = (
    # Sections
    N_("positions"),
    N_("account {name}"),
    N_("messages"),
    N_("actors"),
    N_("journal"),
    N_("chat"),
    N_("reconciliation"),
    N_("discrepancies ended"),
    N_("trading"),
    N_("listeners"),
    # Names of rows
    N_("live"),
    N_("in doubt"),
    N_("quarantined or damaged"),
    N_("retired"),
    N_("without their protection"),
    N_("finished"),
    N_("transitions"),
    N_("states"),
    N_("openings"),
    N_("venue"),
    N_("stream"),
    N_("webhook"),
    N_("control"),
    N_("mode"),
    N_("symbols"),
    N_("reachable"),
    N_("outstanding"),
    N_("queued"),
    N_("retries"),
    N_("throttled until"),
    N_("last error"),
    N_("budget"),
    N_("breaker"),
    N_("alive"),
    N_("restarts"),
    N_("quarantined"),
    N_("messages put aside"),
    N_("id"),
    N_("commits"),
    N_("disk"),
    N_("last commit"),
    N_("telegram"),
    N_("notices"),
    N_("checks"),
    N_("last check"),
    N_("discrepancies"),
    N_("repairs attempted"),
    N_("success rate"),
    N_("mean time to detect"),
    N_("mean time to resolve"),
    N_("money"),
    # Values
    N_("paper: no real money"),
    N_("paper: no real money, as --paper asks"),
    N_("paper: no real money; no configuration file was found"),
    N_("paper for {accounts}: no real money there"),
    N_("allowed"),
    N_("paused: {what}"),
    N_("up"),
    N_("down"),
    N_("down: {why}"),
    N_("waits for its turn in the request budget since {moment}"),
    N_("possible"),
    N_("none"),
    N_("one_way"),
    N_("hedge"),
    N_("not configured"),
    N_("connecting"),
    N_("nothing"),
    N_("{n} of {most} connections; {away} sent away, {refused} refused"),
    N_("not supervised"),
    N_("place"),
    N_("not listed"),
    N_("{mode}, multi-assets"),
    N_("mute about {kind} since {time}"),
    N_("conditional orders"),
    N_("up as {name}"),
    N_("{waiting} waiting, {delivered} delivered, {failures} attempts failed"),
    N_("{n}, {failed} failed reads"),
    N_("{detected} detected, {resolved} resolved, {rest} ended otherwise"),
    N_("open for {channel}: {cause}"),
    N_("half open for {channel}: {cause}"),
    N_("{kind} {quantity} of {most} in {seconds} s"),
    N_("weight"),
    N_("orders"),
    N_("reads"),
    N_("nothing ended yet"),
    N_("{account}: {seconds} s ago"),
    N_("{account}: never"),
    N_("{commits} of {steps} steps, {failed} failed"),
    N_("{health}; {size} MiB in reserve: {why}"),
    N_("{health}; {size} MiB in reserve"),
    N_("well"),
    N_("failing"),
    N_(
        "{handled} handled, {waiting} waiting, {failed} failed, {refused} refused, {shed} shed, {dead} dead; "
        "mean {mean} ms, p99 {p99} ms"
    ),
)

ROWS = Phrases.of(SENTENCES, REPLIES)


def told(words: Words, rows: Iterable[tuple[str, str, str]]) -> Rows:
    """Each row in the reader's words; those that say nothing are left out."""
    found = []
    for section, name, value in rows:
        if name == "throttled until":
            found.append((section, name, "" if value == "-" else value))
        elif name == "breaker":
            found.append((section, name, "" if value == "closed" else value))
        elif name == "reachable":
            found.append((section, name, "up" if value == "True" else "down"))
        else:
            found.append((section, name, value))
    return tuple(
        (words.retell(section, ROWS), words.retell(name, ROWS), words.retell(value, ROWS))
        for section, name, value in found
        if value
    )
