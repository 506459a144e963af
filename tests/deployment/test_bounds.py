"""Deployment files that nobody writes to be read: each is named and left out, and the others count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from poolint import bounds
from poolint.bounds import Allowance, OverBoundError, check_toml, clipped, whole
from poolint.deployment import documents, gunicorn, helm, shell
from poolint.deployment.values import Place, Word

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Told, Write

    Tell = Callable[..., Told]

GOOD = "web: uvicorn app:app --workers 3\n"
PLACE = Place("/x/a.sh", 1)

DEEP = "lists and mappings stand in each other more than 100 deep; it is not read"
COMMAND = "uvicorn app:app"
LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 400))
MERGES = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(3000)) + "}\n" + "".join(
    f"b{n}: {{<<: *a}}\n" for n in range(300)
)  # fmt: skip
EXTENDED = (
    "services:\n  base:\n    image: app\n    environment:\n"
    + "".join(f"      V{n}: 1\n" for n in range(3000))
    + "".join(f"  s{n}: {{extends: {{service: base}}, environment: {{A: 1}}}}\n" for n in range(150))
)
MANY = "services:\n" + "".join(f"  s{n}: {{image: app}}\n" for n in range(1001))
TOO_MANY = "there are more than 1 000 services; it is not counted"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("compose.yaml", "[" * 50_000, f"compose.yaml:1: {DEEP}"),
        ("compose.yaml", "{" * 50_000, f"compose.yaml:1: {DEEP}"),
        ("compose.yaml", "- " * 50_000, f"compose.yaml:1: {DEEP}"),
        ("compose.yaml", "".join(f"{' ' * n}a:\n" for n in range(300)), f"compose.yaml:101: {DEEP}"),
        ("compose.yaml", CHAIN, f"compose.yaml:100: {DEEP}"),
        ("compose.yaml", LAUGHS, "compose.yaml:7: it has more than 200 000 values, aliases written out; it is not"),
        ("compose.yaml", MERGES, "compose.yaml:34: it has more than 200 000 values, aliases written out; it is not"),
        ("compose.yaml", "--- 1\n" * 1001, "compose.yaml:1001: it has more than 1 000 documents; it is not read"),
        ("compose.yaml", "#" * 1_000_001, "compose.yaml:1: cannot be read: it has more than 1 000 000 bytes"),
        ("compose.yaml", MANY, f"compose.yaml:1: {TOO_MANY}"),
        ("compose.yaml", EXTENDED, "compose.yaml:1: the variables of all services come to more than 200 000; it is"),
        ("app.json", "[" * 50_000, f"app.json:1: {DEEP}"),
        ("app.json", '{"a":' * 50_000, f"app.json:1: {DEEP}"),
        ("chart/values.yaml", "[" * 50_000, f"chart/values.yaml:1: {DEEP}"),
        ("chart/templates/a.yaml", "{{ if .Values.a }}" * 200, "chart/templates/a.yaml:1: the template cannot be rend"),
        (
            "chart/templates/a.yaml",
            "a:\n{{ .Values.text }}\n" * 30,
            "chart/templates/a.yaml:22: the template cannot be ",
        ),
        ("k8s/a.yaml", "apiVersion: v1\nkind: " + "[" * 50_000, f"k8s/a.yaml:2: {DEEP}"),
    ],
)
def test_what_is_over_a_bound_is_named(name: str, text: str, problem: str, write: Write, told: Tell) -> None:
    write("Procfile", GOOD)
    if name.startswith("chart"):
        write("chart/Chart.yaml", "name: app\n")
        write("chart/values.yaml", "a: 1\ntext: " + "x" * 99_000)
    write(name, text)
    found = told()
    assert len(found.problems) == 1
    assert found.problems[0].startswith(problem)
    assert found.numbers("web")[0] == "3 Procfile:1"


def test_variables_that_double_themselves_in_a_dockerfile(write: Write, told: Tell) -> None:
    write("Dockerfile", "FROM python\nENV A=xxxxxxxxxx\n" + f"ENV A={'$A' * 100}\n" * 6 + f"ENV B=1\nCMD {COMMAND}\n")
    found = told()
    why = "ENV cannot be understood: its variables come to more than 100 000 characters"
    assert found.problems == [f"Dockerfile:{row}: {why}" for row in range(5, 9)]
    assert len(found.services["app"].environment["A"].text) == 100_000
    assert found.services["app"].environment["B"].text == "1"


def test_variables_that_double_themselves_in_a_compose_file(write: Write, told: Tell) -> None:
    write(".env", f"A={'x' * 5000}\n")
    write(
        "compose.yaml",
        f"services:\n  web:\n    image: app\n    command: {COMMAND}\n    environment:\n      B: {'$A' * 100}\n      C: 1\n",
    )
    found = told()
    assert found.problems == [
        "compose.yaml:6: cannot be understood: its variables come to more than 100 000 characters"
    ]
    assert set(found.services["web"].environment) == {"C"}


def test_a_large_file_of_variables(write: Write, told: Tell) -> None:
    write(".env", "A=1\n" * 300_000)
    write("compose.yaml", f"services:\n  web:\n    image: app\n    command: {COMMAND}\n")
    assert told().problems == [".env:1: cannot be read: it has more than 1 000 000 bytes"]


@pytest.mark.parametrize("instruction", ["CMD " + "[" * 50_000, "CMD [" + "9" * 5000 + "]"])
def test_an_odd_command_in_a_dockerfile(instruction: str, write: Write, told: Tell) -> None:
    write("Dockerfile", f"FROM python\n{instruction}\n")
    found = told()
    assert not found.problems
    assert len(found.only.others[0][2]) < 300


def test_a_dockerfile_of_too_many_rows(write: Write, told: Tell) -> None:
    write("Procfile", GOOD)
    write("compose.yaml", "services:\n  web:\n    build: .\n")
    write("Dockerfile", "FROM a \\\n" + "b \\\n" * 10_001)
    assert told().problems == ["Dockerfile:1: it has more than 10 000 rows; it is not read"]


def test_scripts_that_start_each_other(write: Write, told: Tell) -> None:
    write("Procfile", f"{GOOD}loop: sh start.sh\n")
    write("start.sh", "sh start.sh\n" * 200)
    found = told()
    assert found.problems == [
        "Procfile:2: the command of `loop` is not followed: the commands that it leads to come to more than 1 000"
    ]
    assert set(found.services) == {"web"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x" * 100_001, "a line has more than 100 000 characters"),
        ("run\n" * 1001, "there are more than 1 000 commands"),
    ],
)
def test_command_lines(text: str, problem: str) -> None:
    found, problems = shell.simple_commands(text, PLACE, {})
    assert len(found) <= 1000
    assert [one.message for one in problems] == [
        f"cannot be understood as a command: {problem}; what follows is not read"
    ]


def test_quotations_are_not_read_again_and_again() -> None:
    """Each row begins a quotation that no row ends: without a bound each is read with a hundred of those behind it."""
    rows = "".join(f"echo {'x' * 200} \"'\"'\n" if number % 2 else f"echo {'x' * 200} $'\n" for number in range(400))
    _, problems = shell.simple_commands(rows, PLACE, {})
    assert all(one.message.startswith("cannot be understood as a command: ") for one in problems)


def test_a_text_is_expanded_up_to_a_bound() -> None:
    environment = {"A": Word("x" * 1000, PLACE)}
    assert len(shell.expanded(Word("$A" * 100, PLACE), environment).text) == 100_000
    with pytest.raises(OverBoundError, match="its variables come to more than 100 000 characters"):
        shell.expanded(Word("$A" * 101, PLACE), environment)
    assert len(shell.expanded(Word("${B:-$A}" * 90, PLACE), environment).text) == 90_000


@pytest.mark.parametrize(
    "text",
    [
        "workers = " + "9" * 5000,
        "workers = " + "-" * 50_000 + "1",
        "workers = x" + ".x" * 50_000,
        "workers = " + "1+" * 50_000 + "1",
        "workers = " + "1+" * 700 + "1",
        "workers = " + "(" * 50_000,
        "workers = 0x" + "f" * 50_000,
        "workers = 10 ** 17\nworkers = 999999999999999999\n" + "workers = workers + workers\n" * 500,
    ],
)
def test_numbers_in_settings_of_gunicorn(text: str, tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text(text)
    figures, problems = gunicorn.settings(str(tmp_path), "", {})
    assert problems or figures["workers"].value in (None, 701)
    assert all(len(one.how) < 300 for one in figures.values())


@pytest.mark.parametrize("digits", [19, 5000])
def test_numbers_of_many_digits(digits: int, write: Write, told: Tell) -> None:
    number = "9" * digits
    write("Procfile", f"web: uvicorn app:app --workers {number}\n")
    write("app.json", json.dumps({"formation": {"web": {"quantity": "NUMBER"}}}).replace('"NUMBER"', number))
    write("postgresql.conf", f"max_connections = {number}\n")
    found = told()
    assert found.numbers("web") == ("? Procfile:1", "? app.json:1")
    assert found.server[0] == "? postgresql.conf:1"
    assert len(found.services["web"].processes.how) < 120


def test_of_each_file_some_problems_are_told(write: Write, told: Tell) -> None:
    write("Procfile", "broken\n" * 500)
    problems = told().problems
    assert len(problems) == bounds.MAX_PROBLEMS + 1
    assert problems[-1] == "Procfile:21: there is more in this file that cannot be understood"


def test_a_merge_key_and_other_keys() -> None:
    [document], problems = documents.load(
        "/x/a.yaml", "a: &a {x: 1, y: 2, ~: 5}\nb: {<<: *a, y: 3}\nc:\n  <<: [*a, {y: 4, z: 5}]\n'<<': 6\n*a : 7\n"
    )
    assert not problems
    told = {key: {name: one.text for name, one in node.fields.items()} for key, node in document.fields.items()}
    assert told["a"] == {"x": "1", "y": "2", "~": "5"}
    assert told["b"] == {"x": "1", "y": "3", "~": "5"}
    assert told["c"] == {"x": "1", "y": "2", "z": "5", "~": "5"}
    assert document.get("<<").text == "6"


def test_comments_and_actions_of_templates() -> None:
    chart = helm._Rendering("app", documents.Node(PLACE))
    text = "a: 1{{/* one\ntwo */}}\n{{- /* x */ -}}\n{{/* not closed }}\nb: {{ .Chart.Name }}{{ 'x\n"
    assert chart.rendered(text)[0].split("\n") == ["a: 1", "", "", "", "b: app{{ 'x", ""]
    assert list(helm._actions("{{" * 5 + " a }}-{{- b -}}")) == [(0, 15, "{{{{{{{{ a"), (16, 25, "b")]


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("[tool.poolint]\nx = " + "[" * 1000, 2, "[tool.poolint] 'x' is nested more than 100 deep"),
        ("[tool.poolint]\nx = " + "{a = " * 1000, 2, "[tool.poolint] 'x' is nested more than 100 deep"),
        (
            "[tool.poolint]\n\na" + ".a" * 1000 + " = 1",
            3,
            f"[tool.poolint] 'a{'.a' * 19}.'… (100 characters) is nested more than 100 deep",
        ),
        ("[" + "a." * 1000 + "a]\n", 1, f"'[{'a.' * 19}a'… (100 characters) is nested more than 100 deep"),
        ("x = 1\n[a]\ny = -" + "9" * 100_000, 3, "[a] 'y' is a number of 100 000 digits"),
        ("y = [[1], 1_" + "9" * 100_000 + "]", 1, "'y' is a number of 100 001 digits"),
        ("#" * 1_000_001, 0, "it has more than 1 000 000 characters"),
    ],
)
def test_toml_that_its_readers_die_of(text: str, row: int, message: str) -> None:
    with pytest.raises(OverBoundError) as raised:
        check_toml(text)
    assert (raised.value.row, str(raised.value)) == (row, message)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 100 + "]" * 100 + "\ny = [" + "1.5, " * 5000 + "]\n",
        'x = """' + "[" * 500 + '"""\ny = \'' + "{" * 500 + "'\n# " + "[" * 500 + '\nz = "' + "9" * 5000 + '"\n',
        '"""' * 10_001,
        "a = [\n" + "  {b.c.d = 1.5},\n" * 1000 + "]\n",
    ],
)
def test_toml_that_is_left_to_its_reader(text: str) -> None:
    check_toml(text)


def test_small_things() -> None:
    assert (whole(" 12 "), whole("9" * 18), whole("9" * 19), whole("-1"), whole("")) == (
        12,
        10**18 - 1,
        None,
        None,
        None,
    )
    assert clipped("x" * 100) == f"'{'x' * 40}'… (100 characters)"
    assert clipped(10**5000) == "a value that is too large to be shown"
    assert clipped([1] * 100).endswith("…")
    allowance = Allowance(3, "things")
    allowance.spend(3)
    with pytest.raises(OverBoundError, match="things come to more than 3"):
        allowance.spend(1)
