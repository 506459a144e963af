"""``poolint dev new-framework``: its scaffold, filled in, is a model that changes what is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from poolint.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

DEPENDENCY = """\
@MARKER
async def connection(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    conn = await pool.acquire()@EXPECTED
    yield conn
    await pool.release(conn)
"""

TEXTS = {
    "what it does with the functions of a project that matters to a connection, and since which version.": "it injects.",
    "version": "1.0",
    "decorator of endpoints": "route",
    "decorator of dependencies": "provide",
    "marker": "Inject",
    "class of a streamed response": "Stream",
    "keyword": "given",
    "the story: a generator that acme does not resume.": "Nothing says that it is a dependency.",
    "the story: acme resumes the generator, so its release always runs.": "The framework resumes it.",
    "imports": "from collections.abc import AsyncIterator\n\nimport asyncpg\nfrom acme import other, provide",
    "a dependency whose release is skipped when the consumer fails, with the checkout  # expect: POL206": (
        DEPENDENCY.replace("MARKER", "other").replace("@EXPECTED", "  # expect: POL206")
    ),
    "a dependency": DEPENDENCY.replace("MARKER", "provide").replace("@EXPECTED", ""),
}
"""What takes the place of each mark, longer ones before those that they begin with."""


def test_a_filled_in_framework_passes(checkout: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "new-framework", "acme"]) == 0
    out = capsys.readouterr().out
    model = checkout / "src/poolint/models/acme.toml"
    fixtures = [checkout / f"tests/fixtures/POL206/{name}.py" for name in ("acme_dependency", "good_acme_dependency")]
    for path in (model, *fixtures):
        assert f"wrote {path.relative_to(checkout)}\n" in out
        text = path.read_text()
        for mark, filled in TEXTS.items():
            text = text.replace(f"FILL IN: {mark}", filled)
        assert "FILL IN:" not in text, text
        path.write_text(text)
    assert msgspec.toml.decode(model.read_text())["verified"] == ["1.0"]

    run("poolint.models.build")
    wanted = "acme_dependency and (found or well_formed)"
    ran = run("pytest", "-q", "-n0", "-pno:cacheprovider", "tests/test_fixtures.py", "-k", wanted)
    assert "4 passed" in ran

    before = model.read_text()
    model.write_text(before.replace("resumes = true", "resumes = false"))
    run("poolint.models.build")
    with pytest.raises(AssertionError, match="good_acme_dependency"):
        run("pytest", "-q", "-n0", "-pno:cacheprovider", "tests/test_fixtures.py", "-k", wanted)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("fastapi", "src/poolint/models/fastapi.toml exists already: nothing was written"),
        ("Not-A-Name", "'Not-A-Name' is no name of a framework"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(
    name: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "src/poolint/models"
    models.mkdir(parents=True)
    for file in ("schema.py", "fastapi.toml"):
        (models / file).touch()
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    assert main(["dev", "new-framework", name]) == 2
    err = capsys.readouterr().err
    assert error in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before
