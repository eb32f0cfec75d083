"""What administrators on the wire may not do, since it would give them more than the machine's owner has given them.

A guard stands in a row of the table. It names what is for the owner alone, or returns None. Whoever holds an
administrator's stolen token must not be able to make another administrator, to shut out the real ones, or to delete
what was said.
"""

from chatserver.admin.asked import Asked
from chatserver.admin.desk import Actor, Desk
from chatserver.core.networks import is_within, network_key, network_of
from chatserver.protocol.names import name_key
from chatserver.settings import LIVE, LIVE_ON_THE_WIRE


def setting(desk: Desk, actor: Actor, asked: Asked) -> str | None:
    """Settings about the machine, its log, its secrets, and what is kept."""
    name = asked.argument(0)
    return f"the setting {name}" if name in LIVE and name not in LIVE_ON_THE_WIRE else None


def administrator(desk: Desk, actor: Actor, asked: Asked) -> str | None:
    """What would take an administrator's account, the own one included: none of it asks for a password."""
    is_one = name_key(asked.argument(0)) in desk.settings.admin_keys
    return f"{asked.command.name} for an administrator" if is_one else None


def newcomer(desk: Desk, actor: Actor, asked: Asked) -> str | None:
    """An account that would administer: whoever makes it knows its password."""
    return None if desk.state.find(asked.argument(0)) else administrator(desk, actor, asked)


def fellow(desk: Desk, actor: Actor, asked: Asked) -> str | None:
    """What would keep another administrator from administering."""
    is_self = name_key(asked.argument(0)) == name_key(actor.name)
    return None if is_self else administrator(desk, actor, asked)


def network(desk: Desk, actor: Actor, asked: Asked) -> str | None:
    """A ban that would show another administrator out."""
    banned = network_of(asked.argument(0))
    if banned is None:
        return None  # the command says so
    others, key = desk.settings.admin_keys - {name_key(actor.name)}, network_key(banned)
    hits = any(name_key(client.name) in others and is_within(client.address, key) for client in desk.clients())
    return "a ban that shows another administrator out" if hits else None
