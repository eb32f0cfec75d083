"""Judges each frame that a client gets: by what the model says, and by what the disk holds.

Nothing may be seen that is not durable, nor by anybody whom it does not concern; every line has one answer, and what
others did comes whole and in order.
"""

from collections import Counter, defaultdict

from tests.simulation.callers import Caller, Heard, Said
from tests.simulation.oracle import Oracle
from tests.simulation.sockets import ELSEWHERE

BEFORE_LOGIN = ("SIGNUP", "LOGIN", "RESUME", "SETPASSWORD", "PING", "QUIT", "HELP")
QUERIES = ("HISTORY", "SYNC", "SEARCH", "SHOWFRIENDS", "SHOWREQUESTS", "SHOWROOMS", "SHOWMEMBERS", "SHOWUNREAD")


class Judge:
    """Of all clients, through all lives of the server."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._blame = oracle.blame
        self.handed: defaultdict[str, set[int]] = defaultdict(set)  # user → messages that have left whole
        self.dead_tokens: dict[str, float] = {}  # token → when its user was told to be logged out
        self.tokens: defaultdict[str, list[str]] = defaultdict(list)  # user → all that this user was given
        self.seen: Counter[str] = Counter()  # `OK|VERB`, `EVENT|KIND`: how often

    def hear(self, caller: Caller, frame: str, now_s: float) -> None:
        """One frame has come in."""
        kind, _, rest = frame.partition("|")
        self.seen["|".join(frame.split("|")[:2]).partition("#")[0]] += 1
        if caller.bye:
            self._blame(f"{frame[:60]} comes behind BYE|{caller.bye}")
        elif kind == "HELLO" and not caller.is_greeted:
            caller.is_greeted = True
            if caller.found_ban[0] and self._oracle.ban == caller.found_ban:
                self._blame(f"{caller.name} is let in from an address that is banned")
            caller.stranger_s = now_s
        elif kind in ("OK", "ERR"):
            self._answered(caller, frame, now_s)
        elif kind == "ITEM":
            self._row(caller, frame)
        elif kind == "EVENT":
            self._told(caller, frame, *rest.partition("|")[::2])
        elif kind == "BYE":
            self._dismissed(caller, rest.partition("|")[0])
        else:
            self._blame(f"nobody expects {frame[:60]}")

    def _answered(self, caller: Caller, frame: str, now_s: float) -> None:
        kind, echo, rest = frame.split("|", 2) if frame.count("|") > 1 else (*frame.split("|"), "")
        if not caller.said or caller.said[0].echo != echo or caller.said[0].failures < 0:
            line = caller.said[0].line[:60] if caller.said else "nothing"
            self._blame(f"{frame[:60]} answers {line!r}")
            return
        said = caller.said.popleft()
        rows, caller.rows = caller.rows, 0
        if kind == "OK" and said.verb not in BEFORE_LOGIN and not caller.user:
            self._blame(f"{frame[:60]} to somebody who has not been told to be logged in")
        code = rest.partition("|")[0] if kind == "ERR" else ""
        if code == ("NOT_LOGGED_IN" if caller.user else "ALREADY_LOGGED_IN"):
            self._blame(f"{frame[:60]} to {caller.user or 'a stranger'}")
        if rest.startswith("UNAVAILABLE|"):
            self._unavailable(said)
        elif said.lot is not None:
            self._decided(caller, said, frame)
        elif kind == "OK":
            self._asked(said, frame, rest, rows)
        if kind == "OK":
            self._became(caller, said, rest, now_s)

    def _unavailable(self, said: Said) -> None:
        is_done = said.lot is not None and said.lot.fate != "undone" and not said.expected.startswith("ERR|")
        if is_done:
            self._blame(f"UNAVAILABLE for {said.line[:60]!r}, which has been done")
        if not said.was_unavailable and said.failures == self._oracle.failures and not self._oracle.is_unavailable:
            self._blame(f"UNAVAILABLE for {said.line[:60]!r}, though the disk is well")

    def _decided(self, caller: Caller, said: Said, frame: str) -> None:
        assert said.lot is not None
        ends_in_prose = said.expected.startswith("ERR|") or said.verb in ("LOGIN", "RESUME")
        same = frame.startswith(said.expected) if ends_in_prose else frame == said.expected
        if not same:
            self._blame(f"{said.line[:60]!r} is answered {frame[:80]}, and ought to be {said.expected[:80]}")
        if said.lot.fate == "undone" or not self._oracle.disk.holds(said.events):
            self._blame(f"{frame[:60]} is told and not on the disk")
        if said.verb == "SENDMESSAGE" and frame.startswith("OK|"):
            self._comes_first(caller, int(frame.split("|")[2]))

    def _comes_first(self, caller: Caller, number: int) -> None:
        """All messages with lower ids have come before an id is told."""
        for heard in caller.hears:
            for frame in () if self._is_void(heard) else heard.frames:
                if frame.startswith("EVENT|MESSAGE|") and int(frame.split("|")[2]) < number:
                    self._blame(f"the id {number} is told before {frame[:40]}")

    def _asked(self, said: Said, frame: str, rest: str, rows: int) -> None:
        """A question, or what needs no decision."""
        if said.verb == "PING" and frame != "OK|PING|" + said.line.partition("|")[2]:
            self._blame(f"{said.line[:60]!r} is answered {frame[:60]}")
        if said.verb not in (*QUERIES, "PING", "QUIT"):
            self._blame(f"{frame[:60]} though nothing was decided")
        if said.verb in QUERIES and rest.partition("|")[0] != str(rows):
            self._blame(f"{frame[:60]} behind {rows} rows")

    def _became(self, caller: Caller, said: Said, rest: str, now_s: float) -> None:
        if said.verb in ("LOGIN", "RESUME"):
            caller.user, _, caller.token = rest.partition("|")
            self.tokens[caller.user].append(caller.token)
            if said.line.endswith("|wrong password") or said.read_s > self.dead_tokens.get(caller.token, said.read_s):
                self._blame(f"{said.line[:40]!r} lets somebody in")
        elif said.verb in ("DELETEFRIEND", "BLOCK"):
            caller.known.pop(rest, None)
        elif said.verb == "LOGOUT":
            self.dead_tokens[caller.token] = now_s
            caller.user = caller.token = ""
            caller.known.clear()
            caller.stranger_s = now_s

    def _row(self, caller: Caller, frame: str) -> None:
        _, echo, rest = frame.split("|", 2)
        if not caller.said or caller.said[0].echo != echo:
            self._blame(f"{frame[:60]} is a row of nothing that was asked")
            return
        caller.rows += 1
        verb = caller.said[0].verb
        if verb in ("HISTORY", "SYNC", "SEARCH"):
            self._may_see(caller, rest)
            if verb == "SYNC":
                self.handed[caller.user].add(int(rest.partition("|")[0]))
        elif verb == "SHOWFRIENDS":
            friend, _, known = rest.partition("|")
            caller.known[friend] = known

    def _may_see(self, caller: Caller, row: str) -> None:
        number = int(row.partition("|")[0])
        message = next((each for each in self._oracle.truth.messages if each.id == number), None)
        heard_by = self._oracle.truth.heard_by.get(number, [])
        if message is None:
            return  # its sender was deleted meanwhile
        if not self._oracle.disk.has_message(number):
            self._blame(f"{caller.user} sees message {number}, which is not on the disk")
        in_room = message.to_name.startswith("#") and any(
            stay.room is message.to and stay.user == caller.user for stay in self._oracle.truth.stays
        )
        if caller.user != message.sender and caller.user not in heard_by and not in_room:
            self._blame(f"{caller.user} sees message {number} from {message.sender} to {message.to_name}")

    def _told(self, caller: Caller, frame: str, kind: str, rest: str) -> None:
        if not caller.user:
            self._blame(f"{frame[:60]} to somebody who has not been told to be logged in")
        if kind == "STATUS":
            self._presence(caller, frame, rest)
            return
        if kind == "MISSED":
            self._may_see(caller, rest)
            self.handed[caller.user].add(int(rest.partition("|")[0]))
            return
        if not self._is_expected(caller, frame):
            if kind in ("EDITED", "DELETED", "REACTION"):
                self._mark(caller, frame)
            else:
                self._unexpected(caller, frame)
            return
        if kind == "MESSAGE":
            self.handed[caller.user].add(int(rest.partition("|")[0]))
        elif kind == "FRIENDADDED":
            friend, _, known = rest.partition("|")
            caller.known[friend] = known
        elif kind == "FRIENDREMOVED":
            caller.known.pop(rest, None)

    def _is_expected(self, caller: Caller, frame: str) -> bool:
        while caller.hears and (not caller.hears[0].frames or self._is_void(caller.hears[0])):
            caller.hears.popleft()
        if not caller.hears:
            return False
        heard = caller.hears[0]
        found = heard.frames[0] == frame if heard.is_ordered else frame in heard.frames
        if found:
            heard.frames.remove(frame)
            if heard.lot is not None and not self._oracle.disk.holds(heard.lot.events):
                self._blame(f"{caller.user} hears {frame[:60]}, which is not on the disk")
        return found

    def _is_void(self, heard: Heard) -> bool:
        return heard.lot is not None and heard.lot.fate == "undone"

    def _unexpected(self, caller: Caller, frame: str) -> None:
        expected = caller.hears[0].frames[0][:80] if caller.hears else "nothing"
        self._blame(f"{caller.user} hears {frame[:80]} in place of {expected}")

    def _mark(self, caller: Caller, frame: str) -> None:
        """An answer begins with what was done to the messages in it."""
        number = self._oracle.truth.changes_made.get(frame)
        asks = caller.said and caller.said[0].verb in ("HISTORY", "SYNC")
        if not asks or number is None:
            self._unexpected(caller, frame)

    def _presence(self, caller: Caller, frame: str, rest: str) -> None:
        friend, _, known = rest.partition("|")
        caller.known[friend] = known
        if known.startswith("invisible"):
            self._blame(f"{caller.user} is told {frame}")

    def _dismissed(self, caller: Caller, reason: str) -> None:
        caller.bye = reason
        missed_its_login = not caller.user and (caller.was_slow or caller.wire.was_full)  # dropped, as all that waited
        fits = {
            "QUIT": True,
            "SHUTDOWN": True,
            "FULL": True,
            "TOO_SLOW": caller.was_slow or caller.wire.was_full,
            "LOGIN_TIMEOUT": not caller.user or bool(self._oracle.failures),  # its LOGOUT failed when it was too late
            "KICKED": caller.user in self._oracle.kicked or bool(self._oracle.failures) or missed_its_login,
            "REMOVED": caller.must_go is not None,
            "SUSPENDED": caller.must_go is not None,
            "BANNED": caller.must_go is not None or (caller.wire.address == ELSEWHERE and self._oracle.truth.bans > 0),
            "DELETED": caller.user not in self._oracle.truth.users or bool(self._oracle.failures),
        }
        is_undone = reason in ("REMOVED", "SUSPENDED", "BANNED") and self._oracle.failures > 0
        if not is_undone and not fits.get(reason, caller.was_slow or caller.is_dripping):
            self._blame(f"{caller.user or 'a stranger'} reads BYE|{reason} without a reason")
