"""``poolint why FILE:LINE``: what it says of types, calls, obligations, findings, and of what it does not know."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import pytest

from poolint.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Why = Callable[..., str]

DEPS = """\
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine("postgresql+asyncpg://")
SessionLocal = async_sessionmaker(engine)
kept = []


async def get_session():
    async with SessionLocal() as session:
        yield session


async def finish(conn):
    await conn.close()


def keep(conn):
    kept.append(conn)


async def opened():
    return await engine.connect()
"""


@pytest.fixture
def why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Why:
    """``why(text, "the line")`` writes app.py and asks for the first line that holds those words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "deps.py").write_text(DEPS)

    def ask(text: str, words: str, *options: str, name: str = "app.py") -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())
        row = next(row for row, line in enumerate(path.read_text().splitlines(), 1) if words in line)
        capsys.readouterr()
        assert main(["why", f"{name}:{row}", *options]) == 0
        return capsys.readouterr().out

    return ask


def test_a_typed_parameter(why: Why) -> None:
    told = why(
        """
        from sqlalchemy.ext.asyncio import AsyncSession

        async def save(session: AsyncSession):
            session.commit()
        """,
        "commit",
    )
    assert "app.py:4 in save" in told
    assert "`session`: AsyncSession (SQLAlchemy, asynchronous)" in told
    assert "from the annotation `AsyncSession` at line 3" in told
    assert "AsyncSession.commit is a coroutine function: nothing happens until it is awaited; it commits" in told
    assert "nothing is done with its value" in told
    assert "nothing is owed here: it is a parameter (line 3), and whoever passes it gives it back" in told
    assert "POL102 `session.commit()` is never awaited" in told
    assert told.rstrip().endswith("reported")


def test_an_untyped_parameter_that_nothing_gives_away(why: Why) -> None:
    told = why(
        """
        import sqlalchemy

        async def save(session):
            session.commit()
        """,
        "commit",
    )
    assert (
        "`session`: unknown: the parameter (line 3) has no annotation, and nothing in its module is of a database"
        in told
    )
    assert "not resolved\n  `session`: the parameter (line 3) has no annotation, and" in told
    assert "findings\n  none" in told


def test_known_by_use_alone(why: Why) -> None:
    told = why(
        """
        import sqlalchemy

        async def save(session):
            await session.execute("x")
            session.commit()
        """,
        "commit",
    )
    assert "`session`: an asynchronous database session or connection" in told
    assert 'by its use alone: `await session.execute("x")` (line 4)' in told
    assert "not resolved" not in told


def test_across_modules_and_injected(why: Why) -> None:
    text = """
        from fastapi import Depends
        from sqlalchemy.ext.asyncio import AsyncSession
        from deps import engine, get_session

        async def read(session: AsyncSession = Depends(get_session)):
            await session.execute("x")
            async with engine.connect() as conn:
                await conn.execute("y")
        """
    told = why(text, '"x"')
    assert "injected by `Depends(get_session)` at line 5, through `get_session` (deps.py:8) by what it yields" in told
    told = why(text, "async with")
    assert "imported from deps at line 3; there assigned from `create_async_engine" in told
    assert "at deps.py:3" in told
    assert "leaving the block gives it back" in told
    told = why(text, '"y"')
    assert "released: `async with engine.connect()` (line 7) gives it back on every way out" in told
    assert "findings\n  none" in told


def test_released_in_finally_by_a_helper(why: Why) -> None:
    told = why(
        """
        from deps import engine, finish

        async def work():
            conn = await engine.connect()
            try:
                await conn.execute("x")
            finally:
                await finish(conn)
        """,
        '"x"',
    )
    assert "`conn` from `await engine.connect()` (line 4): AsyncConnection (SQLAlchemy, asynchronous)" in told
    for way in ("normal:", "exception:"):
        [line] = [one for one in told.splitlines() if way in one]
        assert line.split(":", 1)[1].strip() == (
            "released: by `finish(conn)`: finish (deps.py:13) gives it back (line 8)"
        )
    assert "cancelled in the library's own awaits (line 6), which free the slot themselves" in told
    assert "owed" not in told.lower()


def test_owed_by_exception_and_cancellation(why: Why) -> None:
    told = why(
        """
        import asyncpg

        async def work(pool: asyncpg.Pool):
            conn = await pool.acquire()
            await conn.execute("x")
            await pool.release(conn)
        """,
        "release",
    )
    assert "if it is not given back, its slot in the pool is lost forever" in told
    assert "normal:           released: by `pool.release(conn)` (line 6)" in told
    assert 'exception:        OWED: `conn.execute("x")` raises (line 5), and nothing gives it back after that' in told
    assert 'cancellation:     OWED: `await conn.execute("x")` is cancelled (line 5)' in told
    assert "finding at its checkout: POL202" in told


