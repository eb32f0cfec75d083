"""What a node knows of its cluster, for those who watch over it: `/metrics`, `/readyz` and `admin stats`."""

from collections.abc import Callable, Iterator, Sequence

from chatserver.cluster.engine import Head, Member
from chatserver.store.shared import Place
from chatserver.turn.log import Figure


class Watch:
    """Told by whoever hears from the engine; nothing is asked for its sake but the members, once a second.

    `here` says how far this node's own file is.
    """

    def __init__(self, node: str, here: Callable[[], Place], clock: Callable[[], float]) -> None:
        self.node = node
        self.head: Head | None = None  # as a follower saw it last
        self.members: Sequence[Member] = ()  # as the writer saw them last
        self._here = here
        self._clock = clock
        self._writes = False
        self._epoch = 0
        self._heard_s = clock()
        self._kept_until_s = 0.0

    def saw(self, head: Head) -> None:
        """A follower has looked."""
        self.head, self._epoch, self._heard_s = head, head.epoch, self._clock()

    def took(self) -> None:
        """This node has the lease, which was taken once more than a look had shown."""
        self._writes = True
        self._epoch += 1

    def kept(self, lease_s: float) -> None:
        """The lease holds for so long."""
        self._heard_s = self._clock()
        self._kept_until_s = self._heard_s + lease_s

    @property
    def why_not_ready(self) -> str:
        """A sentence for who asks a follower; who writes asks the store."""
        if self.head is None:
            return "This node of the cluster does not know yet who writes"
        if self.head.expired:
            return "This node of the cluster follows, and nobody writes just now"
        return f"This node of the cluster follows: {self.head.holder} writes, on {self.head.address}"

    def figures(self) -> Iterator[Figure]:
        """Name, kind, help, and values by what they are of."""
        position = self._here().position
        yield "cluster_writes", "gauge", "Whether this node writes.", {"": int(self._writes)}
        yield "cluster_position", "gauge", "Entries of the shared log that this node's file holds.", {"": position}
        yield "cluster_take_overs_total", "counter", "How often the lease was taken.", {"": self._epoch}
        silent_s = round(self._clock() - self._heard_s, 3)
        yield "cluster_engine_silent_seconds", "gauge", "Since the engine's last answer.", {"": silent_s}
        if self._writes:
            yield from self._of_writer(position)
        elif self.head is not None:
            behind = max(0, self.head.place.position - position)
            yield "cluster_behind", "gauge", "Entries that this node has yet to apply.", {"": behind}

    def _of_writer(self, position: int) -> Iterator[Figure]:
        left_s = round(max(0.0, self._kept_until_s - self._clock()), 3)
        yield "cluster_lease_seconds", "gauge", "For how long the lease holds without another word.", {"": left_s}
        if self.members:
            behind = {each.node: max(0, position - each.position) for each in self.members}
            yield "cluster_member_behind", "gauge", "Entries that a member had yet to apply, as it told last.", behind
            silent = {each.node: round(each.seen_s, 3) for each in self.members}
            yield "cluster_member_silent_seconds", "gauge", "Since a member's last word.", silent
