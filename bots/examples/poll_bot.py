"""PollBot: one poll at a time for each room, and one for those who write to it directly."""

from bots import Bot, Event, Sorry, State

bot = Bot("PollBot", "asks everybody a question and counts the votes")

OPTIONS_MAX = 10
POLLS_MAX = 50  # so that what is shared has an end: the oldest poll makes place


@bot.on(
    "poll <question>: <options>",
    help="options with commas between them",
    examples={"poll Lunch?: pizza, sushi": "Lunch? 1 pizza (0) · 2 sushi (0). Say vote 1 to choose pizza."},
)
def poll(event: Event, question: str, options: str, shared: State) -> tuple[str, State]:
    names = list(dict.fromkeys(name.strip() for name in options.split(",") if name.strip()))
    if not 2 <= len(names) <= OPTIONS_MAX or len(question) + len(options) > 1000:
        raise Sorry(f"A poll has 2 to {OPTIONS_MAX} options, with commas between them: poll Lunch?: pizza, sushi")
    shared.pop(event.place, None)
    polls = dict([*shared.items()][-POLLS_MAX + 1 :])
    made = {"question": question, "options": names, "votes": {}}
    # A list with a name in it is that user's, and goes with the account: the question is what they wrote.
    return f"{_shown(made)} Say vote 1 to choose {names[0]}.", {**polls, event.place: [event.sender, made]}


@bot.on("vote <number>", help="or vote again to change your mind")
def vote(event: Event, number: int, shared: State) -> tuple[str, State]:
    _, asked = _poll(event, shared)
    if not 1 <= number <= len(asked["options"]):
        raise Sorry(f"There are options 1 to {len(asked['options'])}. {_shown(asked)}")
    asked["votes"][event.sender] = number
    return f"You voted for {asked['options'][number - 1]}. {_shown(asked)}", shared


@bot.on("results", help="how it stands", examples={"results": "There is no poll here. Say poll Lunch?: pizza, sushi"})
def results(event: Event, shared: State) -> str:
    return _shown(_poll(event, shared)[1])


@bot.on("close", help="end it, if it is yours")
def close(event: Event, shared: State) -> tuple[str, State]:
    author, asked = _poll(event, shared)
    if author != event.sender:
        raise Sorry(f"This poll is {author}'s to close.")
    del shared[event.place]
    return f"Closed. {_shown(asked)}", shared


def _poll(event: Event, shared: State) -> tuple[str, State]:
    if event.place not in shared:
        raise Sorry("There is no poll here. Say poll Lunch?: pizza, sushi")
    author, asked = shared[event.place]
    return author, asked


def _shown(asked: State) -> str:
    votes = list(asked["votes"].values())
    counted = [f"{at} {name} ({votes.count(at)})" for at, name in enumerate(asked["options"], 1)]
    return f"{asked['question']} {' · '.join(counted)}."
