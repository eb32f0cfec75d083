"""An answer counts before what the server said behind it, also where both come in one piece."""

from playwright.sync_api import expect

from tests.page.conftest import Visit
from tests.page.person import Person
from tests.page.site import Site
from tests.wire import Client

HOLDING = """
window.holdFrom = null;  // what is said from the first piece on that has this in it is held
window.held = [];
window.WebSocket = class extends WebSocket {
  set onmessage(hear) {
    super.onmessage = hear && ((event) => {
      if (window.held.length || (window.holdFrom && event.data.includes(window.holdFrom))) window.held.push(event.data);
      else hear(event);
    });
    window.release = () => {
      window.holdFrom = null;
      hear({ data: window.held.splice(0).join("\\n") });
    };
  }
};
"""


def hold_from(person: Person, words: str) -> None:
    person.run("words => { window.holdFrom = words; }", words)


def await_held(person: Person, words: str) -> None:
    person.tab.wait_for_function("words => window.held.some((data) => data.includes(words))", arg=words)


def release(person: Person) -> None:
    """Let the page hear what was held, in one piece."""
    person.run("() => window.release()")


def test_a_message_right_behind_the_page_that_was_read_is_shown(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site, script=HOLDING).sign_in("ana")
    ben.says("SENDMESSAGE|ben|ana|one", "OK|SENDMESSAGE|…")
    expect(ana.badge("ben")).to_have_text("1")
    hold_from(ana, "HISTORY")
    ana.open("ben")
    await_held(ana, "OK|HISTORY")
    ben.says("SENDMESSAGE|ben|ana|two", "OK|SENDMESSAGE|…")
    await_held(ana, "|two")
    release(ana)
    ana.see("one", "two")


def test_a_message_right_behind_the_list_of_talks_is_counted(site: Site, visit: Visit) -> None:
    ana, ben = lists_are_held(site, visit)
    ben.says("SENDMESSAGE|ben|ana|one", "OK|SENDMESSAGE|…")
    await_held(ana, "|one")
    release(ana)
    expect(ana.badge("ben")).to_have_text("1")


def test_a_friend_right_behind_the_list_of_friends_is_one(site: Site, visit: Visit) -> None:
    ana, ben = lists_are_held(site, visit)
    ben.says("DELETEFRIEND|ben|ana", "OK|DELETEFRIEND|ana")
    await_held(ana, "FRIENDREMOVED")
    ben.says("ADDFRIEND|ben|ana", "OK|ADDFRIEND|ana|requested")
    await_held(ana, "FRIENDREQUEST")
    release(ana)
    expect(ana.entry("ben")).to_have_count(0)
    expect(ana.tab.locator("#requests")).to_contain_text("1")


def test_a_room_left_right_behind_the_list_of_rooms_is_left(site: Site, visit: Visit) -> None:
    ana, ben = lists_are_held(site, visit)
    ben.says("KICK|ben|#market|ana", "OK|KICK|…")
    await_held(ana, "LEFT|#market|ana")
    release(ana)
    expect(ana.entry("#market")).to_have_count(0)


def lists_are_held(site: Site, visit: Visit) -> tuple[Person, Client]:
    """Ana has asked for her lists, and all are on their way; ben is a friend, and owns a room that both are in."""
    elsewhere, ben = site.friends("ana", "ben")
    site.user("mia")
    ben.says("CREATEROOM|ben|#market|public", "OK|CREATEROOM|…")
    elsewhere.says("JOIN|ana|#market", "OK|JOIN|…")
    ana = visit(site, script=HOLDING).sign_in("ana")
    expect(ana.entry("#market")).to_have_count(1)
    hold_from(ana, "SHOWCONVERSATIONS")
    ana.open("ben")
    ana.say("/block mia")
    await_held(ana, "|SETSTATUS")
    return ana, ben
