"""``docs/rules.md`` is fresh, and what the rules say of themselves is true: their examples are run."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from poolint import docs
from poolint.cli.arguments import parser
from poolint.config import Overrides, Resolver, Selectors
from poolint.rules.base import documentation
from poolint.runner import Options, Runner

if TYPE_CHECKING:
    from poolint.rules.base import Rule

ROOT = Path(__file__).parents[1]
RULES = docs.own_rules()

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.meta.code)


def test_the_page_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert docs.main(["--check"]) == 0, "run `python -m poolint.docs`"


def test_a_stale_page_is_told_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert docs.main(["--check"]) == 1
    assert not docs.PAGE.exists()
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    docs.PAGE.write_text(docs.PAGE.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    assert docs.main(["--check"]) == 1


def test_a_stale_table_in_the_readme_is_told_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / docs.README).read_text(encoding="utf-8")
    docs.README.write_text(text.replace("[POL103]", "[POL999]"), encoding="utf-8")
    docs.main([])
    assert docs.README.read_text(encoding="utf-8") == text
    docs.README.write_text(text.replace("| Leaks |", "| Drips |", 1), encoding="utf-8")
    assert docs.main(["--check"]) == 1


def test_stale_entry_points_are_told_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / docs.PYPROJECT).read_text(encoding="utf-8")
    row = 'POL102 = "poolint.rules.awaits.unawaited_transaction:UnawaitedTransaction"\n'
    assert row in text
    for stale in (text.replace(row, ""), text.replace(row, f'{row}POL199 = "poolint.rules.gone:Gone"\n')):
        docs.PYPROJECT.write_text(stale, encoding="utf-8")
        assert docs.main(["--check"]) == 1
        assert "pyproject.toml is stale" in capsys.readouterr().err
        assert docs.main([]) == 0
        assert docs.PYPROJECT.read_text(encoding="utf-8") == text
    docs.PYPROJECT.write_text("[project]\n", encoding="utf-8")
    assert docs.main(["--check"]) == 0, "another project's settings are left alone"


def test_stale_outputs_are_told_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    docs.ARCHITECTURE.parent.mkdir()
    page = "```python\n# a.py\ndef f():\n    g()\n```\n\n```console\n$ poolint dev dump graph a.py:f\n{}```\n"
    docs.ARCHITECTURE.write_text(page.format("what it printed before\n"), encoding="utf-8")
    assert docs.main(["--check"]) == 1
    assert "docs/architecture.md is stale" in capsys.readouterr().err
    assert docs.main([]) == 0
    fresh = "a.py:1 f\nentry -> g()\ng() -> exit-normal; exception exit-exception\n"
    assert docs.ARCHITECTURE.read_text(encoding="utf-8") == page.format(fresh)


def test_links_of_the_page_lead_somewhere() -> None:
    page = docs.page(RULES)
    assert set(re.findall(r"\]\(#([^)]*)\)", page)) <= headings(page)


PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


@pytest.mark.parametrize("name", PAGES)
def test_pages_name_files_and_tools_that_there_are(name: str) -> None:
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert [one for one in linked if not (page.parent / one).exists()] == []
    tools = set(re.findall(r"poolint dev ([a-z-]+)", text))
    for tool in tools:
        with pytest.raises(SystemExit) as ended:
            parser().parse_args(["dev", tool, "--help"])
        assert ended.value.code == 0


def headings(text: str) -> set[str]:
    """The anchors of a page, as servers of Markdown make them."""
    text = re.sub(r"^(`{3,}).*?^\1`*$", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in found}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_headings_that_there_are(name: str) -> None:
    page = ROOT / name
    for target, anchor in re.findall(r"\]\(([^)#:]*\.md|)#([^)]+)\)", page.read_text(encoding="utf-8")):
        there = (page.parent / target).resolve() if target else page
        assert anchor in headings(there.read_text(encoding="utf-8")), f"{target}#{anchor}"


def test_the_words_of_models_are_all_explained() -> None:
    from typing import get_args

    from poolint.models import words

    for name, found in docs.model_words().items():
        assert list(found) == [one or '""' for one in get_args(getattr(words, name))]
        assert all(found.values()), name
        assert f"<!-- {name}: written by" in (ROOT / docs.EXTENDING).read_text(encoding="utf-8")


def tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # for its dataclasses
    spec.loader.exec_module(module)
    return module


def test_each_page_stands_in_the_menu() -> None:
    listed = {page for pages in tool("documentation").PARTS.values() for page in pages}
    assert listed | {"index"} == {path.stem for path in (ROOT / "docs").glob("*.md")}


def test_the_pictures_are_fresh() -> None:
    pictures = tool("pictures")
    assert pictures.main(["--check"]) == 0, "run `python tools/pictures.py`"
    shown = set(
        re.findall(r"pictures/([\w-]+)\.svg", (ROOT / "docs" / "how-a-pool-dies.md").read_text(encoding="utf-8"))
    )
    assert shown == {chart.name for chart in pictures.CHARTS}


def block(rule: type[Rule], section: str) -> str:
    """The one block of code in a section of a rule's documentation."""
    [code] = re.findall(r"```python\n(.*?)```", documentation(rule).sections[section], re.DOTALL)
    return str(code)


