"""Syntax that is newer than the running Python: rewritten in place into older syntax, so that its tree can be had.

Every rewrite keeps the number of UTF-8 bytes of every row, so whatever is found in the tree stands where it stands in
the file. What a rewrite cannot say in older syntax, is added to the tree afterwards:

=================================  =====================  ===================================================
written                            parsed as              tree
=================================  =====================  ===================================================
``class A[T](B):``, ``def f[T]()`` ``class A(   B):``     ``type_params``, of :class:`~poolint.text.restoring.Parameter`
``type X[T] = int``                ``...; X    = int``    an assignment that begins at ``type``
``f"{x["a"]!r} b"``                ``(  x["a"],    )``    an f-string without its literal parts
``t"{x}"``                         ``f"{x}"``             an f-string
``except A, B:``                   ``except A| B:``       a tuple
``except* A:`` (Python 3.10)       ``except  A:``         a plain handler
``a[*b]`` (Python 3.10)            ``a[+b]``              starred
=================================  =====================  ===================================================
"""

from __future__ import annotations

import keyword
import re
import sys
from bisect import bisect_right
from typing import NamedTuple

from poolint.text.restoring import parse_rewritten
from poolint.text.scan import CLOSING, OPENING, BrokenError, Scanner, Token, is_strained
from poolint.text.source import SourceError, syntax_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

TYPE_PARAMETERS = ((3, 12), "PEP 695: type parameters")
TYPE_STATEMENT = ((3, 12), "PEP 695: the `type` statement")
TYPE_DEFAULTS = ((3, 13), "PEP 696: defaults of type parameters")
F_STRINGS = ((3, 12), "PEP 701: free expressions in f-strings")
T_STRINGS = ((3, 14), "PEP 750: template strings")
BARE_EXCEPT = ((3, 14), "PEP 758: `except` without parentheses")
EXCEPT_STAR = ((3, 11), "PEP 654: `except*`")
STAR_INDEX = ((3, 11), "PEP 646: `*` in a subscript or an annotation")


class Said(NamedTuple):
    """A type parameter as it is written: its name, bound and default, each of these with the place where it stands."""

    name: str
    bound: tuple[str, tuple[int, int]]
    default: tuple[str, tuple[int, int]]


class Rewritten(NamedTuple):
    """``text`` in older syntax, and what has to be added to the tree, by (row, byte offset) as ``ast`` counts them."""

    text: str
    features: frozenset[tuple[tuple[int, int], str]]
    fstrings: frozenset[tuple[int, int, int, int]]
    aliases: frozenset[tuple[int, int]]
    parameters: dict[tuple[int, int], list[Said]]
    handlers: dict[tuple[int, int], int]
    stars: frozenset[tuple[int, int]]


def parse_newer(text: str, first: SyntaxError) -> ast.Module:
    """The tree of a text that ``ast`` has refused with ``first``. Raises :class:`~poolint.text.source.SourceError`."""
    rewritten = rewrite(text)
    if rewritten is None:
        raise syntax_error(first)
    error = first
    if rewritten.features:
        try:
            return parse_rewritten(rewritten)
        except SyntaxError as second:
            error = second
    found, features = syntax_error(error), rewritten.features
    raise SourceError("", found.row, found.column, lambda: _said(found.message, text, features))


def _said(message: str, text: str, features: Iterable[tuple[tuple[int, int], str]]) -> str:
    """What there is to say of a text that cannot be parsed: that it is broken, or newer than this Python."""
    if is_strained(text) or not _libcst_parses(text):
        return message
    return _needs_newer(features) or f"{message}, or newer than Python {_running()}"


def _needs_newer(features: Iterable[tuple[tuple[int, int], str]]) -> str:
    needed = sorted(features)
    if not needed:
        return ""
    (major, minor), names = needed[-1][0], ", ".join(name for _, name in needed)
    return f"needs Python ≥ {major}.{minor} ({names}) to be analysed: run poolint under it"


def _running() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _libcst_parses(text: str) -> bool:
    import libcst

    try:
        libcst.parse_module(text)
    except Exception:  # whatever it is that LibCST does not like, it is no proof of newer syntax
        return False
    return True


def rewrite(text: str, version: tuple[int, int] = sys.version_info[:2]) -> Rewritten | None:
    """Put what ``version`` of Python cannot parse into older syntax; None when the text is broken anyway."""
    try:
        tokens, _ = Scanner(text).tokens(0)
    except BrokenError:
        return None
    writer = _Writer(text, version)
    writer.statements(tokens)
    place = writer.place
    return Rewritten(
        "".join(writer.out),
        frozenset(writer.features),
        frozenset((*place(start), *place(end)) for start, end in writer.fstrings),
        frozenset(place(start) for start in writer.aliases),
        {place(start): said for start, said in writer.parameters.items()},
        {place(start): commas for start, commas in writer.handlers.items()},
        frozenset(place(start) for start in writer.stars),
    )


