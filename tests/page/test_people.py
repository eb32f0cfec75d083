"""Friends, requests, blocks, rooms and bots, by clicking."""

import re

from playwright.sync_api import expect

from tests.bots.test_weather_bot import open_meteo
from tests.bots.web import json_page, web
from tests.page.conftest import StartSite, Visit
from tests.page.site import Site, hears


def test_a_request_is_made_and_accepted(site: Site, visit: Visit) -> None:
    ben = site.user("ben")
    ana = visit(site).sign_up("ana")
    ana.tab.get_by_role("button", name="+ Friend").click()
    ana.fill_dialog("Ask", name="ben")
    hears(ben, "FRIENDREQUEST|ana")
    ben.says("ACCEPTFRIEND|ben|ana", "OK|ACCEPTFRIEND|ana")
    ana.open("ben")
    ana.say("thank you")
    hears(ben, "MESSAGE|…|…|ana|ben|thank you")


def test_who_does_not_exist_is_said_in_the_dialog(site: Site, visit: Visit) -> None:
    ana = visit(site).sign_up("ana")
    ana.tab.get_by_role("button", name="Add a friend").click()
    ana.dialog.get_by_label("Their user name").fill("nobody")
    ana.dialog.get_by_role("button", name="Ask").click()
    expect(ana.dialog.get_by_role("alert").filter(has_text="nobody")).to_be_visible()
    expect(ana.dialog.get_by_label("Their user name")).to_be_focused()


def test_requests_that_come_in_are_accepted_or_rejected(site: Site, visit: Visit) -> None:
    ana = visit(site).sign_up("ana")
    ben, mia = site.user("ben"), site.user("mia")
    ben.says("ADDFRIEND|ben|ana", "OK|ADDFRIEND|ana|requested")
    mia.says("ADDFRIEND|mia|ana", "OK|ADDFRIEND|ana|requested")
    expect(ana.tab.locator("#requests-count")).to_have_text("2")
    ana.tab.locator("#requests").click()
    ana.dialog.get_by_role("button", name="Accept ben").click()
    ana.dialog.get_by_role("button", name="Reject mia").click()
    expect(ana.dialog.get_by_text("no open requests")).to_be_visible()
    ana.dialog.get_by_role("button", name="Close").click()
    hears(ben, "FRIENDADDED|ana|…|…")
    expect(ana.entry("ben")).to_be_visible()
    expect(ana.entry("mia")).to_have_count(0)
    mia.no_event()


