"""Questions to a large store: it is filled through the protocol, then asked, one question at a time each.

With `--store FILE` the store is kept: a second run finds it filled and begins with
the questions, and its `start_s` says how long the server needs to load it.
"""

from collections.abc import Callable
from functools import partial
from random import Random
from time import perf_counter

from bench import BenchError
from bench.context import Bench
from bench.floods import Texts, make_floods, run_floods
from bench.people import Answer, Dialogue, unable
from bench.percentiles import Latencies
from bench.rest import rest
from bench.scenarios.pairs import couples

FILL_S_MAX = 3600.0
PAGE = 50
Question = tuple[str, str]
"""What kind of question it is, and the command."""


def history(bench: Bench) -> dict[str, float]:
    """Ask for pages at random places of random conversations."""
    asking, newest = _filled(bench)
    random = Random(bench.parameters.seed)

    def question(dialogue: Dialogue, other: str) -> Question:
        before = random.randint(newest // 2, newest)
        kind, end = ("newest", "") if random.random() < 0.3 else ("older", f"|{before}")
        return kind, f"HISTORY|{dialogue.name}|{other}|{PAGE}{end}"

    return _ask_all(bench, asking, question, "reading history")


def search(bench: Bench) -> dict[str, float]:
    """Ask for frequent words, rare ones, numbers, and what nobody ever wrote."""
    asking, _ = _filled(bench)
    random = Random(bench.parameters.seed)
    words = Texts(bench.parameters.seed, bench.parameters.size).words
    kinds: dict[str, Callable[[], str]] = {
        "frequent": lambda: " ".join(random.sample(words[:20], 2)),
        "rare": lambda: random.choice(words[len(words) // 2 :]),
        "number": lambda: f"{random.randrange(1000):06d}",
        "absent": lambda: "qqxqq",
    }

    def question(dialogue: Dialogue, _: str) -> Question:
        kind = random.choice(list(kinds))
        return kind, f"SEARCH|{dialogue.name}|{kinds[kind]()}"

    return _ask_all(bench, asking, question, "searching")


def sync(bench: Bench) -> dict[str, float]:
    """Ask for what came after some id, as clients do that were away."""
    asking, newest = _filled(bench)
    random = Random(bench.parameters.seed)

    def question(dialogue: Dialogue, _: str) -> Question:
        return "page", f"SYNC|{dialogue.name}|{random.randint(newest // 2, newest)}|{PAGE}"

    return _ask_all(bench, asking, question, "catching up")


def export(bench: Bench) -> dict[str, float]:
    """Ask for all that is stored about a user: the first answer of it, which has some 4 MB at most."""
    asking, _ = _filled(bench)
    return _ask_all(bench, asking, lambda dialogue, _: ("first", f"EXPORT|{dialogue.name}"), "exporting")


def _filled(bench: Bench) -> tuple[list[tuple[Dialogue, str]], int]:
    """Fill the store up to the wanted number of messages; return who asks about whom, and the newest id."""
    parameters = bench.parameters
    found = couples(bench)
    asking = [(bench.people.dialogues[one.name], other.name) for one, other in found]
    for _, other in found:
        other.connection.on_lines = len  # it must read, or it would be closed as too slow
    there = _probe(bench, *asking[0])
    texts = Texts(parameters.seed, parameters.size)
    floods = make_floods(asking, texts, max(0, parameters.messages - there), parameters.window)
    span = bench.measure(partial(run_floods, bench, floods, "filling the store", FILL_S_MAX))
    accepted = sum(flood.acknowledgements.accepted for flood in floods)
    if accepted < sum(flood.total for flood in floods):
        why = "closed a connection" if bench.loop.ended else "refused messages, or took longer than an hour"
        raise BenchError(f"The store could not be filled: the server {why}")
    if accepted:
        bench.notes.append(f"filled with {accepted:,} messages at {accepted / span.seconds:,.0f} a second")
    rest(bench, max(there, parameters.messages))
    return asking, _probe(bench, *asking[0])


def _probe(bench: Bench, dialogue: Dialogue, other: str) -> int:
    """How many messages the store holds, told by the id of one more: ids rise across the whole server."""
    answer = bench.people.ask(dialogue, f"SENDMESSAGE|{dialogue.name}|{other}|probe", "probing")
    if not answer.ok:
        raise BenchError(unable(answer))
    return int(answer.fields[0])


def _ask_all(
    bench: Bench, asking: list[tuple[Dialogue, str]], question: Callable[[Dialogue, str], Question], label: str
) -> dict[str, float]:
    """Everybody asks in turn, one question at a time, so that a latency is the work for one answer."""
    queries = bench.parameters.queries
    latencies: dict[str, Latencies] = {}
    rows = 0

    def work() -> None:
        nonlocal rows
        for number in range(queries):
            dialogue, other = asking[number % len(asking)]
            kind, command = question(dialogue, other)
            begun = perf_counter()
            answer = bench.people.ask(dialogue, command, label)
            latencies.setdefault(kind, Latencies()).add((perf_counter() - begun, 1))
            rows += _checked(answer)
            bench.progress.step(label, number / queries)

    span = bench.measure(work)
    every = Latencies()
    for kind in latencies.values():
        every.merge(kind)
    metrics = {"queries": queries, "rows": rows, "queries_per_s": queries / span.seconds} | every.metrics()
    for name, kind in sorted(latencies.items()):
        metrics[f"{name}_p99_ms"] = kind.metrics()["p99_ms"]
    rss = bench.rss()
    if rss is not None:
        metrics["rss_bytes"] = rss
    return metrics | span.metrics(queries, "query")


def _checked(answer: Answer) -> int:
    """The rows of an answer: as many as it says, those that are messages oldest first."""
    if not answer.ok:
        raise BenchError(unable(answer))
    ids = [int(row[0]) for row in answer.items if row[0].isdigit()]  # those of EXPORT begin with a word
    if len(answer.items) != int(answer.fields[0]) or ids != sorted(set(ids)):
        rows = len(answer.items)
        raise BenchError(f"An answer announced {answer.fields[0]} rows and had {rows}, or they were out of order")
    return len(answer.items)