class _Writer:
    """Works on ``out``, one entry for each character of the text; a blanked character is as many blanks as it has
    bytes."""

    def __init__(self, text: str, version: tuple[int, int]) -> None:
        self.text = text
        self.version = version
        self.out = list(text)
        self.features: set[tuple[tuple[int, int], str]] = set()
        self.fstrings: list[tuple[int, int]] = []
        self.aliases: list[int] = []
        self.parameters: dict[int, list[Said]] = {}
        self.handlers: dict[int, int] = {}
        self.stars: list[int] = []
        self.rows = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]

    def place(self, offset: int) -> tuple[int, int]:
        """The row and the byte offset that ``ast`` gives for what is at ``offset``."""
        row = bisect_right(self.rows, offset)
        return row, len("".join(self.out[self.rows[row - 1] : offset]).encode())

    def wants(self, feature: tuple[tuple[int, int], str]) -> bool:
        """Whether the running Python lacks a feature that was just found; it is remembered then."""
        if self.version >= feature[0]:
            return False
        self.features.add(feature)
        return True

    def blank(self, start: int, end: int) -> None:
        for index in range(start, end):
            character = self.text[index]
            if character not in "\r\n":
                self.out[index] = " " if character.isascii() else " " * len(character.encode("utf-8", "replace"))

    def word(self, token: Token) -> str:
        return self.text[token.start : token.end]

    def statements(self, tokens: Iterable[Token], depth: int = 0) -> None:
        """Rewrite a whole text, or what stands in ``depth`` brackets."""
        tokens = [token for token in tokens if token.kind not in ("blank", "comment")]
        opens, index = depth == 0, 0
        brackets: list[str] = []
        while index < len(tokens):
            token = tokens[index]
            word = self.word(token) if token.kind != "string" else ""
            if token.kind == "string":
                index = self.strings(tokens, index, depth > 0)
                opens = False
                continue
            if token.kind == "name":
                if word in ("class", "def"):
                    index = self.type_parameters(tokens, index)
                elif opens and word == "type":
                    index = self.type_statement(tokens, index)
                elif opens and word == "except":
                    self.handler(tokens, index)
            elif word == "*":
                self.star(tokens, index, brackets)
            elif word in OPENING:
                depth += 1
                brackets.append(word if word != "[" or self._is_subscript(tokens, index) else "list")
            elif word in CLOSING:
                depth -= 1
                del brackets[-1:]
            opens = depth == 0 and (token.kind == "newline" or word in (";", ":"))
            index += 1

    def _is(self, tokens: list[Token], index: int, word: str) -> bool:
        return index < len(tokens) and tokens[index].kind != "string" and self.word(tokens[index]) == word

    def _is_name(self, tokens: list[Token], index: int) -> bool:
        return index < len(tokens) and tokens[index].kind == "name" and not keyword.iskeyword(self.word(tokens[index]))

    def _bracket_end(self, tokens: list[Token], index: int) -> tuple[int, bool]:
        """The index of the ``]`` for the ``[`` at ``index``, 0 if there is none, and whether ``=`` stands between."""
        depth, default = 0, False
        for at in range(index, len(tokens)):
            if tokens[at].kind == "operator":
                word = self.word(tokens[at])
                depth += (word in OPENING) - (word in CLOSING)
                default = default or (word == "=" and depth == 1)
                if depth == 0:
                    return at, default
        return 0, False

    def type_parameters(self, tokens: list[Token], index: int) -> int:
        """``class A[T](B):`` → ``class A(   B):``, ``class A[T]:`` → ``class A( ):``.

        A parenthesis takes the place of the bracket, so that a row inside may end.
        """
        if not (self._is_name(tokens, index + 1) and self._is(tokens, index + 2, "[")):
            return index
        end, default = self._bracket_end(tokens, index + 2)
        if not end or not (self.wants(TYPE_PARAMETERS) | (default and self.wants(TYPE_DEFAULTS))):
            return index
        opening = tokens[index + 2].start
        first = index - 1 if index and self._is(tokens, index - 1, "async") else index
        self.parameters[tokens[first].start] = self._said(tokens[index + 3 : end])
        if self._is(tokens, end + 1, "("):
            self.blank(opening, tokens[end + 1].end)
            self.out[opening] = "("
            # The parenthesis behind the bracket is gone through as usual, so that its depth is counted.
            return end
        self.blank(opening, tokens[end].end)
        self.out[opening], self.out[tokens[end].start] = "(", ")"
        return end

    def _said(self, tokens: list[Token]) -> list[Said]:
        """The type parameters between two brackets."""
        parts: list[dict[str, list[Token]]] = [{}]
        depth, part = 0, "name"
        for token in tokens:
            word = self.word(token) if token.kind == "operator" else ""
            depth += (word in OPENING) - (word in CLOSING)
            if depth == 0 and word == ",":
                parts.append({})
                part = "name"
            elif depth == 0 and part == "name" and word == ":":
                part = "bound"
            elif depth == 0 and word == "=":
                part = "default"
            elif token.kind != "newline" and (word not in ("*", "**") or part != "name"):
                parts[-1].setdefault(part, []).append(token)
        return [
            Said(self.word(one["name"][0]), self._written(one.get("bound")), self._written(one.get("default")))
            for one in parts
            if one.get("name")
        ]

    def _written(self, tokens: list[Token] | None) -> tuple[str, tuple[int, int]]:
        if not tokens:
            return "", (0, 0)
        return self.text[tokens[0].start : tokens[-1].end], self.place(tokens[0].start)

    def type_statement(self, tokens: list[Token], index: int) -> int:
        """``type X = int`` → ``...; X = int``, and ``type X[T] = int`` → ``...; X    = int``.

        Where the bracket has several rows: ``...;(X``, its rows, ``) = int``.
        """
        if not self._is_name(tokens, index + 1):
            return index
        start, name, end, default = tokens[index].start, tokens[index + 1], index + 1, False
        if self._is(tokens, index + 2, "["):
            end, default = self._bracket_end(tokens, index + 2)
        if not end or not self._is(tokens, end + 1, "="):
            return index
        if not (self.wants(TYPE_STATEMENT) | (default and self.wants(TYPE_DEFAULTS))):
            return index
        if end > index + 1:
            opening, closing = tokens[index + 2].start, tokens[end].start
            self.blank(opening, closing + 1)
            if re.search(r"[\r\n]", self.text[opening:closing]) and self.text[name.start - 1] in " \t":
                self.out[name.start - 1], self.out[closing] = "(", ")"
        self.out[start : start + 4] = "...;"
        self.aliases.append(start)
        return end

    def handler(self, tokens: list[Token], index: int) -> None:
        """``except A, B:`` → ``except A| B:``; and ``except* A:`` → ``except  A:``."""
        first = index + 1
        if self._is(tokens, first, "*"):
            if self.wants(EXCEPT_STAR):
                self.blank(tokens[first].start, tokens[first].end)
            first += 1
        depth, commas, at = 0, [], first
        for at in range(first, len(tokens)):
            word = self.word(tokens[at]) if tokens[at].kind == "operator" else ""
            depth += (word in OPENING) - (word in CLOSING)
            if depth == 0 and (word == ":" or tokens[at].kind == "newline"):
                break
            if depth == 0 and word == ",":
                commas.append(at)
        if not commas or not self.wants(BARE_EXCEPT):
            return
        if commas[-1] == at - 1:
            self.blank(tokens[commas[-1]].start, tokens[commas[-1]].end)
            commas.pop()
        for comma in commas:
            self.out[tokens[comma].start] = "|"
        self.handlers[tokens[index].start] = len(commas)

    def _is_subscript(self, tokens: list[Token], index: int) -> bool:
        if index == 0 or tokens[index - 1].kind in ("newline", "number"):
            return False
        return tokens[index - 1].kind == "string" or (
            self.word(tokens[index - 1]) in CLOSING
            or (self._is_name(tokens, index - 1) and self.word(tokens[index - 1]) not in ("match", "case"))
        )

    def star(self, tokens: list[Token], index: int, brackets: list[str]) -> None:
        """``a[b, *c]`` → ``a[b, +c]``, and ``def f(*args: *Ts)`` → ``def f(*args: +Ts)``."""
        at = index - 1
        while at > 0 and tokens[at].kind == "newline":
            at -= 1
        before = self.word(tokens[at]) if at >= 0 and tokens[at].kind == "operator" else ""
        starred = {"[": ("[", ","), "(": (":",)}.get(brackets[-1] if brackets else "", ())
        if before in starred and self.wants(STAR_INDEX):
            self.out[tokens[index].start] = "+"
            self.stars.append(tokens[index].start)

    def strings(self, tokens: list[Token], index: int, in_brackets: bool) -> int:
        """Rewrite the literals that stand side by side from ``index`` on; gives the index behind them.

        One f-string that only a newer Python reads turns all of them into a tuple of their expressions.
        """
        run = [tokens[index]]
        after = index + 1
        at = after
        while at < len(tokens) and (tokens[at].kind == "string" or (in_brackets and tokens[at].kind == "newline")):
            if tokens[at].kind == "string":
                run.append(tokens[at])
                after = at + 1
            at += 1
        free = any(token.newer for token in run) and self.wants(F_STRINGS)
        if free:
            self.blank(run[0].start, run[-1].end)
            self.out[run[0].start], self.out[run[-1].end - 1] = "(", ")"
            self.fstrings.append((run[0].start, run[-1].end))
        for token in run:
            prefix = re.match(r"\w*", self.text[token.start : token.start + 2])
            template = prefix.group().lower().find("t") if prefix else -1
            if template >= 0 and self.wants(T_STRINGS) and not free:
                self.out[token.start + template] = "f" if self.text[token.start + template] == "t" else "F"
            for field in token.fields:
                if free:
                    for part in field.tokens:
                        if part.kind not in ("blank", "comment"):
                            self.out[part.start : part.end] = self.text[part.start : part.end]
                    self.out[field.end] = ","
                self.statements(field.tokens, depth=1)
        return after
