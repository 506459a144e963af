"""How options are read: what is said of those that nobody knows, and what helps show."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from poolint.cli.examples import EXAMPLES
from poolint.config import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from _typeshed import SupportsWrite


class Formatter(argparse.HelpFormatter):
    """Keeps the rows of examples."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "\n".join(f"{indent}{line}".rstrip() for line in text.splitlines())
        return super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """Shows examples below its help, and the nearest of what there is for what there is not."""

    _is_tried = False

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"formatter_class": Formatter, "allow_abbrev": False, **given})

    def format_help(self) -> str:
        self.epilog = self.epilog or epilog(self.prog)
        return super().format_help()

    def add_argument(self, *names: Any, **given: Any) -> argparse.Action:
        self._is_tried = True
        try:
            return super().add_argument(*names, **given)
        finally:
            self._is_tried = False

    def _get_formatter(self) -> argparse.HelpFormatter:
        # Each option is tried on one when it is added: only what is shown needs to know how wide the terminal is.
        return Formatter(self.prog, width=80) if self._is_tried else super()._get_formatter()

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            command = getattr(found, "command", None) or ""
            commands(self).get(command, self).error(_unknown(self, command, unknown))
        return found

    def error(self, message: str) -> NoReturn:
        # Not the usage: that of `check` fills a screen, and what is wrong stood below it.
        self.exit(2, f"{self.prog}: error: {message}\n`{self.prog} --help` shows all options.\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(one) for one in action.choices]
            hint = nearest(str(value), known) or f"; there are {', '.join(known)}"
            raise argparse.ArgumentError(action, f"unknown {value!r}{hint}")

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        # argparse would take a help text that cannot be written for one that has been read.
        (file or sys.stderr).write(message)

    def convert_arg_line_to_args(self, line: str) -> list[str]:
        return [line] if line.strip() else []


def epilog(prog: str) -> str:
    """The examples of a command, one below the other, and where more is said."""
    command = prog.partition(" ")[2]
    rows = EXAMPLES.get(command, ())
    width = max((len(one) for one, _ in rows), default=0)
    text = "".join(f"  {one.ljust(width)}  {what}\n" for one, what in rows)
    return (f"examples:\n{text}\n" if rows else "") + "See also:\n" + "\n".join(f"  {one}" for one in _more(command))


def _more(command: str) -> Iterator[str]:
    from poolint.rules.registry import OURS, addresses

    if command:
        yield "poolint --help         the other commands"
    yield "poolint rule --all     all rules; `poolint rule POL202` explains one"
    yield "poolint config         all settings; `poolint config KEY` explains one"
    if url := addresses().get(OURS):
        yield url


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The subcommands of a parser, by their names."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def options(parser: argparse.ArgumentParser) -> list[str]:
    """All options of a parser, but not of its subcommands."""
    return [one for action in parser._actions for one in action.option_strings]


def _unknown(parser: argparse.ArgumentParser, command: str, unknown: list[str]) -> str:
    """What to say of arguments that no parser takes."""
    wrong = next((one for one in unknown if one.startswith("-")), unknown[0])
    name = wrong.partition("=")[0]
    if not wrong.startswith("-"):
        return f"unexpected argument {wrong!r}"
    known = commands(parser)
    hint = nearest(name, options(known.get(command, parser)))
    if not hint and (others := [one for one, each in known.items() if name in options(each)]):
        hint = f"; it is an option of `poolint {others[0]}`"
    return f"unknown option {name!r}{hint}"
