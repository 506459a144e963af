from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[int]
    amount: Mapped[int]
    note: Mapped[str] = mapped_column(default="")


def engine_at(path: str) -> AsyncEngine:
    return create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=5, max_overflow=5)


def sessions_of(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, expire_on_commit=False)
