"""What poolint knows of the code, in words: for ``why``, ``holds``, ``coverage`` and ``budget``. No check loads it."""
