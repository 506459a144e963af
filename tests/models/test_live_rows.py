"""Holds what the models say of the constructors of mapped classes to the real ones."""

from __future__ import annotations

import importlib
import inspect
from itertools import count
from typing import Any

import pytest
from tests.models.live.looking import resolve

from poolint.models import loader

sqlalchemy = pytest.importorskip("sqlalchemy")
orm = importlib.import_module("sqlalchemy.orm")

MODELS = loader.load()
REFUSING = sorted(MODELS.manners["refuses-fields"])
OF_THE_PAST = {"autoload"}
"""Options of the versions before SQLAlchemy 2."""

_numbers = count()


def base_of(name: str) -> Any:
    """A base for classes of rows, by the name of what makes one, is one, or is mixed into one."""
    if name.startswith("flask_sqlalchemy."):
        return importlib.import_module("flask_sqlalchemy").SQLAlchemy().Model
    found = resolve(name)
    if not inspect.isclass(found):
        return found()
    bases = (
        (found,)
        if issubclass(found, (orm.DeclarativeBase, orm.DeclarativeBaseNoMeta))
        else (found, orm.DeclarativeBase)
    )
    return type(orm.DeclarativeBase)("Base", bases, {}) if orm.DeclarativeBaseNoMeta not in bases else _without_meta()


def _without_meta() -> Any:
    class Base(orm.DeclarativeBaseNoMeta):  # type: ignore[misc, name-defined]
        pass

    return Base


def mapped(base: Any, **attributes: Any) -> Any:
    """A class of rows."""
    name = f"Order{next(_numbers)}"
    column = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    return type(base)(
        name, (base,), {"__tablename__": name.lower(), "id": column, "__module__": __name__, **attributes}
    )


def row_of(cls: Any, *values: Any, **fields: Any) -> Any:
    return cls(*values, **fields)


@pytest.mark.parametrize("name", REFUSING)
def test_constructors_refuse_what_is_no_attribute(name: str) -> None:
    cls = mapped(base_of(name), size=sqlalchemy.Column(sqlalchemy.Integer))
    assert row_of(cls, size=1).size == 1
    with pytest.raises(TypeError, match="invalid keyword argument"):
        row_of(cls, subject="x")
    with pytest.raises(TypeError, match="positional argument"):
        row_of(cls, 1)


@pytest.mark.parametrize("name", REFUSING)
def test_classes_of_rows_have_no_other_attributes(name: str) -> None:
    cls = mapped(base_of(name))
    public = {one for one in dir(cls) if not one.startswith("_")} - {"id"}
    assert public <= MODELS.words("of-all-rows")


def test_data_classes_and_those_of_sqlmodel_have_constructors_of_their_own() -> None:
    assert MODELS.manners["refuses-fields"] >= MODELS.manners["maps-rows"]
    assert "sqlalchemy.orm.MappedAsDataclass" not in MODELS.manners["refuses-fields"]
    sqlmodel = pytest.importorskip("sqlmodel")

    class Tag(sqlmodel.SQLModel, table=True):  # type: ignore[name-defined, misc, call-arg]
        id: int = sqlmodel.Field(primary_key=True)

    assert row_of(Tag, subject="x") is not None


def test_a_listener_may_change_what_a_row_is_made_with() -> None:
    cls = mapped(orm.declarative_base())
    for name in MODELS.manners["changes-fields"]:
        event = name.rpartition(".")[2]
        sqlalchemy.event.listen(cls, event, lambda _, __, fields: fields.pop("subject"))
        assert row_of(cls, subject="x") is not None


@pytest.mark.parametrize("name", sorted(MODELS.manners["adds-columns"] | MODELS.manners["maps-otherwise"]))
def test_options_exist(name: str) -> None:
    owner, _, option = name.rpartition(".")
    if option not in OF_THE_PAST:
        found = resolve(owner)
        assert option in inspect.signature(found.__init__ if inspect.isclass(found) else found).parameters


def test_a_class_has_what_else_its_table_has() -> None:
    base = orm.declarative_base()
    first = mapped(base, size=sqlalchemy.Column(sqlalchemy.Integer))
    second = type(base)(
        "Archived", (base,), {"__tablename__": first.__tablename__, "__table_args__": {"extend_existing": True}}
    )
    assert row_of(second, size=1).size == 1
