"""PostgreSQL for the tests: as the load generator starts it, and small."""

import bench.postgres
from bench.postgres import binaries, make_folder

__all__ = ["Instance", "binaries", "make_folder"]


class Instance(bench.postgres.Instance):
    """One that takes little memory, and finds out soon that a standby has gone."""

    settings = "-c shared_buffers=16MB -c max_connections=50 -c wal_level=replica -c wal_sender_timeout=5s"
