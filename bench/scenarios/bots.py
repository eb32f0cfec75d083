"""Bots: users speak to a bot in an open loop at a rate; latency from the planned time to the answer's last line.

Then messages between people, in an open loop too, alone and beside the same load of the bot: what bots cost others.
"""

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter

from bench import BenchError
from bench.closed_loop import drain, totals
from bench.context import SATURATED_PERCENT, Bench, Span
from bench.paced import Pace, PacedPair, Plan, follow, late
from bench.people import Dialogue, unable
from bench.percentiles import Latencies
from bench.scenarios.pairs import couples

SHOWN = ("p50_ms", "p99_ms", "max_ms", "generator_cpu_percent", "server_cpu_percent")
PROBE_S = 2.0
MORE_S = 0.3
"""How long after the first line of an answer another line of it may come, when a bot is tried out."""


class Talk:
    """One user who speaks to the bot, and waits for `lines` lines before the answer counts as whole."""

    def __init__(self, dialogue: Dialogue, bot: str, lines: int, latencies: Latencies) -> None:
        self.dialogue = dialogue
        self.asked = 0
        self.heard = 0
        self.refused = 0
        self._mark = f"|{bot}|{dialogue.name}|".encode()
        self._lines = lines
        self._latencies = latencies
        self._planned: list[float] = []
        dialogue.connection.on_lines = self._take

    def ask(self, command: bytes, planned: float) -> None:
        """Say it now, though it may be later than planned."""
        self.asked += 1
        self._planned.append(planned)
        self.dialogue.connection.send(command)

    @property
    def answered(self) -> int:
        """Whole answers so far."""
        return self.heard // self._lines

    def _take(self, block: bytes) -> None:
        now = perf_counter()
        before = self.answered
        for line in block.splitlines():
            if line.startswith(b"EVENT|MESSAGE|") and self._mark in line:
                self.heard += 1
            elif line.startswith(b"ERR|"):
                self.refused += 1
        for number in range(before, min(self.answered, self.asked)):
            self._latencies.add((now - self._planned[number], 1))


class Speech:
    """Everybody speaks to the bot in turn, `rate` times a second in all."""

    def __init__(self, talks: Sequence[Talk], commands: Sequence[bytes], rate: float) -> None:
        self.lags = Latencies()
        self._talks = talks
        self._commands = commands
        self._rate = rate
        self._asked = 0
        self._start = 0.0  # when the first of all would have been due, had there been no pause

    def begin(self, now: float) -> None:
        """The next one is due now."""
        self._start = now - self._asked / self._rate

    @property
    def due(self) -> float:
        """When the next one should leave."""
        return self._start + self._asked / self._rate

    def send_due(self, now: float) -> None:
        """Say what should have been said by now."""
        while (due := self.due) <= now:
            at = self._asked % len(self._talks)
            self.lags.add((now - due, 1))
            self._talks[at].ask(self._commands[at], due)
            self._asked += 1


def run(bench: Bench) -> dict[str, float]:
    """Find a bot that answers, and let everybody speak to it; then messages between people without that and with it."""
    parameters = bench.parameters
    people = bench.people.arrive(parameters.users)
    bot, lines = find_bot(bench, people[0])
    bench.notes.append(f"spoke to {bot}, which answers {parameters.say!r} with {lines} lines")
    latencies = Latencies()
    talks = [Talk(dialogue, bot, lines, latencies) for dialogue in people]
    commands = [f"SENDMESSAGE|{talk.dialogue.name}|{bot}|{parameters.say}\n".encode() for talk in talks]
    speech = Speech(talks, commands, parameters.rate)

    def drain_talks() -> None:
        bench.loop.run_until(lambda: all(talk.answered >= talk.asked for talk in talks), parameters.drain)

    span = _stretch(bench, [speech], [latencies], drain_talks, "speaking to a bot")
    answered = latencies.count
    metrics = {"delivered_per_s": answered / span.seconds} | latencies.metrics() | span.metrics(answered)
    beside = _beside(bench, speech, drain_talks) if parameters.beside else {}
    return _counts(bench, talks, beside.pop("lost", 0)) | metrics | beside


