"""One user on several connections: the others hear what one does, the one that acts does not."""

from tests.harness import Running


def test_a_message_reaches_every_session_of_both_but_the_one_that_sent_it(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice2, bob2 = server.login("alice"), server.login("bob")
    alice.says("SENDMESSAGE|alice|bob|hi")
    for session in (alice2, bob, bob2):
        session.event("MESSAGE|…|alice|bob|hi")
    alice2.says("SENDMESSAGE|alice|bob|again")
    for session in (alice, bob, bob2):
        session.event("MESSAGE|…|alice|bob|again")
    for session in (alice, alice2, bob, bob2):
        session.no_event()


def test_ones_own_status_is_news_to_friends_alone(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob2 = server.login("bob")
    bob.says("SETSTATUS|bob|away|tea")
    alice.event("STATUS|bob|away|tea")
    server.login("bob").send("QUIT")
    for session in (alice, bob, bob2):
        session.no_event()


def test_a_session_that_logged_out_hears_nothing_more(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob2 = server.login("bob")
    bob2.says("LOGOUT")
    alice.says("SENDMESSAGE|alice|bob|hi")
    bob.event("MESSAGE|…|hi")
    bob2.no_event()


def test_a_connection_can_serve_one_user_after_another(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    carol = server.user("carol")
    carol.says("LOGOUT")
    carol.says(f"RESUME|bob|{bob.token}")
    alice.says("SENDMESSAGE|alice|bob|hi")
    for session in (bob, carol):
        session.event("MESSAGE|…|hi")
    carol.refused("SHOWFRIENDS|carol", "NOT_YOU")
    carol.says("SHOWFRIENDS|bob", "ITEM|SHOWFRIENDS|alice|online|", "OK|SHOWFRIENDS|1")


def test_many_sessions_of_one_user(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    sessions = [bob, *(server.login("bob") for _ in range(30))]
    alice.send(*(f"SENDMESSAGE|alice|bob|{at}" for at in range(20)))
    for session in sessions:
        for at in range(20):
            session.event(f"MESSAGE|…|{at}")
    for _ in range(20):
        alice.answers("OK|SENDMESSAGE|…")
    for session in sessions[1:]:
        session.close()
    alice.says("SENDMESSAGE|alice|bob|end")
    bob.event("MESSAGE|…|end")
    alice.no_event()
