"""``python -m poolint``."""

from poolint.cli.main import run

if __name__ == "__main__":
    run()
