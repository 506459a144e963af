"""POL218: a class that cannot release what it keeps."""

from __future__ import annotations

from poolint.detect.observation import Observation
from poolint.detect.owners import UnreleasedAttribute
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import lost


class OwnerWithoutRelease(Rule):
    """A class keeps a checkout on `self`, and none of its methods releases it.

    ## What it does
    Reports a connection or session that a class checks out and stores on `self`, also by the default
    factory of a field, when the class and its bases only ever use
    it: no method closes it, hands it on, or enters it.

    ## Why is this bad?
    Each object of the class holds a connection, and nobody who has the object can give it back.

    ## Example
    ```python
    from sqlalchemy import Engine, text


    class Reports:
        def __init__(self, engine: Engine) -> None:
            self._conn = engine.connect()

        def count(self) -> object:
            return self._conn.execute(text("SELECT count(*) FROM orders")).scalar()
    ```

    ## Use instead
    ```python
    from sqlalchemy import Engine, text


    class Reports:
        def __init__(self, engine: Engine) -> None:
            self._engine = engine

        def count(self) -> object:
            with self._engine.connect() as conn:
                return conn.execute(text("SELECT count(*) FROM orders")).scalar()
    ```

    ## When to ignore
    When the objects live as long as the process and are few.
    """

    meta = Meta(
        code="POL218",
        name="owner-without-release",
        summary="a class keeps a checkout on `self` and no method releases it",
        subscription=Subscription(observations=frozenset({UnreleasedAttribute})),
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, UnreleasedAttribute)
        return Verdict(
            f"`self.{observation.attribute}` of `{observation.owner}` is never released by any method: {lost(observation)}",
            f"self.{observation.attribute}",
        )
