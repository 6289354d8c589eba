"""Long polls: how `GET /api/updates?wait=` is held and woken.

- `wakeups.py`: wakes the waiting polls of a user when their change log grows.
- `executor.py`: runs few requests at a time; a suspended one holds no thread.
- `middleware.py`: answers polls without news from a cache, and holds the waiting ones.
- `server.py`: the gunicorn worker in which a suspended request keeps its connection.

This is a core package, not a feature: `changes` notifies it, and it reads the heads of change logs.
"""
