"""What poolint knows of the code, in words: for ``why``, ``holds``, ``coverage``, ``budget`` and the line that ends a check."""
