"""Helm charts: their templates rendered with the values of the chart, as far as that takes no more than looking up.

A template is rendered line by line, so that rows stay what they are; a row whose number comes from the values is told
with the place of that value. What is not understood becomes a text that is no number: a figure that is asked for.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from poolint import recording
from poolint.bounds import MAX_BYTES, MAX_DEPTH, Allowance, OverBoundError
from poolint.deployment.documents import UNKNOWN, Node, load, merged, text_of, unread
from poolint.deployment.find import VALUES
from poolint.deployment.values import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMENT = re.compile(r"\{\{-?\s*/\*")
_COMMENT_END = re.compile(r"\*/\s*-?\}\}")
_PART = re.compile(r'"[^"]*"|`[^`]*`|\||\(|\)|[^\s|()]+')
_QUOTES = re.compile(r"(?:^|\|\s*)s?quote\b")
_ASSIGNS = re.compile(r"\$\w+\s*:?=[^=]")
_NAMED = re.compile(r'include\s+"[^"]*[nN]ame"\s+\(list\s+[$.]\s+"([^"]+)"\)')
"""How charts put the name of a resource together, whatever it is exactly: good for telling resources apart."""

_OPENING = frozenset({"if", "with", "range", "define", "block"})


class Chart:
    """One chart. ``files`` are the values files over the chart's own."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        documents, problems = load(os.path.join(folder, "Chart.yaml"))
        self.problems += problems
        self.name = (documents[0].get("name").text if documents else None) or os.path.basename(folder)
        self._values: dict[str, Node] = {}
        recording.looked("names", folder)
        names = sorted(name for name in os.listdir(folder) if VALUES.fullmatch(name))
        for name in names:
            documents, problems = load(os.path.join(folder, name))
            self.problems += problems
            self._values[name] = documents[0] if documents else Node(Place(os.path.join(folder, name), 1))

    def ways(self) -> list[tuple[str, ...]]:
        """The values files that belong together: the chart's own, and each other one over it."""
        own = next((name for name in ("values.yaml", "values.yml") if name in self._values), None)
        if own is None:
            return [(name,) for name in self._values] or [()]
        return [(own,), *((name, own) for name in self._values if name != own)]

    def values(self, way: Sequence[str]) -> Node:
        """The values of one way."""
        found = Node(Place(os.path.join(self.folder, "values.yaml"), 1))
        for name in reversed(way):
            found = merged(found, self._values[name])
        return found

    def documents(self, values: Node) -> list[Node]:
        """What the templates give."""
        found: list[Node] = []
        for folder, folders, files in os.walk(os.path.join(self.folder, "templates")):
            recording.looked("entries", folder)
            folders.sort()
            for name in sorted(files):
                if name.endswith((".yaml", ".yml")):
                    path = os.path.join(folder, name)
                    try:
                        text, rows = _Rendering(self.name, values).rendered(text_of(path))
                    except OSError as error:
                        self.problems.append(unread(path, error))
                        continue
                    except OverBoundError as error:
                        why = f"the template cannot be rendered: {error}"
                        self.problems.append(Problem(Place(path, error.row or 1), why, True))
                        continue
                    documents, problems = load(path, text, rows)
                    found += documents
                    known = {one.place for one in self.problems}
                    self.problems += [
                        one._replace(message=f"the template cannot be rendered: {one.message}")
                        for one in problems
                        if one.place not in known
                    ]
        return found


