"""TOML as a table, for whoever reads settings: what no reader can take is found before one tries."""

from __future__ import annotations

import sys

from poolint.bounds import OverBoundError, check_toml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TableError(ValueError):
    """What is wrong with a file, in words; ``row`` is where, from 1, or 0 where that is not known."""

    def __init__(self, message: str, row: int) -> None:
        super().__init__(message)
        self.row = row


def parsed(data: bytes) -> dict[str, Any]:
    """All of a TOML file. Raises :class:`TableError`."""
    # It costs more than the rest of a clean run.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        check_toml(text)
        table: dict[str, Any] = tomllib.loads(text)
    except OverBoundError as error:
        raise TableError(str(error), error.row) from error
    except UnicodeDecodeError as error:
        raise TableError("broken TOML: not UTF-8", data.count(b"\n", 0, error.start) + 1) from error
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        row = data.rstrip().count(b"\n") + 1
        if place.startswith("line "):
            row = int(place[len("line ") :].partition(",")[0])
        raise TableError(f"broken TOML: {reason}", row) from error
    except (ValueError, RecursionError) as error:
        raise TableError(f"broken TOML: {error}", 0) from error
    return table
