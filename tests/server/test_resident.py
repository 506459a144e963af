"""What the server keeps between two looks: never more than a server would find out that has just been started."""

from __future__ import annotations

import random
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.edits import Edits

from poolint import recording
from poolint.server.resident import Resident
from poolint.types.evaluator import Evaluator

if TYPE_CHECKING:
    import ast

    from poolint.syntax.module import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.values import Type

TREE = {
    "shop/__init__.py": "",
    "shop/remote.py": "import httpx\n\n\nasync def post(what):\n    await httpx.AsyncClient().post('https://pay', json=what)\n",
    "shop/gateway.py": "from shop.remote import post\n\n\nasync def charge(amount):\n    return None\n\n\n"
    "async def refund(amount):\n    await post(amount)\n",
    "shop/ports.py": "from abc import ABC, abstractmethod\n\n\nclass Mail(ABC):\n    @abstractmethod\n"
    "    async def send(self, text): ...\n",
    "shop/mail.py": "from shop.ports import Mail\n\n\nclass Plain(Mail):\n    async def send(self, text):\n        print(text)\n",
    "shop/helpers.py": "async def leave(conn, seconds):\n    await conn.execute('SELECT 1')\n",
    "shop/orders.py": "import asyncpg\n\nfrom shop.gateway import charge\nfrom shop.helpers import leave\n"
    "from shop.ports import Mail\n\n\nasync def pay(pool: asyncpg.Pool, mail: Mail) -> None:\n"
    "    async with pool.acquire() as conn:\n        await charge(await conn.fetchval('SELECT 1'))\n"
    "        await mail.send('paid')\n        await leave(conn, 1)\n",
    "shop/setup.py": "import asyncpg\n\n\ndef serve(app):\n    app.state.pool = None\n",
    "shop/views.py": "from shop.orders import pay\n\n\nasync def view(request, mail):\n"
    "    conn = await request.app.state.pool.acquire()\n    await conn.execute('SELECT 1')\n"
    "    await pay(request.app.state.pool, mail)\n",
}
CHANGES = (
    # What is called some imports away, and then is not; what it calls in turn.
    ("shop/gateway.py", "    return None\n", "    await post(amount)\n"),
    ("shop/remote.py", "    await httpx.AsyncClient().post('https://pay', json=what)\n", "    print(what)\n"),
    ("shop/remote.py", "    print(what)\n", "    import time\n\n    time.sleep(what)\n"),
    # What fills an interface, in a file that nothing imports.
    ("shop/mail.py", "        print(text)\n", "        import asyncio\n\n        await asyncio.sleep(5)\n"),
    ("shop/mail.py", "class Plain(Mail):", "class Plain:"),
    ("shop/mail.py", "class Plain:", "class Plain(Mail):"),
    # What a parameter is by what callers pass, and who calls.
    (
        "shop/helpers.py",
        "    await conn.execute('SELECT 1')\n",
        "    import asyncio\n\n    await asyncio.sleep(seconds)\n",
    ),
    (
        "shop/views.py",
        "    await pay(request.app.state.pool, mail)\n",
        "    await pay(request.app.state.pool, mail=mail)\n",
    ),
    # What an application keeps, set in another file.
    ("shop/setup.py", "    app.state.pool = None\n", "    app.state.pool = asyncpg.create_pool('postgresql://shop')\n"),
    ("shop/setup.py", "    app.state.pool = ", "    app.state.pond = "),
    ("shop/setup.py", "    app.state.pond = ", "    app.state.pool = "),
    # What cannot be parsed, and then can.
    ("shop/gateway.py", "async def charge(amount):", "async def charge(amount:"),
    ("shop/gateway.py", "async def charge(amount:", "async def charge(amount):"),
    ("shop/gateway.py", "async def charge(amount):", "async def charged(amount):"),
    ("shop/gateway.py", "async def charged(amount):", "async def charge(amount):"),
)


ONCE = """

_ready = None


async def begin(pool: asyncpg.Pool) -> None:
    global _ready
    if _ready is None:
        _ready = await pool.fetchval("SELECT 1")
    if _ready is not None:
        return
    async with pool.acquire() as conn:
        await charge(await conn.fetchval("SELECT 1"))
"""
"""What is found out of conditions that hold once."""


