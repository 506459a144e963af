"""House rules that no type checker holds: which part may import which, how long files get, what stays unloaded."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "poolint"
FILES = sorted(PACKAGE.rglob("*.py"))

# Each room (a package or module right below poolint) from the top to the bottom of the house, and those that it may
# import; itself, `__version__`, `files`, `recording` and `trees` always. One way only: a finding is made further down than it is
# judged, and what a finding rests on knows nothing of rules.
MAY_IMPORT: dict[str, set[str]] = {
    "__main__": {"cli"},
    "cli": {
        "baseline",
        "budget",
        "cache",
        "config",
        "decisions",
        "deployment",
        "dev",
        "diagnostics",
        "discovery",
        "explain",
        "explanations",
        "fixes",
        "fleet",
        "options",
        "outcome",
        "output",
        "process",
        "rules",
        "runner",
        "selection",
        "server",
        "suppression",
        "text",
        "unit",
        "workers",
    },
    "server": {
        "config",
        "decisions",
        "diagnostics",
        "discovery",
        "engine",
        "explain",
        "explanations",
        "fixes",
        "integrations",
        "reporting",
        "rules",
        "suppression",
        "text",
    },
    "dev": {
        "analyses",
        "config",
        "detect",
        "diagnostics",
        "engine",
        "explain",
        "flow",
        "models",
        "rules",
        "syntax",
        "text",
        "types",
    },
    "integrations": {
        "baseline",
        "cache",
        "config",
        "crashes",
        "diagnostics",
        "outcome",
        "reporting",
        "rules",
        "runner",
        "runtime",
        "selection",
        "suppression",
        "text",
    },
    # It runs in the processes of others: nothing of the analysis comes in.
    "runtime": set(),
    "docs": {"cli", "config", "models", "options", "relaxations", "rules"},
    "explain": {
        "analyses",
        "budget",
        "config",
        "configuration",
        "crashes",
        "deployment",
        "detect",
        "diagnostics",
        "discovery",
        "engine",
        "flow",
        "judgement",
        "models",
        "options",
        "relaxations",
        "rules",
        "selection",
        "suppression",
        "syntax",
        "text",
        "types",
    },
    "unit": {"bounds", "config", "decisions", "discovery", "output", "roots", "runner"},
    "fleet": {"config", "output", "tables"},
    "baseline": {"config", "diagnostics", "output"},
    "output": {"config", "diagnostics", "explanations", "selection", "text"},
    "explanations": {"options", "rules"},
    # What every worker will need is loaded before the first is forked.
    "workers": {
        "analyses",
        "bounds",
        "config",
        "detect",
        "diagnostics",
        "judgement",
        "models",
        "outcome",
        "process",
        "runner",
        "text",
    },
    "runner": {
        "cache",
        "bounds",
        "config",
        "crashes",
        "diagnostics",
        "discovery",
        "engine",
        "fixes",
        "mentions",
        "outcome",
        "reporting",
        "rules",
        "screen",
        "selection",
        "text",
    },
    "cache": {
        "analyses",
        "bounds",
        "config",
        "diagnostics",
        "engine",
        "mentions",
        "outcome",
        "screen",
        "syntax",
        "text",
    },
    "outcome": {"config", "diagnostics", "engine", "rules", "screen", "text"},
    "reporting": {
        "config",
        "diagnostics",
        "fixes",
        "grading",
        "mentions",
        "outcome",
        "rules",
        "selection",
        "suppression",
        "text",
    },
    "decisions": {"diagnostics"},
    "grading": {"config", "diagnostics", "selection"},
    "engine": {
        "analyses",
        "bounds",
        "config",
        "configuration",
        "crashes",
        "detect",
        "diagnostics",
        "judgement",
        "models",
        "options",
        "roots",
        "rules",
        "screen",
        "selection",
        "syntax",
        "text",
        "traces",
    },
    "judgement": {
        "analyses",
        "crashes",
        "detect",
        "diagnostics",
        "fixes",
        "fixes.holding",
        "fixes.plans",
        "fixes.release",
        "options",
        "relaxations",
        "rules",
        "syntax",
        "text",
        "types",
    },
    "suppression": {"config", "diagnostics", "fixes", "rules", "selection", "text"},
    "relaxations": {"diagnostics", "roots", "rules", "syntax"},
    "options": {"bounds", "config", "rules"},
    "selection": {"bounds", "config", "diagnostics", "globs", "rules"},
    "rules": {"analyses", "detect", "diagnostics", "fixes.plans", "models", "syntax", "types"},
    "fixes": {"diagnostics", "fixes.plans", "text"},
    "fixes.release": {"analyses", "diagnostics", "fixes.plans", "flow", "models", "rewrite", "syntax", "types"},
    "fixes.holding": {"detect", "diagnostics", "fixes.plans", "rewrite", "syntax"},
    "fixes.plans": set(),
    "rewrite": {"analyses", "diagnostics", "flow", "models", "syntax", "types"},
    "detect": {
        "analyses",
        "budget",
        "configuration",
        "crashes",
        "deployment",
        "diagnostics",
        "flow",
        "frameworks",
        "models",
        "screen",
        "syntax",
        "types",
    },
    "configuration": {"budget", "crashes", "deployment", "models", "screen", "syntax", "types"},
    "analyses": {"diagnostics", "flow", "frameworks", "models", "screen", "syntax", "text", "types"},
    "frameworks": {"flow", "models", "syntax", "types", "versions"},
    # The solver of components: what functions return is found by it, like all else that is known of functions.
    "types": {"flow", "models", "screen", "syntax"},
    "flow": {"syntax"},
    "syntax": {"models", "roots", "text", "traces", "versions"},
    "screen": {"models", "roots", "text"},
    "versions": {"roots"},
    "models": {"bounds"},
    "traces": {"bounds"},
    "roots": {"tables"},
    "text": {"diagnostics"},
    "discovery": {"automaton", "config", "globs", "ignoring"},
    "config": {"bounds", "deployment", "globs", "roots", "tables", "versions"},
    "deployment": {"bounds", "tables"},
    "budget": {"deployment"},
    "process": set(),
    "mentions": set(),
    "ignoring": {"automaton"},
    "globs": {"automaton"},
    "automaton": set(),
    "tables": {"bounds"},
    "bounds": set(),
    "crashes": {"diagnostics"},
    "diagnostics": set(),
    "files": set(),
    "recording": set(),
    "trees": set(),
    "__init__": set(),
}
PART_OF = {
    # What the runner is asked and answers.
    # What the rules are told by those that ask them.
    "facts": "judgement",
    # What a rule may ask for, below the rules; the engine that does it is above them.
    "fixes.plans": "fixes.plans",
    "fixes.release": "fixes.release",
    "fixes.holding": "fixes.holding",
}
MEANING = {"analyses", "configuration", "detect", "flow", "frameworks", "rewrite", "syntax", "types"}
"""The rooms in which is found out what code means."""


def part(name: str) -> str:
    """The part to which a dotted name below poolint belongs."""
    for whole, its_part in PART_OF.items():
        if name == whole or name.startswith(f"{whole}."):
            return its_part
    return name.partition(".")[0]


def part_of(file: Path) -> str:
    return part(".".join(file.relative_to(PACKAGE).with_suffix("").parts))


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """The row and the dotted name of everything that a file imports, at whatever depth, for types only as well."""
    package = ["poolint", *file.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                yield node.lineno, f"{origin}.{alias.name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_point_one_way(file: Path) -> None:
    here = part_of(file)
    assert here in MAY_IMPORT, f"say in MAY_IMPORT what {here} may import"
    wrong = []
    for row, name in imported(file):
        root, _, rest = name.partition(".")
        target = part(rest)
        if root == "poolint" and target not in {"__version__", "files", "recording", "trees", here, *MAY_IMPORT[here]}:
            wrong.append(f"line {row}: {name}")
    assert not wrong


def test_the_page_about_the_architecture_lists_the_rooms_from_top_to_bottom() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    text = text.partition("## Rooms")[2].partition("## Glossary")[0]
    listed = [name for names in re.findall(r"^- (`.*?`):", text, re.MULTILINE) for name in re.findall("`(.*?)`", names)]
    rooms = {name.partition(".")[0] for name in MAY_IMPORT} - {"__init__"}
    assert sorted(listed) == sorted(rooms), "a paragraph for each room of MAY_IMPORT"
    for room, targets in MAY_IMPORT.items():
        here = listed.index(room.partition(".")[0]) if room != "__init__" else 0
        above = {one for one in targets if one.partition(".")[0] in listed[:here]}
        assert not above, f"{room} imports what stands above it"


OPENERS = {"open", "fdopen", "read_bytes", "read_text", "mkstemp", "NamedTemporaryFile"}
MAY_OPEN = {
    "files.py",  # the way in
    "fixes/writing.py",  # the way out
    "runtime/tracing.py",  # what a test run has seen
    "output/whole.py",  # results that go to a file
    "unit/tree.py",  # a tree of our own, for the time of a check
    "cache/folder.py",  # what is our own, and kept for later runs
    "cli/main.py",  # the null device, when nobody reads our output any more
    # What is packed with poolint itself, and what makes it.
    "docs.py",
    "models/build.py",
    "models/loader.py",
    "screen/ready.py",
    "dev/scaffold.py",  # what is added to a checkout
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_files_of_others_are_opened_in_one_place(file: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Call)]
    names = {getattr(one, "attr", getattr(one, "id", "")) for one in calls}
    assert not names & OPENERS or file.relative_to(PACKAGE).as_posix() in MAY_OPEN


@pytest.mark.parametrize("file", [one for one in FILES if part_of(one) != "flow"], ids=lambda file: file.stem)
def test_edges_of_graphs_are_followed_by_the_solver(file: Path) -> None:
    """Who reads what comes before or after an event has begun a search of its own."""
    attributes = {node.attr for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Attribute)}
    assert not attributes & {"successors", "predecessors"}


LOOK_UPS = {
    *("bindings", "self_assignments", "nearest", "assigned", "only_binding", "reaching", "lasting", "of_name"),
    "of_member",
}
MAY_FOLLOW = {
    # What an expression is, not where it comes from; asked while evaluations are in progress.
    "types/by_use.py": {"_home": "looks for the function around that binds a name, and follows no value"},
    "types/evaluator.py": {"_binding": "a declared type hides what is assigned"},
    "types/evidence.py": {"_owner": "looks for the function around that binds a name, and follows no value"},
    "types/loading.py": {"_text": "the names that are loaded, before anything is known of types"},
    # Problems of their own, in which a binding counts for itself.
    "analyses/assumed.py": {
        "_named": "each name is read under what is known of parameters at one call, which no follower knows",
        "_member": "and so is what a constructor has kept of them",
    },
    "analyses/once.py": {
        "_asks_system": "answers are kept by the statement alone, for any project: types are not at hand",
        "_is_elsewhere": "answers are kept by the statement alone, for any project: types are not at hand",
    },
    "analyses/places.py": {
        "attributes_set": "a constructor is read forwards: which argument becomes which attribute, for all of them",
        "_same_member": "a constructor is read forwards: which attributes are made of the same argument",
    },
    "analyses/pools.py": {
        "of_given": "goes back to all who give something, and so is a problem of summaries",
        "_chosen": "which of the makers that a name may stand for a call chooses, by what it passes",
    },
    "configuration/keywords.py": {"_bound": "a dictionary is what statements put in, one after the other"},
    "detect/messages.py": {
        "_made_of": "which names all values are made of that others ever have: what they are is no question"
    },
    "explain/known.py": {"_by": "says of one binding after the other how it is known"},
    "explain/reasons.py": {"_of_binding": "says of one binding after the other why it is not known"},
    "rewrite/reads.py": {"_is_select": "all that a name is ever bound to is judged, also what it is made of again"},
}


@pytest.mark.parametrize(
    "file",
    [one for one in FILES if one.relative_to(PACKAGE).as_posix() not in ("types/following.py", "types/bound.py")],
    ids=lambda file: str(file.relative_to(PACKAGE)),
)
def test_values_are_followed_by_the_follower(file: Path) -> None:
    """Who reads the value of what a name is bound to, and comes back to do so again, has begun a follower of its own."""
    may = MAY_FOLLOW.get(file.relative_to(PACKAGE).as_posix(), {})
    assert followers(ast.parse(file.read_bytes())) == set(may)


def followers(tree: ast.Module) -> set[str]:
    """The functions that read values of bindings in a loop, or calling themselves, also by others of their module."""
    functions: dict[tuple[str, str], ast.AST] = {}
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, owner = waiting.pop()
        for one in ast.iter_child_nodes(node):
            if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
                functions[owner, one.name] = one
            waiting.append((one, one.name if isinstance(one, ast.ClassDef) else owner))
    found = set()
    for key, function in functions.items():
        seen: set[tuple[str, str]] = set()
        next_ones = [key]
        while next_ones:
            for called in _called(functions, next_ones.pop()) - seen:
                seen.add(called)
                next_ones.append(called)
        loops = [one for one in ast.walk(function) if isinstance(one, ast.While) or _is_counted(one)]
        if any(map(_reads_values, [function] if key in seen else loops)):
            found.add(key[1])
    return found


def _called(functions: dict[tuple[str, str], ast.AST], key: tuple[str, str]) -> set[tuple[str, str]]:
    found = set()
    for one in ast.walk(functions[key]):
        if isinstance(one, ast.Name):
            found.add(("", one.id))
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == "self":
            found.add((key[0], one.attr))
    return found & functions.keys()


def _is_counted(node: ast.AST) -> bool:
    """Whether a loop goes a number of steps: ``for _ in range(_MAX_STEPS)``."""
    called = node.iter.func if isinstance(node, ast.For) and isinstance(node.iter, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "range"


def _reads_values(node: ast.AST) -> bool:
    """Whether a function or loop reads ``.value`` off what it has looked up by a name, or been passed as a binding."""
    parts = list(ast.walk(node))
    bound = {
        one.arg for one in parts if isinstance(one, ast.arg) and one.annotation and "Binding" in _words(one.annotation)
    }
    for _ in range(3):
        for one in parts:
            if isinstance(one, (ast.For, ast.comprehension)):
                targets, value = [one.target], one.iter
            elif isinstance(one, (ast.Assign, ast.NamedExpr)):
                targets, value = one.targets if isinstance(one, ast.Assign) else [one.target], one.value
            else:
                continue
            if _words(value) & (LOOK_UPS | bound):
                bound |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    owners = [one.value for one in parts if isinstance(one, ast.Attribute) and one.attr == "value"]
    return "assigned" in _words(node) or any(
        one.id in bound if isinstance(one, ast.Name) else bool(_words(one.value) & (LOOK_UPS | bound))
        for one in owners
        if isinstance(one, (ast.Name, ast.Subscript))
    )


def _words(node: ast.AST) -> set[str]:
    """The names and attributes that stand in a node."""
    return {
        getattr(one, "attr", getattr(one, "id", ""))
        for one in ast.walk(node)
        if isinstance(one, (ast.Attribute, ast.Name))
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def f(n, s):\n    for b in s.bindings[n]:\n        f(b.value, s)", {"f"}),
        ("def f(n, s):\n    for b in s.bindings[n]:\n        print(b.value)", set()),
        ("def f(n, s):\n    while n:\n        b = nearest(n, s)\n        n = b[0].value", {"f"}),
        ("def f(n, s):\n    return g(assigned(n, s), s)\ndef g(n, s):\n    return f(n, s)", {"f"}),
        ("class A:\n    def f(self, b: Binding):\n        return self.f(b.value)", {"f"}),
        ("def f(n, s):\n    return f(origin(n, s))", set()),
    ],
)
def test_followers_are_known(text: str, found: set[str]) -> None:
    assert followers(ast.parse(text)) == found


def test_the_table_itself_has_no_cycle() -> None:
    left = dict(MAY_IMPORT)
    while left:
        free = [name for name, targets in left.items() if not targets & left.keys()]
        assert free, f"these import one another: {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_files_stay_short(file: Path) -> None:
    is_rule = part_of(file) == "rules" and len(file.relative_to(PACKAGE).parts) == 3
    limit = 120 if is_rule else 400
    lines = len(file.read_bytes().splitlines())
    assert lines <= limit


@pytest.mark.parametrize("file", [one for one in FILES if part_of(one) in MEANING], ids=lambda file: file.stem)
def test_what_finds_knows_no_rule(file: Path) -> None:
    assert not re.search(rb"\bPOL[0-9]", file.read_bytes())


@pytest.mark.parametrize("file", sorted((PACKAGE / "rules").glob("*/*.py")), ids=lambda file: file.stem)
def test_rules_know_no_library(file: Path) -> None:
    """Names of libraries belong into the models; in a rule they may only stand in its documentation."""
    tree = ast.parse(file.read_bytes())
    documentation = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    documentation.add(ast.get_docstring(tree, clean=False))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    library = re.compile(r"sqlalchemy|sqlmodel|asyncpg|psycopg|aiosqlite|httpx|aiohttp|requests|boto3", re.IGNORECASE)
    assert not [text for text in texts if text not in documentation and library.search(text)]


MAY_NAME = {
    # Parts that name a library or a framework in a text other than documentation: why.
    "configuration/fleet.py": "Alembic's environments are a kind of file that settings name",
    "roots/finder.py": "files by which a project is known",
    "recording.py": "the same",
    "output/formats.py": "servers that builds run on, by their formats",
    "screen/shapes.py": "`websocket` is what people call a parameter",
    "syntax/file_kinds.py": "Alembic's environments are a kind of file that settings name",
    # Command lines, images and manifests, not code: which program a service starts, and what its options mean.
    "deployment": "programs and servers that are started, by their commands",
    # A kind of server, and a program, that have the names of packages.
    "budget.py": "the servers that a budget is made for, by the schemes of their URLs",
    "cli/since.py": "the command of git",
    "runtime": "libraries that are watched while they run",
    # What users read; `test_rules_know_no_library` holds the rules.
    "rules": "Alembic's environments are a kind of file that settings name",
}
FRAMEWORKS = {
    "airflow", "arq", "click", "dagster", "eventlet", "falcon", "gevent", "granian", "hypercorn", "saq", "typer", "uvicorn",
    "waitress",
}  # fmt: skip
"""Some of which the models name only what is imported."""


def test_libraries_are_named_in_models_only() -> None:
    """What is known of a library stands in its model; a framework is one such file, and at most an adapter."""
    from poolint.models import build

    libraries = build.read_all()
    known = {root.partition(".")[0] for one in libraries for root in (*one.roots, *one.packages)} | FRAMEWORKS
    known -= {*sys.stdlib_module_names, "builtins", "attr", "library"}
    word = re.compile(rf"(?<![\w.-])(?:{'|'.join(sorted(known, key=len, reverse=True))})(?![\w-])")
    found: dict[str, list[str]] = {}
    for file in FILES:
        name = file.relative_to(PACKAGE).as_posix()
        place = name if name in MAY_NAME else name.partition("/")[0]
        if place == "models":
            continue
        for text, row in texts_of(file):
            if " " not in text and word.search(text):
                found.setdefault(place if place in MAY_NAME else name, []).append(f"line {row}: {text}")
    assert {place: texts for place, texts in found.items() if place not in MAY_NAME} == {}
    assert sorted(MAY_NAME.keys() - found.keys()) == [], "these name none any more"


def texts_of(file: Path) -> Iterator[tuple[str, int]]:
    """The texts in a file, but for documentation and annotations, each with its row."""
    tree = ast.parse(file.read_bytes())
    quiet: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            quiet.add(node.value)
        if isinstance(node, ast.Subscript):
            quiet |= set(ast.walk(node.slice))
        if isinstance(node, ast.JoinedStr):
            quiet |= set(node.values)  # sentences
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in quiet and isinstance(node.value, (str, bytes)):
            text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            yield text, node.lineno


WORDING = re.compile(r"[A-Za-z]{2,}[,:;]? (?:[A-Za-z]{2,}|[`{\\d])|[`}][,:;]? [A-Za-z]{2,}")
"""Two words, or a word beside a name that is put in."""

MAY_WORD = {
    # Parts below the rules with a text of several words: why.
    "analyses/holding/transactions.py": "what a connection without a name is called: its header, with the row",
    "analyses/implicit_calls.py": "the keywords of a statement, as written",
    "detect/analysis.py": "which detector has crashed",
}


def wordings(file: Path) -> Iterator[str]:
    """The texts of several words in a file, but for documentation, annotations and errors of our own."""
    quiet: set[ast.AST] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if node in quiet:
            quiet |= set(ast.iter_child_nodes(node))
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.add(node.value)
        elif isinstance(node, ast.Raise):
            quiet |= set(ast.iter_child_nodes(node))
        elif isinstance(node, ast.Assert) and node.msg is not None:
            quiet.add(node.msg)
        elif isinstance(node, ast.FunctionDef) and node.name == "__repr__":
            quiet |= set(node.body)
        elif isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
            quiet.add(node.annotation)
            if isinstance(node, ast.AnnAssign) and node.value is not None and "TypeAlias" in ast.dump(node.annotation):
                quiet.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            quiet |= {one for one in node.values if isinstance(one, ast.Constant)}
            parts = (one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
            text = "".join(map(str, parts))
            if WORDING.search(text):
                yield f"line {node.lineno}: {text}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and WORDING.search(node.value):
            yield f"line {node.lineno}: {node.value}"


@pytest.mark.parametrize(
    "file", [one for one in FILES if part_of(one) in {"analyses", "detect"}], ids=lambda file: file.stem
)
def test_what_finds_words_nothing(file: Path) -> None:
    """Observations carry facts; rules put them into words, and ``explain`` into others."""
    assert bool(list(wordings(file))) == (file.relative_to(PACKAGE).as_posix() in MAY_WORD), list(wordings(file))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('step("the block releases it", node)', ["line 1: the block releases it"]),
        ('why = f"`{name}` may raise"', ["line 1: `{}` may raise"]),
        ('why = {"a": f"calls {name}"}', ["line 1: calls {}"]),
        ('"""A docstring says it."""\nwhat = "may-raise", "->", f"{a}.{b}", "a"', []),
        ('raise ValueError(f"{one} is no name")\nassert one, "it is one"', []),
        ('def f(one: "tuple[str, int]") -> None: ...\nOnes: TypeAlias = "tuple[str, int]"', []),
        ('class A:\n    def __repr__(self):\n        return f"node {self.kind}"', []),
    ],
)
def test_wordings_are_seen(code: str, found: list[str], tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text(code)
    assert list(wordings(file)) == found


LOADED = """
import sys
from poolint.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as exit:
    code = exit.code
