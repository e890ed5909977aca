"""A django-bolt project; its database routes exist as `async def` and, under /sync, as `def`."""