def _counts(bench: Bench, talks: Sequence[Talk], lost: float) -> dict[str, float]:
    """What became of all that was said to the bot, and how much else was lost."""
    asked, answered, refused = (
        sum(values) for values in zip(*((talk.asked, talk.answered, talk.refused) for talk in talks), strict=True)
    )
    unanswered = max(0, asked - answered - refused)
    if unanswered:
        bench.notes.append(
            "some got no answer, so a latency may be another's: the server's bot_messages_per_s bounds them"
        )
    return {"sent": asked, "delivered": answered, "refused": refused, "lost": unanswered + lost}


def _beside(bench: Bench, speech: Speech, drain_talks: Callable[[], None]) -> dict[str, float]:
    """What messages between people take alone, and while others speak to the bot as before."""
    latencies = Latencies()
    pairs = [
        PacedPair(one.connection, other.connection, bench.crowd.form(one.name, other.name, bench.parameters.size))
        for one, other in couples(bench, "pair")
    ]
    plan = Plan(pairs, bench.parameters.beside, latencies)

    def drain_all() -> None:
        drain(bench, pairs)
        drain_talks()

    metrics: dict[str, float] = {}
    for name, paces in (("alone", (plan,)), ("beside", (plan, speech))):
        span = _stretch(bench, paces, [latencies], drain_all, f"messages {name}")
        found = latencies.metrics() | span.metrics(0)
        metrics |= {f"messages_{name}_{metric}": found[metric] for metric in SHOWN if metric in found}
    counts = totals(bench, pairs)
    return metrics | {f"messages_{name}": counts[name] for name in ("sent", "lost")} | {"lost": counts["lost"]}


def _stretch(
    bench: Bench, paces: Sequence[Pace], latencies: Sequence[Latencies], drain_all: Callable[[], None], label: str
) -> Span:
    """Keep to the plans, first to warm up; all that is measured is answered when this returns."""
    follow(bench, paces, bench.parameters.warmup, "warming up")
    drain_all()
    for each in (*latencies, *(pace.lags for pace in paces)):
        each.clear()
    span = bench.measure(lambda: follow(bench, paces, bench.parameters.seconds, label))
    drain_all()
    faults = [fault for pace in paces for fault in late(pace, span)] or span.saturation() or _full(span)
    bench.notes += [f"{label}: {fault}" for fault in dict.fromkeys(faults)]
    return span


def _full(span: Span) -> list[str]:
    """The note that the server could not take more; none if it could."""
    if span.metrics(0).get("server_cpu_percent", 0) < SATURATED_PERCENT:
        return []
    return ["server saturated: the latencies are those of a queue, which grows with the seconds"]


def find_bot(bench: Bench, dialogue: Dialogue) -> tuple[str, int]:
    """The chosen bot, or the first that answers; and how many lines it answers with."""
    listed = bench.people.ask(dialogue, f"SHOWBOTS|{dialogue.name}", "asking for bots")
    if not listed.ok:
        raise BenchError(unable(listed))
    names = [bench.parameters.bot] if bench.parameters.bot else [row[0] for row in listed.items]
    for name in names:
        dialogue.events.clear()
        bench.people.ask(dialogue, f"SENDMESSAGE|{dialogue.name}|{name}|{bench.parameters.say}", "trying a bot")
        if bench.loop.run_until(partial(_heard, dialogue, name), PROBE_S):
            bench.loop.run_for(MORE_S)
            return name, _heard(dialogue, name)
    raise BenchError(
        f"No bot answered {bench.parameters.say!r}; tried: {', '.join(names) or 'none, for there are no bots'}"
    )


def _heard(dialogue: Dialogue, bot: str) -> int:
    """How many lines the bot has said to this user."""
    return sum(1 for event in dialogue.events if event[0] == "MESSAGE" and event[3] == bot)
