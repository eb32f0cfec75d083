"""Accounts: so many are made, by SIGNUP, and nobody logs in; what each takes of the server's memory."""

from bench.context import Bench
from bench.rest import rest


def run(bench: Bench) -> dict[str, float]:
    """Make them. The hash has the least cost where the server was started here, so a rate is that of all the rest."""
    count = bench.parameters.users
    before = bench.rss()
    names = bench.people.names(count, "account")
    span = bench.measure(lambda: bench.people.sign_up(names))
    rest(bench)
    after = bench.rss()
    metrics = {"sent": count, "acknowledged": count, "sign_ups_per_s": count / span.seconds}
    if before is not None and after is not None:
        metrics |= {"rss_bytes": after, "rss_bytes_per_account": (after - before) / count}
    return metrics | span.metrics(count, "sign_up")
