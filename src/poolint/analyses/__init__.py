"""What the project's functions and resources do: analyses over types and graphs, whose answers detectors ask for."""
