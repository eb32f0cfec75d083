"""Routers to compare with: the subset of the protocol a load needs, no accounts, nothing stored, five ways to do I/O.

All share `router.py`, so what differs between them is the I/O alone.
"""
