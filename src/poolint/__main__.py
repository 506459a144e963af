"""``python -m poolint``."""

import sys

from poolint.cli.main import main

sys.exit(main())
