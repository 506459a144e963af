"""The page about settings in the documentation, made of their declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.config.settings import KEYS
from poolint.config.written import default_of, toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from poolint.config.key import Key

HEAD = """\
# Settings

<!-- Written by `python -m poolint.docs` from the declarations in src/poolint/config/settings.py. Edit those. -->

Settings stand in the table `[tool.poolint]` of a `pyproject.toml`, or in a `poolint.toml` or `.poolint.toml`, where keys have no
prefix. Of several in one folder `.poolint.toml` comes first, then `poolint.toml`.

```toml
# pyproject.toml                       # poolint.toml
[tool.poolint]                         # select = ["POL"]
select = ["POL"]                       #
                                       # [per-file-ignores]
[tool.poolint.per-file-ignores]        # "tests/*" = ["POL5"]
"tests/*" = ["POL5"]
```

Each file is governed by the nearest folder upwards that has settings, and by no other: `extend` takes those of another file
in. Patterns and paths begin at the folder of the file in which they stand. A pattern without a slash means a name, anywhere.

What is more special goes over what is more general:

1. what is extended, 2. the file, 3. `--config "key = value"`, 4. other options, which are named below.

`--config FILE` takes one file for everything, and paths begin at the working directory then. `--isolated` reads no file.

- `poolint check --show-settings PATH` prints each value with the place where it is from, `--show-files` what is checked;
- `poolint config verify` reads all files with settings, and says what is wrong with them;
- `poolint config KEY` explains one; `poolint config schema` prints the [JSON Schema](poolint.schema.json), which editors read:

```toml
#:schema ./poolint.schema.json
```

## Environment

| variable | stands in for |
|---|---|
| `POOLINT_CONFIG` | `--config FILE` |
| `POOLINT_OUTPUT_FORMAT`, `POOLINT_OUTPUT_FILE` | `--output-format`, `--output-file` |
| `POOLINT_CACHE_DIR`, `POOLINT_NO_CACHE` | `--cache-dir`, `--no-cache` |
| `NO_COLOR`, `FORCE_COLOR` | `--color never`, `--color always` |
| `POOLINT_TRACEBACK` | nothing: with it a crash is told with its traceback |
"""

_KINDS = {
    "boolean": "true or false",
    "selectors": "a list of selectors of rules",
    "patterns": "a list of patterns",
    "ignores": "a table from pattern to selectors",
    "severities": "a table from selector to `error`, `warning` or `note`",
    "files": "a list of files",
    "folders": "a list of folders",
    "path": "a file",
    "specifier": "a specifier of versions",
    "budget": "a table, see [Do all pools fit the server?](budget.md)",
}


def page(rules: Iterable[tuple[str, str, str]]) -> str:
    """The whole page; ``rules`` are the names, the summaries and the descriptions of rules that have options."""
    return "\n".join([HEAD, *_keys(), *_rules(rules)])


def _keys() -> Iterator[str]:
    section = ""
    for key in KEYS.values():
        if key.section != section:
            section = key.section
            yield f"## {section.capitalize()}\n"
        yield from _key(key)


def _key(key: Key[Any]) -> Iterator[str]:
    kind = _KINDS.get(key.kind) or f"one of {', '.join(f'`{toml(one)}`' for one in key.choices)}"
    default = default_of(key)
    yield f"### {key.name}\n"
    yield f"{key.text}\n"
    yield f"- Value: {kind}"
    yield f"- Default: `{default}`" if default else "- Default: not set"
    if key.flag:
        yield f"- Option: `{key.flag}`"
    yield f"\n```toml\n[tool.poolint]\n{key.name} = {key.example}\n```\n"


def _rules(rules: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield "## Options of rules\n"
    for name, summary, described in rules:
        yield f"### {name}\n\n{summary[:1].upper()}{summary[1:]}.\n\n{described}\n"
