"""POL304: an attribute of an asynchronous session's object that is loaded when it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.lazy import LazyLoad
from poolint.rules.base import Meta, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class LazyLoadInAsync(Rule):
    """An attribute of an ORM object is read that has to be loaded first, on an asynchronous session.

    ## What it does
    Reports columns of an object that are read after `await session.commit()`, where the session comes from a factory or
    a call that is seen and leaves `expire_on_commit` on, and nothing has refreshed the object; and collections
    (`Mapped[list[…]] = relationship(…)`) of an object that was loaded without them: no `selectinload` or other option
    names them, and their own `lazy=` does not load them. Sessions of unknown origin count only for collections.

    ## Why is this bad?
    Reading such an attribute asks the database, and a plain attribute cannot be awaited: SQLAlchemy raises
    `MissingGreenlet`, and the session holds a connection again all the same.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class Order(Base):
        __tablename__ = "orders"

        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]


    async def rename(engine: AsyncEngine, number: int, name: str) -> str:
        maker = async_sessionmaker(engine)
        async with maker() as session:
            order = await session.get_one(Order, number)
            order.name = name
            await session.commit()
            return order.name
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class Order(Base):
        __tablename__ = "orders"

        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]


    async def rename(engine: AsyncEngine, number: int, name: str) -> str:
        maker = async_sessionmaker(engine, expire_on_commit=False)
        async with maker() as session:
            order = await session.get_one(Order, number)
            order.name = name
            await session.commit()
            return order.name
    ```

    ## When to ignore
    When the attribute is loaded by other means before, which cannot be seen here.

    ## References
    - [SQLAlchemy: preventing implicit IO](https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#preventing-implicit-io-when-using-asyncsession)
    """

    meta = Meta(
        code="POL304",
        name="lazy-load-in-async",
        summary="an attribute is read that an asynchronous session would have to load",
        subscription=Subscription(observations=frozenset({LazyLoad})),
        default=False,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LazyLoad)
        if observation.commit:
            why = f"is expired by `{observation.commit}`, since `{observation.session}` has `expire_on_commit` on"
        else:
            why = "is a collection that was not loaded with its object"
        return Verdict(
            f"`{observation.attribute}` {why}: reading it asks the database without an `await`, and raises "
            "`MissingGreenlet`",
            observation.attribute,
            observation.path,
        )
