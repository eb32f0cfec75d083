"""All defects that can be planted, whichever file they stand in."""

from tests.simulation import planted_more
from tests.simulation.planted import PLANTED, SEEDS_MAX, lives_until_found

__all__ = ["PLANTED", "SEEDS_MAX", "lives_until_found", "planted_more"]
