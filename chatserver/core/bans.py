"""Which networks may not connect."""

from chatserver.core.commands import Ban, Unban
from chatserver.core.events import AddressBanned, BanEnded
from chatserver.core.networks import keys_around
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.sanctions import check_reason, ends
from chatserver.core.state import State

BANS_MAX = 10_000


def ban(state: State, command: Ban) -> Outcome:
    """Keep a network out."""
    if command.until_ms <= command.now_ms:
        return Refused("BAD_COMMAND", "That time is over already: name one that is still to come")
    refused = check_reason(command.reason)
    if refused:
        return refused
    if command.network not in state.bans and len(state.bans) >= BANS_MAX:
        return Refused("NOT_ALLOWED", f"There are {BANS_MAX} bans, which is the most: ban a network in their place")
    return (AddressBanned(command.network, command.until_ms, command.reason, command.now_ms),), (command.network,)


def unban(state: State, command: Unban) -> Outcome:
    """Let a network in again."""
    if command.network not in state.bans:
        return Refused("NOT_ALLOWED", f"{command.network} is not banned: bans lists what is")
    return (BanEnded(command.network),), (command.network,)


def banned(state: State, address: str, now_ms: int) -> str | None:
    """What somebody at an address reads who may not connect; None for everybody else."""
    if not state.bans:
        return None
    for key in keys_around(address):
        network = state.banned_networks.get(key)
        if network is not None and state.bans[network][0] > now_ms:
            return kept_out(*state.bans[network])
    return None


def kept_out(until_ms: int, reason: str) -> str:
    """What somebody reads who may not connect."""
    said = f" ({reason})" if reason else ""
    return f"Your address is kept out {ends(until_ms)}{said}: ask whoever runs this server"
