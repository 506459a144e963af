"""Which connections are held at a point of a function, and since when: what else is called there holds them up."""

from poolint.analyses.holding.transactions import Region, handles, inside, root_of, source_of, transactions

__all__ = ["Region", "handles", "inside", "root_of", "source_of", "transactions"]
