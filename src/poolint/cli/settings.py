"""``poolint config``: which settings there are, and whether those of a project are right; ``check --show-settings``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from poolint.config import DEFAULT_EXCLUDE, KEYS, ConfigError, nearest, shown
from poolint.config.resolver import NAMES
from poolint.config.written import default_of, rows, toml
from poolint.output.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from poolint.config import Resolver, Settings
    from poolint.config.key import Key


def show_settings(paths: Sequence[str], resolver: Resolver) -> int:
    """Print what holds for the files in ``paths``, once for each set of settings. Raises ``ConfigError``."""
    seen: list[Settings] = []
    for path in paths:
        path = os.path.abspath(path)
        settings = resolver.for_directory(path if os.path.isdir(path) else os.path.dirname(path))
        if settings in seen:
            continue
        if seen:
            sys.stdout.write("\n")
        seen.append(settings)
        sys.stdout.write("".join(f"{printable(line)}\n" for line in _shown(settings, path)))
    return 0


def _source(settings: Settings) -> str:
    return shown(settings.source) if settings.source else "no file with settings"


def _shown(settings: Settings, path: str) -> Iterator[str]:
    yield f"# {shown(path)}: {_source(settings)}; paths begin at {settings.root}"
    table = [
        (f"{name} = {value}" if value else f"# {name} is not set", origin) for name, value, origin in rows(settings)
    ]
    width = min(max(len(text) for text, _ in table), 60)
    for text, origin in table:
        yield f"{text.ljust(width)}  # {origin}"


def show_files(paths: Sequence[str], resolver: Resolver) -> int:
    """Print the files that would be checked, in their order, and return the exit code: 2 where one cannot be."""
    from poolint.discovery import Discovery

    discovery = Discovery(resolver)
    for path in discovery.files(paths):
        sys.stdout.write(f"{printable(shown(path))}\n")
    for error in discovery.refused:
        sys.stderr.write(f"poolint: error: {printable(str(error))}\n")
    for _, reason in discovery.problems:
        sys.stderr.write(f"poolint: warning: {printable(reason)}\n")
    return 2 if discovery.refused else 0


def config(wanted: str | None, paths: Sequence[str], output_format: str, resolver: Resolver) -> int:
    """``poolint config`` lists all settings, ``config KEY`` explains one, ``config schema`` prints the JSON Schema,
    ``config findings-schema`` that of the findings in JSON, and
    ``config verify`` says whether those of the files in ``paths`` can be used. Raises ``ConfigError``."""
    if wanted == "verify":
        return _verify(paths or ["."], resolver)
    if paths:
        raise ConfigError(f"`poolint config {wanted}` takes no paths; `poolint config verify` does")
    if wanted == "schema":
        from poolint.config.packed import schema_text

        sys.stdout.write(schema_text())
        return 0
    if wanted == "findings-schema":
        from poolint.output.packed import schema_text

        sys.stdout.write(schema_text())
        return 0
    keys = list(KEYS.values())
    if wanted is not None:
        if wanted not in KEYS:
            raise ConfigError(
                f"unknown setting {wanted!r}{nearest(wanted, (*KEYS, 'verify', 'schema', 'findings-schema'))}"
            )
        keys = [KEYS[wanted]]
    if output_format == "json":
        from poolint.output.json import dumps

        text = dumps([_as_object(one) for one in keys])
    else:
        text = "\n".join(_explained(keys[0]) if wanted is not None else _table(keys))
    sys.stdout.write(f"{text}\n")
    return 0


def _as_object(key: Key[Any]) -> dict[str, Any]:
    from poolint.config.schema import of_key

    return {"key": key.name, "flag": key.flag or None, "text": key.text, "example": key.example, "schema": of_key(key)}


def _table(keys: Iterable[Key[Any]]) -> Iterator[str]:
    width = max(map(len, KEYS))
    for key in keys:
        yield f"{key.name.ljust(width)}  {key.text.replace('`', '')}"
    yield ""
    yield "`poolint config KEY` says more of one, `poolint rule NAME` what may be set for a rule."


def _explained(key: Key[Any]) -> Iterator[str]:
    yield f"# {key.name}"
    yield ""
    yield key.text
    yield ""
    default = default_of(key)
    yield f"Default: {default}" if default else "Not set by default."
    if key.choices:
        yield f"One of: {', '.join(map(toml, key.choices))}"
    yield f"Example: {key.name} = {key.example}"
    if key.flag:
        yield f"Option:  {key.flag}"


def _verify(paths: Sequence[str], resolver: Resolver) -> int:
    """Say of all files with settings that govern something in ``paths`` whether they can be used."""
    from poolint.runner import Runner

    runner = Runner(resolver)
    code = 0
    seen: list[object] = []
    for directory in _directories(paths):
        try:
            settings = resolver.for_directory(directory)
            if settings in seen:
                continue
            seen.append(settings)
            runner.checker(settings)
            from poolint.options import resolved

            resolved(settings, runner.rules.values())
        except ConfigError as error:
            if str(error) not in seen:
                seen.append(str(error))
                sys.stderr.write(f"poolint: error: {printable(str(error))}\n")
            code = 2
            continue
        sys.stdout.write(f"{printable(_source(settings))}: right\n")
    return code


def _directories(paths: Sequence[str]) -> Iterator[str]:
    """The folders that are named, and those below with settings of their own."""
    for path in map(os.path.abspath, paths):
        if not os.path.isdir(path):
            if not os.path.lexists(path):
                raise ConfigError(f"{shown(path)}: no such file or directory")
            yield os.path.dirname(path)
            continue
        yield path
        for folder, folders, files in os.walk(path):
            if any(name in files for name in NAMES):
                yield folder
            folders[:] = sorted(one for one in folders if one not in DEFAULT_EXCLUDE)