class _Rendering:
    """Renders one template. ``_blocks`` are the blocks around a line: what opened each, and whether it is shown."""

    def __init__(self, chart: str, values: Node) -> None:
        self._chart = chart
        self._values = values
        self._blocks: list[tuple[str, bool, Node]] = []
        self._allowance = Allowance(MAX_BYTES, "the values that are written into it")
        self._variables: dict[str, Node | None] = {}

    def rendered(self, text: str) -> tuple[str, dict[int, Place]]:
        """The text, with as many rows as before, and where the values in its rows come from.

        Raises :class:`OverBoundError` where it goes on without end.
        """
        text = "".join(_without_comments(text))
        lines: list[str] = []
        rows: dict[int, Place] = {}
        whole: list[int] = []
        """Rows on which all of a list or a mapping is written."""
        for row, line in enumerate(text.split("\n"), 1):
            try:
                shown, place = self._line(line)
            except OverBoundError as error:
                raise OverBoundError(str(error), row) from error
            lines.append(shown)
            if place is not None:
                rows[row] = place
            if "nindent" in line and shown.lstrip()[:1] in ("[", "{"):
                whole.append(row - 1)
        below = _next_written(lines)
        above, position = "", 0
        for number in whole:
            above = next((line for line in reversed(lines[position:number]) if line.strip()), above)
            position = number
            if not _fits(lines[number], above, lines[below[number]] if below[number] else ""):
                lines[number] = ""
        return "\n".join(lines), rows

    @property
    def _is_shown(self) -> bool:
        return all(shown for _, shown, _ in self._blocks)

    @property
    def _dot(self) -> Node | None:
        return next((dot for word, _, dot in reversed(self._blocks) if word == "with"), None)

    def _line(self, line: str) -> tuple[str, Place | None]:
        if "{{" not in line:
            return (line if self._is_shown else ""), None
        place: Place | None = None
        out, end = "", 0
        for start, stop, action in _actions(line):
            if self._is_shown:
                out += line[end:start]
            end = stop
            word = action.partition(" ")[0]
            if word in _OPENING or word in ("else", "end") or _ASSIGNS.match(action) is not None:
                self._control(word, action)
            elif self._is_shown:
                value = self._value(action)
                text = UNKNOWN if value is None else self._written(value, action)
                indent = re.search(r"nindent\s+(\d{1,3})(?!\d)", action)
                out = f"{' ' * int(indent[1])}{text}" if indent is not None and not out.strip() else out + text
                if indent is not None and (value is None or not value):
                    out = ""
                place = value.place if value is not None and value.place.row else place
        out += line[end:] if self._is_shown else ""
        return "" if out.strip() in ("", UNKNOWN) else out, place

    def _written(self, value: Node, action: str) -> str:
        """A value as an action writes it: scalars as they are unless it quotes them."""
        if value.items or value.fields:
            text = _flow(value)
        elif _QUOTES.search(action) is not None:
            text = json.dumps(value.text or "", ensure_ascii=False)
        else:
            text = value.text or ""
        self._allowance.spend(len(text))
        return text

    def _control(self, word: str, action: str) -> None:
        rest = action.partition(" ")[2].strip()
        if word in _OPENING:
            value = self._value(rest) if word in ("if", "with") else None
            # An unknown condition holds: what may be there counts.
            shown = word == "if" if value is None else _is_true(value)
            if len(self._blocks) >= MAX_DEPTH:
                raise OverBoundError(f"its blocks stand in each other more than {MAX_DEPTH} deep")
            self._blocks.append((word, shown, value or Node(Place("", 0))))
        elif word == "else" and self._blocks:
            opened, shown, dot = self._blocks[-1]
            condition = rest.removeprefix("if").strip() if rest.startswith("if") else ""
            value = self._value(condition) if condition else None
            taken = not shown and (not condition or value is None or _is_true(value))
            self._blocks[-1] = (opened if not shown else "done", taken, dot)
        elif word == "end" and self._blocks:
            self._blocks.pop()
        elif _ASSIGNS.match(action) is not None:
            name, _, expression = action.partition("=")
            self._variables[name.rstrip(": ")] = self._value(expression.strip())

    def _value(self, expression: str) -> Node | None:
        """What an expression gives: a node of the values, or one without a row; None where it is not understood."""
        named = _NAMED.match(expression)
        if named is not None:
            return _text(f"{self._chart}-{named[1]}")
        stages: list[list[str]] = [[]]
        for part in _PART.findall(expression):
            if part in ("(", ")"):
                return None
            if part == "|":
                stages.append([])
            else:
                stages[-1].append(part)
        value: Node | None = None
        for number, stage in enumerate(stages):
            if not stage:
                return None
            value = self._stage(stage, value if number else None, bool(number))
            if value is None:
                return None
        return value

    def _stage(self, words: list[str], piped: Node | None, is_piped: bool) -> Node | None:
        name, *rest = words
        values = [self._atom(word) for word in rest]
        if is_piped and piped is not None:
            values.append(piped)
        if name == "default" and len(values) == 2:
            return values[1] if values[1] is not None and _is_true(values[1]) else values[0]
        if name in ("quote", "squote", "toString", "int", "int64", "toYaml", "trim", "tpl", "toJson") and values:
            return values[0]
        if name in ("nindent", "indent", "trunc", "trimSuffix") and len(values) == 2:
            return values[1]
        if name in ("include", "template"):
            return _text(self._chart) if words[1].strip('"').endswith(("name", "Name")) else Node(Place("", 0))
        if name == "not" and len(values) == 1 and values[0] is not None:
            return _text("" if _is_true(values[0]) else "true")
        if name in ("and", "or") and values and None not in values:
            wanted = name == "or"
            decisive = [one for one in values if one is not None and _is_true(one) == wanted]
            return decisive[0] if decisive else values[-1]
        if name in ("eq", "ne") and len(values) == 2 and values[0] is not None and values[1] is not None:
            return _text("true" if (values[0].text == values[1].text) == (name == "eq") else "")
        if rest or is_piped:
            return None
        return self._atom(name)

    def _atom(self, word: str) -> Node | None:
        if word[:1] in ('"', "`"):
            return _text(word[1:-1])
        if word.isdecimal() or word in ("true", "false"):
            return _text(word)
        path = word.removeprefix("$").removeprefix(".").split(".")
        if word.startswith("$") and not word.startswith("$."):
            known = self._variables.get(f"${path[0]}")
            return known.get(*path[1:]) if known is not None else None
        if path[0] == "Values":
            return self._values.get(*path[1:])
        if path[0] in ("Chart", "Release"):
            return _text(self._chart)
        dot = self._dot
        if word.startswith(".") and dot is not None:
            return dot.get(*[part for part in path if part])
        return None


