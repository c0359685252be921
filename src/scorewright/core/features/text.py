"""Expressions as text, in Python's own grammar: read without running anything, and written back.

mean(bureau, AMT_CREDIT_SUM, where=CREDIT_ACTIVE == "Active", last="12 months")
(AMT_CREDIT - AMT_GOODS_PRICE) / AMT_GOODS_PRICE
row_mean(EXT_SOURCE_1, EXT_SOURCE_2, EXT_SOURCE_3)
missing_if(DAYS_EMPLOYED, 365243)
"""

from __future__ import annotations

import ast
import difflib
import json
import keyword
import re
from typing import assert_never

from scorewright.core.errors import UsageError
from scorewright.core.features.tree import (
    Aggregate,
    AggregateKind,
    Arithmetic,
    Column,
    Compare,
    Expression,
    Fill,
    Function,
    FunctionKind,
    If,
    IsIn,
    IsMissing,
    Literal,
    Logic,
    MissingIf,
    Not,
    RowStatistic,
    RowStatisticKind,
    Scalar,
    Window,
    WindowUnit,
)

__all__ = ["parse", "parse_window", "render"]

_LONGEST = 2_000
_DEEPEST = 40
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_AGGREGATES = {str(kind): kind for kind in AggregateKind}
_FUNCTIONS = {str(kind): kind for kind in FunctionKind}
_ROW = {str(kind): kind for kind in RowStatisticKind}
_OTHERS = ("missing_if", "fill", "is_missing", "col")
_NAMES = (*_AGGREGATES, *_FUNCTIONS, *_ROW, *_OTHERS)
_WINDOW = re.compile(r"([1-9][0-9]{0,4}) (days|months|years)")
_WITHOUT_VALUE = (AggregateKind.COUNT, AggregateKind.TIME_SINCE)


def parse(text: str) -> Expression:
    """Read an expression.

    Args:
        text: One expression; see the module's examples.

    Returns:
        The tree.

    Raises:
        UsageError: ``feature-syntax``, saying what was not understood and what there is.
    """
    if len(text) > _LONGEST:
        raise _wrong(text, f"is longer than {_LONGEST} characters", "Split it into two features.")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return _node(tree.body, _DEEPEST)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "nested too deeply or malformed"
        raise _wrong(text, f"is no expression: {reason}", _GRAMMAR) from error
    except _Refusal as refusal:
        raise _wrong(text, refusal.what, refusal.remedy) from None


_GRAMMAR = (
    "Write columns, numbers and texts in quotes with + - * /, comparisons, and, or, not, in; "
    f"functions are {', '.join(_NAMES)}."
)


class _Refusal(Exception):  # noqa: N818 - control flow inside this file, never seen outside
    def __init__(self, what: str, remedy: str = _GRAMMAR) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def _wrong(text: str, what: str, remedy: str) -> UsageError:
    shown = text if len(text) <= 120 else text[:117] + "..."  # noqa: PLR2004 - one line
    return UsageError(f"The expression '{shown}' {what}.", remedy=remedy, code="feature-syntax")


def _node(node: ast.expr, depth: int) -> Expression:  # noqa: PLR0911, C901 - one per kind of node
    if depth == 0:
        raise _Refusal("is nested too deeply", "Split it into two features.")
    below = depth - 1
    match node:
        case ast.Name(id=name):
            return Column(name)
        case ast.Constant():
            return Literal(_scalar(node))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return Literal(_scalar(node))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Arithmetic("-", Literal(0), _node(operand, below))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_node(operand, below))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _ARITHMETIC:
            sign = _ARITHMETIC[type(operator)]
            return Arithmetic(sign, _node(left, below), _node(right, below))
        case ast.BoolOp(op=operator, values=values):
            return _logic("and" if isinstance(operator, ast.And) else "or", values, below)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compare(left, operator, right, below)
        case ast.IfExp(test=test, body=body, orelse=other):
            return If(_node(test, below), _node(body, below), _node(other, below))
        case ast.Call(func=ast.Name(id=name)):
            return _call(name, node, below)
        case _:
            raise _Refusal(f"holds '{ast.unparse(node)[:60]}', which is not understood")


def _scalar(node: ast.expr) -> Scalar:
    negative = isinstance(node, ast.UnaryOp)
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    value = inner.value if isinstance(inner, ast.Constant) else None
    if negative and (isinstance(value, bool | str) or value is None):
        raise _Refusal("puts a minus before something that is no number")
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        # Compared as it is: a whole number may be too large for a float. No text gives a NaN.
        if abs(value) > 2**53:
            raise _Refusal("holds a number that is too large", "Use numbers up to 2**53.")
        return -value if negative else value
    raise _Refusal(f"holds '{ast.unparse(node)[:60]}', which is no number, text, True or False")


def _logic(operator: str, values: list[ast.expr], depth: int) -> Expression:
    result = _node(values[0], depth)
    for value in values[1:]:
        result = Logic(operator, result, _node(value, depth))
    return result


def _compare(left: ast.expr, operator: ast.cmpop, right: ast.expr, depth: int) -> Expression:
    of = _node(left, depth)
    if isinstance(operator, ast.In | ast.NotIn):
        if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
            raise _Refusal("needs a list after 'in'", 'Write: column in ("a", "b").')
        found = IsIn(of, tuple(_scalar(value) for value in right.elts))
        return Not(found) if isinstance(operator, ast.NotIn) else found
    sign = _COMPARE.get(type(operator))
    if sign is None:
        raise _Refusal("uses 'is'", "Use == or is_missing(...).")
    return Compare(sign, of, _node(right, depth))


