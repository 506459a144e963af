"""``--diff-base REV``: only what has come since a revision, on rows that have changed or elsewhere because of them.

The tree of the revision is checked as well, in a folder of its own, and what is found there is known. That takes as long
again, and is right also where a change of a helper makes a finding in a file that nobody has touched.
"""

from __future__ import annotations

import os
import subprocess
import tempfile

from poolint.baseline import Baseline, Entry
from poolint.config import ConfigError
from poolint.diagnostics import Silence
from poolint.selection import INTERNAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.cli.check import Arguments
    from poolint.outcome import Outcome


def apply(outcome: Outcome, arguments: Arguments, revision: str) -> None:
    """Leave only those findings of ``outcome`` that are none of ``revision``. Raises ``ConfigError``."""
    from poolint.cli.printing import lines_of

    top = os.path.realpath(_git("rev-parse", "--show-toplevel").strip())
    commit = _git(
        *("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"),
        wrong=f"{revision!r} is no revision of this repository",
    ).strip()
    mine = [
        one
        for one in outcome.diagnostics
        if one.code not in INTERNAL and os.path.realpath(one.filename).startswith(os.path.join(top, ""))
    ]
    if not mine:
        return
    known = Baseline("", top, _known(arguments, top, commit)).divide(mine, lines_of(outcome))[1]
    outcome.drop(known, Silence("revision", revision))


def _known(arguments: Arguments, top: str, commit: str) -> list[Entry]:
    """What is found in the tree of a commit, in the files that were asked for."""
    from poolint.cli.check import run
    from poolint.cli.printing import lines_of

    with tempfile.TemporaryDirectory(prefix="poolint-") as made:
        folder = os.path.realpath(made)
        tree = os.path.join(folder, "tree")
        os.mkdir(tree)
        index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
        _git("read-tree", commit, cwd=top, env=index)
        _git("checkout-index", "--all", "--quiet", f"--prefix={tree}{os.sep}", cwd=top, env=index)

        def there(path: str) -> str:
            return os.path.normpath(os.path.join(tree, os.path.relpath(os.path.realpath(path), top)))

        paths = [there(one) for one in arguments.paths]
        paths = [one for one in paths if os.path.lexists(one) and os.path.commonpath([one, tree]) == tree]
        cwd = there(os.getcwd())
        if not paths:
            return []
        found = run(arguments.at(paths, cwd if os.path.isdir(cwd) else tree))
        lines = lines_of(found)
        return [Entry.of(one, tree, lines) for one in found.diagnostics if one.code not in INTERNAL]


def _git(*arguments: str, cwd: str | None = None, env: dict[str, str] | None = None, wrong: str = "") -> str:
    """What git prints. Raises ``ConfigError``, which says ``wrong`` or else what git has said, where it fails."""
    command: Sequence[str] = ("git", *arguments)
    try:
        ran = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, check=False)
    except OSError as error:
        raise ConfigError(f"--diff-base: git cannot be run: {error.strerror or error}") from None
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ConfigError(f"--diff-base: {wrong or f'git {arguments[0]}: {said[-1] if said else ran.returncode}'}")
    return ran.stdout.decode("utf-8", "surrogateescape")
