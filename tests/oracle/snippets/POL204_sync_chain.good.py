from sqlalchemy import Engine, text


def work(sync_engine: Engine) -> int:
    with sync_engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM item")).scalar_one()
