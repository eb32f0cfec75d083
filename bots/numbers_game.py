"""NumbersGame: thinks of a number; higher or lower; a personal best and a table of the best."""

from bots import Bot, Event, Sorry, State

bot = Bot("NumbersGame", "thinks of a number, and you guess it")

HIGHEST_MAX = 1_000_000
BESTS_KEPT = 20  # ranges of which a player's own best is remembered
TABLED = (10, 100, 1000, 10_000, 100_000, 1_000_000)  # a table for every range would grow without end
TABLE_ROWS = 10


@bot.on(
    "play [highest]",
    "start [highest]",
    help="a new game, from 1 to 100 or to your own number",
    examples={
        "play": "I think of a number from 1 to 100. Your guess?",
        "play 1000": "I think of a number from 1 to 1000. Your guess?",
    },
)
def play(event: Event, state: State, highest: int = 100) -> tuple[str, State]:
    if not 2 <= highest <= HIGHEST_MAX:
        raise Sorry(f"I play from 1 to anything between 2 and {HIGHEST_MAX}: say for example play 1000")
    game = {"secret": event.random.randint(1, highest), "highest": highest, "tries": 0}
    dropped = f"I drop the game you had after {_tries(state['game'])}. " if state.get("game") else ""
    return f"{dropped}I think of a number from 1 to {highest}. Your guess?", {**state, "game": game}


@bot.on("<number>", "guess <number>", help="your guess", examples={"50": "There is no game on. Say play to start one."})
def guess(event: Event, state: State, shared: State, number: int) -> str | tuple[str, State, State | None]:
    game = state.get("game")
    if not game:
        return "There is no game on. Say play to start one."
    if not 1 <= number <= game["highest"]:
        return f"My number is from 1 to {game['highest']}. This try does not count."
    game["tries"] += 1
    if number < game["secret"]:
        return f"Higher than {number}! ({_tries(game)} so far)", state, None
    if number > game["secret"]:
        return f"Lower than {number}! ({_tries(game)} so far)", state, None
    return _won(event.sender, game, state, shared)


@bot.on("give up", help="see my number", examples={"give up": "There is no game on. Say play to start one."})
def give_up(state: State) -> str | tuple[str, State]:
    game = state.pop("game", None)
    if not game:
        return "There is no game on. Say play to start one."
    return f"It was {game['secret']}. You had {_tries(game)}. Say play for another game.", state


@bot.on("best", help="your own best", examples={"best": "You have not won a game yet. Say play to start one."})
def best(state: State) -> str:
    bests = state.get("best", {})
    if not bests:
        return "You have not won a game yet. Say play to start one."
    return "Your best: " + ", ".join(
        f"1 to {highest} in {_tries({'tries': tries})}" for highest, tries in bests.items()
    )


@bot.on(
    "table [highest]",
    "top [highest]",
    help="the best of all players",
    examples={"table": "Nobody has won from 1 to 100 yet. Say play to be the first."},
)
def table(shared: State, highest: int = 100) -> str:
    rows = shared.get(str(highest), [])
    if not rows:
        return f"Nobody has won from 1 to {highest} yet. Say play to be the first."
    ranked = [f"{place}. {name} {_tries({'tries': tries})}" for place, (tries, name) in enumerate(rows, 1)]
    return f"The best from 1 to {highest}: {', '.join(ranked)}"


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
    return said + " Say play for another game, or table for the best of all.", {"best": bests}, shared


def _tries(game: State) -> str:
    return "1 try" if game["tries"] == 1 else f"{game['tries']} tries"