def lay_out(rule: type[Rule], section: str, directory: Path) -> str:
    """The code of a section, written into ``directory`` with the other files that it shows: their first line is a
    comment with their name."""
    text = documentation(rule).sections[section]
    for name, content in re.findall(r"```(?!python)\w+\n# (\S+)\n(.*?)```", text, re.DOTALL):
        (directory / name).write_text(content, encoding="utf-8")
    code = block(rule, section)
    (directory / "example.py").write_text(code, encoding="utf-8")
    return code


def codes(text: str, directory: Path, *also: str) -> list[str]:
    selected = Overrides(Selectors(extend_select=also, origin="--"))
    runner = Runner(Resolver(str(directory), isolated=True, overrides=selected))
    outcome, _ = runner.run_text(text.encode(), str(directory / "example.py"))
    return [one.code for one in outcome.diagnostics]


@each_rule
def test_the_example_is_found(rule: type[Rule], tmp_path: Path) -> None:
    assert codes(lay_out(rule, "Example", tmp_path), tmp_path, rule.meta.code) == [rule.meta.code]


@each_rule
def test_what_to_use_instead_is_clean(rule: type[Rule], tmp_path: Path) -> None:
    assert codes(lay_out(rule, "Use instead", tmp_path), tmp_path, rule.meta.code) == []


@each_rule
def test_the_fix_of_the_example_is_what_to_use_instead(rule: type[Rule], tmp_path: Path) -> None:
    example, instead = block(rule, "Example"), block(rule, "Use instead")
    runner = Runner(Resolver(str(tmp_path), isolated=True), Options(fix=True))
    _, fixed = runner.run_text(example.encode(), str(tmp_path / "example.py"))
    if rule.meta.fix in ("unsafe", "none"):
        assert fixed.decode() == example
    elif rule.meta.fix == "safe":
        assert fixed.decode() == instead
    else:
        assert fixed.decode() in (example, instead)


@each_rule
def test_the_summary_fits_a_line_of_a_table(rule: type[Rule]) -> None:
    assert "\n" not in rule.meta.summary
    assert "|" not in rule.meta.summary
    assert not rule.meta.summary.endswith(".")


def test_what_was_measured_is_told_of_each_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    labels = tmp_path / docs.LABELS
    labels.parent.mkdir()
    told = ["POL101", *["POL202"] * 8]
    rows = [
        f'[[finding]]\ncode = "{code}"\nverdict = "{"act" if at % 4 else "shrug"}"\n' for at, code in enumerate(told)
    ]
    labels.write_text("\n".join(rows), encoding="utf-8")
    page = docs.page(RULES)
    assert "Of 8 findings on real code 6 (75 %) would be acted on, 2 would get a shrug, none are false." in page
    assert "Not measured: of its findings on real code 1 was judged." in page
    assert page.count("of its findings on real code none were judged") == len(RULES) - 2


def test_each_label_is_one_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    counts = docs.verdicts()
    assert counts.keys() <= {rule.meta.code for rule in RULES}
    assert set().union(*counts.values()) <= {"act", "shrug", "false"}
