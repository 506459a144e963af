"""Shell command lines: taken apart into simple commands, their variables expanded as far as their values are known.

This is no shell. It knows what the commands look like by which containers and process types are started, and scripts
that do a few things before the last one; what it does not know it leaves alone.
"""

from __future__ import annotations

import fnmatch
import re
import shlex
from itertools import dropwhile
from typing import TYPE_CHECKING, NamedTuple

from poolint.bounds import MAX_COMMANDS, MAX_TEXT, MAX_VARIABLES, Allowance, OverBoundError, grouped
from poolint.deployment.values import Environment, Place, Problem, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?:(:?[-+=?])([^{}]*))?\}|(\w+|[@*])|\((\w+)\))")
"""``$NAME``, ``${NAME}``, ``${NAME:-default}``, and ``$(NAME)`` as Kubernetes writes it."""

_SUBSTITUTION = re.compile(r"\$\([^()]*(?:\([^()]*\)[^()]*)*\)|`[^`]*`")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SEPARATORS = frozenset({";", "&&", "||", "|", "&", ";;", "(", ")"})
_KEYWORDS = frozenset({"if", "then", "else", "elif", "do", "while", "until", "exec", "!", "{", "time", "nohup"})
_MAX_ROWS = 100
"""Rows over which a quotation may go on."""

_MAX_READ = 2
"""How often a text is read on the average: a row is read again for each row before that begins a quotation."""

_DULL = frozenset({"fi", "done", "esac", "}", ":", "for", "set", "echo", "cd", "[", "[[", "sleep", "true", "trap"})


def split(text: str) -> list[str]:
    """The words of a command line that is no shell's. Raises ``ValueError`` for what is none, or too long to be one."""
    if len(text) > MAX_TEXT:
        raise OverBoundError(f"it has more than {grouped(MAX_TEXT)} characters")
    return shlex.split(text)


class Simple(NamedTuple):
    """A simple command. ``in_background`` says that the next one does not wait for it."""

    words: tuple[Word, ...]
    environment: Environment
    in_background: bool


def expanded(word: Word, environment: Environment) -> Word:
    """A word with its variables replaced. One that nothing sets and that has no default is named as missing.

    Raises :class:`OverBoundError` where that makes a text of more than ``MAX_TEXT`` characters of it.
    """
    if "$" not in word.text:
        return word
    place, missing, size = word.place, word.missing, len(word.text)

    def replace(match: re.Match[str]) -> str:
        nonlocal place, missing, size
        name = match[1] or match[4] or match[5]
        found = environment.get(name)
        if found is not None and (found.text or match[2] not in (":-", ":=")):
            place = found.place
            missing = missing or found.missing
            size += len(found.text) - len(match[0])
            return found.text if size <= MAX_TEXT else ""
        if match[2] in (":-", "-", ":=", "="):
            return _VARIABLE.sub(replace, match[3])  # a default may be made of other variables
        missing = missing or name
        return match[0]

    text = _VARIABLE.sub(replace, word.text)
    if size > MAX_TEXT:
        raise OverBoundError(f"its variables come to more than {grouped(MAX_TEXT)} characters")
    return Word(text, place, missing)


