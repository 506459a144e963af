"""Missing awaits: a release, commit, query or checkout that is never awaited, and `with` where `async with` belongs."""
