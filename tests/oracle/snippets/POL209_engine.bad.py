from sqlalchemy import create_engine, text


def work(path: str) -> int:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM item")).scalar_one()
