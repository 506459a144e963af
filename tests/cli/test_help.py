"""What helps show, what is said of what nobody knows, completions and the man page."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from poolint.cli.arguments import parser
from poolint.cli.examples import EXAMPLES
from poolint.cli.main import COMMANDS, main
from poolint.cli.parsing import commands

ROOT = Path(__file__).parents[2]


def said(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(list(arguments))
    except SystemExit as end:
        code = int(end.code or 0)
    return (code, *capfd.readouterr())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("check --selct POL1", "unknown option '--selct' (did you mean '--select'?)"),
        ("check --selct=POL1 .", "unknown option '--selct' (did you mean '--select'?)"),
        ("--outputformat json", "unknown option '--outputformat' (did you mean '--output-format'?)"),
        ("why --fix a.py:1", "unknown option '--fix'; it is an option of `poolint check`"),
        ("check --qqqqqq", "unknown option '--qqqqqq'\n"),
        ("dev dmp graph", "unknown 'dmp' (did you mean 'dump'?)"),
        ("check --color=alwys", "unknown 'alwys' (did you mean 'always'?)"),
        ("check --certainty maybe", "unknown 'maybe'; there are certain, possible"),
        ("merge a.json --output-formt json", "unknown option '--output-formt' (did you mean '--output-format'?)"),
        ("rule POL202 more", "unexpected argument 'more'"),
        ("chek", "there is no command and no file 'chek' (did you mean 'check'?)"),
        ("baselin --renew", "there is no command and no file 'baselin' (did you mean 'baseline'?)"),
        ("rule POL22", "unknown rule 'POL22' (did you mean "),
        ("rule leak-on-exceptoin", "unknown rule 'leak-on-exceptoin' (did you mean 'leak-on-exception'?)"),
        ("config extend-exclud", "unknown setting 'extend-exclud' (did you mean 'extend-exclude'?)"),
        ("completions bahs", "no completions for 'bahs' (did you mean 'bash'?)"),
    ],
)
def test_the_nearest_is_named(
    line: str, told: str, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = said(capfd, *shlex.split(line))
    assert (code, out) == (2, "")
    assert told in err


def test_a_file_may_have_nearly_the_name_of_a_command(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.py").write_text("x = 1\n")
    assert said(capfd, "rules")[0] == 0


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_each_help_has_examples_that_can_be_typed(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capfd, *filter(None, [command]), "--help")
    assert code == 0
    assert EXAMPLES[command]
    for line, what in EXAMPLES[command]:
        assert line in out
        assert what in out
        words = shlex.split(line.partition(" > ")[0].rpartition("| ")[2])
        assert words[0] == "poolint"
        if words[1] in COMMANDS:
            assert parser().parse_args(words[1:]).command == (command or words[1])
    assert "See also:" in out


def test_all_commands_are_known_and_have_examples() -> None:
    assert list(commands(parser())) == list(COMMANDS)
    assert EXAMPLES.keys() == {"", *COMMANDS}


def test_the_hooks_of_pre_commit_name_commands_and_options_that_there_are() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {one["id"] for one in hooks} >= {"poolint", "poolint-fix", "poolint-changed", "poolint-config"}
    for one in hooks:
        words = one["entry"].split()
        assert words[0] == "poolint"
        parser().parse_args([*words[1:], *one.get("args", [])])
    [config] = [one for one in hooks if one["id"] == "poolint-config"]
    for name, is_meant in (
        ("pyproject.toml", True),
        ("a/.poolint.toml", True),
        ("poolint.toml", True),
        ("a.toml", False),
    ):
        assert bool(re.search(config["files"], name)) == is_meant


def completed(script: Path, words: str) -> list[str]:
    """What bash offers for the last of some words."""
    parts = words.split(" ")
    line = (
        f"source {script}; COMP_WORDS=({words} ''); COMP_CWORD={len(parts) - 1}; _shtab_poolint; echo ${{COMPREPLY[@]}}"
    )
    ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("shtab")
    code, out, _ = said(capfd, "completions", "bash")
    assert code == 0
    script = tmp_path / "poolint.bash"
    script.write_text(out)
    assert completed(script, "poolint ho") == ["holds"]
    assert completed(script, "poolint check --extend-ex") == ["--extend-exclude"]
    assert completed(script, "poolint check --certainty ") == ["certain", "possible"]


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_get_their_script(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    code, out, _ = said(capfd, "completions", shell)
    assert code == 0
    assert "extend-exclude" in out


def test_what_only_some_commands_need_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    script = (
        "import sys; from poolint.cli.main import main; main(['check', 'a.py']);"
        "print(sorted(one for one in sys.modules if one in ('argparse', 'shtab', 'typing', 'jsonschema')"
        " or one.startswith('poolint.config')))"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = ran.stdout.splitlines()[-1]
    assert "argparse" not in loaded
    assert "'typing'" not in loaded, "it takes a tenth of such a run"
    assert "shtab" not in loaded
    ours = {one for one in loaded.strip("[]").replace("'", "").split(", ") if one.startswith("poolint.config.")}
    assert ours == {f"poolint.config.{one}" for one in ("key", "resolver", "settings", "words")}


def test_the_man_page_is_fresh() -> None:
    pytest.importorskip("argparse_manpage")
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "manpage.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
