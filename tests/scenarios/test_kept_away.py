"""What a block, an end of membership and invisibility keep away, live and in every answer (PROTOCOL.md, "Friends")."""

import pytest

from tests.harness import Running
from tests.inside import InThread
from tests.wire import Client

EDITED, REACTION = "sorry, you will be", "grr"


def write(client: Client, to: str, text: str) -> str:
    (answer,) = client.says(f"SENDMESSAGE|{client.name}|{to}|{text}", "OK|SENDMESSAGE|…|…Z")
    return answer.split("|")[2]


def all_shown(client: Client, other: str) -> str:
    """Whatever HISTORY, SYNC, SEARCH and EXPORT show, with their marks, as one text."""
    shown: list[str] = []
    name = client.name
    for line in (f"HISTORY|{name}|{other}", f"SYNC|{name}|0", f"SEARCH|{name}|o", f"EXPORT|{name}"):
        client.send(line)
        shown += client.answer()
    shown += client.events
    client.events.clear()
    return "\n".join(shown)


def blocked(server: Running) -> tuple[Client, Client, str]:
    """Alice, whom Bob blocks, the two of them friends until then; and the id of what she wrote to him before."""
    alice, bob = server.friends("alice", "bob")
    number = write(alice, "bob", "good morning")
    bob.event("MESSAGE|…|good morning")
    bob.says("BLOCK|bob|alice")
    for client in (alice, bob):
        client.says("PING")
        client.events.clear()
    return alice, bob, number


def test_an_edit_does_not_reach_one_who_blocks_and_its_author_cannot_tell(server: InThread) -> None:
    alice, bob, number = blocked(server)
    alice.says(f"EDITMESSAGE|alice|{number}|{EDITED}", f"OK|EDITMESSAGE|{number}|…Z")
    bob.no_event()
    for _ in range(2):
        seen, own = all_shown(bob, "alice"), all_shown(alice, "bob")
        assert "good morning" in seen
        assert EDITED not in seen
        assert f"EVENT|EDITED|{number}|" not in seen
        assert "good morning" not in own
        assert own.count(f"|alice|bob|{EDITED}") == 6  # four rows, and the marks of HISTORY and SYNC
        assert f"ITEM|EXPORT|edited|{number}|" in own
        server.keep_house()
        server.restart()
        alice, bob = server.login("alice"), server.login("bob")
    bob.says("UNBLOCK|bob|alice")
    assert EDITED not in all_shown(bob, "alice"), "what a block has kept away is forgotten"


def test_an_edit_after_the_block_reaches_both_again(server: InThread) -> None:
    alice, bob, number = blocked(server)
    alice.says(f"EDITMESSAGE|alice|{number}|{EDITED}")
    bob.says("UNBLOCK|bob|alice")
    alice.says(f"EDITMESSAGE|alice|{number}|good evening")
    bob.event(f"EDITED|{number}|…|alice|bob|good evening")
    for client, other in ((alice, "bob"), (bob, "alice")):
        shown = all_shown(client, other)
        assert EDITED not in shown
        assert "good morning" not in shown
        assert shown.count("|alice|bob|good evening") == 6


def test_a_deletion_takes_both_texts_away(server: InThread) -> None:
    alice, bob, number = blocked(server)
    alice.says(f"EDITMESSAGE|alice|{number}|{EDITED}")
    alice.says(f"DELETEMESSAGE|alice|{number}")
    for client, other in ((alice, "bob"), (bob, "alice")):
        shown = all_shown(client, other)
        assert EDITED not in shown
        assert "good morning" not in shown


def test_a_reaction_of_somebody_blocked_is_seen_by_its_author_alone(server: InThread) -> None:
    alice, bob, number = blocked(server)
    alice.says(f"REACT|alice|{number}|{REACTION}", f"OK|REACT|{number}|{REACTION}|+")
    bob.no_event()
    assert REACTION not in all_shown(bob, "alice")
    assert f"EVENT|REACTION|{number}|alice|bob|{REACTION}|+" in all_shown(alice, "bob")
    alice.says(f"REACT|alice|{number}|{REACTION}", f"OK|REACT|{number}|{REACTION}|-")
    bob.send(f"SYNC|bob|{int(number) + 1}")
    assert bob.answer() == ["OK|SYNC|0|0"]
    assert not bob.events


def test_an_open_invitation_goes_when_its_recipient_blocks_who_asked(server: InThread) -> None:
    eve, vic, ann = server.user("eve"), server.user("vic"), server.user("ann")
    for room in ("#lair", "#den"):
        eve.says(f"CREATEROOM|eve|{room}|private")
        eve.says(f"INVITE|eve|{room}|vic")
        vic.event(f"INVITED|{room}|eve")
    eve.says("INVITE|eve|#den|ann")
    ann.says("JOIN|ann|#den")
    vic.says("BLOCK|vic|eve")
    vic.refused("JOIN|vic|#lair", "NO_SUCH_ROOM")
    assert not [row for row in vic.rows("EXPORT|vic") if row[0] == "invitation"]
    server.restart()
    vic, ann = server.login("vic"), server.login("ann")
    vic.no_event()
    ann.says("INVITE|ann|#den|vic", "OK|INVITE|#den|vic")
    vic.event("INVITED|#den|ann")


@pytest.mark.parametrize("how", ["KICK|own|#secret|mem", "LEAVE|mem|#secret"])
def test_who_has_left_a_room_does_not_see_what_is_edited_later(server: InThread, how: str) -> None:
    own, mem = server.user("own"), server.user("mem")
    own.says("CREATEROOM|own|#secret")
    mem.says("JOIN|mem|#secret")
    first, second, third = (write(own, "#secret", f"plan {at}") for at in "abc")
    own.says(f"EDITMESSAGE|own|{first}|plan a, seen by all")
    (own if how.startswith("KICK") else mem).says(how)
    own.says(f"EDITMESSAGE|own|{second}|the dock, without mem")
    own.says(f"EDITMESSAGE|own|{first}|the dock at nine")
    rows = [row[4] for row in mem.rows("SYNC|mem|0")]
    assert rows == ["plan c"]
    exported = [row[5] for row in mem.rows("EXPORT|mem") if row[0] == "message"]
    assert exported == ["plan c"]
    mem.says("JOIN|mem|#secret")
    rows = [row[4] for row in mem.rows("SYNC|mem|0")]
    assert rows == ["the dock at nine", "the dock, without mem", "plan c"]
    assert third


def test_what_was_edited_later_is_not_in_the_backlog_either(server: InThread) -> None:
    own, mem = server.user("own"), server.user("mem")
    own.says("CREATEROOM|own|#secret")
    mem.says("JOIN|mem|#secret")
    mem.close()
    first, _ = write(own, "#secret", "one"), write(own, "#secret", "two")
    own.says("KICK|own|#secret|mem")
    own.says(f"EDITMESSAGE|own|{first}|not for mem")
    mem = server.login("mem")
    mem.event("MISSED|…|two")
    mem.no_event()
