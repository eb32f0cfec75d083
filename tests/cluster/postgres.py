"""PostgreSQL for the tests: as the load generator starts it, and small."""

import os
import signal
from typing import Self

import bench.postgres
from bench.postgres import binaries, make_folder

__all__ = ["Instance", "ReachedByWires", "binaries", "make_folder"]


class Instance(bench.postgres.Instance):
    """One that takes little memory, and finds out soon that a standby has gone."""

    settings = "-c shared_buffers=16MB -c max_connections=50 -c wal_level=replica -c wal_sender_timeout=5s"

    def freeze(self) -> None:
        """It stands still, while its machine goes on: connections stay, and what is sent there is confirmed."""
        self._frozen = self.pids
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on as if nothing had been."""
        for pid in reversed(self._frozen):
            os.kill(pid, signal.SIGCONT)


class ReachedByWires(Instance):
    """One that nodes reach from networks of their own."""

    listens_at = "0.0.0.0"

    def make(self) -> Self:
        """Whoever has a wire to here is let in."""
        super().make()
        with (self.data / "pg_hba.conf").open("a") as allowed:
            allowed.write("host all all 10.0.0.0/8 trust\n")
        return self
