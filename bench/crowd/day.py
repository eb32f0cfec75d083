"""A day of a town: who does what when. Every kind of action has a clock of its own, and who acts is drawn.

Times between two actions are exponential, as they are where many act independently of each other; some people are much
more active than others. All of it is measured by the one time that can be chosen, `every`: between two messages of a
user. It is a `Pace`: what was due is sent, however the server is doing.
"""

import heapq
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, count
from random import Random
from time import perf_counter

from bench.crowd.person import Person, Score
from bench.floods import TEXTS, Texts
from bench.loop import Connection
from bench.percentiles import Latencies

TO_A_ROOM = 0.4  # of all messages; of those of a user who is in one
CLOSENESS = 0.5  # most is said to a few close friends: the mean place in the list of friends is 1 / CLOSENESS
TYPES = 0.5  # of the messages that are announced by TYPING
TYPING_TIME = 0.07  # between that and the message, in times between two messages; with 30 s these are 2 s
READS = 0.8  # of the conversations with something new that are looked at
READS_A_ROOM = 0.3
READING_TIME = 0.17  # until somebody looks
AWAY_TIME = 0.5
PING_S = 0.01
"""How often somebody who does nothing else asks for an answer: the longest wait is the longest turn of the server."""
EMOJIS = ("👍", "❤️", "😂", "🎉", "🙏")

Call = Callable[[float], None]
Habit = Callable[["Day", Person, float], None]


class Day:
    """All clocks. `login` says how a user comes back, `connect` opens a connection."""

    def __init__(
        self,
        people: Sequence[Person],
        activity: Sequence[float],
        every_s: float,
        score: Score,
        texts: Texts,
        bot: str,
        seed: int,
    ) -> None:
        self.random = Random(seed)
        self.score = score
        self.bot = bot
        self.texts = texts
        self.every_s = every_s
        self.lags = Latencies()
        self.connect: Callable[[], Connection]
        self.login: Callable[[str], str]
        self.people = people
        self._weights = list(accumulate(activity))
        self._clocks: list[tuple[float, int, Call]] = []
        self._numbers = count()
        self._stopped = perf_counter()
        for person in people:
            person.on_message = self._noticed
        for name, share in SHARES.items():
            rate = share * len(people) / every_s
            self.later(self._stopped + self.random.expovariate(rate), partial(self._tick, HABITS[name], rate))

    def watch(self, watcher: Person) -> None:
        """Let somebody ask for answers by the clock, from now on."""

        def ping(due: float) -> None:
            watcher.ask("ping", "PING", perf_counter())  # its own lag is not the server's
            self.later(due + PING_S, ping)

        self.later(self._stopped, ping)

    def begin(self, now: float) -> None:
        """Go on with the day; a pause before it is not made up for."""
        pause = now - self._stopped
        self._clocks = [(due + pause, number, call) for due, number, call in self._clocks]  # still a heap
        self._stopped = now

    @property
    def due(self) -> float:
        """When the next one acts."""
        return self._clocks[0][0]

    def send_due(self, now: float) -> None:
        """Do what should have been done by now."""
        self._stopped = now
        clocks = self._clocks
        while clocks[0][0] <= now:
            due, _, call = heapq.heappop(clocks)
            self.lags.add((now - due, 1))
            call(due)

    def later(self, due: float, call: Call) -> None:
        """Have something done at a time."""
        heapq.heappush(self._clocks, (due, next(self._numbers), call))

    def after(self, due: float, times: float, call: Call) -> None:
        """Have something done so many times between two messages later, more or less."""
        self.later(due + self.random.expovariate(1 / (times * self.every_s)), call)

    def home(self, now: float) -> None:
        """The day is over: whoever is away comes back, and nobody begins anything."""
        for person in self.people:
            if not person.is_here:
                self.come_back(person, now)

    def come_back(self, person: Person, due: float) -> None:
        """Somebody who was away is there again."""
        if not person.is_here:
            person.come_back(self.connect(), self.login(person.name), due)

    def _tick(self, habit: Habit, rate: float, due: float) -> None:
        (person,) = self.random.choices(self.people, cum_weights=self._weights)
        if person.is_here:
            habit(self, person, due)
        self.later(due + self.random.expovariate(rate), partial(self._tick, habit, rate))

    def _noticed(self, person: Person, party: str, now: float) -> None:
        """Something new in a conversation: it may be looked at soon."""
        if self.random.random() < (READS_A_ROOM if party.startswith("#") else READS):
            self.after(now, READING_TIME, partial(_mark, person, party))


