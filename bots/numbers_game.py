"""NumbersGame: thinks of a number; higher or lower; a personal best, and the best of all and of one's friends."""

from collections.abc import Iterable

from bots import Bot, Event, Friends, Sorry, State, Whisper

bot = Bot("NumbersGame", "thinks of a number, and you guess it")

HIGHEST_MAX = 1_000_000
LEVELS = {"easy": 10, "normal": 100, "medium": 100, "hard": 1000, "insane": 1_000_000}
BESTS_KEPT = 20  # ranges of which a player's own best is remembered
TABLED = (10, 100, 1000, 10_000, 100_000, 1_000_000)  # a table for every range would grow without end
TABLE_ROWS = 10
ROOM_GAMES_MAX = 500
RANGE = rf"(?: (?:(?P<level>{'|'.join(LEVELS)})|(?:to )?(?P<highest>\d{{1,15}})))?[.!]?"


@bot.matching(
    rf"(?:play|start){RANGE}",
    "play [highest]",
    "a new game, from 1 to 100, to your own number, or easy, hard, insane",
    examples={
        "play": "I think of a number from 1 to 100. Your guess?",
        "play 1000": "I think of a number from 1 to 1000. Your guess?",
        "play easy": "I think of a number from 1 to 10. Your guess?",
    },
)
def play(event: Event, state: State, highest: int = 100, level: str = "") -> tuple[str, State]:
    highest = LEVELS.get(level.lower(), highest)
    if not 2 <= highest <= HIGHEST_MAX:
        raise Sorry(f"I play from 1 to anything between 2 and {HIGHEST_MAX}: say for example play 1000")
    game = {"secret": event.random.randint(1, highest), "highest": highest, "tries": 0}
    dropped = f"I drop the game you had after {_tries(state['game'])}. " if state.get("game") else ""
    return f"{dropped}I think of a number from 1 to {highest}. Your guess?", {**state, "game": game}


@bot.on(
    "together [highest]",
    help="a game of a whole room, by turns",
    examples={"together": "We play together in rooms: invite me into one, and say @NumbersGame together there."},
)
def together(event: Event, shared: State, highest: int = 100) -> tuple[str, State]:
    if event.room is None:
        raise Sorry("We play together in rooms: invite me into one, and say @NumbersGame together there.")
    if not 2 <= highest <= HIGHEST_MAX:
        raise Sorry(f"I play from 1 to anything between 2 and {HIGHEST_MAX}: say for example together 1000")
    if event.place in shared:
        raise Sorry(f"{event.room} plays already, from 1 to {shared[event.place]['highest']}: guess, or say give up")
    if len(shared) >= ROOM_GAMES_MAX:
        raise Sorry("So many rooms play that I cannot keep one more: say play for a game of your own")
    shared[event.place] = {"secret": event.random.randint(1, highest), "highest": highest, "tries": 0}
    return f"I think of a number from 1 to {highest}. Guess by turns: nobody twice, one after another.", shared


@bot.matching(
    r"(?:guess |is it |i guess )?(?P<number>\d{1,15})[.!?]*",
    "<number>",
    "your guess",
    examples={"50": "There is no game on. Say play to start one."},
)
def guess(event: Event, state: State, shared: State, number: int) -> str | tuple[str, State | None, State | None]:
    common = shared.get(event.place) if event.room else None
    game = common or state.get("game")
    if not game:
        return "There is no game on. Say play to start one."
    if not 1 <= number <= game["highest"]:
        return f"My number is from 1 to {game['highest']}. This try does not count."
    if common and common.get("last") == event.sender:
        return f"It is another's turn, {event.sender}: this try does not count."
    game["tries"] += 1
    if common:
        common["last"] = event.sender
    if number != game["secret"]:
        word = "Higher" if number < game["secret"] else "Lower"
        said = f"{word} than {number}! ({_tries(game)} so far)"
        return (said, None, shared) if common else (said, state, None)
    if common:
        del shared[event.place]
        return f"Right, {event.sender}, it is {number}! Together you needed {_tries(game)}.", None, shared
    return _won(event.sender, game, state, shared)


@bot.on("give up", help="see my number", examples={"give up": "There is no game on. Say play to start one."})
def give_up(event: Event, state: State, shared: State) -> str | tuple[str, State, State | None]:
    common = shared.pop(event.place, None) if event.room else None
    game = common or state.pop("game", None)
    if not game:
        return "There is no game on. Say play to start one."
    again = "together" if common else "play"
    return (
        f"It was {game['secret']}. You had {_tries(game)}. Say {again} for another game.",
        state,
        shared if common else None,
    )


@bot.on("best", help="your own best", examples={"best": "You have not won a game yet. Say play to start one."})
def best(state: State) -> str:
    bests = state.get("best", {})
    if not bests:
        return "You have not won a game yet. Say play to start one."
    return "Your best: " + ", ".join(
        f"1 to {highest} in {_tries({'tries': tries})}" for highest, tries in bests.items()
    )


@bot.matching(
    rf"(?:table|top){RANGE}",
    "table [highest]",
    "the best of all players",
    examples={"table": "Nobody has won from 1 to 100 yet. Say play to be the first."},
)
def table(known: State, highest: int = 100, level: str = "") -> str:
    highest = LEVELS.get(level.lower(), highest)
    rows = known.get(str(highest), [])
    if not rows:
        return f"Nobody has won from 1 to {highest} yet. Say play to be the first."
    return f"The best from 1 to {highest}: {_ranked(rows)}"


@bot.matching(
    rf"(?:friends|(?:table|top|best) (?:of (?:my )?)?friends){RANGE}",
    "friends [highest]",
    "the best of you and your friends",
    examples={"friends": "Neither you nor a friend of yours has won from 1 to 100 yet. Say play to be the first."},
)
def best_friends(event: Event, state: State, friends: Friends, highest: int = 100, level: str = "") -> str:
    """Who is a friend of whom is nobody else's business: also in a room, the sender alone reads it."""
    if friends is None:
        raise Sorry("Here I am not told who your friends are: say table for the best of all")
    highest = LEVELS.get(level.lower(), highest)
    bests = [
        (theirs.get("best", {}).get(str(highest)), name) for name, theirs in [(event.sender, state), *friends.items()]
    ]
    rows = sorted((tries, name) for tries, name in bests if tries)[:TABLE_ROWS]
    if not rows:
        return Whisper(f"Neither you nor a friend of yours has won from 1 to {highest} yet. Say play to be the first.")
    return Whisper(f"The best of you and your friends from 1 to {highest}: {_ranked(rows)}")


def _won(player: str, game: State, state: State, shared: State) -> tuple[str, State, State]:
    key, tries = str(game["highest"]), game["tries"]
    bests = state.get("best", {})
    record = tries < bests.get(key, tries + 1)
    if record:
        bests.pop(key, None)
        bests = dict([*bests.items(), (key, tries)][-BESTS_KEPT:])
    said = f"Right, it is {game['secret']}! You needed {_tries(game)}."
    said += " That is your personal best." if record else f" Your personal best is {bests[key]}."
    if record and game["highest"] in TABLED:
        rows = [*(row for row in shared.get(key, []) if row[1] != player), [tries, player]]
        shared[key] = sorted(rows, key=lambda row: row[0])[:TABLE_ROWS]
    return (
        said + " Say play for another game, or table for the best of all, or friends for yours.",
        {"best": bests},
        shared,
    )


def _ranked(rows: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{place}. {name} {_tries({'tries': tries})}" for place, (tries, name) in enumerate(rows, 1))


def _tries(game: State) -> str:
    return "1 try" if game["tries"] == 1 else f"{game['tries']} tries"
