"""Every setting in one table: name, unit, default, range and reason.

`--set name=value`, the TOML file, the environment (`CHATSERVER_NAME`) and `--help` are all made from it.
A command line wins over the environment, that over the file, that over the default.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from chatserver.core.state import Limits
from chatserver.protocol.verbs import nearest

ENVIRONMENT_PREFIX = "CHATSERVER_"


class SettingError(Exception):
    """A bad name or value; the text is a sentence that says what to do."""


def _number(default: int, least: int, most: int, unit: str, reason: str) -> int:
    made: int = field(default=default, metadata={"least": least, "most": most, "unit": unit, "reason": reason})
    return made


def _choice(default: str, choices: tuple[str, ...], reason: str) -> str:
    made: str = field(default=default, metadata={"choices": choices, "reason": reason})
    return made


def _text(default: str, reason: str, *, url: bool = False) -> str:
    made: str = field(default=default, metadata={"reason": reason, "url": url})
    return made


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may choose. Units stand at the end of the names where there could be a doubt."""

    port: int = _number(5000, 0, 65535, "port", "where clients connect; 0 takes a free one")
    host: str = _text("127.0.0.1", "the address to listen on; 0.0.0.0 or :: for every network of this machine")
    tls_certificate: str = _text("", "a PEM file, the certificate and its chain: with it the port speaks TLS only")
    tls_key: str = _text("", "a PEM file, the key of tls_certificate, without a passphrase")
    store: str = _text("./chat.db", "the file that holds everything; :memory: keeps nothing")
    sync: str = _choice("full", ("full", "normal"), "full: an OK survives a power cut; normal: it survives the process")
    log_level: str = _choice("info", ("debug", "info", "warning", "error"), "how much the log on stderr says")

    password_hash_cost: int = _number(
        14, 1, 20, "log2 of N", "what scrypt costs, and an attacker pays a guess; lower it for load tests alone"
    )
    password_chars_min: int = _number(8, 1, 256, "characters", "shorter ones are guessed")
    password_workers: int = _number(2, 1, 64, "threads", "passwords hashed at a time; each takes 16 MiB and a core")
    logins_per_minute: int = _number(
        10, 0, 10**6, "failures", "per address and name, ten times as many per address; then THROTTLED. 0: no limit"
    )
    login_timeout_s: int = _number(60, 1, 86400, "s", "a connection that does not log in gives its place back")
    token_life_days: int = _number(30, 1, 3650, "days", "how long RESUME works after a token's last use")
    tokens_per_user_max: int = _number(100, 1, 10_000, "tokens", "logins that can be resumed; then the oldest goes")

    connections_max: int = _number(16_384, 1, 10**6, "connections", "in all; the next one gets BYE|FULL")
    connections_per_address_max: int = _number(
        1024, 0, 10**6, "connections", "one address cannot take all the places. 0: no limit"
    )
    listen_backlog: int = _number(1024, 1, 65535, "connections", "that the kernel holds until they are accepted")
    commands_per_s: int = _number(
        5000,
        0,
        10**6,
        "commands",
        "per connection, with bursts of a second's worth; then it is read more slowly. 0: no limit",
    )
    commands_per_turn: int = _number(256, 1, 10**6, "commands", "of one connection before it is the others' turn")
    read_bytes_per_turn: int = _number(65_536, 512, 1 << 24, "bytes", "of one connection before it is the others' turn")
    send_bytes_high: int = _number(
        262_144, 1, 1 << 30, "bytes", "waiting for a client that does not read: its commands wait too"
    )
    send_bytes_max: int = _number(
        4_194_304, 1, 1 << 30, "bytes", "of events waiting for a client that does not read: then BYE|TOO_SLOW"
    )
    presence_ms: int = _number(
        1000, 0, 60_000, "ms", "friends hear once in this time who comes and goes, then what is true. 0: every change"
    )
    goodbye_s: int = _number(10, 1, 3600, "s", "how long a closing client may take to read its last frames")
    shutdown_s: int = _number(3, 0, 3600, "s", "how long SIGTERM waits for clients to read their last frames")

    bots: str = _text("", "a folder of bot files to run beside the built-in ones (BOTS.md)")
    weather_url: str = _text("", "what serves Open-Meteo's /v1/search and /v1/forecast; empty: Open-Meteo", url=True)
    greet_new_users: int = _number(0, 0, 1, "0 or 1", "1: HelpBot writes to everybody who signs up")
    bot_messages_per_s: int = _number(
        5, 0, 10**6, "messages", "of one user that a bot answers; what is more is told so and passed over. 0: no limit"
    )
    bot_messages_burst: int = _number(20, 1, 10**6, "messages", "of one user that a bot answers at once")
    bot_page_timeout_s: int = _number(10, 1, 300, "s", "the longest that a bot waits for a page from the web")
    bot_page_bytes_max: int = _number(1_000_000, 1000, 1 << 30, "bytes", "the biggest page that a bot gets")
    bot_page_threads: int = _number(8, 1, 256, "threads", "pages fetched at a time; one bot has half of them at most")

    message_chars_max: int = _number(4000, 1, 7600, "characters", "of one message; longer ones are TOO_LONG")
    rooms_per_user_max: int = _number(500, 1, 10**6, "rooms", "that one user is in")
    members_per_room_max: int = _number(10_000, 1, 10**6, "users", "in one room; each message goes to all of them")
    reactions_per_message_max: int = _number(
        20, 1, 1000, "emojis", "of one user to one message, those taken back included"
    )
    reactions_of_all_max: int = _number(
        500, 1, 10**5, "emojis", "of all users to one message: HISTORY shows them with it"
    )
    friends_max: int = _number(5000, 1, 10**6, "users", "friends and open requests of one user")

    def limits(self) -> Limits:
        """Those that the core's decisions look at."""
        return Limits(
            message_chars_max=self.message_chars_max,
            password_chars_min=self.password_chars_min,
            friends_max=self.friends_max,
            rooms_per_user_max=self.rooms_per_user_max,
            members_per_room_max=self.members_per_room_max,
            tokens_per_user_max=self.tokens_per_user_max,
            token_life_ms=self.token_life_days * 86_400_000,
            reactions_per_message_max=self.reactions_per_message_max,
            reactions_of_all_max=self.reactions_of_all_max,
        )


