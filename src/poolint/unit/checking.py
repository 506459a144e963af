"""The unit checked in its tree: findings whose paths are relative to the root, the same wherever that was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint.config import ConfigError, Overrides, Resolver
from poolint.decisions import merged
from poolint.output import json
from poolint.output.report import Report
from poolint.runner import Runner
from poolint.unit.tree import laid_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from poolint.unit.request import Request


def findings(request: Request, sources: Mapping[str, bytes | None]) -> tuple[str, list[str]]:
    """The findings in ``sources`` as JSON that ``poolint merge`` takes, and what there is to warn of.

    Raises ``ConfigError`` for a request that cannot be laid out, and for settings in it that cannot be used.
    """
    with laid_out(request, sources) as root:
        # What a walk through the tree would leave out is left out here as well.
        resolver = Resolver(root, overrides=Overrides(values={"force_exclude": True}), top=root)
        outcome = Runner(resolver).run([os.path.join(root, *name.split("/")) for name in sorted(sources)])
        if outcome.refused:
            raise ConfigError("; ".join(outcome.refused))
        report = Report(merged(outcome.diagnostics))
        found = [_relative(json.as_object(one, report.url(one)), root) for one in report.diagnostics]
        warnings = outcome.errors
    return json.dumps(found) + "\n", warnings


def _relative(finding: dict[str, Any], root: str) -> dict[str, Any]:
    for one in (finding, *finding["path"], *finding["also"]):
        one["filename"] = os.path.relpath(one["filename"], root).replace(os.sep, "/")
    return finding
