"""What one can do with an account beside talking, each by clicking: what the terminal client can do, the page can."""

import re

from playwright.sync_api import expect

from tests.page.conftest import StartSite, Visit
from tests.page.person import Person
from tests.page.site import Site, hears
from tests.page.test_scrolling import read_now
from tests.wire import Client, matches


def command(person: Person, line: str) -> None:
    """Type a command where it is nobody's business."""
    person.open("HelpBot")
    person.say(line)


def heard_until(client: Client, pattern: str) -> list[str]:
    """All that a client is told up to that event."""
    heard: list[str] = []
    while not heard or not matches(f"EVENT|{pattern}", heard[-1]):
        heard.append(client.events.popleft() if client.events else client.frame())
    return heard


def see_to(person: Person, name: str, action: str) -> None:
    """Do something with a member of the room whose details are open."""
    details = person.tab.locator("#details")
    details.get_by_role("button", name=f"What to do with {name}").click()
    person.tab.get_by_role("menuitem", name=action).click()


def test_a_room_has_moderators_and_is_handed_over(site: Site, visit: Visit) -> None:
    _, ben, mia = site.friends("ana", "ben", "mia")
    ana = visit(site).sign_in("ana")
    command(ana, "/create #garden")
    ana.see_open("#garden")
    for client in (ben, mia):
        client.says(f"JOIN|{client.name}|#garden", "OK|JOIN|#garden")
    ana.tab.get_by_role("button", name="Details").click()
    members = ana.tab.locator(".member")
    expect(members).to_have_count(3)
    see_to(ana, "ben", "Make moderator")
    hears(ben, "ROLE|#garden|ben|moderator")
    expect(members.filter(has_text="ben")).to_contain_text("moderator")
    ben.says("KICK|ben|#garden|mia", "OK|KICK|…")
    expect(members).to_have_count(2)
    see_to(ana, "ben", "No moderator any more")
    hears(ben, "ROLE|#garden|ben|member")
    expect(members.filter(has_text="ben")).not_to_contain_text("moderator")
    see_to(ana, "ben", "Hand the room over")
    ana.dialog.get_by_role("button", name="Hand over").click()
    hears(ben, "ROLE|#garden|ben|owner")
    expect(members.filter(has_text="ben")).to_contain_text("owner")
    expect(ana.tab.get_by_role("button", name="What to do with ben")).to_have_count(0)
    ben.says("MODERATOR|ben|#garden|ana|on", "OK|MODERATOR|…")
    expect(ana.tab.locator("#notice")).to_contain_text("You are a moderator of")
    expect(members.filter(has_text="ana")).to_contain_text("moderator")
    ben.says("HANDOVER|ben|#garden|ana", "OK|HANDOVER|…")
    expect(ana.tab.get_by_role("button", name="What to do with ben")).to_be_visible()


def test_a_muted_talk_is_in_nobodys_way(site: Site, visit: Visit) -> None:
    _, ben, _ = site.friends("ana", "ben", "mia")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.tab.get_by_role("button", name="Details").click()
    ana.tab.get_by_role("button", name="Mute", exact=True).click()
    expect(ana.tab.get_by_role("button", name="Unmute")).to_be_focused()
    ana.open("mia")
    ben.says("SENDMESSAGE|ben|ana|one", "OK|SENDMESSAGE|…")
    expect(ana.badge("ben")).to_have_text("1")
    expect(ana.tab).to_have_title(re.compile("^mia"))
    expect(ana.tab.locator("#talks h2")).to_have_text(["Friends", "Bots"])
    ana.tab.reload()
    expect(ana.badge("ben")).to_have_text("1")
    expect(ana.tab).to_have_title(re.compile("^mia"))
    ana.say("/unmute ben")
    expect(ana.tab).to_have_title(re.compile(r"^\(1\) mia"))
    expect(ana.tab.locator("#talks h2")).to_have_text(["Unread", "Friends", "Bots"])


