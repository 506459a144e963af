"""What happens to a tree of sources between two runs of a linter, drawn by a seed."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w.]+))", re.MULTILINE)
_STATEMENT = re.compile(r"^([ \t]+)(?:return|await|if|for|raise|self\.\w+ =)\b.*$", re.MULTILINE)
_DEFINITION = re.compile(r"^(?:async )?def (\w+)", re.MULTILINE)
_WHOLE = re.compile(
    r"^((?:@[^\n]*\n)*(?:async def|def|class) (\w+)[^\n]*\n(?:[ \t][^\n]*\n|[)\]][^\n]*:\n|\n)*)", re.MULTILINE
)
"""A function or class at the top of a file, with its decorators."""
_ASSIGNMENT = re.compile(r"^(\w+) = (\w.*)$", re.MULTILINE)
_BODY = (
    "pass",
    "import sqlalchemy",
    "engine = __import__('sqlalchemy').create_engine('sqlite://')",
    "session.commit()",
    "time.sleep(1)",
    "return None",
)
_TOP = (
    "\n",
    "# a comment\n",
    "import asyncpg\n\n\nasync def fresh(pool: asyncpg.Pool):\n    conn = await pool.acquire()\n    await conn.execute('x')\n",
    "from sqlalchemy.orm import Session\n\n\ndef freshly(session: Session):\n    session.execute('x')\n",
    "import httpx\n\n\nasync def fetched():\n    return await httpx.AsyncClient().get('https://example.org/')\n",
)
_SETTINGS = (
    "",
    'certainty = "possible"\n',
    'extend-select = ["ALL"]\n',
    'ignore = ["POL402"]\n',
    "strict-noqa = true\n",
    'models = ["own.toml"]\n',
)


class Edits:
    """Draws edits of the tree at ``root``, whose settings it owns. What it removes it may bring back. With ``texts_only``
    files stay where they are, and change; those of ``sources``, if it is given, and what these reach. Then none that was
    Python becomes something else by a name's new value: a server would go on with what the file was before."""

    def __init__(
        self,
        root: Path,
        rng: random.Random,
        *,
        texts_only: bool = False,
        sources: Callable[[], list[Path]] | None = None,
    ) -> None:
        self._root, self._rng = root, rng
        self._texts_only = texts_only
        self._sources = sources or (lambda: sorted(root.rglob("*.py")))
        self._removed: list[tuple[Path, bytes]] = []
        self._kinds: tuple[tuple[int, Callable[[], str]], ...] = (
            (5, self._body),
            (3, self._helper),
            (3, self._top),
            (4, self._grow),
            (2, self._assign),
            (2, self._swap),
            (2, self._add),
            (2, self._remove),
            (2, self._rename),
            (1, self._settings),
            (1, self._models),
            (1, self._lock),
            (1, self._deploy),
            (1, self._touch),
        )
        if texts_only:
            self._kinds = self._kinds[:5]
        self._write_settings("")

    def one(self) -> str:
        """Do something to the tree; what it was."""
        kinds = [kind for _, kind in self._kinds]
        (kind,) = self._rng.choices(kinds, [weight for weight, _ in self._kinds])
        return f"{kind.__name__.strip('_')} {kind()}"

    def _source(self) -> Path:
        return self._rng.choice(self._sources())

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _in_body(self, path: Path) -> str:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        places = list(_STATEMENT.finditer(text))
        if places:
            place = self._rng.choice(places)
            names = _DEFINITION.findall(text)
            added = self._rng.choice([*_BODY, f"{self._rng.choice(names)}()" if names else "pass"])
            text = f"{text[: place.start()]}{place[1]}{added}\n{text[place.start() :]}"
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return self._name(path)

    def _body(self) -> str:
        return self._in_body(self._source())

    def _helper(self) -> str:
        """Change what some file reaches over up to three imports."""
        path = self._source()
        for _ in range(3):
            found = [one or other for one, other in _IMPORT.findall(path.read_text("utf-8", "replace"))]
            files = [
                file
                for name in found
                for file in self._root.rglob(f"{name.rpartition('.')[2]}.py")
                if name.rpartition(".")[2]
            ]
            path = self._rng.choice(sorted(files)) if files else path
        return self._in_body(path)

    def _top(self) -> str:
        path = self._source()
        added = self._rng.choice(_TOP).encode()
        data = path.read_bytes()
        at_start = self._rng.random() < 0.3 and b"__future__" not in data
        path.write_bytes(added + data if at_start else data + b"\n" + added)
        return self._name(path)

    def _grow(self) -> str:
        """Add a function or a class like one that stands in some file, under a name of its own, between two others."""
        path = self._source()
        model = path if self._rng.random() < 0.7 else self._source()
        found = _WHOLE.findall(model.read_bytes().decode("utf-8", "surrogateescape"))
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        places = [0, *(one.start() for one in _WHOLE.finditer(text)), len(text)]
        if found:
            whole, name = self._rng.choice(found)
            place = self._rng.choice(places[1:])
            added = re.sub(rf"\b{name}\b", f"{name}_{self._rng.randrange(9)}x", whole)
            text = f"{text[:place].rstrip()}\n\n\n{added.rstrip()}\n\n\n{text[place:]}"
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return self._name(path)

    def _assign(self) -> str:
        """Let a name at the top of a file be something else."""
        path = self._source()
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        found = list(_ASSIGNMENT.finditer(text))
        if found:
            one = self._rng.choice(found)
            value = self._rng.choice(["None", one[2], f"[{one[2]}]", "print"])
            data = f"{text[: one.start()]}{one[1]} = {value}{text[one.end() :]}".encode("utf-8", "surrogateescape")
            if not self._texts_only or _is_python(data):
                path.write_bytes(data)
        return self._name(path)

    def _swap(self) -> str:
        path, other = self._source(), self._source()
        path.write_bytes(other.read_bytes())
        return f"{self._name(path)} becomes {self._name(other)}"

    def _add(self) -> str:
        if self._removed and self._rng.random() < 0.5:
            path, data = self._removed.pop()
        else:
            path, data = self._source().with_name(self._rng.choice(("fresh.py", "httpx.py", "extra.py"))), b""
            data = self._source().read_bytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return self._name(path)

    def _remove(self) -> str:
        path = self._source()
        self._removed.append((path, path.read_bytes()))
        path.unlink()
        return self._name(path)

    def _rename(self) -> str:
        path = self._source()
        path.rename(path.with_name(f"moved_{self._rng.randrange(9)}.py"))
        return self._name(path)

    def _write_settings(self, text: str) -> None:
        start = '[project]\nname = "edited"\nversion = "1"\n\n[tool.poolint]\n'
        (self._root / "pyproject.toml").write_text(start + text)
        if not (self._root / "own.toml").exists():
            self._models()

    def _settings(self) -> str:
        text = self._rng.choice(_SETTINGS)
        self._write_settings(text)
        return text.strip()

    def _models(self) -> str:
        """Say something of a function of the tree, which counts where the settings name this file of models."""
        path = self._source()
        names = _DEFINITION.findall(path.read_text("utf-8", "replace")) or ["absent"]
        dotted = self._name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        effect = self._rng.choice(("http", "sleep"))
        name = f"{dotted}.{self._rng.choice(names)}"
        (self._root / "own.toml").write_text(f'[[functions]]\nname = "{name}"\neffect = "{effect}"\nasync = true\n')
        return name

    def _lock(self) -> str:
        name = self._rng.choice(("fastapi", "sqlalchemy", "unheard-of"))
        version = f"{self._rng.choice((1, 2))}.{self._rng.randrange(60)}.0"
        (self._root / "uv.lock").write_text(f'version = 1\n\n[[package]]\nname = "{name}"\nversion = "{version}"\n')
        return f"{name} {version}"

    def _deploy(self) -> str:
        workers = self._rng.randrange(1, 90)
        (self._root / "Procfile").write_text(f"web: gunicorn app.main:app --workers {workers}\n")
        return str(workers)

    def _touch(self) -> str:
        path = self._source()
        path.touch()
        return self._name(path)


def _is_python(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        return False
    return True
