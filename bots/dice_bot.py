"""DiceBot: rolls dice and flips coins."""

from bots import Bot, Event, Sorry

bot = Bot("DiceBot", "rolls dice and flips coins")

DICE_MAX = 100
SIDES_MAX = 1000


@bot.on(
    "roll",
    "roll <count>d<sides>",
    "<count>d<sides>",
    help="one die, or as many as you like",
    examples={"roll": "1d6: 4", "roll 2d6": "2d6: 4 + 4 = 8", "3d20": "3d20: ... + ... + ... = ..."},
)
def roll(event: Event, count: int = 1, sides: int = 6) -> str:
    if not (1 <= count <= DICE_MAX and 2 <= sides <= SIDES_MAX):
        raise Sorry(f"I have 1 to {DICE_MAX} dice of 2 to {SIDES_MAX} sides: say for example roll 2d6")
    rolled = [event.random.randint(1, sides) for _ in range(count)]
    total = f" = {sum(rolled)}" if count > 1 else ""
    return f"{count}d{sides}: {' + '.join(map(str, rolled))}{total}"


@bot.on("flip", help="a coin", examples={"flip": "Tails"})
def flip(event: Event) -> str:
    return event.random.choice(("Heads", "Tails"))


@bot.on("choose <options>", help="one of several things", examples={"choose tea or coffee": "coffee"})
def choose(event: Event, options: str) -> str:
    things = [thing.strip() for thing in options.replace(" or ", ",").split(",") if thing.strip()]
    if not things:
        raise Sorry("Say what to choose from: choose tea or coffee")
    return event.random.choice(things)