@pytest.mark.parametrize(
    ("end", "told_how"),
    [
        ("return conn", "handed on: returned to the caller, who owes it from there on (line 6)"),
        ("self.conn = conn", "handed on: stored in `self.conn`, which outlives this (line 6)"),
        ("keep(conn)", "handed on: passed to `keep` (deps.py:17), which keeps it (line 6)"),
        ("await conn.close()", "released: by `conn.close()` (line 6)"),
        ("pass", "OWED: the function is left at line 6, and nothing has given it back"),
    ],
)
def test_how_it_ends_normally(why: Why, end: str, told_how: str) -> None:
    told = why(
        f"""
        from deps import engine, keep

        class Owner:
            async def work(self):
                conn = await engine.connect()
                {end}
        """,
        "connect()",
    )
    [line] = [one for one in told.splitlines() if "normal:" in one]
    assert line.split(":", 1)[1].strip() == told_how


def test_a_generator_that_is_closed(why: Why) -> None:
    told = why(
        """
        import asyncpg

        async def lent(pool: asyncpg.Pool):
            conn = await pool.acquire()
            try:
                yield conn
            finally:
                await pool.release(conn)
        """,
        "yield",
    )
    assert "generator closed: released: by `pool.release(conn)` (line 8)" in told


def test_a_session_that_commits_holds_nothing(why: Why) -> None:
    told = why(
        """
        from deps import SessionLocal

        async def work():
            session = SessionLocal()
            await session.execute(query)
            await session.commit()
        """,
        "SessionLocal()",
    )
    assert "a session: nothing is held before its first statement, nor after a commit or a rollback" in told
    assert "nothing held: `session.commit()` (line 6) has ended the transaction" in told


def test_taken_by_a_helper(why: Why) -> None:
    told = why(
        """
        from deps import opened

        async def work():
            conn = await opened()
            await conn.execute("x")
        """,
        "opened()",
    )
    assert "`opened` of the project checks it out and hands it on, so this function owes it" in told
    assert "through `opened` (deps.py:21) by what it returns" in told
    assert "OWED" in told


def test_what_is_owned_elsewhere(why: Why) -> None:
    text = """
        from deps import engine

        class Owner:
            async def start(self):
                self.conn = await engine.connect()

            async def give(self):
                return await engine.connect()

        async def lend():
            conn = await engine.connect()

            async def inner():
                await conn.execute("x")

            return inner
        """
    told = why(text, "self.conn =")
    assert "nothing is owed here: it belongs to the module (deps.py:3) and lives as long as the process" in told
    assert "handed on: stored in `self.conn`, which belongs to an object" in told
    assert "handed on: returned to the caller, who owes it" in why(text, "return await")
    assert "the inner function `inner` uses it, and may give it back" in why(text, "    conn = await")


def test_what_an_external_call_waits_for(why: Why) -> None:
    told = why(
        """
        import httpx
        from sqlalchemy.ext.asyncio import AsyncSession

        async def charge(client: httpx.AsyncClient):
            await client.post("x")

        async def pay(session: AsyncSession, client: httpx.AsyncClient):
            async with session.begin():
                await charge(client)
                await session.execute("x")
        """,
        "await charge",
    )
    assert "it waits for an HTTP request, by `charge` (line 9) → `AsyncClient.post` (line 5)" in told
    assert "the transaction of `session.begin()` (line 8) is open, but `session` holds no connection" in told


def test_silenced_by_a_comment(why: Why) -> None:
    told = why(
        """
        from sqlalchemy.ext.asyncio import AsyncSession

        async def save(session: AsyncSession):
            session.commit()  # noqa: POL102
        """,
        "commit",
    )
    assert "not reported: a comment silences it (line 4)" in told


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ('ignore = ["POL102"]', "the rule is off: `pyproject.toml: [tool.poolint] ignore` has POL102"),
        ('select = ["POL2"]', "the rule is off: `pyproject.toml: [tool.poolint] select` does not have POL102"),
        (
            '[tool.poolint.per-file-ignores]\n"app.py" = ["POL1"]',
            "`per-file-ignores` of pyproject.toml has POL1 for this file",
        ),
    ],
)
def test_silenced_by_settings(why: Why, tmp_path: Path, table: str, reason: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.poolint]\n{table}\n")
    text = """
        from sqlalchemy.ext.asyncio import AsyncSession

        async def save(session: AsyncSession):
            session.commit()
        """
    told = why(text, "commit")
    assert f"not reported: {reason}" in told
    assert "not reported" not in why(text, "commit", "--isolated")


