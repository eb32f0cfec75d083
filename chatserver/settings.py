"""Every setting in one table: name, unit, default, range and reason.

`--set name=value`, the TOML file, the environment (`CHATSERVER_NAME`) and `--help` are all made from it.
A command line wins over the environment, that over the file, that over the default.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from chatserver.core.state import Limits
from chatserver.protocol.names import name_key
from chatserver.protocol.verbs import nearest

Value = int | str | tuple[object, ...]

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


def _number_or_none(least: int, most: int, unit: str, reason: str) -> int | None:
    made: int | None = field(default=None, metadata={"least": least, "most": most, "unit": unit, "reason": reason})
    return made


def _list(each: Callable[[str], Any], unit: str, reason: str) -> Any:
    """Several values, parted by commas or blanks; `each` makes one of its text, or raises ValueError."""
    return field(default=(), metadata={"each": each, "unit": unit, "reason": reason})


def _origin(text: str) -> str:
    if not re.fullmatch(r"https?://[^/?#@\s]+", text.lower()):
        raise ValueError("an origin is http:// or https:// and a name, without a path")
    return text.lower()


def _peer(text: str) -> str:
    """As a browser writes it in `Origin`, where the port that goes without saying is not said."""
    found = re.fullmatch(r"(https?)://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/?", text.lower())
    if found is None:
        raise ValueError("a page's address is http:// or https:// and a name or a number, as https://two.example")
    scheme, host, port = found.groups()
    return (
        f"{scheme}://{host}:{port}" if port and port != {"http": "80", "https": "443"}[scheme] else f"{scheme}://{host}"
    )


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError("an address, or a network such as 10.0.0.0/8") from None


@dataclass(slots=True)
class Settings:
    """What an operator may choose. Units stand at the end of the names where there could be a doubt.

    There is one of them, which all parts of a server look at; `take` changes in place what may change while it runs.
    """

    port: int = _number(5000, 0, 65535, "port", "where clients connect; 0 takes a free one")
    host: str = _text("127.0.0.1", "the address to listen on; 0.0.0.0 or :: for every network of this machine")
    web: str = _choice("on", ("on", "off"), "on: the same chat as a page for browsers, on web_port")
    web_port: int | None = _number_or_none(
        0, 65535, "port", "where browsers connect; left out: the next after port, and a free one where port is 0"
    )
    web_origins: tuple[str, ...] = _list(
        _origin, "origins", "other addresses of the page, as a proxy's: https://chat.example, parted by commas"
    )
    web_peers: tuple[str, ...] = _list(
        _peer,
        "addresses",
        "of the page on other machines of the same chat, where a page goes on when its own is gone (docs/cluster.md)",
    )
    web_proxies: tuple[IPv4Network | IPv6Network, ...] = _list(
        _network, "addresses", "of proxies whose word counts (the last X-Forwarded-For) on whom they ask for"
    )
    web_head_s: int = _number(10, 1, 3600, "s", "how long a browser may take to ask: then it gives its place back")
    web_idle_s: int = _number(15, 1, 3600, "s", "how long a connection of a browser may wait for the next request")
    web_silence_s: int = _number(
        45, 1, 86_400, "s", "of silence until a WebSocket is pinged, and as long again until it is given up"
    )
    plain_host: str = _text("", "where port listens, if elsewhere than host: 127.0.0.1 lets only TLS in from outside")
    tls_port: int | None = _number_or_none(
        0,
        65535,
        "port",
        "where clients connect by TLS; left out: the second after port, and a free one where port is 0",
    )
    tls_handshake_s: int = _number(10, 1, 3600, "s", "how long a TLS handshake may take, however its bytes come")
    tls_threads: int = _number(2, 1, 64, "threads", "TLS handshakes worked out at a time: one costs up to some ms")
    tls_certificate: str = _text(
        "", "a PEM file, the certificate and its chain: with it tls_port and the page speak TLS"
    )
    tls_key: str = _text("", "a PEM file, the key of tls_certificate, without a passphrase")
    store: str = _text("./chat.db", "the file that holds everything; :memory: keeps nothing")
    sync: str = _choice("full", ("full", "normal"), "full: an OK survives a power cut; normal: it survives the process")
    cluster: str = _text(
        "", "how to reach the PostgreSQL that several machines share (docs/cluster.md), as psql takes it; empty: none"
    )
    cluster_node: str = _text("", "this machine's name in the cluster, which no other has; empty: host and store")
    cluster_lease_s: int = _number(
        3, 1, 300, "s", "how long a machine that writes may be silent until another takes over"
    )
    cluster_log_keep_s: int = _number(
        3600,
        10,
        10**7,
        "s",
        "how long the shared log is kept, for a machine that was away or joins; then it needs a copy",
    )
    log_format: str = _choice("text", ("text", "json"), "lines for people, or an object a line for programs")
    metrics_port: int = _number(
        0, 0, 65535, "port", "of this machine alone: /healthz, /readyz and Prometheus' /metrics over HTTP. 0: none"
    )
    log_level: str = _choice("info", ("debug", "info", "warning", "error"), "how much the log on stderr says")

    admins: str = _text(
        "", "names, parted by commas, of accounts that may use ADMIN, and that nobody can sign up; empty: nobody may"
    )
    signup: str = _choice(
        "open", ("open", "invite", "closed"), "who may sign up: everybody, who has an invitation code, nobody"
    )
    direct_messages: str = _choice(
        "friends", ("friends", "everyone"), "who may write to whom: friends, or all who do not block each other"
    )

    password_hash_cost: int = _number(
        14, 1, 20, "log2 of N", "what scrypt costs, and an attacker pays a guess; lower it for load tests alone"
    )
    password_chars_min: int = _number(8, 1, 256, "characters", "shorter ones are guessed")
    password_workers: int = _number(2, 1, 64, "threads", "passwords hashed at a time; each takes 16 MiB and a core")
    logins_per_minute: int = _number(
        10,
        0,
        10**6,
        "failures",
        "per address and name, ten times as many per address; then THROTTLED. 0: no limit, for SIGNUP neither",
    )
    sign_ups_per_minute: int = _number(
        100, 0, 10**6, "accounts", "made from one address; then THROTTLED: each costs a password hash. 0: no limit"
    )
    throttle_s_max: int = _number(
        3600, 60, 10**6, "s", "the longest that THROTTLED lasts: 60 s, then twice as long for each time it comes again"
    )
    passwords_per_address_max: int = _number(
        1024, 1, 10**6, "passwords", "of one address that wait to be hashed; addresses take turns; then THROTTLED"
    )
    login_timeout_s: int = _number(60, 1, 86400, "s", "a connection that does not log in gives its place back")
    token_life_days: int = _number(30, 1, 3650, "days", "how long RESUME works after a token's last use")
    tokens_per_user_max: int = _number(100, 1, 10_000, "tokens", "logins that can be resumed; then the oldest goes")

    connections_max: int = _number(16_384, 1, 10**6, "connections", "in all; the next one gets BYE|FULL")
    connections_per_address_max: int = _number(
        1024, 0, 10**6, "connections", "one address cannot take all the places. 0: no limit"
    )
    vanished_s: int = _number(
        60, 5, 86_400, "s", "until a peer whose network is gone, or that reads nothing, counts as gone"
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
    read_bytes_per_turn: int = _number(
        65_536, 512, 1 << 24, "bytes", "of one connection before it is the others' turn; more does not wait"
    )
    send_bytes_high: int = _number(
        262_144, 1, 1 << 30, "bytes", "waiting for a client that does not read: its commands wait too"
    )
    send_bytes_max: int = _number(
        4_194_304, 1, 1 << 30, "bytes", "of events waiting for a client that does not read: then BYE|TOO_SLOW"
    )
    send_bytes_total_max: int = _number(
        41_943_040, 65_536, 1 << 40, "bytes", "waiting for all who do not read: then BYE|TOO_SLOW to who has most"
    )
    unread_s: int = _number(
        45, 1, 86_400, "s", "in which a client takes none of the bytes that wait for it, answers too: then BYE|TOO_SLOW"
    )
    presence_ms: int = _number(
        1000, 0, 60_000, "ms", "friends hear once in this time who comes and goes, then what is true. 0: every change"
    )
    goodbye_s: int = _number(10, 1, 3600, "s", "how long a closing client may take to read its last frames")
    shutdown_s: int = _number(3, 0, 3600, "s", "how long SIGTERM waits for clients to read their last frames")

    upgrade_s: int = _number(
        60, 1, 86_400, "s", "a new program may take to be ready, and then to serve: else the old one goes on"
    )

    bots: str = _text("", "a folder of bot files to run beside the built-in ones (BOTS.md)")
    bots_reload: str = _choice(
        "off", ("off", "on"), "on: a bot file that changes is loaded again while the server runs"
    )
    weather_url: str = _text("", "what serves Open-Meteo's /v1/search and /v1/forecast; empty: Open-Meteo", url=True)
    greet_new_users: int = _number(0, 0, 1, "0 or 1", "1: HelpBot writes to everybody who signs up")
    bot_messages_per_s: int = _number(
        5, 0, 10**6, "messages", "of one user that a bot answers; what is more is told so and passed over. 0: no limit"
    )
    bot_messages_burst: int = _number(20, 1, 10**6, "messages", "of one user that a bot answers at once")
    hooks_port: int | None = _number_or_none(
        0, 65535, "port", "where programs POST to /hooks/TOKEN, by HTTP or as the page by HTTPS; left out: no hooks"
    )
    hooks_url: str = _text(
        "", "how addresses of hooks begin for those outside, as a proxy's: https://hooks.example", url=True
    )
    hooks_private: str = _choice("off", ("off", "on"), "on: hooks may post to this machine and to private networks too")
    hook_bytes_max: int = _number(65_536, 1000, 1 << 20, "bytes", "what a program may post at a time")
    bot_page_timeout_s: int = _number(10, 1, 300, "s", "the longest that a bot waits for a page from the web")
    bot_page_bytes_max: int = _number(1_000_000, 1000, 1 << 30, "bytes", "the biggest page that a bot gets")
    bot_step_ms_max: int = _number(
        1000, 0, 600_000, "ms", "a bot's handler that runs longer is broken off: it holds up everybody. 0: never"
    )
    bot_pages_waiting_max: int = _number(
        1000, 1, 10**6, "pages", "that wait for a thread, of all bots; who asks for one more is told so"
    )
    bot_pages_bytes_max: int = _number(
        16_777_216,
        0,
        1 << 40,
        "bytes",
        "of pages kept in memory for bots; the one not asked for the longest makes place",
    )
    bot_page_threads: int = _number(8, 1, 256, "threads", "pages fetched at a time; one bot has half of them at most")

    look_alike_names: str = _choice(
        "refused", ("refused", "allowed"), "names that look like another user's (Unicode confusables) are for deceiving"
    )
    message_chars_max: int = _number(4000, 1, 7600, "characters", "of one message; longer ones are TOO_LONG")
    tags_per_user_max: int = _number(
        1_000_000,
        1,
        10**7,
        "tags",
        "of one user's last tagged messages, for a day: 8 bytes of memory where they are not numbered (of the last"
        " 20,000 80, or 8 where they are)",
    )
    stays_per_user_max: int = _number(
        500,
        1,
        10_000,
        "stays",
        "in rooms that a user has left: what was said in the last ones SYNC shows, each a list to look into",
    )
    ended_rooms_max: int = _number(
        10_000, 0, 10**7, "rooms", "that are no more and whose names old messages show; those of older ones show #?"
    )
    rooms_per_user_max: int = _number(500, 1, 10**6, "rooms", "that one user is in")
    members_per_room_max: int = _number(10_000, 1, 10**6, "users", "in one room; each message goes to all of them")
    reactions_per_message_max: int = _number(
        20, 1, 1000, "emojis", "of one user to one message, those taken back included"
    )
    reactions_of_all_max: int = _number(
        500, 1, 10**5, "emojis", "of all users to one message: HISTORY shows them with it"
    )
    gaps_per_user_max: int = _number(
        100,
        1,
        10_000,
        "gaps",
        "between messages handed to a user; a SYNC that would leave more counts as not delivered",
    )
    history_days: int = _number(
        0, 0, 36_500, "days", "how long messages are kept; then they leave the file bit by bit. 0: for good"
    )
    friends_max: int = _number(
        5000,
        1,
        10**6,
        "users",
        "friends and open requests of one user, and as many that others ask; a list is one answer",
    )
    blocks_max: int = _number(5000, 1, 10**6, "users", "that one user blocks; each list is one answer")
    invitations_max: int = _number(
        500, 1, 10**6, "rooms", "that one user is asked into; a login is told of all of them"
    )
    rooms_max: int = _number(10_000, 1, 10**7, "rooms", "in all; SHOWROOMS lists the public ones in one answer")

    origins: dict[str, str] = field(default_factory=dict, repr=False, compare=False)  # what is no default: from where

    def origin(self, name: str) -> str:
        """Where the value of a setting comes from."""
        return self.origins.get(name, "default")

    def take(self, other: "Settings") -> tuple[list[str], list[str]]:
        """Take over what differs and may change; return the names of that, and of what needs a restart."""
        changed = [name for name in TABLE if getattr(self, name) != getattr(other, name)]
        taken = [name for name in changed if name in LIVE]
        self.take_some(other, taken)
        return taken, [name for name in changed if name not in LIVE]

    def take_some(self, other: "Settings", names: Iterable[str]) -> None:
        """Take over these alone, with where they come from."""
        for name in names:
            setattr(self, name, getattr(other, name))
            self.origins.pop(name, None)
            if name in other.origins:
                self.origins[name] = other.origins[name]

    @property
    def admin_keys(self) -> frozenset[str]:
        """The accounts that `admins` names, in the form in which names are compared."""
        return frozenset(name_key(name.strip()) for name in self.admins.split(",") if name.strip())

    def limits(self) -> Limits:
        """Those that the core's decisions look at."""
        return Limits(
            message_chars_max=self.message_chars_max,
            password_chars_min=self.password_chars_min,
            friends_max=self.friends_max,
            blocks_max=self.blocks_max,
            invitations_max=self.invitations_max,
            rooms_max=self.rooms_max,
            rooms_per_user_max=self.rooms_per_user_max,
            members_per_room_max=self.members_per_room_max,
            tokens_per_user_max=self.tokens_per_user_max,
            token_life_ms=self.token_life_days * 86_400_000,
            reactions_per_message_max=self.reactions_per_message_max,
            reactions_of_all_max=self.reactions_of_all_max,
            look_alikes_refused=self.look_alike_names == "refused",
            gaps_per_user_max=self.gaps_per_user_max,
            tags_per_user_max=self.tags_per_user_max,
            stays_per_user_max=self.stays_per_user_max,
            ended_rooms_max=self.ended_rooms_max,
            signup=self.signup,
            direct_messages=self.direct_messages,
            kept_keys=self.admin_keys,
        )


