"""Crowd: as many users as a server may have, who do what people do, at rates and among friends drawn from a seed.

At the end everybody comes home and catches up, and what was said must have reached whom it was for, once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from time import perf_counter, time_ns

from bench.context import Bench
from bench.crowd.day import Day
from bench.crowd.person import MESSAGE, Person, Score
from bench.crowd.town import Town, found_town
from bench.floods import Texts
from bench.paced import follow, late
from bench.people import Dialogue
from bench.percentiles import Latencies
from bench.scenarios.bots import find_bot
from bench.servers import FAST_SETTINGS

WATCHER = "watch"
REFUSALS_SHOWN = 3


def run(bench: Bench) -> dict[str, float]:
    """Found the town, live in it for the warm-up and for the measured time, and add up."""
    parameters = bench.parameters
    begun, bare = perf_counter(), bench.rss()
    town = found_town(parameters.seed, parameters.users)
    dialogues = bench.people.arrive(parameters.users)
    rooms = _settle(bench, town, dialogues)
    bench.notes += _how_set_up(bench, perf_counter() - begun)
    metrics = _size(bench, town, bare)
    score = Score()
    day = _day(bench, town, dialogues, rooms, score)
    follow(bench, [day], parameters.warmup, "warming up")
    score.latencies.clear()
    day.lags.clear()
    delivered, events = score.delivered, score.events
    label = f"a crowd of {parameters.users:,}"
    span = bench.measure(lambda: follow(bench, [day], parameters.seconds, label))
    bench.notes += late(day, span) or span.saturation()
    seconds = span.seconds
    metrics |= {"delivered_per_s": (score.delivered - delivered) / seconds}
    metrics |= {"events_per_s": (score.events - events) / seconds}
    actions = sum(each.count for name, each in score.latencies.items() if name != MESSAGE)
    metrics |= {"actions_per_s": actions / seconds} | span.metrics(actions, "action")
    counts = _reckon(bench, day, rooms)
    return counts | metrics | _latencies(bench, day, int(counts["lost"]))


def _settle(bench: Bench, town: Town, dialogues: list[Dialogue]) -> dict[str, list[str]]:
    """Make friends and rooms as the town has them; return the rooms' members by name."""
    names = [dialogue.name for dialogue in dialogues]
    for dialogue in dialogues:
        dialogue.keeps_events = False
    bench.people.befriend((names[one], names[other]) for one, other in town.friendships)
    rooms = {
        f"#crowd{bench.parameters.seed}-{number}": [names[member] for member in members]
        for number, members in enumerate(town.rooms)
    }
    bench.people.gather_all(rooms)
    bench.people.settle(names)
    return rooms


def _how_set_up(bench: Bench, seconds: float) -> list[str]:
    """What makes it quick is said: no figure holds what a real sign-up costs."""
    cheaply = "" if bench.server.is_target else f", with password_hash_cost={FAST_SETTINGS['password_hash_cost']}"
    return [f"set up in {seconds:.0f} s{cheaply}: signing up and logging in by password are not in the figures"]


def _size(bench: Bench, town: Town, bare: int | None) -> dict[str, float]:
    """How large the town is, and what the server needs for it."""
    metrics: dict[str, float] = {
        "users": len(town.popularity),
        "friendships": len(town.friendships),
        "rooms": len(town.rooms),
        "largest_room": len(town.rooms[0]),
    }
    rss = bench.rss()
    if rss is not None and bare is not None:
        metrics |= {"rss_bytes": rss, "rss_bytes_per_user": (rss - bare) / len(town.popularity)}
    return metrics


def _day(bench: Bench, town: Town, dialogues: list[Dialogue], rooms: Mapping[str, Sequence[str]], score: Score) -> Day:
    """Put everybody at a table, with friends and rooms, and somebody who watches."""
    parameters = bench.parameters
    (watcher,) = bench.people.arrive(1, WATCHER)
    bot, _ = find_bot(bench, watcher)
    newest = _newest_id(bench, watcher, bot)
    stem = f"{time_ns():x}"
    people = [Person(dialogue.name, score, stem, newest) for dialogue in (*dialogues, watcher)]
    for person, dialogue in zip(people, (*dialogues, watcher), strict=True):
        person.sit_down(dialogue.connection)
    *people, watching = people
    names = list(rooms)
    for person, friends, memberships in zip(people, town.friends(), town.memberships(), strict=True):
        person.friends = [people[friend].name for friend in friends]
        person.rooms = [names[room] for room in memberships]
        person.room_weights = [1 / len(town.rooms[room]) for room in memberships]
    texts = Texts(parameters.seed, parameters.size)
    day = Day(people, town.popularity, parameters.every, score, texts, bot, parameters.seed)
    day.connect = lambda: bench.loop.connect(bench.server.address)
    day.login = bench.people.login_command
    day.watch(watching)
    return day


def _newest_id(bench: Bench, watcher: Dialogue, bot: str) -> int:
    """The id of a message sent now: what has a higher one is of this day."""
    answer = bench.people.ask(watcher, f"SENDMESSAGE|{watcher.name}|{bot}|help", "looking for the newest message")
    return int(answer.fields[0])


def _reckon(bench: Bench, day: Day, rooms: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Bring everybody home, and compare what arrived with what was said."""
    day.home(perf_counter())
    pending = list(day.people)

    def is_quiet() -> bool:
        while pending and pending[-1].is_settled:
            pending.pop()
        return not pending and day.score.delivered >= _expected(day, rooms)

    bench.loop.run_until(is_quiet, bench.parameters.drain)
    unanswered = sum(not person.is_settled for person in day.people)
    lost = max(0, _expected(day, rooms) - day.score.delivered) + unanswered
    if lost:
        bench.faults.append(f"{lost:,} messages were lost: they count as infinitely slow")
    for sentence, times in day.score.refusals.most_common(REFUSALS_SHOWN):
        bench.notes.append(f"the server said {times} times: {sentence}")
    return {
        "sent": len(day.score.planned),
        "acknowledged": sum(person.accepted.total() for person in day.people),
        "refused": day.score.refusals.total(),
        "delivered": day.score.delivered,
        "lost": lost,
        "doubled": day.score.doubled,
    }


def _expected(day: Day, rooms: Mapping[str, Sequence[str]]) -> int:
    """How many arrivals all that was accepted should have led to."""
    accepted = sum((person.accepted for person in day.people), Counter())
    return sum(count * (len(rooms[party]) - 1 if party in rooms else 1) for party, count in accepted.items())


def _latencies(bench: Bench, day: Day, lost: int) -> dict[str, float]:
    """Percentiles by action; those without a name are of messages, until they arrive."""
    found = day.score.latencies
    messages = found.setdefault(MESSAGE, Latencies())
    messages.add_lost(lost)
    bench.histogram.merge(messages)
    metrics = messages.metrics() | {"longest_turn_ms": 1000 * found.pop("ping").percentiles([100.0])[0]}
    metrics["send_lag_p99_ms"] = 1000 * day.lags.percentiles([99.0])[0]
    for action, latencies in sorted(found.items(), key=lambda item: -item[1].count):
        middle, late_ones = latencies.percentiles([50.0, 99.0])
        metrics |= {f"{action}_count": latencies.count, f"{action}_p50_ms": 1000 * middle}
        metrics[f"{action}_p99_ms"] = 1000 * late_ones
    return metrics
