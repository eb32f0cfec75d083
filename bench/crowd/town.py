"""Who is whose friend, and who is in which room: drawn from a seed, with the heavy tails that real ones have.

Most people have a handful of friends and a few have hundreds; most rooms are small and a few are very large.
It knows no names, no server and no clock: people and rooms are numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

FRIENDS_MEAN = 12
POPULARITY_SHAPE = 1.6  # of a Pareto distribution: the smaller, the heavier the tail
POPULARITY_MAX = 40.0
ROOMS_PER_USER = 0.2
ROOM_SHARE_MAX = 0.1  # of all people, in the largest room
ROOM_MEMBERS_MAX = 1000
ROOM_MEMBERS_MIN = 3
ROOM_EXPONENT = 0.75  # the n-th largest room has n**0.75 times fewer members than the largest


@dataclass
class Town:
    """Friendships as pairs, each once; rooms as lists of members, the owner first."""

    popularity: list[float]
    friendships: list[tuple[int, int]] = field(default_factory=list)
    rooms: list[list[int]] = field(default_factory=list)

    def friends(self) -> list[list[int]]:
        """Each one's friends."""
        found: list[list[int]] = [[] for _ in self.popularity]
        for one, other in self.friendships:
            found[one].append(other)
            found[other].append(one)
        return found

    def memberships(self) -> list[list[int]]:
        """Each one's rooms."""
        found: list[list[int]] = [[] for _ in self.popularity]
        for number, members in enumerate(self.rooms):
            for member in members:
                found[member].append(number)
        return found


def found_town(seed: int, people: int) -> Town:
    """Draw a town of so many people, two at least: the same one for the same seed."""
    random = Random(seed)
    town = Town([min(POPULARITY_MAX, random.paretovariate(POPULARITY_SHAPE)) for _ in range(people)])
    weights = list(accumulate(town.popularity))
    town.friendships = _friendships(random, weights)
    town.rooms = [_some(random, weights, size) for size in room_sizes(people)]
    return town


def room_sizes(people: int) -> list[int]:
    """How many members each room has, the largest first."""
    largest = min(ROOM_MEMBERS_MAX, ROOM_SHARE_MAX * people)
    count = max(1, round(ROOMS_PER_USER * people))
    sizes = (round(largest / rank**ROOM_EXPONENT) for rank in range(1, count + 1))
    return [min(people, max(ROOM_MEMBERS_MIN, size)) for size in sizes]


def _friendships(random: Random, weights: Sequence[float]) -> list[tuple[int, int]]:
    """Who is popular meets more people. Nobody is left without a friend."""
    people = len(weights)
    wanted = min(people * FRIENDS_MEAN // 2, people * (people - 1) // 2)
    met = [sorted(_some(random, weights, 2)) for _ in range(wanted)]
    lonely = set(range(people)).difference(*met)
    met += [sorted((one, _another(random, weights, one))) for one in sorted(lonely)]
    return sorted({(one, other) for one, other in met})


def _another(random: Random, weights: Sequence[float], one: int) -> int:
    return next(other for other in _some(random, weights, 2) if other != one)


def _some(random: Random, weights: Sequence[float], count: int) -> list[int]:
    """So many different people, the popular ones more often."""
    found: dict[int, None] = {}
    while len(found) < count:
        found.update(dict.fromkeys(random.choices(range(len(weights)), cum_weights=weights, k=count - len(found))))
    return list(found)