TABLE: dict[str, Field[Any]] = {row.name: row for row in fields(Settings) if row.metadata}

LIVE = frozenset(field.name for field in fields(Limits)) & TABLE.keys() | {
    *("admins", "history_days", "log_level", "token_life_days", "login_timeout_s", "goodbye_s", "shutdown_s"),
    "upgrade_s",
    *("connections_per_address_max", "commands_per_s", "commands_per_turn", "send_bytes_high", "send_bytes_max"),
    "send_bytes_total_max",
}
"""Those that may change while the server runs; the others are looked at once, when it starts."""

LIVE_ON_THE_WIRE = LIVE & {
    *("signup", "direct_messages", "look_alike_names", "message_chars_max", "reactions_per_message_max"),
    *("reactions_of_all_max", "friends_max", "blocks_max", "invitations_max"),
    *("rooms_max", "rooms_per_user_max", "members_per_room_max"),
}
"""Of these, those that accounts in `admins` may change: how people deal with each other, and nothing of the machine."""


def parse(name: str, value: object) -> Value:
    """The value of a setting from text or TOML. Raises SettingError."""
    row = TABLE.get(name)
    if row is None and isinstance(value, dict):
        raise SettingError(f"settings stand in no table: write name = value lines without [{name}]")
    if row is None:
        near = nearest(name, list(TABLE))
        hint = f"did you mean {near}?" if near else "--help lists them all"
        raise SettingError(f"there is no setting '{name}': {hint}")
    if "least" in row.metadata:
        return _parse_number(row, value)
    if "each" in row.metadata:
        return _parse_list(row, value)
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


