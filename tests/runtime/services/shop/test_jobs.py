import asyncio

import httpx
from app.jobs import Jobs, Queue, nap, reader, settle
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

ONE = text("SELECT 1")


def test_all(tmp_path):
    async def work():
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/jobs.db")
        sessions = async_sessionmaker(engine)
        answer = httpx.MockTransport(lambda _: httpx.Response(200))
        async with sessions() as session, httpx.AsyncClient(transport=answer, base_url="http://bank") as gateway:
            await settle(session, ONE, gateway)
        assert await Jobs(sessions).first(ONE) == 1
        await nap({"session": sessions(), "statement": ONE})
        assert await reader({"engine": engine})(ONE) == 1
        queue = Queue()
        queue.source = engine
        assert await queue.size(ONE) == 1
        await engine.dispose()

    asyncio.run(work())