TABLE: dict[str, Field[Any]] = {row.name: row for row in fields(Settings)}


def parse(name: str, value: object) -> int | str:
    """The value of a setting from text or TOML. Raises SettingError."""
    row = TABLE.get(name)
    if row is None and isinstance(value, dict):
        raise SettingError(f"settings stand in no table: write name = value lines without [{name}]")
    if row is None:
        near = nearest(name, list(TABLE))
        hint = f"did you mean {near}?" if near else "--help lists them all"
        raise SettingError(f"there is no setting '{name}': {hint}")
    if isinstance(row.default, int):
        return _parse_number(row, value)
    text = value if isinstance(value, str) else ""
    choices = row.metadata.get("choices")
    if choices and text not in choices:
        near = nearest(text, choices)
        hint = f"; did you mean {near}?" if near else ""
        raise SettingError(f"{name} is one of {', '.join(choices)}, not '{value}'{hint}")
    if row.metadata.get("url") and not text.startswith(("http://", "https://")):
        raise SettingError(f"{name} begins with http:// or https://, not '{value}'")
    if not text.isprintable() or (not text and row.default):
        raise SettingError(f"{name} needs a text: {row.metadata['reason']}")
    return text


def _parse_number(row: Field[Any], value: object) -> int:
    least, most, unit = row.metadata["least"], row.metadata["most"], row.metadata["unit"]
    number: int | None = None
    if isinstance(value, str):
        plain = value.replace("_", "")
        number = int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 18 else None
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    if number is None or not least <= number <= most:
        raise SettingError(f"{row.name} is a whole number from {least} to {most} ({unit}), not '{value}'")
    return number


def build(
    *,
    file: Mapping[str, object],
    environment: Mapping[str, str],
    given: Mapping[str, object],
    file_name: str = "the configuration file",
) -> Settings:
    """Settings from a TOML file's table, the environment and the command line. Raises SettingError."""
    chosen: dict[str, int | str] = {}
    for name, value in file.items():
        chosen[name] = _parse_from(file_name, name, value)
    for variable, text in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX):
            name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
            chosen[name] = _parse_from(f"{variable} in the environment", name, text)
    for name, value in given.items():
        chosen[name] = parse(name, value)
    made: Any = Settings
    settings: Settings = made(**chosen)
    return settings


def _parse_from(source: str, name: str, value: object) -> int | str:
    try:
        return parse(name, value)
    except SettingError as error:
        raise SettingError(f"{source}: {error}") from error


def describe() -> str:
    """The table for `--help`."""
    lines = []
    for row in TABLE.values():
        about = row.metadata
        unit = about.get("unit") or "|".join(about.get("choices", ())) or "text"
        lines.append(f"  {row.name}={row.default} ({unit})\n      {about['reason']}")
    return "\n".join(lines)
