"""Checks YAML text against the schema: returns plain values with defaults, and collects every problem.

The walk uses YAML nodes instead of loaded objects: nodes have their line, keep a number's digits (no float is ever
made) and show duplicate keys.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from adapters.config.problems import Problem
from adapters.config.schema import JsonSchema, default, types
from adapters.secret import Secret

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9_]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_USER = re.compile(r"//[^/@]*@")
"""Matches user and password in an address."""
_TAG = "tag:yaml.org,2002:"
_SHOWN_MAX = 40
_DEPTH_MAX = 50


@dataclass(slots=True, kw_only=True)
class Walk:
    """One pass over one document. `lines`: the line of each key path, for checks across keys."""

    file: str
    environment: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def value(self, schema: JsonSchema, node: yaml.Node | None, path: str) -> Any:
        """Return the value of `node` by `schema`; its default when missing or invalid."""
        if node is None:
            return default(schema)
        self.lines.setdefault(path, _line(node))
        if node.tag == f"{_TAG}null" and "null" in types(schema):
            return default(schema)
        if "object" in types(schema):
            return self._object(schema, node, path)
        if "array" in types(schema):
            return self._array(schema, node, path)
        return self._scalar(schema, node, path)

    def problem(self, path: str, expected: str, found: str, advice: str = "", line: int | None = None) -> None:
        where = self._line_of(path) if line is None else line
        self.problems.append(
            Problem(file=self.file, line=where, path=path, expected=expected, found=found, advice=advice)
        )

    def _line_of(self, path: str) -> int:
        """Return the line of a key, or of the group that lacks it."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path, 0)

    def _unset(self, path: str, name: str, line: int) -> None:
        expected, advice = f"the environment variable {name}", "export it first"
        self.problems.append(
            Problem(
                file=self.file,
                line=line,
                path=path,
                expected=expected,
                found="none of that name",
                advice=advice,
                unset=True,
            )
        )

    def _object(self, schema: JsonSchema, node: yaml.Node, path: str) -> Any:
        if not isinstance(node, yaml.MappingNode):
            self.problem(path, expectation(schema), _found(node), line=_line(node))
            return default(schema)
        properties: JsonSchema = schema.get("properties", {})
        values: dict[str, Any] = {}
        for key, key_line, child in self._entries(node, path):
            here = _join(path, key)
            self.lines.setdefault(here, key_line)
            rule = properties.get(key, schema.get("additionalProperties"))
            if not rule:
                self.problem(here, "a known key", f"{key!r}", _known(key, properties), line=key_line)
                continue
            names = schema.get("propertyNames")
            if names and not re.fullmatch(names["pattern"], key):
                self.problem(here, names["expects"], f"{key!r}", line=key_line)
                self.value(rule, child, here)  # report its other errors too
                continue
            values[key] = self.value(rule, child, here)
        if not properties:
            return values if node.value else default(schema)
        return {k: values.get(k, default(rule)) for k, rule in properties.items()}

    def _entries(self, node: yaml.MappingNode, path: str) -> Iterator[tuple[str, int, yaml.Node]]:
        seen: dict[str, int] = {}
        for key_node, child in node.value:
            line = _line(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problem(path, "a plain key", _found(key_node), line=line)
                continue
            key = str(key_node.value)
            if key in seen:
                self.problem(
                    _join(path, key),
                    "each key once",
                    f"a second {key!r}",
                    f"the first is in line {seen[key]}",
                    line=line,
                )
                continue
            seen[key] = line
            yield key, line, child

    def _array(self, schema: JsonSchema, node: yaml.Node, path: str) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            self.problem(path, expectation(schema), _found(node), line=_line(node))
            return default(schema)
        rule = schema["items"]
        return tuple(self.value(rule, item, f"{path}[{index}]") for index, item in enumerate(node.value))

    def _scalar(self, schema: JsonSchema, node: yaml.Node, path: str) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            self.problem(path, expectation(schema), _found(node), line=_line(node))
            return default(schema)
        before = len(self.problems)
        text = self._expanded(str(node.value), path, _line(node))
        if len(self.problems) > before:
            return default(schema)
        try:
            return _parsed(schema, node, text)
        except ValueError:
            # The variable's value may be a secret: show its name only.
            found = "a value that is not shown" if schema.get("secret") else _found(node)
            self.problem(path, expectation(schema), found, _near(text, schema), line=_line(node))
            return default(schema)

    def _expanded(self, text: str, path: str, line: int) -> str:
        if "${" not in text:
            return text
        for name in _VARIABLE.findall(text):
            if name not in self.environment:
                self._unset(path, name, line)
            elif not self.environment[name]:
                expected = f"the environment variable {name}"
                self.problem(path, expected, "an empty one", "set it, or remove the key", line)
        if "${" in _VARIABLE.sub("", text):
            self.problem(path, "${NAME}", "an unfinished ${", "names are letters, digits and _", line)
        return _VARIABLE.sub(lambda match: self.environment.get(match[1], ""), text)


def compose(text: str) -> yaml.Node | None:
    """Return the document's node tree; None for an empty file. Raises yaml.YAMLError."""
    _check_depth(text)
    loader = _LOADER(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    return node


def _check_depth(text: str) -> None:
    """Refuse deep nesting: the C composer recurses on the machine's stack, and an overflow ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEPTH_MAX:
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem=f"nesting deeper than {_DEPTH_MAX}", problem_mark=mark)


def expectation(schema: JsonSchema) -> str:
    """Return a schema's expectation in plain words."""
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"])
    if "expects" in schema:
        return str(schema["expects"])
    names = {
        "integer": "an integer",
        "number": "a number",
        "boolean": "true or false",
        "string": "text",
        "object": "a mapping of keys",
        "array": "a list",
    }
    bounds = []
    if "exclusiveMinimum" in schema:
        bounds.append(f"above {schema['exclusiveMinimum']}")
    if "minimum" in schema:
        bounds.append(f"from {schema['minimum']}")
    if "maximum" in schema:
        bounds.append(f"up to {schema['maximum']}")
    return " ".join([names[next(t for t in types(schema) if t != "null")], *bounds])


def _parsed(schema: JsonSchema, node: yaml.ScalarNode, text: str) -> Any:
    """Parse a scalar. Raises ValueError when the text does not fit the schema."""
    kind = next(t for t in types(schema) if t != "null")
    plain = node.style not in ("'", '"', "|", ">")
    if kind == "boolean":
        if not plain or text not in ("true", "false"):
            raise ValueError
        return text == "true"
    if kind in ("integer", "number"):
        if not plain or not (_INTEGER if kind == "integer" else _NUMBER).fullmatch(text):
            raise ValueError
        number = int(text) if kind == "integer" else Decimal(text.replace("_", ""))
        _within(schema, number)
        return number
    # YAML reads plain 123 as a number, but keys and tokens are often digits: take them as written.
    if node.tag not in (f"{_TAG}str", f"{_TAG}int", f"{_TAG}float") or len(text) < schema.get("minLength", 0):
        raise ValueError
    if ("enum" in schema and text not in schema["enum"]) or not _fits(schema, text):
        raise ValueError
    return Secret(text) if schema.get("secret") else text


def _fits(schema: JsonSchema, text: str) -> bool:
    """Return whether the whole text matches; `$` alone would accept a trailing line end."""
    return "pattern" not in schema or re.fullmatch(schema["pattern"], text) is not None


def _within(schema: JsonSchema, number: int | Decimal) -> None:
    if (
        number < schema.get("minimum", number)
        or number > schema.get("maximum", number)
        or ("exclusiveMinimum" in schema and number <= schema["exclusiveMinimum"])
    ):
        raise ValueError


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _found(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if not isinstance(node, yaml.ScalarNode):
        return "an unknown kind of node"
    text = _USER.sub("//***@", str(node.value))
    shown = repr(text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…")
    if node.tag == f"{_TAG}null":
        return "nothing"
    return f"the text {shown}" if node.style in ("'", '"') else shown


def _known(key: str, properties: JsonSchema) -> str:
    return _near(key, {"enum": list(properties)}) or "known here: " + ", ".join(properties)


def _near(text: str, schema: JsonSchema) -> str:
    if "enum" not in schema:
        return ""
    from difflib import get_close_matches

    close = get_close_matches(text, schema["enum"], n=1)
    return f"did you mean {close[0]}?" if close else ""