def test_relaxed_by_the_kind_of_place(why: Why) -> None:
    text = """
        from deps import engine

        async def main():
            conn = await engine.connect()
            await conn.execute("x")

        if __name__ == "__main__":
            main()
        """
    told = why(text, "connect()")
    assert "POL201" in told
    assert (
        "not reported: POL201 is off in scripts for what lives as long as the process, as what `main` takes does"
        in told
    )


def test_screened_out(why: Why) -> None:
    told = why("def add(session, x):\n    session.add(x)\n", "add(x)")
    assert "note: screened out: the file names no library that poolint knows and imports nothing" in told
    assert "`session`: unknown" in told


def test_imports_that_lead_nowhere(why: Why) -> None:
    text = """
        from deps import engine
        from .gone import helper
        import elsewhere

        async def work():
            async with engine.connect() as conn:
                await helper(conn)
                await elsewhere.use(conn)
        """
    assert "`helper`: the import of `.gone` (line 2) leads to no file of the project" in why(text, "await helper")
    assert "not resolved\n  `helper`" in why(text, "import helper")
    told = why(text, "elsewhere.use")
    assert "`elsewhere.use`: the models say nothing of `elsewhere`, nor is it a module of the project" in told


def test_a_step_of_a_finding_elsewhere(why: Why) -> None:
    told = why(
        """
        from deps import engine

        async def work():
            conn = await engine.connect()
            await conn.execute("x")
            await conn.close()
        """,
        "execute",
    )
    assert "POL202" in told
    assert '[this line is step 2: `conn.execute("x")` may raise] (line 4)' in told


def test_the_whole_statement_is_explained(why: Why) -> None:
    told = why(
        """
        from deps import engine

        async def work():
            conn = await engine.connect(
                # nothing
            )
            await conn.close()
        """,
        "# nothing",
    )
    assert "4 |     conn = await engine.connect(" in told
    assert "normal:           released: by `conn.close()` (line 7)" in told


@pytest.mark.parametrize("words", ["async def work", "pass", "# a comment"])
def test_lines_on_which_there_is_nothing(why: Why, words: str) -> None:
    told = why("import sqlalchemy\n\nasync def work():\n    pass\n\n# a comment\n", words)
    assert "Nothing on this line concerns a pool" in told


def test_as_json(why: Why, tmp_path: Path) -> None:
    told = json.loads(
        why(
            """
            import asyncpg

            async def work(pool: asyncpg.Pool):
                conn = await pool.acquire()
                await conn.execute("x")  # noqa
                await pool.release(conn)
            """,
            "acquire",
            "--output-format=json",
        )
    )
    assert (told["filename"], told["row"], told["function"]) == (str(tmp_path / "app.py"), 4, "work")
    assert told["screened"] is False
    assert [one["text"] for one in told["names"]] == ["conn", "pool"]
    exits = {one["way"]: [ending["state"] for ending in one["endings"]] for one in told["obligations"][0]["exits"]}
    assert exits["normal"] == ["released"]
    assert exits["exception"] == ["owed"]
    finding, other = told["findings"]
    assert (other["code"], other["told"]) == ("POL506", False)
    assert other["silent"] == ["the rule is off by default: `--extend-select POL506` turns it on"]
    assert (finding["code"], finding["row"], finding["told"], finding["silent"]) == ("POL202", 4, True, [])


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("app.py", "`poolint why` wants FILE:LINE (`poolint why app/deps.py:12`), not 'app.py'"),
        ("app.py:x", "`poolint why` wants FILE:LINE (`poolint why app/deps.py:12`), not 'app.py:x'"),
        ("app.py:0", "`poolint why` wants FILE:LINE (`poolint why app/deps.py:12`), not 'app.py:0'"),
        ("gone.py:1", "gone.py: no such file"),
        (".:1", ".: is a directory"),
        ("app.py:9", "app.py has 1 line: there is no line 9"),
        ("app.py:9:4", "app.py has 1 line: there is no line 9"),
        ("bad.py:2", "bad.py:1:5: syntax error: invalid syntax"),
        ("bytes.py:1", "bytes.py: byte 0xff is not valid utf-8"),
    ],
)
def test_asked_wrongly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text("import sqlalchemy\n")
    (tmp_path / "bad.py").write_text("def (\n\n")
    (tmp_path / "bytes.py").write_bytes(b"\xff\n")
    assert main(["why", place]) == 2
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", f"poolint: error: {told}\n")


