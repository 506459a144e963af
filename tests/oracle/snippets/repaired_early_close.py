from sqlalchemy import Engine, text


def work(sync_engine: Engine) -> object:
    conn = sync_engine.connect()
    try:
        name = conn.scalar(text("SELECT name FROM item"))
        if name != "tea":
            conn.close()
            raise LookupError(name)
    except LookupError:
        with sync_engine.connect() as other:
            name = other.scalar(text("SELECT name FROM item"))
    name = name.strip()
    if len(name) > 100:
        raise ValueError(name)
    conn.execute(text("SELECT 1")) if not conn.closed else None
    conn.close()
    return name