def _text(text: str) -> Node:
    """A value that stands in no file."""
    return Node(Place("", 0), text)


def _is_true(value: Node) -> bool:
    """As templates have it: nothing, zero, false and what is empty are not."""
    return bool(value) and value.text not in ("", "false", "0")


def _actions(line: str) -> Iterator[tuple[int, int, str]]:
    """What stands in double braces on a line: from where to where, and the text without its trimmings."""
    start = line.find("{{")
    while start >= 0:
        end = line.find("}}", start)
        if end < 0:
            return
        yield start, end + 2, line[start + 2 : end].removeprefix("-").removesuffix("-").strip()
        start = line.find("{{", end + 2)


def _without_comments(text: str) -> Iterator[str]:
    """The parts of a template; for its comments as many rows as they have."""
    position = 0
    for match in _COMMENT.finditer(text):
        if match.start() < position:
            continue
        end = text.find("*/", match.end())
        close = _COMMENT_END.match(text, end) if end >= 0 else None
        if end < 0:
            break
        if close is not None:
            yield text[position : match.start()]
            yield "\n" * text.count("\n", match.start(), close.end())
            position = close.end()
    yield text[position:]


def _next_written(lines: list[str]) -> list[int]:
    """For each line the number of the next one with something on it; 0 where there is none."""
    found, following = [0] * len(lines), 0
    for number in range(len(lines) - 1, -1, -1):
        found[number] = following
        following = number if lines[number].strip() else following
    return found


def _fits(line: str, before: str, after: str) -> bool:
    """Whether what is written on one row may stand alone below its key: not beside other entries."""
    indent = len(line) - len(line.lstrip())
    inside = len(after) - len(after.lstrip()) >= indent and after.strip() not in ("", "---")
    return before.rstrip().endswith(":") and not inside


def _flow(value: Node) -> str:
    """A value on one row."""
    if value.items:
        return f"[{', '.join(_flow(item) for item in value.items)}]"
    if value.fields:
        return f"{{{', '.join(f'{json.dumps(key)}: {_flow(node)}' for key, node in value.fields.items())}}}"
    text = value.text
    if text is None:
        return "null"
    return text if re.fullmatch(r"[\w./-]+", text) else json.dumps(text, ensure_ascii=False)