def simple_commands(
    text: str, place: Place, environment: Environment, arguments: tuple[Word, ...] = (), *, follows_rows: bool = False
) -> tuple[list[Simple], list[Problem]]:
    """The simple commands of a command line or a script that is called with ``arguments``.

    ``follows_rows``: the rows of the text are rows of the file, the first of them that of ``place``.
    """
    reader = _Reader(dict(environment), arguments)
    problems = []
    lines = list(_logical_lines(text))
    allowance = Allowance(_MAX_READ * len(text) + MAX_TEXT, "what is read of quotations that are not closed")
    first = 0
    here = place
    try:
        while first < len(lines):
            here = Place(place.path, place.row + lines[first][0]) if follows_rows else place
            for end in range(first + 1, min(len(lines), first + _MAX_ROWS) + 1):
                together = "\n".join(each for _, each in lines[first:end])
                allowance.spend(len(together))
                try:
                    tokens = _tokens(together)
                except OverBoundError:
                    raise
                except ValueError as error:
                    problem = Problem(here, f"cannot be understood as a command: {error}")
                    continue  # a quotation may go on in the next row
                reader.line(tokens, here)
                first = end
                break
            else:
                problems.append(problem)
                first += 1
        reader.end()
    except OverBoundError as error:
        problems.append(Problem(here, f"cannot be understood as a command: {error}; what follows is not read", True))
    return reader.found, problems


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text, those joined that a backslash continues, with their numbers from 0."""
    first, pending = 0, ""
    for number, line in enumerate(text.split("\n")):
        if not pending:
            first = number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        yield first, pending + line
        pending = ""
    if pending:
        yield first, pending


def _tokens(line: str) -> list[str]:
    """Words and separators. Raises ``ValueError`` where a quotation is not closed, or the line is not to be read."""
    if len(line) > MAX_TEXT:
        raise OverBoundError(f"a line has more than {grouped(MAX_TEXT)} characters")
    lexer = shlex.shlex(_SUBSTITUTION.sub(_substituted, line), posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    return list(lexer)


class _Branch(NamedTuple):
    """A branch of an ``if``: whether it may run, and whether one of those before it, or itself, certainly does."""

    may_run: bool
    is_taken: bool


class _Reader:
    """Reads line after line. Of a ``case`` only the branch counts that its word, where it is known, leads to, and of an ``if``
    those that its comparisons leave open."""

    def __init__(self, environment: Environment, arguments: tuple[Word, ...]) -> None:
        self.found: list[Simple] = []
        self._environment = environment
        self._arguments = arguments
        for number, word in enumerate(arguments, 1):
            self._environment[str(number)] = word
        self._words: list[Word] = []
        self._case: str | None = None
        """The word that branches are matched with, empty when it is not known; None outside of any ``case``."""
        self._is_active = True
        self._branches: list[_Branch] = []
        """The branches of the ``if``s around, the outermost first."""
        self._allowance = Allowance(MAX_VARIABLES, "the variables that its commands see")

    def line(self, tokens: list[str], place: Place) -> None:
        """Take in the words of one logical line."""
        for token in tokens:
            if token in _SEPARATORS or not token.strip(";&|()"):
                self._separate(token)
            elif token in ("@", "$@", "$*"):
                self._words += self._arguments
            else:
                self._words.append(Word(token, place))
        self._separate(";")

    def end(self) -> None:
        """The text has ended."""
        self._separate(";")

    def _separate(self, token: str) -> None:
        words, self._words = self._words, []
        if self._case is not None and token == ")":
            patterns = [word.text.strip("()") for word in words]
            self._is_active = bool(self._case) and any(fnmatch.fnmatchcase(self._case, one) for one in patterns)
            return
        if self._case is not None and token == "|" and len(words) == 1 and not self._is_active:
            self._words = words  # another pattern of the same branch follows
            return
        if words:
            self._branch(words, is_all=token not in ("&&", "||"))
            self._simple(words, token == "&")
        if self._case is not None and ";;" in token:
            # What matched is over, and so are the other branches.
            self._case, self._is_active = ("" if self._is_active else self._case), False

    def _branch(self, words: list[Word], *, is_all: bool) -> None:
        """Take in where a branch begins or ends. ``is_all``: what is asked for is asked by these words alone."""
        keyword = words[0].text
        if keyword in ("if", "elif"):
            before = self._branches.pop() if keyword == "elif" and self._branches else _Branch(False, False)
            holds = self._holds(words[1:]) if is_all else None
            self._branches.append(_Branch(not before.is_taken and holds is not False, before.is_taken or holds is True))
        elif keyword == "else" and self._branches:
            self._branches.append(_Branch(not self._branches.pop().is_taken, is_taken=True))
        elif keyword == "fi" and self._branches:
            self._branches.pop()

    def _holds(self, words: list[Word]) -> bool | None:
        """Whether two texts are the same, or not, in a comparison of texts that are known; None where that is not known."""
        given = [expanded(one, self._environment) for one in words if one.text not in ("[", "]", "[[", "]]", "test")]
        if len(given) != 3 or any(one.missing for one in given) or given[1].text not in ("=", "==", "!="):
            return None
        return (given[0].text == given[2].text) is (given[1].text != "!=")

    def _simple(self, words: list[Word], in_background: bool) -> None:
        words = list(dropwhile(lambda word: word.text in _KEYWORDS, words))
        if not words:
            return
        if words[0].text == "case" and len(words) > 2:
            given = expanded(words[1], self._environment)
            self._case, self._is_active = ("" if given.missing else given.text), False
            if len(words) > 3:
                self._words = words[3:]
            return
        if words[0].text == "esac":
            self._case, self._is_active = None, True
            return
        if not self._is_active or not all(one.may_run for one in self._branches):
            return
        words = [word for word in words if not word.text.startswith((">", "<", "2>"))]
        for word in words:
            self._set_defaults(word)
        words = [expanded(word, self._environment) for word in words]
        local: Environment = {}
        is_export = words[:1] and words[0].text == "export"
        rest = words[1:] if is_export else words
        count = 0
        for word in rest:
            match = _ASSIGNMENT.fullmatch(word.text)
            if match is None:
                break
            local[match[1]] = Word(match[2], word.place, word.missing)
            count += 1
        if count == len(rest) or is_export:
            self._environment.update(local)
        elif rest[count].text not in _DULL:
            if len(self.found) >= MAX_COMMANDS:
                raise OverBoundError(f"there are more than {grouped(MAX_COMMANDS)} commands")
            self._allowance.spend(len(self._environment))
            self.found.append(Simple(tuple(rest[count:]), {**self._environment, **local}, in_background))

    def _set_defaults(self, word: Word) -> None:
        """Take in what a word sets where nothing has: ``: "${THREADS:=4}"``."""
        for match in _VARIABLE.finditer(word.text):
            before = self._environment.get(match[1])
            if (match[2] == ":=" and not (before and before.text)) or (match[2] == "=" and before is None):
                self._environment[match[1]] = expanded(Word(match[3], word.place), self._environment)


def _substituted(match: re.Match[str]) -> str:
    """What only the machine can tell (``$(nproc)``) becomes a variable that nothing sets; ``$(NAME)`` becomes one too,
    as Kubernetes writes it."""
    return "${" + re.sub(r"\W+", "_", match[0]).strip("_") + "}"
