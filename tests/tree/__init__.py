"""Tests of the tree itself: who imports whom, tables that must be complete, documents that must be true."""
