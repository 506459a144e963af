from sqlalchemy import Engine, text


def work(sync_engine: Engine) -> int:
    return sync_engine.connect().execute(text("SELECT count(*) FROM item")).scalar_one()
