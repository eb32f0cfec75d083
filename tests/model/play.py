"""Draws commands of several users, and time, restarts and a full disk in between."""

from collections.abc import Callable
from random import Random

from tests.model.beside import SECOND_S, STEP_S, Beside
from tests.model.chat import Effect
from tests.model.messages import TEXT_CHARS_MAX
from tests.model.wire_world import WireWorld
from tests.model.world import PASSWORD, Session, World

NAMES = ["anna", "ben", "cleo", "dan"]
OTHERS = [*NAMES, *NAMES, "nobody"]
ROOMS = ["#den", "#den", "#attic"]
TEXTS = [*["apple", "pear | plum", "an apple a day", "日本", "  indented", " ", ""] * 2]
TEXTS += ["x" * TEXT_CHARS_MAX, "x" * (TEXT_CHARS_MAX + 1)]
EMOJIS = ["👍", "👍", "1", "2", "3"]
STATUSES = ["online", "away", "busy", "invisible"]
NO_MESSAGE = 999_999
SESSIONS_MAX = 9


class Play(Beside):
    """Each step is drawn from a number of its own, so that a play can be cut short and still be played."""

    def __init__(self, world: World | WireWorld) -> None:
        super().__init__(world)
        self.chance = Random()
        self.acts = dict(_ACTS)
        if not isinstance(world, World):
            del self.acts[Play.fill_the_disk]

    def begin(self) -> None:
        """Three friends, one of them in a room with a fourth."""
        for name in NAMES:
            self.sign_up(name)
            self.log_in(name)
        anna, ben, cleo, dan = self.sessions
        for one, other in ((anna, ben), (anna, cleo), (ben, cleo)):
            self.ask(one, f"ADDFRIEND|{one.name}|{other.name}", self.model.add_friend(one.name, other.name))
            self.ask(other, f"ACCEPTFRIEND|{other.name}|{one.name}", self.model.accept(other.name, one.name))
        self.ask(anna, "CREATEROOM|anna|#den|public", self.model.create_room("anna", "#den", "public"))
        self.ask(dan, "JOIN|dan|#den", self.model.join("dan", "#den"))

    def step(self, drawn: int) -> None:
        """One thing that happens; 0 is nothing."""
        if not drawn:
            return
        self.chance = Random(drawn)
        self.remember()
        act = self.chance.choices(list(self.acts), list(self.acts.values()))[0]
        if act in _WITHOUT_SESSION:
            act(self)
        elif self.sessions:
            act(self, self.chance.choice(self.sessions))
        assert not self.world.defects, self.world.defects[0]

    # Sessions, time, restarts

    def sign_up(self, name: str = "") -> None:
        name = name or self.chance.choice(NAMES)
        session = self.world.connect("")
        self.ask(session, f"SIGNUP|{name}|{PASSWORD}", self.model.sign_up(name))
        self.world.hang_up(session)

    def log_in(self, name: str = "") -> None:
        if len(self.sessions) == SESSIONS_MAX:
            return
        name = name or self.chance.choice(NAMES)
        session = self.world.connect(name)
        if self.ask(session, f"LOGIN|{name}|{PASSWORD}", self.model.log_in(name))[0].startswith("OK|"):
            self.sessions.append(session)
        else:
            self.world.hang_up(session)

    def leave(self, session: Session) -> None:
        self.sessions.remove(session)
        self.model.leave(session.name)
        how = self.chance.choice(["LOGOUT", "QUIT", ""])
        self.story.append(f"{session.name} leaves by {how or 'hanging up'}")
        answers = {"LOGOUT": [f"OK|LOGOUT|{session.name}"], "QUIT": ["OK|QUIT", "BYE|QUIT|"]}
        if how and not self.ask(session, how, Effect(answers[how]))[0].startswith("OK|"):
            self.model.leave(session.name)  # what could not be stored is not done; who hangs up is gone all the same
        self.world.hang_up(session)
        self.hear(None, [])
        self.remember()

    def let_a_second_pass(self) -> None:
        """What was held back of presence has been told by then: every client knows what is true."""
        self.pass_time(SECOND_S)
        self.know_what_is_true()

    def let_a_moment_pass(self) -> None:
        self.pass_time(SECOND_S / 2)

    def let_hours_pass(self) -> None:
        hours = self.chance.choice([1, 23, 25])
        self.story.append(f"{hours} hours pass")
        self.world.move_wall_clock(hours)

    def restart(self) -> None:
        self.story.append("a restart")
        self.hear(None, [])
        self.world.restart()
        self.sessions.clear()
        self.model.sessions = dict.fromkeys(self.model.users, 0)

    def delete_account(self, session: Session) -> None:
        self.ask(session, f"DELETEACCOUNT|{session.name}|{PASSWORD}", self.model.delete_account(session.name))
        self.sessions = [other for other in self.sessions if other.name in self.model.users]

    def set_status(self, session: Session) -> None:
        status, text = self.chance.choice(STATUSES), self.chance.choice(["", "tea | cake"])
        effect = self.model.set_status(session.name, status, text)
        self.ask(session, f"SETSTATUS|{session.name}|{status}|{text}", effect)

    def flap(self, session: Session) -> None:
        """Change and change back, with somebody looking in between."""
        before = self.model.status[session.name]
        self.set_status(session)
        self.show_friends(self.chance.choice(self.sessions))
        effect = self.model.set_status(session.name, *before)
        self.ask(session, f"SETSTATUS|{session.name}|{'|'.join(before)}", effect)

    def fill_the_disk(self, session: Session) -> None:
        """What cannot be stored has not happened, but for clients that go; with room again, it is tried again."""
        assert isinstance(self.world, World)
        self.story.append("the disk is full")
        self.world.disk.is_full = self.is_flaky = True
        self.remember()
        status = self.chance.choice([status for status in STATUSES if status != self.model.status[session.name][0]])
        line = f"SETSTATUS|{session.name}|{status}"
        self.ask(session, line, Effect(["ERR|SETSTATUS|UNAVAILABLE|"]))
        if self.chance.random() < 0.5:
            self.leave(self.chance.choice(self.sessions))
        self.world.disk.is_full = self.is_flaky = False
        while self.world.server.turn.unavailable:
            self.pass_time(STEP_S)
        if session in self.sessions:
            self.ask(session, line, self.model.set_status(session.name, status, ""))

    # Friends and rooms

    def befriend(self, session: Session) -> None:
        """Ask, or answer; half of the time, somebody who has asked, and else mostly somebody who is no friend."""
        answers = (("ACCEPTFRIEND", self.model.accept), ("REJECTFRIEND", self.model.reject))
        acts = (*answers, *[("ADDFRIEND", self.model.add_friend)] * 3)
        askers = [asker for asker, asked in self.model.requests if asked == session.name]
        if askers and self.chance.random() < 0.5:
            (verb, act), other = self.chance.choice(answers), self.chance.choice(askers)
        else:
            strangers = [other for other in self.model.users if not self.model.are_friends(session.name, other)]
            (verb, act), other = self.chance.choice(acts), self.chance.choice([*strangers * 3, *OTHERS])
        self.ask(session, f"{verb}|{session.name}|{other}", act(session.name, other))

    def part(self, session: Session) -> None:
        acts = (
            ("DELETEFRIEND", self.model.delete_friend),
            ("BLOCK", self.model.block),
            ("UNBLOCK", self.model.unblock),
            ("UNBLOCK", self.model.unblock),
        )
        (verb, act), other = self.chance.choice(acts), self.chance.choice(OTHERS)
        self.ask(session, f"{verb}|{session.name}|{other}", act(session.name, other))

    def create_room(self, session: Session) -> None:
        room, kind = self.chance.choice(ROOMS), self.chance.choice(["public", "private"])
        effect = self.model.create_room(session.name, room, kind)
        self.ask(session, f"CREATEROOM|{session.name}|{room}|{kind}", effect)

    def come_and_go(self, session: Session) -> None:
        acts = (("JOIN", self.model.join), ("JOIN", self.model.join), ("LEAVE", self.model.leave_room))
        (verb, act), room = self.chance.choice(acts), self.chance.choice(ROOMS)
        self.ask(session, f"{verb}|{session.name}|{room}", act(session.name, room))

    def invite_or_kick(self, session: Session) -> None:
        acts = (("INVITE", self.model.invite), ("INVITE", self.model.invite), ("KICK", self.model.kick))
        (verb, act), room, other = self.chance.choice(acts), self.chance.choice(ROOMS), self.chance.choice(OTHERS)
        own = [each for each in self.model.rooms if each.owner == session.name and not each.ended]
        if verb == "KICK" and own and self.chance.random() < 0.7:
            room, other = own[0].name, self.chance.choice(own[0].members)
        self.ask(session, f"{verb}|{session.name}|{room}|{other}", act(session.name, room, other))

    # Messages

    def send(self, session: Session) -> None:
        to, text = self.place(session.name), self.chance.choice(TEXTS)
        tag = self.chance.choice(["", "", "t1", "t2", f"t{self.chance.random()}"])
        effect = self.model.send(session.name, to, text, tag)
        self.ask(session, f"SENDMESSAGE{'#' if tag else ''}{tag}|{session.name}|{to}|{text}", effect)

    def send_ahead(self, session: Session) -> None:
        """Several at once, which the server takes together where it can."""
        to = self.place(session.name)
        texts = [self.chance.choice(TEXTS) for _ in range(self.chance.randint(2, 6))]
        effects = [self.model.send(session.name, to, text, "") for text in texts]
        answer = [frame for effect in effects for frame in effect.answer]
        heard = [each for effect in effects for each in effect.heard]
        self.ask(session, "\n".join(f"SENDMESSAGE|{session.name}|{to}|{text}" for text in texts), Effect(answer, heard))

    def edit(self, session: Session) -> None:
        number, text = self.message(session.name), self.chance.choice(TEXTS)
        self.ask(session, f"EDITMESSAGE|{session.name}|{number}|{text}", self.model.edit(session.name, number, text))

    def delete(self, session: Session) -> None:
        number = self.message(session.name)
        self.ask(session, f"DELETEMESSAGE|{session.name}|{number}", self.model.delete(session.name, number))

    def react(self, session: Session) -> None:
        number, emoji = self.message(""), self.chance.choice(EMOJIS)
        self.ask(session, f"REACT|{session.name}|{number}|{emoji}", self.model.react(session.name, number, emoji))

    # Looking

    def history(self, session: Session) -> None:
        other, limit = self.place(session.name), self.chance.choice([1, 4, 9, 30])
        line = f"HISTORY|{session.name}|{other}|{limit}"
        self.ask(session, line, self.model.history(session.name, other, limit))

    def sync(self, session: Session) -> None:
        after = max(0, self.model.last_id - self.chance.choice([-3, 5, 30, 1000]))
        limit = self.chance.choice([1, 3, 500])
        self.ask(session, f"SYNC|{session.name}|{after}|{limit}", self.model.sync(session.name, after, limit))

    def mark_read(self, session: Session) -> None:
        other, number = self.place(session.name), self.message("")
        effect = self.model.mark_read(session.name, other, number)
        self.ask(session, f"MARKREAD|{session.name}|{other}|{number}", effect)

    def show_friends(self, session: Session) -> None:
        rows = self.ask(session, f"SHOWFRIENDS|{session.name}", self.model.show_friends(session.name))[:-1]
        for row in rows:
            _, _, friend, known = row.split("|", 3)
            session.known[friend] = known

    def show_the_rest(self, session: Session) -> None:
        name, room = session.name, self.chance.choice(ROOMS)
        self.ask(session, f"SHOWREQUESTS|{name}", self.model.show_requests(name))
        self.ask(session, f"SHOWROOMS|{name}", self.model.show_rooms(name))
        self.ask(session, f"SHOWMEMBERS|{name}|{room}", self.model.show_members(name, room))
        self.ask(session, f"SHOWUNREAD|{name}", self.model.show_unread(name))
        self.ask(session, f"SEARCH|{name}|apple", self.model.search(name, "apple"))

    # Choices

    def place(self, name: str) -> str:
        """Whom to write to; mostly one where it is allowed."""
        allowed = [other for other in self.model.users if self.model.are_friends(name, other) and other != name]
        allowed += [room.name for room in self.model.rooms if name in room.members and not room.ended]
        return self.chance.choice(allowed if allowed and self.chance.random() < 0.8 else [*OTHERS, *ROOMS])

    def message(self, author: str) -> int:
        """The id of a message, mostly a young one, and where an author is named, mostly of that one."""
        messages = [each for each in self.model.messages if not author or each.sender == author]
        if not messages or self.chance.random() < 0.2:
            messages = self.model.messages
        return self.chance.choice(messages[-8:]).id if messages else NO_MESSAGE


_ACTS: list[tuple[Callable[..., None], float]] = [  # and how often, beside the others
    (Play.send, 14),
    (Play.send_ahead, 6),
    (Play.edit, 8),
    (Play.delete, 4),
    (Play.react, 14),
    (Play.history, 8),
    (Play.sync, 8),
    (Play.mark_read, 5),
    (Play.show_friends, 4),
    (Play.show_the_rest, 3),
    (Play.set_status, 6),
    (Play.flap, 4),
    (Play.befriend, 12),
    (Play.part, 6),
    (Play.create_room, 1.5),
    (Play.come_and_go, 4),
    (Play.invite_or_kick, 4),
    (Play.log_in, 7),
    (Play.leave, 4),
    (Play.let_a_moment_pass, 3),
    (Play.let_a_second_pass, 4),
    (Play.let_hours_pass, 1),
    (Play.restart, 1),
    (Play.fill_the_disk, 1.5),
    (Play.sign_up, 0.5),
    (Play.delete_account, 0.3),
]
_WITHOUT_SESSION = frozenset(
    (
        *(Play.log_in, Play.sign_up, Play.restart),
        *(Play.let_a_moment_pass, Play.let_a_second_pass, Play.let_hours_pass),
    )
)
