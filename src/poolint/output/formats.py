"""The formats that findings are written in: ours, and those that other distributions bring (``poolint.reporters``).

A reporter is a function ``render(report)`` that takes a :class:`~poolint.output.report.Report` and gives lines without their
ends; the module of a format is imported when that is asked for. One for machines writes a whole document: also where
nothing is found, and with no closing line behind it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.output.report import Report

    Render = Callable[[Report], Iterator[str]]

GROUP = "poolint.reporters"

FOR_PEOPLE = ("full", "concise", "grouped")
FOR_MACHINES = (
    "json", "json-lines", "sarif", "github", "gitlab", "junit", "azure", "pylint", "rdjson", "checkstyle", "teamcity",
    "markdown", "html",
)  # fmt: skip
FORMATS = (*FOR_PEOPLE, *FOR_MACHINES)


def renderer(name: str) -> Render:
    """What writes a format. Raises ``ConfigError`` for one that nobody brings, or that cannot be loaded."""
    if name in FORMATS:
        from importlib import import_module

        ours: Render = import_module(f"poolint.output.{name.replace('-', '_')}").render
        return ours
    from importlib.metadata import entry_points

    from poolint.config import ConfigError, nearest

    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        known = [*FORMATS, *points]
        raise ConfigError(
            f"--output-format: unknown format {name!r}{nearest(name, known)}; known are {', '.join(known)}"
        )
    try:
        found: Render = points[name].load()
    except Exception as error:
        raise ConfigError(f"--output-format: the reporter {name!r} cannot be loaded: {error!r}") from error
    return found


def outputs(texts: list[str] | None, file: str | None) -> dict[str | None, str]:
    """Formats by the files that they go to, None for standard output: of ``full``, ``sarif=report.sarif`` and their like,
    and of ``--output-file``, which is where a format goes that names no file. Raises ``ConfigError``."""
    import os

    from poolint.config import ConfigError

    found: dict[str | None, str] = {}
    for text in texts or ["full"]:
        name, equals, named = text.partition("=")
        path = named if equals else file
        if path == "":
            raise ConfigError(f"--output-format: {text!r} names no file")
        if path in found:
            place = "standard output" if path is None else path
            raise ConfigError(f"--output-format: {found[path]} and {name} both go to {place}; give one as {name}=FILE")
        if path is not None and not os.path.isdir(os.path.dirname(path) or "."):
            raise ConfigError(f"{path}: there is no such directory to write into")
        renderer(name)
        found[path] = name
    if file is not None and file not in found:
        raise ConfigError("--output-file: each format has a file of its own")
    return found
