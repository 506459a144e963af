"""What the schema alone cannot see of the tables about names, events and exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from poolint.models.schema import Library


def problems(libraries: Sequence[Library], classes: Container[str]) -> Iterator[str]:
    """Rows that are given twice, that lead nowhere, or that say nothing."""
    modules = {row.module for library in libraries for row in library.modules}
    groups = {row.name: row for library in libraries for row in library.events}
    told: set[tuple[str, str]] = set()
    for library in libraries:
        for kind, names in {
            "modules": [row.module for row in library.modules],
            "events": [row.name for row in library.events],
            "targets": [row.cls for row in library.targets],
        }.items():
            for name in names:
                if (kind, name) in told:
                    yield f"{library.library}.toml: {kind}: {name!r} is given twice"
                told.add((kind, name))
        yield from (f"{library.library}.toml: {text}" for text in _names(library, modules))
        yield from (f"{library.library}.toml: {text}" for text in _events(library, groups, classes))


def _names(library: Library, modules: Container[str]) -> Iterator[str]:
    for row in library.modules:
        own = {*row.names.split(), *row.gone.split()}
        for one in row.also:
            if one not in modules:
                yield f"modules: {row.module}: also: {one!r} is not a module here"
        for wrong, right in row.right.items():
            if wrong in own:
                yield f"modules: {row.module}: right: {wrong!r} is a name of the module"
            if "." not in right and right not in own and not row.also:
                yield f"modules: {row.module}: right: {right!r} is not a name of the module"


def _events(library: Library, groups: Container[str], classes: Container[str]) -> Iterator[str]:
    for events in library.events:
        for name in events.legacy:
            if name not in events.listeners:
                yield f"events: {events.name}: legacy: {name!r} is not one of these events"
        if events.legacy and not events.distribution:
            yield f"events: {events.name}: legacy: of which distribution?"
    for target in library.targets:
        for name in (target.cls, *filter(None, [target.stands_for])):
            if name not in classes:
                yield f"targets: {name!r} is not the name of a class here"
        for group in target.events:
            if group not in groups:
                yield f"targets: {target.cls}: {group!r} is not a group of events"
        if target.events and (target.attribute or target.stands_for):
            yield f"targets: {target.cls}: takes listeners by itself"
