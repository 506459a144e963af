"""poolint finds connection-pool leaks in Python source before production does.

The package imports nothing here on purpose: a clean run must not pay for what it does not use.
"""

__version__ = "0.1.0"
