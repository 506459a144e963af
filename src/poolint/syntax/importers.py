"""Which modules of a project import one, found by the texts first: few files are parsed for it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module, Project
    from poolint.syntax.scopes import Binding


def importers(project: Project, module: Module, asking: str = "") -> Iterator[Module]:
    """The modules that import ``module``, in the order of their paths, in functions as well; on behalf of that, or of what is
    called ``asking`` where answers are put down."""
    for path in project.naming_in_imports(last_part(module), module, asking or module.path):
        other = project.module(path) if path != module.path else None
        if other is not None and any(_means(project, node, other, module) for node, _ in other.imports):
            yield other


def imports_more_than_classes(project: Project, importer: Module, module: Module) -> bool:
    """Whether a module imports another one as a whole, or anything of it but classes, literals and what that imports itself: who
    takes these alone, for what they are called or what stands in tables, runs none of their methods."""
    for node, _ in importer.imports:
        if not _means(project, node, importer, module):
            continue
        if (
            not isinstance(node, ast.ImportFrom)
            or project.imported(node.module or "", node.level, importer) is not module
        ):
            return True
        for one in node.names:
            if one.name == "*" or any(map(_may_be_run, module.scope.bindings.get(one.name, ()))):
                return True
    return False


def _may_be_run(binding: Binding) -> bool:
    return binding.kind not in ("class", "import") and not isinstance(binding.value, ast.Constant)


def last_part(module: Module) -> str:
    """The part of a module's name that stands in every statement that imports it."""
    return module.name.rpartition(".")[2]


def naming_in_imports(word: bytes) -> re.Pattern[bytes]:
    """What finds the import statements of a text in which a name stands."""
    name = rb"(?<![\w\x80-\xff])" + re.escape(word) + rb"(?![\w\x80-\xff])"
    listed = rb"(?:\((?:[^)#]|#[^\n]{0,999}\n)*?|(?:[^\n(\\]|\\\r?\n)*?)"  # a comment may have a parenthesis
    return re.compile(
        rb"^[ \t]*(?:import[ \t][^\n]*?|from[ \t]+[\w.]*?|from[ \t]+[\w.]+[ \t]+import[ \t]*" + listed + rb")" + name,
        re.MULTILINE,
    )


def _means(project: Project, node: ast.Import | ast.ImportFrom, importer: Module, module: Module) -> bool:
    """Whether an import statement imports a module, or something of it."""
    if isinstance(node, ast.Import):
        wanted = [(one.name, 0) for one in node.names]
    else:
        base = node.module or ""
        wanted = [(base, node.level), *((f"{base}.{one.name}".lstrip("."), node.level) for one in node.names)]
    word = last_part(module)
    return any(
        dotted.rpartition(".")[2] == word and project.imported(dotted, level, importer) is module
        for dotted, level in wanted
    )
