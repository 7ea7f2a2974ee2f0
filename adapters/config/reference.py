"""docs/configuration.md from the schema: `python -m adapters.config.reference > docs/configuration.md`."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from adapters.config.document import expectation
from adapters.config.schema import JsonSchema, types
from adapters.config.values import SCHEMA

_HEAD = """\
# Configuration

Every key of `config.yaml`. Each may be left out; `${NAME}` in a value is taken from the environment.
`albra config check` says what is wrong with a file, by line and key; `albra config show` prints what is in effect;
`albra config schema` prints the JSON Schema that this page is made of (`python -m adapters.config.reference`).
"""


def render() -> str:
    """Return the page."""
    return _HEAD + "".join(_section("", SCHEMA))


def _section(path: str, schema: JsonSchema) -> Iterator[str]:
    """Yield the table of a group, then those of its groups."""
    groups: list[tuple[str, JsonSchema]] = []
    rows: list[str] = []
    for name, child in schema["properties"].items():
        here = f"{path}.{name}" if path else name
        within = child.get("additionalProperties")
        if "properties" in child:
            groups.append((here, child))
        elif isinstance(within, dict) and "properties" in within:
            groups.append(
                (f"{here}.NAME", {**within, "description": f"{child['description']} {within['description']}"})
            )
        else:
            rows.append(f"| `{here}` | {_taken(child)} | {_default(child)} | {child['description']} |\n")
    if path:
        yield f"\n## {path}\n\n{schema['description']}\n"
    if rows:
        yield "\n| key | value | default | |\n|---|---|---|---|\n" + "".join(rows)
    for here, child in groups:
        yield from _section(here, child)


def _taken(schema: JsonSchema) -> str:
    values = schema.get("additionalProperties") or schema.get("items")
    if not values:
        return expectation(schema).replace("|", "\\|")
    names = schema.get("propertyNames")
    of = f"{names['expects']} -> " if names else "a list of "
    return f"{of}{expectation(values)}"


def _default(schema: JsonSchema) -> str:
    value: Any = schema.get("default")
    if value is None or value in ({}, []):
        return "none"
    if "boolean" in types(schema):
        return f"`{str(value).lower()}`"
    return f"`{format(value, 'f') if isinstance(value, Decimal) else value}`"


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201 - a page for a file