def test_who_types_and_reads_may_keep_it_to_themselves(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    other = visit(site, context=ana.context)
    other.see_in("ana")
    ana.choose_in_menu("Settings")
    ana.dialog.get_by_label("Others see that you are typing").uncheck()
    ana.dialog.get_by_label("What you have seen is marked as read").uncheck()
    ana.dialog.get_by_role("button", name="Save").click()
    for tab in (other, ana):
        tab.tab.bring_to_front()
        tab.open("ben")
        tab.field.press_sequentially("hm")
        tab.say("hello")
        assert not any("TYPING" in frame for frame in heard_until(ben, "MESSAGE|…|…|ana|ben|hello"))
    ben.says("SENDMESSAGE|ben|ana|hi", "OK|SENDMESSAGE|…")
    expect(ana.message("hi")).to_be_visible()
    ana.tab.wait_for_timeout(1500)  # longer than it takes to mark what is at the end
    assert not any("READ" in event for event in read_now(ben))
    ana.tab.get_by_role("button", name="Details").click()
    ana.tab.get_by_role("button", name="Mark as read").click()
    hears(ben, "READ|ana|ben|…")
    expect(ana.tab.get_by_role("button", name="Mark as read")).to_have_count(0)


def test_a_word_of_ones_own_counts_as_a_mention(site: Site, visit: Visit) -> None:
    _, ben, _ = site.friends("ana", "ben", "mia")
    ben.says("CREATEROOM|ben|#garden|public", "OK|CREATEROOM|…")
    ana = visit(site).sign_in("ana")
    command(ana, "/join #garden")
    ana.see_open("#garden")
    ana.choose_in_menu("Settings")
    ana.fill_dialog("Save", words="Roses, beans")
    ana.open("mia")
    ben.says("SENDMESSAGE|ben|#garden|primroses", "OK|SENDMESSAGE|…")
    expect(ana.badge("#garden")).to_have_text("1")
    expect(ana.badge("#garden")).not_to_have_class(re.compile("mentioned"))
    ben.says("SENDMESSAGE|ben|#garden|who waters the roses?", "OK|SENDMESSAGE|…")
    expect(ana.badge("#garden")).to_have_class(re.compile("mentioned"))


def test_what_somebody_does_is_said_in_the_third_person(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("/me waves @ben")
    hears(ben, "MESSAGE|…|…|ana|ben|/me waves @ben")
    ana.see("* ana waves @ben")
    ben.says("SENDMESSAGE|ben|ana|/me nods", "OK|SENDMESSAGE|…")
    ana.see("* ana waves @ben", "* ben nods")


def test_ones_own_status_is_known_after_a_reload(site: Site, visit: Visit) -> None:
    site.user("ben").says("SETSTATUS|ben|busy|in the garden", "OK|SETSTATUS|…")
    ben = visit(site).sign_in("ben")
    expect(ben.tab.locator("#status")).to_have_text("busy · in the garden")
    ben.tab.locator("#status").click()
    ben.dialog.get_by_label("How others see you").select_option("away")
    ben.fill_dialog("Save", text="")
    expect(ben.tab.locator("#status")).to_have_text("away")
    ben.tab.reload()
    expect(ben.tab.locator("#status")).to_have_text("away")


def test_a_topic_is_cleared_only_where_one_says_so(site: Site, visit: Visit) -> None:
    site.user("ana")
    ana = visit(site).sign_in("ana")
    command(ana, "/create #garden")
    ana.see_open("#garden")
    ana.say("/topic Roses")
    expect(ana.tab.locator("#talk-about")).to_have_text("Roses")
    ana.say("/topic")
    expect(ana.dialog.get_by_label("What it is about")).to_have_value("Roses")
    ana.tab.keyboard.press("Escape")
    expect(ana.tab.locator("#talk-about")).to_have_text("Roses")
    ana.say("/topic -")
    expect(ana.tab.locator("#talk-about")).to_be_empty()


def test_a_message_of_somebody_else_is_reported_from_its_row(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("mine")
    ana.see("mine")
    ana.message("mine").hover()
    expect(ana.message("mine").get_by_role("button", name="Report")).to_be_hidden()
    ben.says("SENDMESSAGE|ben|ana|buy my soap", "OK|SENDMESSAGE|…")
    ana.act("buy my soap", "Report")
    ana.fill_dialog("Report", why="soap, again")
    expect(ana.tab.locator("#notice")).to_contain_text("The administrators")


def test_where_all_may_write_to_each_other_one_does(start_site: StartSite, visit: Visit) -> None:
    site = start_site(direct_messages="everyone")
    ben = site.user("ben")
    ana = visit(site).sign_up("ana")
    command(ana, "/to ben")
    ana.say("a stranger says hello")
    hears(ben, "MESSAGE|…|…|ana|ben|a stranger says hello")
    ben.says("BLOCK|ben|ana", "OK|BLOCK|ana")
    ana.tab.reload()
    expect(ana.tab.locator("#talk-name")).to_have_text("ben")
    expect(ana.field).to_be_hidden()
    expect(ana.tab.get_by_text("not friends")).to_be_visible()


def test_elsewhere_a_stranger_is_told_that_one_is_no_friend(site: Site, visit: Visit) -> None:
    site.user("ben")
    ana = visit(site).sign_up("ana")
    command(ana, "/to ben")
    expect(ana.tab.locator("#talk-name")).to_have_text("ben")
    expect(ana.field).to_be_hidden()
    expect(ana.tab.get_by_text("not friends")).to_be_visible()
