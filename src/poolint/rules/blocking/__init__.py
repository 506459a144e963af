"""Blocked loops: synchronous database work inside `async def`, and one pool on several event loops."""
