"""DiceBot: rolls dice and flips coins."""

import re

from bots import Bot, Event, Sorry

bot = Bot("DiceBot", "rolls dice and flips coins")

DICE_MAX = 100
SIDES_MAX = 1000
TERMS_MAX = 10
NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
KINDLY = r"(?:please,? )?"
PLEASE = r"(?:,? please)?[.!?]*"
ROLL = rf"{KINDLY}(?:roll|throw)(?: me)?"
DICE = r"\d*d(?:\d+|%)"
_TERM = re.compile(r"([-+]?) ?(?:(\d*)d(\d+|%)|(\d+)) ?", re.IGNORECASE)


@bot.matching(
    rf"{ROLL}(?: (?P<many>\d+|{'|'.join(NUMBERS)}) (?:dice|die)| dice)?{PLEASE}",
    "roll",
    "one die, or roll two dice",
    examples={"roll": "1d6: 4", "roll two dice": "2d6: ... + ... = ..."},
)
def roll(event: Event, many: str = "one") -> str:
    return thrown(event, f"{NUMBERS.get(many.lower(), many)}d6")


@bot.matching(
    rf"(?:{ROLL}(?: an?)? )?(?P<dice>{DICE}(?: ?[-+] ?(?:{DICE}|\d+))*){PLEASE}",
    "roll 3d6+2",
    "dice of any sides, added up; d% has a hundred",
    examples={"roll 2d6": "2d6: ... + ... = ...", "3d20": "3d20: ... + ... + ... = ...", "d20+5": "1d20+5: ... = ..."},
)
def thrown(event: Event, dice: str) -> str:
    asked, rolled, total, left = "", "", 0, DICE_MAX
    terms = _TERM.findall(dice)
    if len(terms) > TERMS_MAX:
        raise Sorry(f"I add up to {TERMS_MAX} kinds of dice: say for example roll 2d6 + 1d4")
    for sign, count, sides, plain in terms:
        values = [int(plain[:9])] if plain else _values(event, int((count or "1")[:9]), sides.replace("%", "100"), left)
        left -= 0 if plain else len(values)
        asked += sign + (plain or f"{len(values)}d{sides if sides == '%' else int(sides)}")
        rolled += "".join(f" {sign or '+'} {value}" for value in values)
        total += sum(values) * (-1 if sign == "-" else 1)
    shown = rolled.removeprefix(" + ")
    return f"{asked}: {shown}" + (f" = {total}" if " " in shown else "")


def _values(event: Event, count: int, sides: str, most: int) -> list[int]:
    if not (1 <= count <= most and 2 <= int(sides[:9]) <= SIDES_MAX):
        raise Sorry(f"I have 1 to {DICE_MAX} dice of 2 to {SIDES_MAX} sides: say for example roll 2d6")
    return [event.random.randint(1, int(sides)) for _ in range(count)]


@bot.matching(
    rf"{KINDLY}(?:(?:flip|toss|throw)(?: (?:a|the) coin)?|heads or tails){PLEASE}",
    "flip",
    "a coin",
    examples={"flip": "Tails", "toss a coin, please": "..."},
)
def flip(event: Event) -> str:
    return event.random.choice(("Heads", "Tails"))


@bot.on("choose <options>", "pick <options>", help="one of several things", examples={"choose tea or coffee": "coffee"})
def choose(event: Event, options: str) -> str:
    things = [thing.strip() for thing in options.rstrip("?").replace(" or ", ",").split(",") if thing.strip()]
    if not things:
        raise Sorry("Say what to choose from: choose tea or coffee")
    return event.random.choice(things)
