"""What may be changed in a module: one place, and what a tired engineer would write there."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

_COMPARED: Mapping[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: (r"<", "<="),
    ast.LtE: (r"<=", "<"),
    ast.Gt: (r">", ">="),
    ast.GtE: (r">=", ">"),
    ast.Eq: (r"==", "!="),
    ast.NotEq: (r"!=", "=="),
    ast.Is: (r"\bis\b", "is not"),
    ast.IsNot: (r"\bis\s+not\b", "is"),
    ast.In: (r"\bin\b", "not in"),
    ast.NotIn: (r"\bnot\s+in\b", "in"),
}
_REACHED: Mapping[type[ast.operator], tuple[str, str]] = {
    ast.Add: (r"\+", "-"),
    ast.Sub: (r"-", "+"),
    ast.Mult: (r"\*", "+"),
    ast.FloorDiv: (r"//", "*"),
    ast.Div: (r"/", "*"),
}
_NAMES: Mapping[str, str] = {"min": "max", "max": "min", "any": "all", "all": "any"}
SMALL = 10
"""Numbers below it are counts and grow by one; others are times or bounds and grow by a factor."""
FACTOR = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One place of a source: characters `begin` to `end` become `after`. `line` counts from one."""

    operator: str
    line: int
    begin: int
    end: int
    before: str
    after: str

    def applied(self, source: str) -> str:
        return source[: self.begin] + self.after + source[self.end :]


def changes(source: str) -> list[Change]:
    """Every change of a module, in the order of its places."""
    return sorted(_Places(source).found(), key=lambda change: (change.begin, change.end, change.after))


class _Places:
    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._texts = source.splitlines()

    def found(self) -> Iterator[Change]:
        tree = ast.parse(self._source)
        yield from self._below(tree)

    def _below(self, node: ast.AST) -> Iterator[Change]:
        yield from self._at(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases", "keywords") and not isinstance(
                node, ast.Call
            ):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not isinstance(child, ast.Raise | ast.Assert | ast.JoinedStr):
                    yield from self._below(child)

    def _at(self, node: ast.AST) -> Iterator[Change]:
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others):
                for one, operation, other in zip([left, *others], ops, others, strict=False):
                    yield from self._between(one, other, *_COMPARED[type(operation)], "comparison")
            case ast.BoolOp(op=operation, values=values):
                word, instead = ("and", "or") if isinstance(operation, ast.And) else ("or", "and")
                for one, other in pairwise(values):
                    yield from self._between(one, other, rf"\b{word}\b", instead, "logic")
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _REACHED:
                if not _is_text(left) and not _is_text(right):
                    yield from self._between(left, right, *_REACHED[type(operation)], "arithmetic")
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield self._change("negation", node, f"({self._text(operand)})")
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                yield self._change("condition", test, f"(not ({self._text(test)}))")
            case ast.comprehension(ifs=conditions):
                for condition in conditions:
                    yield self._change("filter", condition, "True")
            case ast.Constant(value=bool() as value):
                yield self._change("truth", node, str(not value))
            case ast.Constant(value=int() as value):
                yield self._change("number", node, str(value + 1 if value < SMALL else value * FACTOR))
            case ast.Call(func=ast.Name(id=name) as func) if name in _NAMES:
                yield self._change("extreme", func, _NAMES[name])
            case ast.Call(func=ast.Name(id="replace"), keywords=keywords) if len(keywords) > 1:
                for keyword in keywords:
                    yield from self._left_out(keyword)
            case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Return(value=None):
                yield self._change("statement", node, "pass")
            case ast.Continue():
                yield self._change("statement", node, "break")

    def _between(self, one: ast.expr, other: ast.expr, old: str, new: str, operator: str) -> Iterator[Change]:
        begin, end = self._end(one), self._begin(other)
        found = re.search(old, self._source[begin:end])
        if found is not None:
            yield self._made(operator, begin + found.start(), begin + found.end(), new)

    def _left_out(self, keyword: ast.keyword) -> Iterator[Change]:
        begin, end = self._begin(keyword), self._end(keyword)
        comma = re.match(r"\s*,\s*", self._source[end:])
        if comma is not None:
            yield self._made("field", begin, end + comma.end(), "")

    def _change(self, operator: str, node: ast.expr | ast.stmt, after: str) -> Change:
        return self._made(operator, self._begin(node), self._end(node), after)

    def _made(self, operator: str, begin: int, end: int, after: str) -> Change:
        line = self._source.count("\n", 0, begin) + 1
        return Change(operator=operator, line=line, begin=begin, end=end, before=self._source[begin:end], after=after)

    def _text(self, node: ast.expr) -> str:
        return self._source[self._begin(node) : self._end(node)]

    def _begin(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self._index(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self._index(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _index(self, line: int, column: int) -> int:
        """The parser counts columns in bytes."""
        text = self._texts[line - 1]
        return self._lines[line - 1] + len(text.encode()[:column].decode())


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