print(code or 0, *sorted(sys.modules))
"""


def loaded_by(*arguments: str, cwd: Path) -> set[str]:
    """The modules that a run of the command has loaded; it must end with exit code 0."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    code, *modules = ran.stdout.splitlines()[-1].split()
    assert code == "0", ran.stdout
    return set(modules)


def test_a_clean_file_loads_neither_libcst_nor_the_models(tmp_path: Path) -> None:
    file = tmp_path / "clean.py"
    file.write_text("import json\n\n\ndef load(text: str) -> object:\n    return json.loads(text)\n")
    modules = loaded_by("check", file.name, cwd=tmp_path)
    assert not modules & {"libcst", "msgspec", "tomllib", "tomli", "ast", "inspect", "dataclasses"}
    ours = {
        name
        for name in modules
        if name.startswith(("poolint.rules.", "poolint.models", *(f"poolint.{room}" for room in MEANING)))
    }
    assert ours <= {"poolint.rules.registry", "poolint.rules.renamed"}


def test_a_file_with_a_pool_and_no_finding_loads_no_libcst_and_no_toml(tmp_path: Path) -> None:
    file = tmp_path / "right.py"
    file.write_text(
        "from sqlalchemy.ext.asyncio import AsyncSession\n\n\n"
        "async def save(session: AsyncSession) -> None:\n    await session.commit()\n"
    )
    modules = loaded_by("check", file.name, cwd=tmp_path)
    assert not modules & {"libcst", "tomllib", "tomli"}


