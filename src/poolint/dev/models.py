"""``new-model``: where the draft of a model goes, and what is left to do with it."""

from __future__ import annotations

from pathlib import Path

from poolint.dev.drafts import as_toml, drafted
from poolint.dev.scaffold import Scaffold, checkout
from poolint.models.build import FOLDER, read_all


def new_model(package: str, output: str | None, cwd: str) -> Scaffold:
    """The draft of a model of an installed package: one of poolint's own in a checkout, one of a project elsewhere.

    Raises ``ConfigError`` where none can be made.
    """
    root = checkout(cwd)
    folder = root / "src/poolint/models" if root is not None else FOLDER
    known = {name for library in read_all(folder) for name in library.names}
    library, left_out = drafted(package, known)
    text = as_toml(library, left_out)
    if root is not None and output is None:
        return Scaffold({folder / f"{library.library}.toml": text}, _of_poolint(library.roots[0]))
    path = Path(cwd, output or f"{library.library}_models.toml")
    return Scaffold(
        {path: text},
        (
            "fill in kinds, roles and effects, and delete rows that say nothing",
            f'put `models = ["{path.name}"]` into [tool.poolint] of pyproject.toml: it is relative to that file',
            "poolint check",
        ),
    )


def _of_poolint(root: str) -> tuple[str, ...]:
    return (
        "fill in kinds, roles and effects, and delete rows that say nothing",
        "say `screened = false` if the library only matters beside a pool, as a client of something else does",
        "run `python -m poolint.models.build`",
        f"add {root} to the extra `test` of pyproject.toml, and run tests/models: each row is held to the real library",
        "add a fixture with a finding that rests on it",
    )
