"""Bots: users speak to a bot in an open loop at a rate; latency from the planned time to the answer's last line."""

from functools import partial
from time import perf_counter

from bench import BenchError
from bench.context import Bench
from bench.people import Dialogue, unable
from bench.percentiles import Latencies

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


def run(bench: Bench) -> dict[str, float]:
    """Find a bot that answers, then let everybody speak to it in turn."""
    parameters = bench.parameters
    people = bench.people.arrive(parameters.users)
    bot, lines = _find(bench, people[0])
    bench.notes.append(f"spoke to {bot}, which answers {parameters.say!r} with {lines} lines")
    latencies = Latencies()
    talks = [Talk(dialogue, bot, lines, latencies) for dialogue in people]
    commands = [f"SENDMESSAGE|{talk.dialogue.name}|{bot}|{parameters.say}\n".encode() for talk in talks]
    span = bench.measure(lambda: _speak(bench, talks, commands))
    bench.loop.run_until(lambda: all(talk.answered >= talk.asked for talk in talks), parameters.drain)
    asked = sum(talk.asked for talk in talks)
    answered = sum(talk.answered for talk in talks)
    refused = sum(talk.refused for talk in talks)
    counts: dict[str, float] = {"sent": asked, "delivered": answered, "refused": refused}
    counts["lost"] = max(0, asked - answered - refused)
    return counts | {"delivered_per_s": answered / span.seconds} | latencies.metrics() | span.metrics(answered)


def _speak(bench: Bench, talks: list[Talk], commands: list[bytes]) -> None:
    rate, seconds = bench.parameters.rate, bench.parameters.seconds
    begun = perf_counter()
    asked = 0
    while (now := perf_counter()) < begun + seconds:
        while begun + asked / rate <= now:
            at = asked % len(talks)
            talks[at].ask(commands[at], begun + asked / rate)
            asked += 1
        bench.progress.step("speaking to a bot", (now - begun) / seconds)
        bench.loop.turn(max(0.0, begun + asked / rate - perf_counter()))


def _find(bench: Bench, dialogue: Dialogue) -> tuple[str, int]:
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