def written(root: Path) -> Path:
    for name, text in TREE.items():
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_text(text)
    (root / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    return root


def told(resident: Resident, path: Path) -> list[str] | None:
    findings = resident.findings(str(path))
    return None if findings is None else [repr(one) for one in findings.found]


def fresh(root: Path, path: Path) -> list[str] | None:
    return told(Resident(str(root)), path)


@pytest.mark.parametrize("looked_at", [True, False], ids=["typed", "behind its back"])
def test_it_tells_what_a_new_one_tells_after_each_change(tmp_path: Path, looked_at: bool) -> None:
    """The file that has changed may have been looked at since, or not."""
    root = written(tmp_path)
    resident = Resident(str(root))
    files = [root / name for name in ("shop/orders.py", "shop/views.py", "shop/helpers.py")]
    before = [told(resident, path) for path in files]
    differed = 0
    for name, old, new in CHANGES:
        text = (root / name).read_text()
        assert old in text, (name, old)
        (root / name).write_text(text.replace(old, new, 1))
        if looked_at:
            resident.take(str(root / name), text.replace(old, new, 1))
            told(resident, root / name)
        else:
            resident.changed([str(root / name)])
        found = [told(resident, path) for path in files]
        if new.endswith("(amount:"):
            assert found == before  # what it was is nearer than nothing
            continue
        assert found == [fresh(root, path) for path in files], (name, new)
        differed += found != before
        before = found
    assert differed >= 8


@pytest.mark.parametrize("seed", range(3))
def test_it_tells_what_a_new_one_tells_after_random_edits(tmp_path: Path, seed: int) -> None:
    root = written(tmp_path)
    rng = random.Random(seed)
    edits = Edits(root, rng, texts_only=True)
    resident = Resident(str(root))
    files = [root / name for name in TREE if not name.endswith("__init__.py")]
    for _ in range(20):
        texts = {path: path.read_text() for path in files}
        done = edits.one()
        for path, text in texts.items():
            if path.read_text() != text:
                resident.changed([str(path)])
        for path in rng.sample(files, 3):
            assert told(resident, path) == fresh(root, path), (done, path)


def test_what_a_change_has_no_part_in_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = written(tmp_path)
    (root / CHANGES[0][0]).write_text(TREE[CHANGES[0][0]].replace(*CHANGES[0][1:]))
    resident = Resident(str(root))
    asked: set[str] = set()
    type_of = Evaluator._type_of

    def counted(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
        asked.add(scope.module.name)
        return type_of(ev, node, scope)

    monkeypatch.setattr(Evaluator, "_type_of", counted)
    told(resident, root / "shop/orders.py")
    assert {"shop.orders", "shop.gateway", "shop.remote"} <= asked
    asked.clear()
    resident.take(str(root / "shop/orders.py"), TREE["shop/orders.py"].replace("('paid')", "('paid at last')"))
    told(resident, root / "shop/orders.py")
    assert "shop.orders" in asked
    assert "shop.gateway" not in asked
    assert "shop.remote" not in asked


def resting(resident: Resident, path: Path) -> set[str]:
    """The names of the files that something else may be so of where a file has changed."""
    return {Path(one).name for one in resident.links.leading([str(path)]) if "\0" not in one}


def test_who_imports_a_module_of_a_package_rests_on_none_of_its_others(tmp_path: Path) -> None:
    root = written(tmp_path)
    (root / "shop/gateway.py").write_text(
        TREE["shop/gateway.py"]
        .replace(*CHANGES[0][1:])
        .replace("shop.remote import post", "shop import remote")
        .replace("post(", "remote.post(")
    )
    (root / "shop/orders.py").write_text(
        TREE["shop/orders.py"]
        .replace("shop.gateway import charge", "shop import gateway")
        .replace("shop.helpers import leave", "shop import helpers")
        .replace("charge(", "gateway.charge(")
        .replace("leave(", "helpers.leave(")
    )
    resident = Resident(str(root))
    told(resident, root / "shop/orders.py")
    assert resting(resident, root / "shop/helpers.py") == {"helpers.py", "orders.py", "views.py"}
    # What is learned of a helper rests on who passes it something that it says nothing of, and so on what that rests on.
    calling = {"orders.py", "helpers.py"}
    assert resting(resident, root / "shop/remote.py") == {"remote.py", "gateway.py", "views.py"} | calling


def test_what_is_learned_of_a_file_does_not_rest_on_who_makes_it_more_than_a_script(tmp_path: Path) -> None:
    """Only what is told of it does."""
    root = written(tmp_path)
    helpers = root / "shop/helpers.py"
    helpers.write_text(
        "import psycopg\n\n\ndef once():\n    conn = psycopg.connect('')\n    conn.execute('SELECT 1')\n\n\n"
        "if __name__ == '__main__':\n    once()\n"
    )
    (root / "shop/views.py").write_text("from shop import helpers\n\n__all__ = ['helpers']\n")
    resident = Resident(str(root))
    told(resident, helpers)
    assert resting(resident, root / "shop/views.py") == {"views.py"}
    leading = resident.links.leading([str(root / "shop/views.py")])
    assert recording.own(str(helpers)) in leading
    # It is a script, and then something imports it.
    (root / "shop/views.py").write_text("\n")
    resident.changed([str(root / "shop/views.py")])
    alone = told(resident, helpers)
    (root / "shop/views.py").write_text("from shop.helpers import once\n\n\ndef view():\n    once()\n    once()\n")
    resident.changed([str(root / "shop/views.py")])
    assert told(resident, helpers) == fresh(root, helpers)
    assert told(resident, helpers) != alone


def test_nothing_keeps_what_a_text_was_before(tmp_path: Path) -> None:
    root = written(tmp_path)
    path, text = root / "shop" / "orders.py", TREE["shop/orders.py"] + ONCE
    resident = Resident(str(root))
    for name in ("views.py", "orders.py"):
        resident.findings(str(root / "shop" / name))
    # Not by asking the collector for all that there is: what is there when the server first rests is frozen.
    former: list[weakref.ref[Module]] = []
    for count in range(4):
        resident.take(str(path), f"{text}\n\nlast = {count}\n")
        assert resident.findings(str(path)) is not None
        assert resident.findings(str(root / "shop" / "views.py")) is not None
        resident.rest()
        (checker,) = resident._checkers.values()
        known = checker._project.known(str(path)) if checker._project is not None else None
        assert known is not None
        former.append(weakref.ref(known))
        del known
    kept = checker.kept
    assert [one() is not None for one in former[1:]] == [False, False, True]
    assert kept < 2 * sum(map(len, TREE.values())) + len(text)


def test_nobody_finds_words_for_a_text_that_is_broken_as_one_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = written(tmp_path)
    path = root / "shop" / "orders.py"
    resident = Resident(str(root))
    told(resident, path)
    monkeypatch.setattr("poolint.text.newer._libcst_parses", lambda _: pytest.fail("it was parsed for its message"))
    resident.take(str(path), TREE["shop/orders.py"].replace("as conn:", "as conn"))
    assert told(resident, path) is None
