"""POL608: a session that is used after its flush or commit has failed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.detect.failing import FailedSessionUsed
from poolint.diagnostics import Applicability
from poolint.fixes.plans import Insert
from poolint.rules.base import Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class FailedSessionUsedRule(Rule):
    """A session is used after its flush or its commit has failed, and has not been rolled back.

    ## What it does
    Reports what reaches the database with a session of SQLAlchemy on a way on which a `flush` or a `commit` of that session
    has failed, a handler has taken that, and nothing has rolled the session back or closed it since: in the handler, behind
    it, in the next round of a loop, or in a function that is passed the session. The block of a savepoint
    (`begin_nested`) or of a transaction (`begin`) that is left rolls back itself.

    ## Why is this bad?
    When a flush fails, which a commit begins with, the session rolls its transaction back and refuses everything else with
    `PendingRollbackError` until `rollback()` has been called. The handler that should have put down the failure fails
    itself, so the first exception is lost and the state that it should have written never is; a loop goes on, and each of
    its rounds fails for what the first one has done. A session that lives long, such as a worker's, is of no use until
    the process is started again.

    ## Example
    ```python
    from sqlalchemy.orm import Session

    from shop.models import Job


    def finish(db: Session, job: Job) -> None:
        try:
            job.state = "done"
            db.commit()
        except Exception as error:
            job.state = f"failed: {error}"
            db.commit()
    ```

    ## Use instead
    ```python
    from sqlalchemy.orm import Session

    from shop.models import Job


    def finish(db: Session, job: Job) -> None:
        try:
            job.state = "done"
            db.commit()
        except Exception as error:
            db.rollback()
            job.state = f"failed: {error}"
            db.commit()
    ```

    ## Fix safety
    Unsafe: `rollback()` at the beginning of the handler takes back what has not been committed also where something else has
    raised, and expires the objects of the session.

    ## When to ignore
    When nothing that the database refuses can be flushed there, and a lost connection may break what comes after it: that is
    why the rule is off by default. Where rows are added that have unique columns or refer to others, and above all in loops
    that are to go on with the next row, it tells of what happens one day.

    ## References
    - [SQLAlchemy: this session's transaction has been rolled back due to a previous exception during
      flush](https://docs.sqlalchemy.org/en/20/faq/sessions.html#this-session-s-transaction-has-been-rolled-back-due-to-a-previous-exception-during-flush-or-similar)
    """

    meta = Meta(
        code="POL608",
        name="failed-session-used",
        summary="a session is used after its flush or commit has failed, without a rollback",
        subscription=Subscription(observations=frozenset({FailedSessionUsed})),
        fix="unsafe",
        default=False,
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, FailedSessionUsed)
        when = f"where `{observation.failing}()` has failed (line {observation.failing_row})"
        if observation.again:
            when = f"once `{observation.failing}()` has failed in an earlier round (line {observation.failing_row})"
        return Verdict(
            f"`{observation.used}()` raises {observation.refusal} {when}: nothing has rolled `{observation.resource}` back "
            "since",
            observation.used,
            observation.path,
        )

    def repair(self, observation: Observation) -> Proposal | None:
        assert isinstance(observation, FailedSessionUsed)
        rollback = ast.parse(f"{observation.resource}.rollback()", mode="eval").body
        assert isinstance(rollback, ast.Call)
        plan = Insert(observation.handler.body[0], rollback, observation.is_awaited, observation.function)
        return Proposal(plan, f"roll `{observation.resource}` back first", Applicability.UNSAFE)