SCREENING = {
    "_is_interesting",
    "_is_near_any_word",
    "carried",
    "is_given",
    "is_interesting",
    "leads_to",
    "may_share",
    "is_near",
    "is_near_database",
    "may_block",
    "names",
    "touching",
}
"""Questions about which files to look at; more of them may be looked at than need be."""

MAY_READ_TEXT = {
    "analyses/command_lines.py": "calls are looked at where a parser is told what to fill",
    # Which files to parse, or functions to look into: what is then found is told by their trees.
    "detect/outliving.py": "calls are looked at where something begins",
    "detect/ended_elsewhere.py": "files are parsed that may release what an object of another file keeps",
    "types/callers.py": "callers are looked for where something of the name is called",
    "analyses/only_pools.py": "calls are looked at where a maker is named",
    "analyses/importable.py": "awaits are looked at where one stands",
    "analyses/rebound.py": "calls are looked at where a factory is configured",
    "configuration/engines.py": "calls are looked at where a maker is named",
    "configuration/extensions.py": "assignments and calls are looked at where options are named",
    "configuration/fleet.py": "files are parsed that name a maker",
    "detect/engines/uses.py": "bounds are looked for where one is named",
    "analyses/derived.py": "awaitable attributes are looked for where they are named",
    "types/evidence.py": "an engine by its name alone is one beside its library only",
    "frameworks/hooks.py": "generators that are handed over elsewhere are looked for where something is",
    "frameworks/routers.py": "modules are parsed that take in routers",
    "types/loading.py": "modules that are loaded by name are looked for where that is done",
    "analyses/table_locks.py": "statements are looked at where one may lock",
    "detect/children.py": "modules are parsed that name what starts a child, or a hook of it",
    "frameworks/injected.py": "dependencies are looked for where something depends",
    "detect/ordering.py": "callers are looked for where something of the name is called",
    "analyses/holding/templates.py": "methods are looked through where one of the name is called on `self`",
    "analyses/project_calls.py": "modules are parsed that call something of the name",
    "analyses/callees.py": "blocks and loops are looked at where a library is named whose own wait",
    "detect/registries.py": "modules are parsed that name a registry, or remove from something",
    "detect/startups.py": "modules are parsed that name what starts, or closes something of a name",
    "syntax/module.py": "whether a word stands in a file at all",
    "syntax/project.py": "files of a project are found by the names in them",
    "syntax/purposes.py": "names are resolved where the root of one stands",
    # What is said in no other way.
    "rewrite/extent.py": "whether a statement shares its rows with another one",
    "detect/engines/reasons.py": "a comment beside an argument, found as a token, may give the reason for it",
    # These still take words for what happens.
    "analyses/applications.py": "calls are looked at where an application is named",
    "configuration/reach.py": "lists of modules in the settings of task queues and of servers",
    "detect/contexts.py": "another module that names a variable, and what may release",
}
"""Parts that judge, and look at the text of a module all the same: why."""

JUDGING = [file for file in FILES if part_of(file) in MEANING | {"relaxations", "rules"}]


def texts_read(file: Path) -> list[str]:
    """What a file reads of the text of modules, but to ask the screen."""
    tree = ast.parse(file.read_bytes())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    screened = {argument for call in calls if call.func.attr in SCREENING for argument in call.args}  # type: ignore[attr-defined]
    found = [ast.unparse(one) for one in calls if one.func.attr in ("bytes_of", "calling", "mentions", "mentions_any")]  # type: ignore[attr-defined]
    read = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node not in screened]
    of_source = [one for one in read if ast.unparse(one.value).rpartition(".")[2] == "source"]
    found += [ast.unparse(one) for one in of_source if one.attr in ("data", "lines", "text")]
    return found


@pytest.mark.parametrize("file", JUDGING, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_what_a_module_is_and_does_is_read_off_its_tree(file: Path) -> None:
    """Words that happen to stand in a string or a comment must not change what is found."""
    found = texts_read(file)
    assert bool(found) == (file.relative_to(PACKAGE).as_posix() in MAY_READ_TEXT), found