HELD = """
    import httpx
    import partnerkit
    from sqlalchemy.ext.asyncio import AsyncSession

    async def record(session: AsyncSession, client: httpx.AsyncClient):
        await session.commit()
        await client.post("first")

    async def work(session: AsyncSession, client: httpx.AsyncClient, partner):
        {first}
        {then}
    """
QUERY = "await session.execute(query)"


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        ('await client.get("y")', "finding: POL402"),
        ('await client.get("y")  # noqa: POL402', "finding: POL402, not reported: a comment silences it (line 11)"),
        ("await partner.send()", "finding: POL402, not reported: it is only possible, not certain"),
        (
            "await record(session, client)",
            "not reported: a function on the way to what waits ends the use of `session` before",
        ),
        ("print(partner)", "not reported: nothing that it does is known to wait"),
        ("await session.close()", "not reported: it ends the use of `session`, which is what the connection is for"),
        ("await session.execute(other)", "not reported: it works on `session`, which is what the connection is for"),
        ("partnerkit.send()", "not reported: the models say nothing of partnerkit.send"),
    ],
)
def test_what_is_held_over_is_a_finding_or_has_a_reason(why: Why, then: str, reason: str) -> None:
    told = why(HELD.format(first=QUERY, then=then), then)
    section = told.partition("\nheld over\n")[2]
    assert "`session` holds a connection, since line 10\n" in section
    assert f"      {reason}" in section


def test_what_has_given_the_connection_back_before(why: Why) -> None:
    told = why(HELD.format(first=f"{QUERY}; await session.commit()", then='await client.get("y")'), '"y"')
    assert "nothing is held meanwhile: `session.commit()` (line 10) has ended that" in told
    assert "held over" not in told


def test_what_a_rule_declines(why: Why, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.poolint.nested-checkout]\nallow = ["*.numbers"]\n')
    text = """
        from deps import SessionLocal

        async def numbers():
            async with SessionLocal() as session:
                await session.execute(query)

        async def work():
            async with SessionLocal() as session:
                await session.execute(query)
                await numbers()
        """
    assert "not reported: POL404 declines: the option `allow` has *.numbers" in why(text, "await numbers")
    assert "finding: POL404" in why(text, "await numbers", "--isolated")


def test_why_an_argument_is_let_pass(why: Why) -> None:
    text = """
        from sqlalchemy import NullPool, create_engine

        engine = create_engine("postgresql://db", poolclass=NullPool)  # forked workers share nothing
        """
    told = why(text, "create_engine(")
    assert "findings\n  none\n      not reported: POL504 declines: a comment beside the argument says why" in told


def test_what_is_owed_and_let_pass(why: Why) -> None:
    text = """
        import sys
        from deps import engine

        async def work():
            conn = await engine.connect()
            sys.exit(1)
        """
    assert "finding at its checkout: none: `sys.exit(1)` ends the process" in why(text, "connect()")


def test_of_what_is_not_held_the_value_of_unknown_type_is_named(why: Why) -> None:
    text = """
        import httpx
        from sqlalchemy.orm import Session

        def work(box, client: httpx.Client):
            box.execute("x")
            box.commit()
            box.execute("y")
            client.get("z")
        """
    told = why(text, "client.get")
    assert (
        "no connection that poolint sees is held meanwhile; of `box` (line 5) no type is known: the parameter" in told
    )


@pytest.mark.parametrize(
    ("serving", "reason"),
    [
        ("import shop.app", "nothing that runs names `lose`"),
        ("from shop.app import other", "nothing that runs names `lose`"),
        ("import shop.used", "nothing that runs imports `shop.app`, nor does what the repository deploys start it"),
    ],
)
def test_what_nobody_runs(why: Why, tmp_path: Path, serving: str, reason: str) -> None:
    (tmp_path / "Procfile").write_text("web: python serving.py\n")
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "serving.py").write_text(f"{serving}\n")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").write_text("")
    (tmp_path / "shop/used.py").write_text("")
    told = why(
        """
        import asyncpg

        async def lose(pool: asyncpg.Pool):
            conn = await pool.acquire()
            await conn.fetchval("SELECT 1")
            await pool.release(conn)

        def other(): ...
        """,
        "acquire",
        name="shop/app.py",
    )
    assert "POL202, not reported: it is only possible, not certain, since " + reason in told
