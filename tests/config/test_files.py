"""Files with settings beside ``pyproject.toml``, what they extend, and settings that are given on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolint import __version__
from poolint.cli.arguments import parser
from poolint.cli.flags import overrides
from poolint.config import ConfigError, Resolver, Settings, load

OURS = "[tool.poolint]\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POOLINT_CONFIG", raising=False)


def write(name: str, text: str) -> Path:
    file = Path.cwd() / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def refusal(start: str = ".") -> str:
    with pytest.raises(ConfigError) as caught:
        load(start)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def given(*arguments: str, start: str = ".") -> Settings:
    """The settings of a run with some options."""
    options = parser().parse_args(["check", *arguments])
    return Resolver(str(Path.cwd()), options.isolated, overrides(options)).for_directory(start)


def selected(settings: Settings) -> list[tuple[str, tuple[str, ...] | None, tuple[str, ...]]]:
    return [(one.origin.strip(), one.select, one.ignore) for one in settings.layers()]


class TestFiles:
    @pytest.mark.parametrize("name", ["poolint.toml", ".poolint.toml"])
    def test_keys_stand_without_a_prefix(self, tmp_path: Path, name: str) -> None:
        file = write(name, 'select = ["POL1"]\n[per-file-ignores]\n"a.py" = ["POL2"]\n[nested-checkout]\nx = 1\n')
        settings = load(str(tmp_path))
        assert (settings.select, settings.source, settings.root) == (("POL1",), str(file), str(tmp_path))
        assert settings.ignored == (("a.py", ("POL2",)),)
        assert settings.rule_tables == {"nested-checkout": {"x": 1}}
        assert settings.place("nested-checkout") == f"{name}: [nested-checkout]"

    def test_which_of_several_in_one_folder_counts(self, tmp_path: Path) -> None:
        write("pyproject.toml", f'{OURS}select = ["POL1"]\n')
        write("poolint.toml", 'select = ["POL2"]\n')
        assert load(str(tmp_path)).select == ("POL2",)
        write(".poolint.toml", 'select = ["POL3"]\n')
        assert load(str(tmp_path)).select == ("POL3",)

    def test_the_nearest_folder_counts_whatever_its_file_is_called(self, tmp_path: Path) -> None:
        write("poolint.toml", 'select = ["POL1"]\n')
        write("a/pyproject.toml", f'{OURS}select = ["POL2"]\n')
        write("a/b/poolint.toml", "")
        resolver = Resolver(str(tmp_path))
        assert resolver.for_file("x.py").select == ("POL1",)
        assert resolver.for_file("a/x.py").select == ("POL2",)
        assert resolver.for_file("a/b/c/x.py").select is None
        assert resolver.for_file("a/b/c/x.py").root == str(tmp_path / "a" / "b")

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("selct = []", "poolint.toml: unknown key 'selct' (did you mean 'select'?)"),
            ("cache = 1", "poolint.toml: 'cache' must be true or false, not a number"),
            ("select = [", "poolint.toml:1: broken TOML"),
            ("\n[tool.poolint]\nselect = []", "poolint.toml:2: [tool.poolint] is for pyproject.toml; here keys stand"),
            (
                "[lint]\nselect = ['POL']",
                "poolint.toml:1: there is no table [lint]: 'select' belongs in the top of the",
            ),
            ("budget.reserve = 'x'", "poolint.toml: [budget] 'reserve' must be a number"),
            ("required-version = 3", "poolint.toml: 'required-version' must be a string, not a number"),
        ],
    )
    def test_what_cannot_be_used(self, text: str, told: str) -> None:
        write("poolint.toml", text)
        assert told in refusal()

    def test_a_habit_from_elsewhere_is_answered(self) -> None:
        write("pyproject.toml", "[project]\n\n[tool.poolint.lint]\nselect = ['POL']\nignore = []\n")
        told = "pyproject.toml:3: there is no table [tool.poolint.lint]: 'select', 'ignore' belongs in [tool.poolint]"
        assert refusal() == told

    def test_what_the_deployment_is_known_to_be_is_found_by_its_row(self) -> None:
        write("poolint.toml", "\n[budget]\nmax-connections = 7\n")
        declared = load(".").budget
        assert declared is not None
        assert declared.max_connections is not None
        assert declared.max_connections.place.row == 3


class TestExtend:
    def test_what_is_added_to_and_what_is_replaced(self, tmp_path: Path) -> None:
        write(
            "base.toml",
            'select = ["POL1"]\nignore = ["POL101"]\ncertainty = "possible"\nextend-exclude = ["a"]\n'
            '[per-file-ignores]\n"x.py" = ["POL1"]\n[nested-checkout]\nlimit = 1\nother = 2\n',
        )
        write(
            "pyproject.toml",
            f'{OURS}extend = "base.toml"\nignore = ["POL102"]\nextend-exclude = ["b"]\n'
            '[tool.poolint.per-file-ignores]\n"y.py" = ["POL2"]\n[tool.poolint.nested-checkout]\nlimit = 3\n',
        )
        settings = load(str(tmp_path))
        assert selected(settings)[:2] == [
            ("base.toml:", ("POL1",), ("POL101",)),
            ("pyproject.toml: [tool.poolint]", None, ("POL102",)),
        ]
        assert settings.certainty == "possible"
        assert settings.extend_exclude == ("a", "b")
        assert settings.ignored == (("y.py", ("POL2",)),)
        assert settings.rule_tables == {"nested-checkout": {"limit": 3, "other": 2}}
        assert settings.origins["extend_exclude"] == ("base.toml", "pyproject.toml")

    def test_patterns_and_paths_begin_where_they_are_written(self, tmp_path: Path) -> None:
        from poolint.discovery import Discovery
        from poolint.selection import ignored_in

        write(
            "pyproject.toml",
            f'{OURS}extend-exclude = ["service/gen", "*/made", "old.py"]\nmodels = ["m.toml"]\n'
            '[tool.poolint.per-file-ignores]\n"*/tests/*" = ["POL4"]\n',
        )
        write("service/poolint.toml", 'extend = "../pyproject.toml"\n')
        for name in ("a.py", "gen/b.py", "made/c.py", "d/old.py", "tests/t.py"):
            write(f"service/{name}", "")
        resolver = Resolver(str(tmp_path))
        found = [Path(one).name for one in Discovery(resolver).files(["service"])]
        assert found == ["a.py", "t.py"]
        settings = resolver.for_directory("service")
        assert settings.models == (str(tmp_path / "m.toml"),)
        assert ignored_in(settings, str(tmp_path / "service" / "tests" / "t.py")) == ("POL4",)
        assert ignored_in(settings, str(tmp_path / "service" / "a.py")) == ()

    def test_over_several_files_home_and_variables(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("SHARED", str(tmp_path / "shared"))
        write("home/one.toml", 'extend = "$SHARED/two.toml"\n')
        write("shared/two.toml", "strict-noqa = true\n")
        write("poolint.toml", 'extend = "~/one.toml"\n')
        assert load(str(tmp_path)).strict_noqa

    def test_no_such_file(self) -> None:
        write("pyproject.toml", f'[project]\nname = "x"\n{OURS}select = ["POL"]\nextend = "../no.toml"\n')
        assert refusal() == "pyproject.toml:5: 'extend' names '../no.toml', and there is no such file"
        write("a/poolint.toml", "\nextend = '../b/none.toml'\n")
        assert refusal("a") == "a/poolint.toml:2: 'extend' names '../b/none.toml', and there is no such file"

    def test_circles(self) -> None:
        write("poolint.toml", 'extend = "a.toml"\n')
        write("a.toml", '# from elsewhere\nextend = "b.toml"\n')
        write("b.toml", 'extend = "a.toml"\n')
        assert refusal() == "b.toml:1: 'extend' goes in a circle: a.toml → b.toml → a.toml"
        write("poolint.toml", 'extend = "poolint.toml"\n')
        assert refusal() == "poolint.toml:1: 'extend' goes in a circle: poolint.toml → poolint.toml"

    def test_errors_name_the_file_that_has_them(self) -> None:
        write("poolint.toml", 'extend = "a.toml"\n')
        write("a.toml", "cache = 3\n")
        assert refusal() == "a.toml: 'cache' must be true or false, not a number"


class TestVersion:
    @pytest.mark.parametrize("wanted", [f"=={__version__}", __version__, ">=0.0.1", "<99,!=50.0"])
    def test_that_fit(self, tmp_path: Path, wanted: str) -> None:
        write("poolint.toml", f'required-version = "{wanted}"\n')
        assert load(str(tmp_path)).required_version == wanted

    @pytest.mark.parametrize("wanted", ["==99.1", ">=99", f"!={__version__}", f"<{__version__}"])
    def test_that_do_not_fit_are_told_before_all_else(self, wanted: str) -> None:
        write("pyproject.toml", f'{OURS}key-of-the-future = 1\nrequired-version = "{wanted}"\n')
        assert refusal() == f"pyproject.toml:3: 'required-version' is '{wanted}', and this is poolint {__version__}"

    def test_that_are_none(self) -> None:
        write("poolint.toml", 'required-version = "new"\n')
        assert refusal() == "poolint.toml:1: 'required-version' says nothing of versions: 'new'"


class TestCommandLine:
    def test_one_file_for_all(self, tmp_path: Path) -> None:
        write("poolint.toml", 'select = ["POL1"]\n')
        write("ci/strict.toml", 'certainty = "possible"\nextend-exclude = ["gen/x"]\n')
        settings = given("--config", "ci/strict.toml")
        assert (settings.select, settings.certainty, settings.root) == (None, "possible", str(tmp_path))
        assert settings.extend_exclude == ("gen/x",)

    def test_settings_one_by_one(self, tmp_path: Path) -> None:
        write("poolint.toml", 'select = ["POL1"]\ncertainty = "certain"\n[nested-checkout]\na = 1\nb = 1\n')
        arguments = [
            "--config",
            'certainty="possible"',
            "--config",
            "nested-checkout.b = 2",
            "--config=ignore=['POL2']",
        ]
        settings = given(*arguments)
        assert (settings.certainty, settings.root) == ("possible", str(tmp_path))
        assert settings.rule_tables == {"nested-checkout": {"a": 1, "b": 2}}
        assert settings.place("nested-checkout") == "--config: [nested-checkout]"
        assert selected(settings)[0] == ("poolint.toml:", ("POL1",), ())
        assert selected(settings)[3] == ("--config:", None, ("POL2",))
        assert given(*arguments, "--certainty=certain").certainty == "certain", "options of their own go over it"
        assert given("--isolated", *arguments).select is None
        assert given("--isolated", *arguments).certainty == "possible"

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["no.toml"], "--config: no.toml: no such file"),
            (["a.toml", "b.toml"], "--config: a.toml and b.toml cannot both hold the settings"),
            (["certainty=possible"], "--config: 'certainty=possible' is neither a file nor a key with a value as TOML"),
            ([""], "--config: an empty setting was given: is a variable not set?"),
            (["selct = []"], "--config: unknown key 'selct' (did you mean 'select'?)"),
            (["cache = 1"], "--config: 'cache' must be true or false, not a number"),
            (["extend = 'a.toml'"], "--config: 'extend' is for files"),
            (["required-version = '>9'"], f"--config: 'required-version' is '>9', and this is poolint {__version__}"),
            (["pyproject.toml"], "--config: pyproject.toml: there is no table [tool.poolint] in it"),
        ],
    )
    def test_what_cannot_be_meant(self, arguments: list[str], told: str) -> None:
        write("a.toml", "")
        write("b.toml", "")
        write("pyproject.toml", "[project]\n")
        with pytest.raises(ConfigError) as caught:
            given(*(part for one in arguments for part in ("--config", one)))
        assert told in str(caught.value)

    def test_no_file_and_one_are_not_both_meant(self) -> None:
        write("a.toml", "")
        with pytest.raises(ConfigError) as caught:
            given("--isolated", "--config", "a.toml")
        assert "--config=a.toml cannot be used with --isolated" in str(caught.value)

    def test_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write("poolint.toml", 'select = ["POL1"]\n')
        write("a.toml", 'select = ["POL2"]\n')
        write("b.toml", 'select = ["POL3"]\n')
        monkeypatch.setenv("POOLINT_CONFIG", "a.toml")
        assert load(str(tmp_path)).select == ("POL2",)
        assert given("--config", "b.toml").select == ("POL3",)
        assert given("--isolated").select is None
        monkeypatch.setenv("POOLINT_CONFIG", "none.toml")
        assert refusal() == "POOLINT_CONFIG: none.toml: no such file"


class TestTarget:
    """The oldest version of Python is what the metadata of the project say, where no setting says it."""

    @pytest.mark.parametrize(
        ("says", "target"),
        [
            ('requires-python = ">=3.11"', (3, 11)),
            ("requires-python='>=3.10.4,<4'  # why", (3, 10)),
            ('requires-python = "~=3.12"', (3, 12)),
            ('requires-python = "==3.13.*"', (3, 13)),
            ('requires-python = ">3.9"', (3, 9)),
            ('requires-python = ">=3.8 , !=3.9.0"', (3, 8)),
            ('requires-python = "<4"', None),
            ('requires-python = ">=2.7"', None),
            ('requires-python = ">=3"', None),
            ('requires-python = ">=4.1"', None),
            ('requires-python = "new ones"', None),
            ("requires-python = 3", None),
            ('[other]\nrequires-python = ">=3.11"', None),
            ('dynamic = ["requires-python"]', None),
        ],
    )
    def test_what_the_metadata_say(self, says: str, target: tuple[int, int] | None) -> None:
        write("pyproject.toml", f'[build-system]\nrequires = []\n\n[project]  # ours\nname = "shop"\n{says}\n')
        assert load(".").target == target

    def test_who_is_asked(self) -> None:
        project = '[project]\nrequires-python = ">=3.11"\n'
        write("pyproject.toml", f'{project}{OURS}target-version = "py312"\n')
        assert load(".").target == (3, 12)
        write("pyproject.toml", f"{project}{OURS}")
        write("poolint.toml", "")
        assert load(".").target == (3, 11)
        assert given("--target-version=py310").target == (3, 10)
        assert given("--config=target-version='py313'").target == (3, 13)
        assert given("--isolated").target is None
        write("own/poolint.toml", "")
        assert load("own").target is None  # the folder has settings of its own, and metadata of its own
        assert given("--config=own/poolint.toml").target == (3, 11)  # paths begin here

    def test_where_nothing_speaks_of_us(self) -> None:
        write("a/pyproject.toml", '[project]\nrequires-python = ">=3.11"\nthis is no TOML\n')
        write("a/b/c.py", "")
        assert load("a/b").target == (3, 11)
        assert load(".").target is None
