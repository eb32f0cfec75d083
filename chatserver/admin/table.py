"""The table of all commands of the administration. `help`, the command line and the documents are made from it."""

from chatserver.admin import guards, imports, machine, people, places
from chatserver.admin.asked import Asked, Command
from chatserver.admin.desk import Desk
from chatserver.admin.result import Outcome, Result

_END = {"for": "TIME, like 30m, 2h or 7d", "until": "MOMENT, like 2027-01-31 or 2027-01-31T18:00"}
_WITH_REASON = {**_END, "reason": "TEXT"}


def show_help(desk: Desk, asked: Asked) -> Outcome:
    """All commands, or those that a word begins."""
    return help_on(asked.argument(0))


def help_on(word: str) -> Result:
    """The same without a server."""
    rows = [(row.usage, row.help) for row in TABLE.values() if row.name.startswith(word)]
    return Result(f"{len(rows)} commands", ("command", "what_it_does"), rows)


# fmt: off: a table reads best with few lines a row
_ROWS = (
    Command("help", "list the commands, or those that begin with a word", show_help, ("word",)),
    Command("who", "who is connected: address, door, since when, idle for how long, what waits", people.who, live=True),
    Command("stats", "figures of this moment, or what each table takes", machine.stats, options={"tables": ""}),
    Command("user list", "accounts, or those whose name holds a text", people.user_list, ("text",)),
    Command("user show", "one account", people.user_show, ("name",), 1),
    Command(
        "user create",
        "make an account with a password for once",
        people.user_create,
        ("name",),
        1,
        changes=True,
        guard=guards.newcomer,
    ),
    Command(
        "user import",
        "make accounts of a CSV file, all or none, each with a password for once",
        imports.user_import,
        ("file",),
        1,
        {"passwords": "NEW FILE for them", "dry-run": ""},
        on_machine=True,
        changes=True,
    ),
    Command(
        "user passwd",
        "give a user another password for once; sessions end",
        people.user_passwd,
        ("name",),
        1,
        changes=True,
        guard=guards.administrator,
    ),
    Command(
        "user suspend",
        "keep a user out",
        people.user_suspend,
        ("name",),
        1,
        _WITH_REASON,
        changes=True,
        guard=guards.administrator,
    ),
    Command(
        "user reinstate",
        "let a user in again",
        people.user_reinstate,
        ("name",),
        1,
        changes=True,
        guard=guards.administrator,
    ),
    Command(
        "user delete",
        "remove an account and all it wrote, for good",
        people.user_delete,
        ("name",),
        1,
        final=True,
        changes=True,
        guard=guards.administrator,
    ),
    Command("user rename", "never: the answer says why", people.user_rename, ("name", "new name"), 0),
    Command("sessions", "a user's sessions, and the tokens that bring one back", people.sessions, ("name",), 1),
    Command(
        "sessions end",
        "end a user's sessions, or one that sessions lists, and make the tokens worthless",
        people.sessions_end,
        ("name", "session"),
        1,
        changes=True,
        guard=guards.fellow,
    ),
    Command(
        "kick",
        "close a user's connections; the user may come back",
        people.kick,
        ("name",),
        1,
        {"reason": "TEXT"},
        live=True,
        changes=True,
        guard=guards.fellow,
    ),
    Command(
        "mute",
        "keep a user from writing, for an hour unless you say",
        people.mute,
        ("name",),
        1,
        _WITH_REASON,
        changes=True,
        guard=guards.fellow,
    ),
    Command("unmute", "let a user write again", people.unmute, ("name",), 1, changes=True, guard=guards.administrator),
    Command(
        "ban",
        "keep an address or a network out",
        places.ban,
        ("network",),
        1,
        _WITH_REASON,
        changes=True,
        guard=guards.network,
    ),
    Command("unban", "let a network in again", places.unban, ("network",), 1, changes=True),
    Command("bans", "the networks that are kept out", places.list_bans),
    Command("room list", "all rooms", places.room_list),
    Command("room show", "who is in a room", places.room_show, ("#room",), 1),
    Command("room handover", "give a room another owner", places.room_handover, ("#room", "name"), 2, changes=True),
    Command(
        "room import",
        "make rooms of a CSV file, all or none",
        imports.room_import,
        ("file",),
        1,
        {"dry-run": ""},
        on_machine=True,
        changes=True,
    ),
    Command(
        "room retention",
        "keep a room's messages so many days, 0: for good, or default: as history_days says",
        places.room_retention,
        ("#room", "days"),
        2,
        on_machine=True,
        changes=True,
    ),
    Command("room close", "end a room, for good", places.room_close, ("#room",), 1, final=True, changes=True),
    Command(
        "announce",
        "tell everybody something; until an end also at logins",
        places.announce,
        ("text",),
        1,
        _END,
        rest=True,
        changes=True,
    ),
    Command("announce list", "what is told at logins", places.announce_list),
    Command("announce end", "tell a notice no more", places.announce_end, ("number",), 1, changes=True),
    Command(
        "invite create",
        "make a code for sign-ups, for a week unless you say",
        places.invite_create,
        (),
        0,
        {"uses": "NUMBER", **_END},
        changes=True,
    ),
    Command("invite list", "the codes that are good", places.invite_list),
    Command("invite revoke", "make a code worthless", places.invite_revoke, ("code",), 1, changes=True),
    Command("reports", "what users have reported, the newest first", places.reports, options={"all": ""}),
    Command("report close", "a report has been dealt with", places.report_close, ("number",), 1, changes=True),
    Command("settings show", "what holds, and where it comes from", machine.settings_show, ("name",)),
    Command(
        "settings set",
        "change a setting until the next start",
        machine.settings_set,
        ("name", "value"),
        2,
        live=True,
        changes=True,
        guard=guards.setting,
    ),
    Command(
        "reload", "read the configuration file and the certificates again", machine.reload, live=True, changes=True
    ),
    Command("bot list", "the bots that run", machine.bot_list, live=True),
    Command("bot enable", "let a bot answer again", machine.bot_enable, ("name",), 1, live=True, changes=True),
    Command("bot disable", "let a bot answer nobody", machine.bot_disable, ("name",), 1, live=True, changes=True),
    Command(
        "bot reload",
        "read the files of the bots' folder again",
        machine.bot_reload,
        live=True,
        on_machine=True,
        changes=True,
    ),
    Command(
        "backup",
        "copy the store into a new file, or into a folder",
        machine.backup,
        ("file",),
        1,
        {"keep": "NUMBER of copies in the folder"},
        on_machine=True,
        changes=True,
    ),
    Command(
        "export",
        "write all that is stored into a new file, a row a line of JSON",
        machine.export,
        ("file",),
        1,
        on_machine=True,
        changes=True,
    ),
    Command(
        "purge",
        "let messages go now that are older than history_days",
        machine.purge,
        final=True,
        changes=True,
    ),
    Command("check", "see whether the store's file is whole", machine.check, on_machine=True),
    Command(
        "drain",
        "end the server, once all is stored and told",
        machine.drain,
        final=True,
        on_machine=True,
        live=True,
        changes=True,
    ),
    Command(
        "upgrade",
        "have a new program take over, the same file again or another; nobody is refused, nothing is lost",
        machine.upgrade,
        ("file",),
        on_machine=True,
        live=True,
        changes=True,
    ),
    Command("audit", "who has administered what, the newest first", machine.audit, options={"limit": "NUMBER"}),
)
# fmt: on

TABLE: dict[str, Command] = {row.name: row for row in _ROWS}
"""Every command by its name."""
