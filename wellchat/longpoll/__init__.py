"""Long polls: how `GET /api/updates?wait=` is held and woken. docs/longpoll.md has the design and a diagram.

- `wakeups.py`: wakes the waiting polls of a user when their change log grows; caches heads (`heads.py`).
- `executor.py`: runs few requests at a time; a suspended one holds no thread.
- `middleware.py`: answers polls without news from a cache, and holds the waiting ones.
- `worker.py`: the gunicorn worker in which a suspended request keeps its connection.
- `reading.py`: holds requests that have not come whole (`bodies.py`), and refuses those that come too slowly.
- `addresses.py`: gives each client address its share of the connections.
- `own_pages.py`: the responses to requests that cannot be read.
- `server.py`: gunicorn's settings, and its start.

This is a core package, not a feature: `changes` notifies it, and it reads the heads of change logs.
"""
