"""What code does with connections: effects, ownership, pools, lifetimes and holding, over the whole project."""
