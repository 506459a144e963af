"""Tokens of any Python up to 3.14, without the help of the running one, whose tokenizer may not know them.

This is for the rare text: one that is too new for the running Python, or so large that it could be nested deeper than
a parser bears.
"""

from __future__ import annotations

import re
import sys
from keyword import iskeyword
from typing import NamedTuple


class Token(NamedTuple):
    """``kind`` is the name of a group of the expression below. ``newer``: an f-string that Python 3.11 cannot read."""

    kind: str
    start: int
    end: int
    fields: tuple[Field, ...] = ()
    newer: bool = False


class Field(NamedTuple):
    """One ``{expression}`` of an f-string, those in format specifications included."""

    start: int
    end: int
    tokens: tuple[Token, ...]


class BrokenError(Exception):
    """The text is broken in a way that no newer Python would accept either."""


_TOKEN = re.compile(
    r"""(?P<blank>[ \t\f]+|\\(?:\r\n|\r|\n))
    |(?P<comment>\#[^\r\n]*)
    |(?P<newline>\r\n|\r|\n)
    |(?P<string>(?P<prefix>[rbuftRBUFT]{0,2})(?P<quote>'''|\"\"\"|'|\"))
    |(?P<name>[^\W\d]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<operator>==|!=|<=|>=|:=|->|.)""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN = {
    "'": re.compile(r"(?:[^\\'\r\n]|\\(?:\r\n|.))*'", re.DOTALL),
    '"': re.compile(r'(?:[^\\"\r\n]|\\(?:\r\n|.))*"', re.DOTALL),
    "'''": re.compile(r"(?:[^\\']|\\.|'(?!''))*'''", re.DOTALL),
    '"""': re.compile(r'(?:[^\\"]|\\.|"(?!""))*"""', re.DOTALL),
}
BEARABLE = 1000
"""Operators in a row, or ``elif``. LibCST's own nodes exhaust Python's recursion a little earlier than this."""

OPENING = frozenset("([{")
CLOSING = frozenset(")]}")
_LITERAL = re.compile(r"[^\\{}'\"\r\n]+")
_NAMED = re.compile(r"\\N\{[^{}\r\n]*\}")
_AFTER_DEBUG = re.compile(r"[ \t\f\r\n]*(?:[}:]|!(?!=))")
_CONVERSION = re.compile(r"(?:=[ \t\f\r\n]*)?(?:![ \t\f]*\w+[ \t\f\r\n]*)?")


class _Rows:
    """For each open bracket, how many operators stand in a row at its level; ``total`` is their sum."""

    def __init__(self) -> None:
        self.levels = [0]
        self.total = 0

    @property
    def depth(self) -> int:
        return len(self.levels) - 1

    def add(self, count: int) -> None:
        self.levels[-1] += count
        self.total += count

    def operator(self, word: str) -> None:
        if word in OPENING:
            self.levels.append(0)
        elif word in CLOSING:
            self.total -= self.levels.pop()
            if not self.levels:
                raise BrokenError
        self.add(-self.levels[-1] if word in ",;" else 1)

    def end_of_line(self) -> None:
        if self.depth == 0:
            self.add(-self.total)


class Scanner:
    """Reads one text. ``strain`` is the longest row of operators that it met, nested ones added up."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.strain = 0
        self.elifs = 0

    def tokens(self, start: int, in_field: bool = False) -> tuple[list[Token], int]:
        """Tokens from ``start`` on; in a field of an f-string up to what ends its expression, which is not taken."""
        text, found, offset = self.text, list[Token](), start
        rows = _Rows()
        while offset < len(text):
            match = _TOKEN.match(text, offset)
            if match is None:  # cannot be: the last alternative takes anything
                raise BrokenError
            if match["quote"]:
                token = self.string(offset, match)
                rows.add(1)  # strings side by side are nested like operands
            else:
                token = Token(match.lastgroup or "", offset, match.end())
                word = match.group()
                if token.kind == "operator":
                    if in_field and rows.depth == 0 and self._ends_expression(word, token.end):
                        return found, offset
                    rows.operator(word)
                elif token.kind == "newline":
                    rows.end_of_line()
                elif token.kind == "name" and iskeyword(word):
                    rows.add(1)
                    self.elifs += word == "elif"
            self.strain = max(self.strain, rows.total)
            found.append(token)
            offset = token.end
        if in_field:
            raise BrokenError
        return found, offset

    def _ends_expression(self, operator: str, end: int) -> bool:
        if operator == "=":
            return _AFTER_DEBUG.match(self.text, end) is not None
        return operator in ("}", "!", ":", ":=")

    def string(self, start: int, match: re.Match[str]) -> Token:
        """The string literal that begins at ``start``, up to and with its closing quote."""
        prefix, quote = match["prefix"].lower(), match["quote"]
        plain = _PLAIN[quote].match(self.text, match.end())
        if "f" not in prefix and "t" not in prefix:
            if plain is None:
                raise BrokenError
            return Token("string", start, plain.end())
        fields: list[Field] = []
        end, nested = self._literal(match.end(), quote, "r" in prefix, fields)
        # Before Python 3.12 an f-string was a plain string first of all, and its expressions could hold neither
        # backslashes nor comments.
        newer = plain is None or plain.end() != end or nested > 1
        for field in fields:
            expression = self.text[field.start : field.end]
            newer = newer or "\\" in expression or any(token.kind == "comment" for token in field.tokens)
        return Token("string", start, end, tuple(fields), newer)

    def _literal(
        self, offset: int, quote: str, raw: bool, fields: list[Field], in_spec: bool = False
    ) -> tuple[int, int]:
        """Read literal text up to behind the closing quote, or up to the ``}`` that ends a format specification.

        Gives where it ends and how deep specifications are nested in it.
        """
        text, nested = self.text, 0
        while offset < len(text):
            literal = _LITERAL.match(text, offset)
            if literal is not None:
                offset = literal.end()
                continue
            if text.startswith(quote, offset):
                if in_spec:
                    raise BrokenError
                return offset + len(quote), nested
            character = text[offset]
            if character == "\\":
                named = _NAMED.match(text, offset)
                if named is not None and not raw:
                    offset = named.end()
                else:
                    offset += 1 if text[offset + 1 : offset + 2] in ("{", "}") else 2
            elif character == "}" and in_spec:
                return offset, nested
            elif text.startswith(("{{", "}}"), offset):
                offset += 2
            elif character == "{":
                offset, deeper = self._field(offset + 1, quote, raw, fields)
                nested = max(nested, deeper)
            elif character == "}" or (character in "\r\n" and len(quote) == 1):
                raise BrokenError
            else:
                offset += 1
        raise BrokenError

    def _field(self, start: int, quote: str, raw: bool, fields: list[Field]) -> tuple[int, int]:
        tokens, end = self.tokens(start, in_field=True)
        fields.append(Field(start, end, tuple(tokens)))
        rest = _CONVERSION.match(self.text, end)
        offset, nested = rest.end() if rest else end, 0
        if self.text.startswith(":", offset):
            offset, nested = self._literal(offset + 1, quote, raw, fields, in_spec=True)
            nested += 1
        if not self.text.startswith("}", offset):
            raise BrokenError
        return offset + 1, nested


def strain(text: str) -> int:
    """How many operators stand in a row, or ``elif`` in all, at most; a broken text is read as far as it goes."""
    scanner = Scanner(text)
    try:
        scanner.tokens(0)
    except BrokenError:
        pass
    except RecursionError:
        return sys.maxsize
    return max(scanner.strain, scanner.elifs)


def is_strained(text: str) -> bool:
    """Whether LibCST should not be asked: it recurses natively and takes the process down where ``ast`` gives up."""
    # A short text has no room for as many operators.
    return len(text) > 2 * BEARABLE and strain(text) > BEARABLE
