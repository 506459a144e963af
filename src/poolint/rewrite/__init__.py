"""What only fixes ask of the code: how far a block reaches, and where statements may stand."""
