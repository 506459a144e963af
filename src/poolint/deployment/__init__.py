"""What a repository says of how its code is deployed: services, how many processes each has, and database servers.

Readers turn one kind of file each (Procfile, blueprint, Dockerfile, compose, Kubernetes, Helm) into *units*; ``commands`` and
``postgres`` say what a unit is. Everything that comes out is a plain, immutable value, and each figure knows the file
and line that it was read from. Nothing here knows what an engine is, and nothing is run.
"""
