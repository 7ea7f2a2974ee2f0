"""The demonstration shows what it promises, in a time that a newcomer waits, and leaves nothing behind."""

from pathlib import Path

from tests.cli.conftest import Albra


def test_the_demo_opens_alters_stops_and_closes(albra: Albra, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    albra.environment["TMPDIR"] = str(temporary)
    ended = albra("demo", "--pace", "0")
    assert (ended.code, ended.err) == (0, "")
    shown = iter(ended.out.splitlines())
    for promised in (
        "1. A supervisor runs",
        "$ albra open BTCUSDT long",
        "main.ETHUSDT.short.reversion.2  ACTIVE",
        "2. A human buys back part",
        "At the venue: ETHUSDT -0.3. Albra believes: short 0.5",
        "UNEXPECTED  symbol=ETHUSDT type=SIZE_MISMATCH",
        "believed short 0.500, reported short 0.300",
        "main.ETHUSDT.short.reversion.2 is MODIFIED, 0.300 left",
        "3. The price of BTCUSDT falls",
        "main.BTCUSDT.long.trend.1 is CLOSED",
        "main.SOLUSDT.long.manual.3      CLOSED",
        "At the venue: no position, no order left over.",
        "because='stop filled'",
        "is intact",
    ):
        assert any(promised in line for line in shown), f"{promised!r} is missing, or too late, in:\n{ended.out}"
    assert list(temporary.iterdir()) == []
