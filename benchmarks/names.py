"""Count what is known by name in code: lists of words, patterns and texts that name a library, by room.

    python benchmarks/names.py [SRC]            the table
    python benchmarks/names.py [SRC] --show     and each of them, with its place

Knowledge of libraries belongs into the models; what stands in code is counted here, so that it can be seen to shrink.
A *list* is a collection of two or more words that is bound at the top of a module, *inline* one that is written where
it is asked; *words* are those in both. A *pattern* is a regular expression. *Library* counts the texts without a blank
that name a library or framework, by an import root of the models or one of a list of frameworks (a module of the
standard library only with a dot behind it: ``time`` is a word as well); *member* those that are the name of a class,
function or method of the models. Documentation, annotations and `__all__` count for nothing.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parents[1] / "src" / "poolint"
FRAMEWORKS = (
    "fastapi starlette litestar flask quart aiohttp sanic celery dramatiq arq taskiq prefect airflow dagster django "
    "pyramid bottle falcon tornado strawberry pydantic pydantic_ai pydantic_settings agents langgraph dishka fast_depends "
    "faststream dependency_injector click typer pytest pytest_asyncio anyio trio gevent eventlet gunicorn uvicorn "
    "hypercorn granian daphne uwsgi waitress alembic streamlit gradio chainlit mangum apscheduler huey rq saq "
    "sse_starlette uvloop threadpoolctl attrs"
)
PATTERNS = {"compile", "match", "search", "fullmatch", "finditer", "findall", "sub", "split"}
KINDS = ("lists", "inline", "words", "patterns", "library", "member")


def names_of_models(source: Path) -> tuple[set[str], set[str]]:
    """The import roots, and the last parts of the names of classes, functions and methods, of all models."""
    roots, members = set(FRAMEWORKS.split()), set()
    for file in sorted((source / "models").glob("*.toml")):
        library = tomllib.loads(file.read_text(encoding="utf-8"))
        roots |= {root.partition(".")[0] for root in library.get("roots", ())}
        for row in (*library.get("classes", ()), *library.get("functions", ())):
            members |= {name.rpartition(".")[2] for name in (row["name"], *row.get("aliases", ()))}
            members |= {name for method in row.get("methods", ()) for name in method["names"]}
    return roots, members


def texts(node: ast.AST) -> list[str]:
    """The texts of a collection, those of a dictionary's keys, or of a call such as ``frozenset({…})``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("frozenset", "set", "tuple"):
        return texts(node.args[0]) if len(node.args) == 1 else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
        return node.func.value.value.split() if isinstance(node.func.value, ast.Constant) else []  # type: ignore[union-attr]
    items = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
    return [one.value for one in items if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def found(file: Path, roots: set[str], members: set[str]) -> Iterator[tuple[str, int, str, int]]:
    """What is known by name in a file: its kind, row, text, and how many words it is."""
    tree = ast.parse(file.read_bytes())
    quiet: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.add(node.value)  # documentation
        if isinstance(node, ast.Subscript):
            quiet |= set(ast.walk(node.slice))  # types: ``Literal["…"]``, and annotations in quotes
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
            quiet |= set(ast.walk(node.annotation))
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            quiet |= set(ast.walk(node.returns))
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "__all__" for one in node.targets):
            quiet |= set(ast.walk(node.value))
    inner: set[ast.AST] = set()
    top = {id(each) for one in tree.body if isinstance(one, (ast.Assign, ast.AnnAssign)) for each in ast.walk(one)}
    plain = roots - sys.stdlib_module_names
    names = [*(rf"{one}(?![\w-])" for one in plain), *(rf"{one}\.\w*" for one in roots - plain)]
    word = re.compile(rf"(?<![\w.-])(?:{'|'.join(sorted(names, key=len, reverse=True))})")
    for node in ast.walk(tree):
        if node in quiet:
            continue
        many = texts(node) if node not in inner else []
        if len(many) > 1 and all(re.fullmatch(r"[\w.*]+", one) for one in many):
            yield "lists" if id(node) in top else "inline", node.lineno, " ".join(many)[:80], 1  # type: ignore[attr-defined]
            yield "words", node.lineno, "", len(many)  # type: ignore[attr-defined]
            inner |= set(ast.walk(node))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{one}" for one in PATTERNS}:
            yield "patterns", node.lineno, ast.unparse(node)[:100], 1
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if " " not in node.value and word.search(node.value):
                yield "library", node.lineno, node.value[:80], 1
            elif node.value.rpartition(".")[2] in members:
                yield "member", node.lineno, node.value, 1


def main() -> None:
    """Print the table, and with ``--show`` what is counted."""
    paths = [one for one in sys.argv[1:] if not one.startswith("--")]
    source = Path(paths[0]) if paths else HERE
    roots, members = names_of_models(source)
    table: dict[str, Counter[str]] = {}
    for file in sorted(source.rglob("*.py")):
        name = file.relative_to(source).as_posix()
        room = name.partition("/")[0].removesuffix(".py")
        for kind, row, text, count in found(file, roots, members):
            table.setdefault(room, Counter())[kind] += count
            if "--show" in sys.argv and text:
                print(f"{name}:{row}: {kind}: {text}")
    print("".join([f"{'room':16}", *(f"{kind:>10}" for kind in KINDS)]))
    for room, counts in sorted(table.items()):
        print("".join([f"{room:16}", *(f"{counts[kind]:10}" for kind in KINDS)]))
    total = sum(table.values(), Counter())
    print("".join([f"{'all':16}", *(f"{total[kind]:10}" for kind in KINDS)]))


if __name__ == "__main__":
    main()
