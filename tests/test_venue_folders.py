"""What one exchange alone knows is in its folder: its paths, hosts, codes, ids and currency stand nowhere else.

`EXCEPTIONS` are the lines of the product that name an exchange for its users: what the configuration offers by default,
and what a person types.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("adapters/exchange/binance/", "adapters/paper/binance/")
KNOWN: dict[str, re.Pattern[str]] = {
    "a path": re.compile(r"/(?:fapi|sapi)/"),
    "a host": re.compile(r"binance|bybit|okx", re.IGNORECASE),
    "an order's name": re.compile(r"autoclose|\bweb_|clientAlgoId|origClientOrderId|newClientOrderId"),
    "a code": re.compile(r"^-[1245]\d{3}\b|\(-[1245]\d{3}\)|[\"' ]-[1245]\d{3}\b"),
    "an event": re.compile(r"ORDER_TRADE_UPDATE|ALGO_UPDATE|ACCOUNT_UPDATE|listenKey|MARGIN_CALL"),
    "a currency": re.compile(r"\bUSDT\b"),
}
"""What of an exchange is looked for in the texts of the code; a pair such as BTCUSDT is an example and none of it."""
EXCEPTIONS: dict[str, set[str]] = {
    # The one module of the shared code that knows the folders.
    "adapters/exchange/registry.py": {"a host"},
    # The exchange's name as the configuration offers it, and the description of a currency that is no venue's.
    "adapters/config/values.py": {"a host", "a currency"},
    "messages/types.py": {"a currency"},
    "actors/money.py": {"a currency"},
    # What a person may type as a symbol.
    "actors/telegram/grammar.py": {"a currency"},
    "messages/fields.py": {"a currency"},
    # `albra paper` and the demonstration say which exchange's API they speak.
    "adapters/cli/arguments.py": {"a host"},
    "adapters/cli/demo.py": {"a path"},
    # What the contracts of the paper venue are quoted in.
    "adapters/paper/instruments.py": {"a currency"},
}


def product() -> list[Path]:
    found = [path for room in ("actors", "messages", "adapters") for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in found if not str(path.relative_to(ROOT)).startswith(FOLDERS)]


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text of a module but its docstrings, which may name a source."""
    spoken = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
            yield node.lineno, node.value


def codes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Numbers such as -2022, which no other table of the product has."""
    for node in ast.walk(tree):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            assert isinstance(node.operand.value, int | float | complex)
            yield node.lineno, f"-{node.operand.value}"


def found_in(path: Path) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    tree = ast.parse(path.read_text())
    for line, text in (*texts(tree), *codes(tree)):
        for what, pattern in KNOWN.items():
            if pattern.search(text):
                said.setdefault(what, []).append(f"{path.relative_to(ROOT)}:{line}: {text[:80]!r}")
    return said


def test_no_text_outside_its_folder_is_of_one_exchange() -> None:
    wrong = [
        line
        for path in product()
        for what, lines in found_in(path).items()
        if what not in EXCEPTIONS.get(str(path.relative_to(ROOT)), set())
        for line in lines
    ]
    assert not wrong, "\n".join(wrong)


def test_every_exception_is_one() -> None:
    idle = [(name, what) for name, kinds in EXCEPTIONS.items() for what in kinds if what not in found_in(ROOT / name)]
    assert not idle


@pytest.mark.parametrize(
    "text", ["/fapi/v1/order", "binanceusdm", "adl_autoclose", "-2022 refused", "listenKey", "USDT"]
)
def test_what_is_looked_for_is_found(text: str) -> None:
    assert any(pattern.search(text) for pattern in KNOWN.values())
    assert not any(pattern.search("BTCUSDT at 60000, -5 left") for pattern in KNOWN.values())