def _mark(person: Person, party: str, due: float) -> None:
    if person.is_here and party in person.unread:
        person.ask("mark", f"MARKREAD|{person.name}|{party}|{person.unread.pop(party)}", due)


def _party(day: Day, person: Person) -> str:
    """To whom somebody writes: every room is about as busy as any other, so large ones have more silent members."""
    if person.rooms and day.random.random() < TO_A_ROOM:
        return day.random.choices(person.rooms, person.room_weights)[0]
    place = int(day.random.expovariate(CLOSENESS))
    return person.friends[min(place, len(person.friends) - 1)]


def _write(day: Day, person: Person, due: float) -> None:
    to = _party(day, person)
    if day.random.random() < TYPES:
        person.ask("typing", f"TYPING|{person.name}|{to}", due)
        day.after(due, TYPING_TIME, partial(_say, day, person, to))
    else:
        _say(day, person, to, due)


def _say(day: Day, person: Person, to: str, due: float) -> None:
    if person.is_here:
        number = len(day.score.planned)
        day.score.planned.append(due)
        person.say(to, number, day.texts.tails[number % TEXTS], due)


def _ask_bot(day: Day, person: Person, due: float) -> None:
    person.questions.append(due)
    person.ask("send_to_bot", f"SENDMESSAGE|{person.name}|{day.bot}|help", due)


def _look_back(day: Day, person: Person, due: float) -> None:
    person.ask("history", f"HISTORY|{person.name}|{_party(day, person)}", due)


def _search(day: Day, person: Person, due: float) -> None:
    person.ask("search", f"SEARCH|{person.name}|{day.random.choice(day.texts.words)}", due)


def _react(day: Day, person: Person, due: float) -> None:
    if person.last_heard:
        person.ask("react", f"REACT|{person.name}|{person.last_heard}|{day.random.choice(EMOJIS)}", due)


def _edit(day: Day, person: Person, due: float) -> None:
    """The number that the text begins with is that of a message which is no longer timed."""
    if person.last_own:
        text = day.texts.tails[person.last_own % TEXTS].decode().strip()
        person.ask("edit", f"EDITMESSAGE|{person.name}|{person.last_own}|0 {text}", due)


def _set_status(day: Day, person: Person, due: float) -> None:
    person.ask("status", f"SETSTATUS|{person.name}|{day.random.choice(('online', 'away', 'busy'))}", due)


def _go_away(day: Day, person: Person, due: float) -> None:
    person.go_away()
    day.after(due, AWAY_TIME, partial(day.come_back, person))


HABITS: dict[str, Habit] = {
    "write": _write,
    "ask_bot": _ask_bot,
    "look_back": _look_back,
    "search": _search,
    "react": _react,
    "edit": _edit,
    "set_status": _set_status,
    "go_away": _go_away,
}

SHARES: dict[str, float] = {  # how often each is done, beside a message; with a message every 30 s:
    "write": 1.0,
    "ask_bot": 0.05,  # every ten minutes
    "look_back": 0.25,  # every two minutes
    "search": 0.02,
    "react": 0.1,
    "edit": 0.02,
    "set_status": 0.05,
    "go_away": 0.05,  # every ten minutes, as a telephone in a train
}
