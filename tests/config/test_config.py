"""What ``[tool.poolint]`` may say, where it is looked for, and what is said when it cannot be used."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from poolint.config import DEFAULT_EXCLUDE, ConfigError, Overrides, Resolver, Selectors, load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(directory: Path, text: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "pyproject.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(directory: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(str(directory))
    return str(caught.value)


def test_every_key(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        [tool.poolint]
        select = ["POL1", "POL201"]
        ignore = ["POL104"]
        extend-select = ["POL4"]
        extend-ignore = ["POL401"]
        exclude = ["old"]
        extend-exclude = ["older"]
        force-exclude = true
        certainty = "possible"
        [tool.poolint.per-file-ignores]
        "tests/*" = ["POL3"]
        """,
    )
    settings = load(str(tmp_path))
    assert settings.select == ("POL1", "POL201")
    assert settings.ignore == ("POL104",)
    assert settings.extend_select == ("POL4",)
    assert settings.extend_ignore == ("POL401",)
    assert settings.per_file_ignores == (("tests/*", ("POL3",)),)
    assert settings.excluded == ("old", "older")
    assert settings.force_exclude
    assert settings.certainty == "possible"
    assert settings.root == str(tmp_path)
    assert settings.source == str(file)


def test_without_a_table_the_defaults_hold_below_the_nearest_project(tmp_path: Path) -> None:
    write(tmp_path, "[project]\nname = 'x'\n")
    inner = tmp_path / "src" / "x"
    inner.mkdir(parents=True)
    settings = load(str(inner))
    assert settings.select is None
    assert settings.exclude == DEFAULT_EXCLUDE
    assert settings.root == str(tmp_path)
    assert settings.source == ""


def test_the_nearest_table_wins_and_a_nearer_file_without_one_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, "[tool.poolint]\nselect = ['POL1']\n")
    write(tmp_path / "a", "[tool.poolint]\nselect = ['POL2']\n")
    write(tmp_path / "a" / "b", "[tool.other]\npoolint = 1  # not tool.poolint\n")
    write(tmp_path / "c", "[project]\nname = 'c'\n")
    resolver = Resolver(str(tmp_path))
    assert resolver.for_file(str(tmp_path / "a" / "b" / "x.py")).select == ("POL2",)
    assert resolver.for_file(str(tmp_path / "c" / "x.py")).select == ("POL1",)
    assert resolver.for_file(str(tmp_path / "x.py")) is resolver.for_file(str(tmp_path / "c" / "y.py"))


def test_isolated_reads_nothing(tmp_path: Path) -> None:
    write(tmp_path, "[tool.poolint]\nselct = [")
    assert load(str(tmp_path), isolated=True).select is None


def test_toml_that_does_not_concern_us_is_not_even_parsed(tmp_path: Path) -> None:
    write(tmp_path, "[tool.other]\nbroken = [")
    assert load(str(tmp_path)).source == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("selct = []", "pyproject.toml: [tool.poolint] unknown key 'selct' (did you mean 'select'?)"),
        ("extend_select = []", "[tool.poolint] unknown key 'extend_select' (did you mean 'extend-select'?)"),
        ("zzz = 1", "pyproject.toml: [tool.poolint] unknown key 'zzz'"),
        ("select = 'POL1'", "[tool.poolint] 'select' must be a list of strings, not a string"),
        ("ignore = [1]", "[tool.poolint] 'ignore' must be a list of strings; it has a number in it: 1"),
        ("exclude = 2020-01-01", "[tool.poolint] 'exclude' must be a list of strings, not a date or time"),
        ("force-exclude = 'yes'", "[tool.poolint] 'force-exclude' must be true or false, not a string"),
        ("certainty = 'sure'", "[tool.poolint] 'certainty' must be 'certain' or 'possible', not 'sure'"),
        ("per-file-ignores = []", "[tool.poolint] 'per-file-ignores' must be a table from pattern to list, not a list"),
        (
            "per-file-ignores = {'a.py' = 'POL1'}",
            "[tool.poolint] 'per-file-ignores.a.py' must be a list of strings, not a string",
        ),
        (
            "exclude = ['gen', '[z-a].py']",
            "[tool.poolint] 'exclude' has the pattern '[z-a].py', which means nothing: `z-a` in brackets has its end",
        ),
        (
            "extend-exclude = ['a{b']",
            "'extend-exclude' has the pattern 'a{b', which means nothing: a `{` is not closed",
        ),
        ("exclude = ['a\\u0000b']".replace("'", '"'), "'exclude' has a NUL character in it: 'a\\x00b'"),
        ("per-file-ignores = {'[' = ['POL1']}", "[tool.poolint] 'per-file-ignores' has the pattern '[', which means"),
    ],
)
def test_a_bad_key_or_value_is_named(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, f"[tool.poolint]\n{text}\n")
    message = refusal(tmp_path)
    assert told in message
    assert message.startswith("pyproject.toml: ")
    assert "\n" not in message


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "[tool]\npoolint = 3 # tool.poolint\n")
    assert refusal(tmp_path) == "pyproject.toml: [tool] 'poolint' must be a table, not a number"


