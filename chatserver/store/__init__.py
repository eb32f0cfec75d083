"""Truth in one SQLite file: schema, one transaction a turn, loading State, reading history.

It knows tables and events, no rule of the chat. `chatserver.store.store.Store` is its face.
"""
