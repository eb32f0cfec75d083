"""What the commands about the account do."""

from collections.abc import Callable

from chatclient.terminal.hands import Hands, UsageError
from chatclient.terminal.lines import line

PASSWORD_RULES = "8 to 256 characters, none of them |"


def sign_up(hands: Hands, rest: str) -> None:
    """`/signup NAME`: ask for a password twice, make the account, log in."""
    if hands.desk.me:
        raise UsageError(f"You are {hands.desk.me}: /logout first")
    _alone(rest)
    new_password(hands, f"New password for {rest}", lambda password: hands.sign_up(rest, password))


def log_in(hands: Hands, rest: str) -> None:
    """`/login NAME`"""
    if hands.desk.me:
        raise UsageError(f"You are {hands.desk.me}: /logout first")
    _alone(rest)
    hands.log_in(rest)


def _alone(name: str) -> None:
    if len(name.split()) > 1:
        raise UsageError("Type the name alone: the password is asked for, and not shown")


def change_password(hands: Hands, _rest: str) -> None:
    """`/passwd`: ask for the old password, and twice for the new one."""
    if not hands.desk.me:
        raise UsageError("Log in first: it is your own password that this changes")
    hands.ask_secret(
        "Old password: ",
        lambda old: new_password(hands, "New password", lambda new: hands.ask("SETPASSWORD", old, new)),
    )


def new_password(hands: Hands, prompt: str, then: Callable[[str], None]) -> None:
    """Say the rules, and ask until a password fits them and was typed twice."""

    def again(first: str) -> None:
        if not 8 <= len(first) <= 256 or "|" in first:
            hands.say(line(f"A password has {PASSWORD_RULES}: this one has {len(first)}", "warn"))
            new_password(hands, prompt, then)
        else:
            hands.ask_secret("The same again: ", lambda second: compare(first, second))

    def compare(first: str, second: str) -> None:
        if first == second:
            then(first)
        else:
            hands.say(line("These were not the same: once more", "warn"))
            new_password(hands, prompt, then)

    hands.say(line(f"A password has {PASSWORD_RULES}. Ctrl-C gives up", "dim"))
    hands.ask_secret(f"{prompt}: ", again)


def export(hands: Hands, rest: str) -> None:
    """`/export [AFTER]`"""
    hands.ask("EXPORT", *([rest] if rest else []))


def delete_account(hands: Hands, _rest: str) -> None:
    """`/deleteaccount`: only who knows the password, which is the question whether it is meant."""
    if not hands.desk.me:
        raise UsageError("Log in first: it is your own account that this removes")
    hands.ask_secret(
        f"To remove {hands.desk.me} and all that {hands.desk.me} wrote, for good, give the password: ",
        lambda password: hands.ask("DELETEACCOUNT", password),
    )