def _parse_list(row: Field[Any], value: object) -> tuple[object, ...]:
    words = re.split(r"[\s,]+", value) if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise SettingError(f"{row.name} is a list of {row.metadata['unit']}, parted by commas, not '{value}'")
    made = []
    for word in filter(None, words):
        try:
            made.append(row.metadata["each"](word))
        except ValueError as error:
            raise SettingError(f"{row.name} cannot have '{word}': {error}") from error
    return tuple(made)


def build(
    *,
    file: Mapping[str, object],
    environment: Mapping[str, str],
    given: Mapping[str, object],
    file_name: str = "the configuration file",
) -> Settings:
    """Settings from a TOML file's table, the environment and the command line. Raises SettingError."""
    chosen: dict[str, Value] = {}
    origins: dict[str, str] = {}
    for name, value in file.items():
        chosen[name] = _parse_from(file_name, name, value)
        origins[name] = file_name
    for variable, text in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX):
            name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
            chosen[name] = _parse_from(f"{variable} in the environment", name, text)
            origins[name] = f"{variable} in the environment"
    for name, value in given.items():
        chosen[name] = parse(name, value)
        origins[name] = "the command line"
    made: Any = Settings
    settings: Settings = made(**chosen, origins=origins)
    return settings


def _parse_from(source: str, name: str, value: object) -> Value:
    try:
        return parse(name, value)
    except SettingError as error:
        raise SettingError(f"{source}: {error}") from error


TOPICS = {
    "port": "where clients connect",
    "web": "the page for browsers",
    "plain_host": "TLS",
    "store": "the store",
    "log_format": "the log, and figures",
    "admins": "who may do what",
    "password_hash_cost": "passwords, logins and tokens",
    "connections_max": "connections, and clients that are slow",
    "bots": "bots",
    "look_alike_names": "names, messages, friends and rooms",
}
"""What the settings are about, each topic by the first of them."""


def describe() -> str:
    """The table for `--help`, by topics."""
    lines = []
    for row in TABLE.values():
        if row.name in TOPICS:
            lines.append(f"\n {TOPICS[row.name]}:")
        about = row.metadata
        unit = about.get("unit") or "|".join(about.get("choices", ())) or "text"
        default = "" if row.default is None or row.default == () else row.default
        lines.append(f"  {row.name}={default} ({unit})\n      {about['reason']}")
    return "\n".join(lines)