def _call(name: str, call: ast.Call, depth: int) -> Expression:  # noqa: PLR0911, C901 - one each
    if name in _AGGREGATES:
        return _aggregate(_AGGREGATES[name], call, depth)
    if call.keywords:
        raise _Refusal(f"gives '{name}' a named argument, which it does not take")
    arguments = call.args
    if name in _FUNCTIONS:
        return Function(_FUNCTIONS[name], _node(_exactly(name, arguments, 1)[0], depth))
    if name in _ROW:
        if len(arguments) < 2:  # noqa: PLR2004 - of one value there is no statistic
            raise _Refusal(f"gives '{name}' fewer than two values")
        return RowStatistic(_ROW[name], tuple(_node(value, depth) for value in arguments))
    if name == "is_missing":
        return IsMissing(_node(_exactly(name, arguments, 1)[0], depth))
    if name == "fill":
        of, other = _exactly(name, arguments, 2)
        return Fill(_node(of, depth), _node(other, depth))
    if name == "missing_if" and len(arguments) > 1:
        values = tuple(_scalar(value) for value in arguments[1:])
        return MissingIf(_node(arguments[0], depth), values)
    if name == "col":
        value = _scalar(_exactly(name, arguments, 1)[0])
        if isinstance(value, str) and value:
            return Column(value)
        raise _Refusal("gives 'col' something that is no column name in quotes")
    near = difflib.get_close_matches(name, _NAMES, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise _Refusal(f"calls '{name}', which is no function or lacks arguments", hint + _GRAMMAR)


def _exactly(name: str, arguments: list[ast.expr], count: int) -> list[ast.expr]:
    if len(arguments) != count:
        raise _Refusal(f"gives '{name}' {len(arguments)} arguments instead of {count}")
    return arguments


def _aggregate(kind: AggregateKind, call: ast.Call, depth: int) -> Expression:
    form = f'Write: {kind}(table, value, where=condition, last="12 months").'
    if not call.args or not isinstance(call.args[0], ast.Name):
        raise _Refusal(f"does not name the table of '{kind}' first", form)
    most = 1 if kind is AggregateKind.TIME_SINCE else 2
    if len(call.args) > most or (len(call.args) == 1 and kind not in _WITHOUT_VALUE):
        raise _Refusal(f"gives '{kind}' the wrong number of arguments", form)
    where, window = None, None
    for word in call.keywords:
        if word.arg == "where" and where is None:
            where = _node(word.value, depth)
        elif word.arg == "last" and window is None:
            window = _window(word.value)
        else:
            raise _Refusal(f"gives '{kind}' an argument '{word.arg}'", form)
    of = _node(call.args[1], depth) if len(call.args) > 1 else None
    return Aggregate(kind, call.args[0].id, of, where, window)


def parse_window(text: str) -> Window:
    """Read a window such as ``12 months``.

    Raises:
        UsageError: ``feature-syntax``.
    """
    found = _WINDOW.fullmatch(text)
    if found is None:
        what = "is no window of time"
        raise _wrong(text, what, 'Write a number of days, months or years: "12 months".')
    return Window(int(found[1]), WindowUnit(found[2]))


def _window(node: ast.expr) -> Window:
    value = node.value if isinstance(node, ast.Constant) else None
    found = _WINDOW.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _Refusal("has a window that is not understood", 'Write: last="12 months".')
    return Window(int(found[1]), WindowUnit(found[2]))


def render(node: Expression) -> str:  # noqa: PLR0911, C901, PLR0912 - one per kind of node
    """Write an expression as text that `parse` reads back to the same tree."""
    match node:
        case Column(name):
            plain = name.isidentifier() and name.isascii() and not keyword.iskeyword(name)
            return name if plain else f"col({_quoted(name)})"
        case Literal(value):
            return _quoted(value)
        case Arithmetic() | Compare() | Logic():
            return f"{_part(node.left)} {node.operator} {_part(node.right)}"
        case Not(of):
            return f"not {_part(of)}"
        case IsIn(of, values):
            return f"{_part(of)} in ({', '.join(_quoted(v) for v in values)},)"
        case IsMissing(of):
            return f"is_missing({render(of)})"
        case MissingIf(of, values):
            return f"missing_if({render(of)}, {', '.join(_quoted(v) for v in values)})"
        case Fill(of, other):
            return f"fill({render(of)}, {render(other)})"
        case If(condition, then, other):
            return f"{_part(then)} if {_part(condition)} else {_part(other)}"
        case Function(kind, of):
            return f"{kind}({render(of)})"
        case RowStatistic(kind, values):
            return f"{kind}({', '.join(render(value) for value in values)})"
        case Aggregate():
            return _render_aggregate(node)
        case _:
            assert_never(node)


def _render_aggregate(node: Aggregate) -> str:
    parts = [node.table]
    parts += [render(node.of)] if node.of is not None else []
    parts += [f"where={render(node.where)}"] if node.where is not None else []
    parts += [f'last="{node.window}"'] if node.window is not None else []
    return f"{node.kind}({', '.join(parts)})"


def _part(node: Expression) -> str:
    """Put what binds less tightly than its surroundings may assume into parentheses."""
    compound = isinstance(node, Arithmetic | Compare | Logic | Not | IsIn | If)
    negative = isinstance(node, Literal) and not isinstance(node.value, str) and node.value < 0
    return f"({render(node)})" if compound or negative else render(node)


def _quoted(value: Scalar) -> str:
    # JSON's escapes are Python's as well, and its quotes are the double ones.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
