"""Tests of how clients speak."""
