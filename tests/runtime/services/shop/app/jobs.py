import asyncio


class Jobs:
    def __init__(self, sessions):
        self.sessions = sessions

    async def first(self, statement):
        session = self.sessions()
        found = await session.scalar(statement)
        await session.close()
        return found


async def settle(session, statement, gateway):
    await session.execute(statement)
    await gateway.post("/charges")


async def nap(registry):
    session = registry["session"]
    await session.execute(registry["statement"])
    await asyncio.sleep(0.6)
    await session.close()


def reader(registry):
    engine = registry["engine"]

    async def read(statement):
        connection = await engine.connect()
        return await connection.scalar(statement)

    return read


class Queue:
    source = None

    async def size(self, statement):
        connection = await self.source.connect()
        found = await connection.scalar(statement)
        if found is None:
            raise LookupError(statement)
        await connection.close()
        return found