def test_broken_toml_is_told_with_its_row(tmp_path: Path) -> None:
    write(tmp_path / "a", "[tool.poolint]\nselect = ['POL1']\nignore = [\n")
    message = refusal(tmp_path / "a")
    assert message.startswith(("a/pyproject.toml:4: broken TOML: ", "a/pyproject.toml:3: broken TOML: "))
    (tmp_path / "a" / "pyproject.toml").write_bytes(b"[tool.poolint]\n\n# \xff\n")
    assert refusal(tmp_path / "a") == "a/pyproject.toml:3: broken TOML: not UTF-8"


def test_the_same_refusal_each_time_and_no_harm_to_siblings(tmp_path: Path) -> None:
    write(tmp_path / "a", "[tool.poolint]\nselct = []\n")
    (tmp_path / "b").mkdir()
    resolver = Resolver(str(tmp_path))
    errors = []
    for name in ("x.py", "y.py", "z/y.py"):
        with pytest.raises(ConfigError) as caught:
            resolver.for_file(str(tmp_path / "a" / name))
        errors.append(caught.value)
    assert errors[0] is errors[1] is errors[2]
    assert resolver.for_file(str(tmp_path / "b" / "x.py")).select is None


def test_the_command_line_lies_over_every_file(tmp_path: Path) -> None:
    write(tmp_path, "[tool.poolint]\ncertainty = 'possible'\nselect = ['POL1']\n")
    selectors = Selectors(ignore=("POL101",), origin="--")
    overrides = Overrides(selectors, {"force_exclude": True, "certainty": "certain"})
    settings = Resolver(str(tmp_path), overrides=overrides).for_directory(str(tmp_path))
    assert (settings.certainty, settings.force_exclude) == ("certain", True)
    file, command_line = settings.layers()
    assert (file.select, file.origin) == (("POL1",), "pyproject.toml: [tool.poolint] ")
    assert command_line is selectors


def test_settings_can_be_sent_to_another_process(tmp_path: Path) -> None:
    write(tmp_path, "[tool.poolint]\nselect = ['POL1']\n")
    copy = pickle.loads(pickle.dumps(load(str(tmp_path))))
    assert (copy.select, copy.root) == (("POL1",), str(tmp_path))
    assert copy.layers()[0].select == ("POL1",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("certainty = " + "9" * 100_000, "pyproject.toml:2: [tool.poolint] 'certainty' is a number of 100 000 digits"),
        ("x = " + "[" * 1000 + "]" * 1000, "pyproject.toml:2: [tool.poolint] 'x' is nested more than 100 deep"),
        ("x = " + "{a = " * 1000, "pyproject.toml:2: [tool.poolint] 'x' is nested more than 100 deep"),
        ("#" * 1_000_000, "pyproject.toml: it has more than 1 000 000 characters"),
        ("models = ['a\\u0000b']".replace("'", '"'), "[tool.poolint] 'models' has a NUL character in it: 'a\\x00b'"),
        ("budget.files = ['\\u0000']".replace("'", '"'), "[tool.poolint.budget] 'files' has a NUL character in it: "),
        ("budget.files = ['**/**/**/a']", "'files' has '**/**/**/a' in it: `**` may stand there 2 times"),
        ("budget.reserve = 0x" + "f" * 50_000, "'reserve' must be a number from 0, not a value that is too large"),
        ("budget.reserve = 9999999999999999999", "'reserve' must be a number from 0, not 9999999999999999999"),
        ("x" * 5000 + " = 1", f"[tool.poolint] unknown key '{'x' * 40}'… (5 000 characters)"),
        ("x = 2020-13-41", "pyproject.toml:2: broken TOML: "),
    ],
)
def test_settings_beyond_measure(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, f"[tool.poolint]\n{text}\n")
    message = refusal(tmp_path)
    assert told in message
    assert "\n" not in message
    assert len(message) < 300


def test_a_byte_order_mark_is_taken_and_other_encodings_are_not(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.poolint]\nselect = ['POL1']\n", encoding="utf-8-sig")
    assert load(str(tmp_path)).select == ("POL1",)
    (tmp_path / "pyproject.toml").write_text("[tool.poolint]\nselect = ['POL1']\n", encoding="utf-16")
    assert refusal(tmp_path) == "pyproject.toml:1: broken TOML: not UTF-8"
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.poolint]\n# \xff\n")
    assert refusal(tmp_path) == "pyproject.toml:2: broken TOML: not UTF-8"
