"""Examples that helps show, by the command: each is a command line and what it is for."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("poolint src", "check a directory"),
        ("poolint check --fix .", "repair what can be repaired safely"),
        ("poolint rule POL202", "explain a rule"),
        ("poolint why app/orders.py:42", "say what is known at a line"),
    ),
    "check": (
        ("poolint check src tests", "check two directories"),
        ("poolint check --fix --diff", "show what would be repaired"),
        ("poolint check --select POL4,leak-on-exception", "some rules only"),
        ("poolint check --changed", "what has come since the last commit"),
        ("poolint check --output-format full --output-format sarif=poolint.sarif", "two reports"),
        ("poolint check --config \"certainty = 'possible'\"", "a setting for one run"),
        ("poolint check --show-settings app/db.py", "where its settings are from"),
        ("cat db.py | poolint check - --stdin-filename db.py", "from an editor"),
    ),
    "rule": (
        ("poolint rule leak-on-exception", "by its name"),
        ("poolint rule --all --output-format json", "all of them, for programs"),
    ),
    "config": (
        ("poolint config extend", "explain a setting"),
        ("poolint config verify", "are all files with settings right?"),
        ("poolint config schema", "the JSON Schema, for editors"),
    ),
    "why": (("poolint why app/orders.py:42", "types, obligations and findings of a line"),),
    "holds": (("poolint holds --limit 5 app", "the five longest"),),
    "budget": (("poolint budget --surge", "with the replicas of a rolling update"),),
    "coverage": (("poolint coverage --output-format models app > models.toml", "rows for what is not known yet"),),
    "baseline": (
        ("poolint baseline", "know what is found now"),
        ("poolint baseline --renew", "begin anew"),
    ),
    "merge": (("poolint merge one.json two.json", "the findings of two machines"),),
    "unit": (("poolint unit request.json", "what a build system asks"),),
    "fleet": (("poolint fleet --output-dir found services/*", "each service for itself"),),
    "clean": (("poolint clean", "remove what is kept for later runs"),),
    "server": (("poolint server", "what an editor starts; docs/editors.md has the settings of several"),),
    "completions": (
        ("poolint completions bash > ~/.local/share/bash-completion/completions/poolint", "for bash"),
        ("poolint completions zsh > ~/.zfunc/_poolint", "for zsh, with ~/.zfunc in fpath"),
        ("poolint completions fish > ~/.config/fish/completions/poolint.fish", "for fish"),
    ),
    "dev": (("poolint dev dump types app/orders.py:pay", "what each expression of a function is"),),
}