def test_of_who_is_blocked_nothing_more_is_heard(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.tab.get_by_role("button", name="Details").click()
    ana.tab.locator("#details").get_by_role("button", name="Block ben").click()
    ana.dialog.get_by_role("button", name="Block", exact=True).click()
    hears(ben, "FRIENDREMOVED|ana")
    ben.refused("SENDMESSAGE|ben|ana|hello?", "NOT_FRIENDS")
    ben.says("ADDFRIEND|ben|ana", "OK|ADDFRIEND|ana|requested")
    expect(ana.tab.get_by_text("You block ben")).to_be_visible()
    expect(ana.tab.locator("#requests-count")).to_be_empty()
    ana.choose_in_menu("Blocked")
    ana.dialog.get_by_role("button", name="Unblock ben").click()
    expect(ana.dialog.get_by_text("You block nobody")).to_be_visible()


def test_a_private_room_from_its_beginning_to_a_kick(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.tab.get_by_role("button", name="+ Room").click()
    ana.dialog.get_by_role("button", name="Make a room").first.click()
    form = ana.dialog.last
    form.get_by_label("Name").fill("garden")
    form.get_by_label("Who may come in").select_option("private")
    form.get_by_role("button", name="Make it").click()
    expect(ana.dialog).to_have_count(0)
    ana.see_open("#garden")
    ana.tab.get_by_role("button", name="Details").click()
    details = ana.tab.locator("#details")
    details.get_by_role("button", name="Invite somebody").click()
    ana.fill_dialog("Invite", name="ben")
    hears(ben, "INVITED|#garden|ana")
    ben.says("JOIN|ben|#garden", "OK|JOIN|#garden")
    expect(details.locator(".member").filter(has_text="ben")).to_be_visible()
    details.get_by_role("button", name="Change the topic").click()
    ana.fill_dialog("Save", text="Roses | beans")
    hears(ben, "TOPIC|#garden|ana|Roses | beans")
    expect(ana.tab.locator("#talk-about")).to_have_text("Roses | beans")
    ana.say("welcome")
    ben.says("SENDMESSAGE|ben|#garden|thanks", "OK|SENDMESSAGE|…")
    ana.see("welcome", "thanks")
    details.get_by_role("button", name="What to do with ben").click()
    ana.tab.get_by_role("menuitem", name="Put out").click()
    ana.dialog.get_by_role("button", name="Put out").click()
    hears(ben, "LEFT|#garden|ben")
    expect(details.locator(".member").filter(has_text="ben")).to_have_count(0)


def test_an_invitation_is_accepted_and_a_kick_is_told(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ben.says("CREATEROOM|ben|#cellar|private", "OK|CREATEROOM|…")
    ben.says("INVITE|ben|#cellar|ana", "OK|INVITE|…")
    ana.tab.locator("#requests").click()
    ana.dialog.get_by_role("button", name="Join #cellar").click()
    ana.see_open("#cellar")
    hears(ben, "JOINED|#cellar|ana")
    ben.says("KICK|ben|#cellar|ana", "OK|KICK|…")
    expect(ana.entry("#cellar")).to_have_count(0)
    expect(ana.tab.get_by_text(re.compile("not in .*#cellar.* any more"))).to_be_visible()


def test_a_public_room_is_found_joined_and_left(site: Site, visit: Visit) -> None:
    ben = site.user("ben")
    ben.says("CREATEROOM|ben|#market|public", "OK|CREATEROOM|…")
    ana = visit(site).sign_up("ana")
    ana.tab.get_by_role("button", name="Find or make a room").click()
    ana.dialog.get_by_label("Find a room").fill("mark")
    ana.dialog.get_by_role("button", name="Join #market").click()
    ana.see_open("#market")
    hears(ben, "JOINED|#market|ana")
    ana.tab.get_by_role("button", name="Details").click()
    ana.tab.get_by_role("button", name="Leave the room").click()
    ana.dialog.get_by_role("button", name="Leave", exact=True).click()
    hears(ben, "LEFT|#market|ana")
    expect(ana.entry("#market")).to_have_count(0)


def test_an_open_room_that_one_leaves_and_joins_elsewhere_goes_on(site: Site, visit: Visit) -> None:
    elsewhere, ben = site.friends("ana", "ben")
    ben.says("CREATEROOM|ben|#market|public", "OK|CREATEROOM|…")
    elsewhere.says("JOIN|ana|#market", "OK|JOIN|…")
    ana = visit(site).sign_in("ana")
    ana.open("#market")
    ben.says("SENDMESSAGE|ben|#market|one", "OK|SENDMESSAGE|…")
    ana.see("one")
    elsewhere.says("LEAVE|ana|#market", "OK|LEAVE|…")
    expect(ana.tab.get_by_text("You are not in #market.")).to_be_visible()
    ben.says("SENDMESSAGE|ben|#market|two", "OK|SENDMESSAGE|…")
    elsewhere.says("JOIN|ana|#market", "OK|JOIN|…")
    ben.says("SENDMESSAGE|ben|#market|three", "OK|SENDMESSAGE|…")
    ana.see("one", "two", "three")
    ana.say("four")
    expect(ana.message("four").locator(".state")).to_have_text("Sent")


def test_a_status_is_set_and_seen(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.tab.locator("#status").click()
    ana.dialog.get_by_label("How others see you").select_option("busy")
    ana.fill_dialog("Save", text="at lunch")
    hears(ben, "STATUS|ana|busy|at lunch")
    expect(ana.tab.locator("#status")).to_have_text("busy · at lunch")
    ben.says("SETSTATUS|ben|away|in the garden", "OK|SETSTATUS|…")
    expect(ana.entry("ben")).to_contain_text("away")
    expect(ana.entry("ben")).to_contain_text("in the garden")


def test_bots_are_played_with_by_clicking(site: Site, visit: Visit) -> None:
    ana = visit(site).sign_up("ana")
    ana.tab.get_by_role("button", name="Play with NumbersGame").click()
    ana.see_open("NumbersGame")
    expect(ana.tab.locator("#messages")).to_contain_text("Your guess?")
    ana.tab.get_by_role("button", name="What can you do?").click()
    ana.tab.get_by_role("button", name="50", exact=True).click()
    expect(ana.message("50")).to_be_visible()
    ana.open("ReminderBot")
    ana.tab.get_by_role("button", name="What can you do?").click()
    ana.tab.get_by_role("button", name="remind me in 10 minutes").click()
    ana.tab.get_by_role("button", name="list", exact=True).click()
    expect(ana.tab.locator("#messages .body").last).to_contain_text("drink tea")


def test_the_weather_and_a_reminder_are_asked_for_by_clicking(start_site: StartSite, visit: Visit) -> None:
    with web(lambda path: json_page(open_meteo(path))) as service:
        ana = visit(start_site(weather_url=service.url)).sign_up("ana")
        ana.entry("WeatherBot").click()
        ana.tab.get_by_role("button", name="What can you do?").click()
        last = ana.tab.locator("#messages .body").last
        ana.tab.get_by_role("button", name="London", exact=True).click()
        expect(last).to_contain_text("°C")
        ana.open("ReminderBot")
        ana.tab.get_by_role("button", name="What can you do?").click()
        ana.tab.get_by_role("button", name="remind me in 10 minutes").click()
        expect(last).to_contain_text("drink tea")


def test_an_own_export_is_saved(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("to be found")
    ana.see("to be found")
    with ana.tab.expect_download() as download:
        ana.choose_in_menu("Save what is stored")
    saved = download.value.path().read_text()
    assert "account|ana|" in saved
    assert "to be found" in saved
