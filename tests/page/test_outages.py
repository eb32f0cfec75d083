"""The connection goes and comes back: nothing is lost, doubled or out of order, and one is told how things stand."""

import signal

import pytest
from playwright.sync_api import Error, expect

from tests.harness import PASSWORD
from tests.page.cable import Cable
from tests.page.conftest import StartSite, Visit
from tests.page.site import Site, hears
from tests.scenarios.test_durability import full_disk
from tests.scenarios.test_restore import back_up, put_back
from tests.wire import Client


def history(client: Client, other: str) -> list[str]:
    """What the server holds of a talk."""
    return [row[4] for row in client.rows(f"HISTORY|{client.name}|{other}|500")]


def test_written_while_the_server_is_down_it_is_sent_once_and_in_order(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("zero")
    expect(ana.message("zero").locator(".state")).to_have_text("Sent")
    site.kill()
    ana.say("one", "two", "three")
    expect(ana.tab.locator(".pending")).to_have_count(3)
    expect(ana.tab.locator("#banner")).to_be_visible()
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        ana.tab.reload()
    site.restart()
    ana.tab.goto(site.url)
    ana.see_open("ben")
    ana.see("zero", "one", "two", "three")
    expect(ana.tab.locator(".pending")).to_have_count(0)
    ben = site.login("ben")
    told = [""]
    while told[-1] != "three":
        told.append(hears(ben, "MISSED|…|…|ana|ben|…").rpartition("|")[2])
    assert told[-3:] == ["one", "two", "three"]
    assert told[1:-3] in ([], ["zero"])  # he has had it; whether that was stored before the end is a matter of a second
    ben.no_event()


def test_what_is_said_in_a_talk_that_is_yet_to_be_read_is_shown_at_once(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ben.says("SENDMESSAGE|ben|ana|zero", "OK|SENDMESSAGE|…")
    cable = Cable(site.url)
    try:
        ana = visit(site, url=cable.url).sign_in("ana")
        expect(ana.badge("ben")).to_have_text("1")
        cable.hold_answers()
        ana.open("ben")
        ana.say("one", "two")
        expect(ana.tab.locator(".pending")).to_have_count(2)
        ana.see("one", "two")
        expect(ana.tab.locator("#down")).to_be_hidden()
        cable.let_go()
        ana.tab.reload()
        ana.see("zero", "one", "two")
        assert ana.messages() == ["zero", "one", "two"]
    finally:
        cable.close()


def test_what_is_not_sent_yet_survives_a_reload(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    cable = Cable(site.url)
    try:
        ana = visit(site, url=cable.url).sign_in("ana")
        ana.open("ben")
        cable.hold_answers()
        ana.say("one", "two", "three")
        expect(ana.tab.locator(".pending")).to_have_count(3)
        cable.let_go()
        ana.tab.reload()
        ana.see("one", "two", "three")
        assert ana.messages() == ["one", "two", "three"]
    finally:
        cable.close()


def test_a_duplicated_tab_with_a_full_outbox_sends_nothing_twice(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    site.terminate(signal.SIGSTOP)
    ana.say("one", "two")
    expect(ana.tab.locator(".pending")).to_have_count(2)
    with ana.context.expect_page() as opened:  # which begins with a copy of sessionStorage, as a duplicate does
        ana.run("() => { window.open(location.href); }")
        site.terminate(signal.SIGCONT)
    other = visit(site, context=ana.context, tab=opened.value)
    assert other.run("() => opener !== null")
    ana.see("one", "two")
    other.see_open("ben")
    other.see("one", "two")
    other.say("three")
    other.see("one", "two", "three")
    for text in ("one", "two", "three"):
        hears(ben, f"MESSAGE|…|…|ana|ben|{text}")
    ben.no_event()


def test_a_question_whose_answer_was_cut_off_is_owned_up_to_and_the_page_goes_on(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    cable = Cable(site.url)
    try:
        ana = visit(site, url=cable.url).sign_in("ana")
        ana.open("ben")
        cable.cut_before(b"OK|SETSTATUS")
        ana.say("/status busy")
        assert cable.was_cut.wait(30)
        expect(ana.tab.get_by_text("look whether it has been done")).to_be_visible()
        ben.says("SENDMESSAGE|ben|ana|hello ana", "OK|SENDMESSAGE|…|…")
        ana.see("hello ana")
    finally:
        cable.close()


def test_a_message_whose_ok_was_cut_off_is_one_row_and_one_message(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    cable = Cable(site.url)
    try:
        ana = visit(site, url=cable.url).sign_in("ana")
        ana.open("ben")
        cable.cut_before(b"OK|SENDMESSAGE")
        ana.say("only once")
        assert cable.was_cut.wait(30)
        expect(ana.message("only once").locator(".state")).to_have_text("Sent")
        ana.see("only once")
        assert ana.messages() == ["only once"]
        hears(ben, "MESSAGE|…|…|ana|ben|only once")
        ana.say("and on")
        hears(ben, "MESSAGE|…|…|ana|ben|and on")
    finally:
        cable.close()


def test_what_was_done_to_messages_while_the_page_was_away_is_shown(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    cable = Cable(site.url)
    try:
        ana = visit(site, url=cable.url).sign_in("ana")
        ana.open("ben")
        numbers = [
            ben.says(f"SENDMESSAGE|ben|ana|{text}", "OK|SENDMESSAGE|…")[0].split("|")[2] for text in ("a", "b", "c")
        ]
        ana.see("a", "b", "c")
        cable.cut_before(b"EDITED")
        ben.says(f"EDITMESSAGE|ben|{numbers[0]}|a, corrected", "OK|EDITMESSAGE|…")
        ben.says(f"DELETEMESSAGE|ben|{numbers[1]}", "OK|DELETEMESSAGE|…")
        ben.says(f"REACT|ben|{numbers[2]}|🎉", "OK|REACT|…")
        ben.says("SENDMESSAGE|ben|ana|d", "OK|SENDMESSAGE|…")
        assert cable.was_cut.wait(30)
        expect(ana.message("d")).to_be_visible()
        expect(ana.message("a, corrected")).to_be_visible()
        expect(ana.message("c").locator(".reaction")).to_have_text("🎉 1")
        expect(ana.message("This message was deleted")).to_be_visible()
    finally:
        cable.close()


def test_a_silent_connection_is_noticed_and_replaced(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    cable = Cable(site.url)
    try:
        ana = visit(site, url=cable.url, clock=True).sign_in("ana")
        ana.open("ben")
        cable.hold()
        ben.says("SENDMESSAGE|ben|ana|are you there?", "OK|SENDMESSAGE|…")
        for passed_ms in (30_000, 8_000, 4_000):
            ana.tab.clock.run_for(passed_ms)
        expect(ana.tab.locator("#banner")).to_be_visible()
        cable.let_go()
        ana.tab.locator("#try-now").evaluate("button => button.click()")  # hidden by now if it was found again already
        for _ in range(8):
            ana.tab.clock.run_for(8_500)
            if ana.message("are you there?").count():
                break
        expect(ana.message("are you there?")).to_be_visible()
        expect(ana.tab.locator("#banner")).to_be_hidden()
    finally:
        cable.close()


@pytest.mark.timeout(300)
def test_who_reads_too_slowly_is_told_so_and_loses_nothing(start_site: StartSite, visit: Visit) -> None:
    site = start_site(send_bytes_max=200_000)
    ana_elsewhere, ben, _ = site.friends("ana", "ben", "mia")
    ana_elsewhere.close()
    cable = Cable(site.url, holds_bytes=4096)
    try:
        ana = visit(site, url=cable.url).sign_in("ana")
        ana.open("mia")
        ben.says("PING")
        ben.events.clear()
        cable.stall()
        count = 1500
        for at in range(0, count, 50):
            ben.send(*[f"SENDMESSAGE|ben|ana|{number} {'x' * 3000}" for number in range(at, at + 50)])
            for _ in range(50):
                ben.answers("OK|SENDMESSAGE|…")
        hears(ben, "STATUS|ana|offline|")
        cable.go_on()
        expect(ana.badge("ben")).to_have_text(str(count))
        assert ana.tab.locator("#notice").text_content() == ""  # there is nothing for a person to do
        ana.open("ben")
        ana.tab.locator("#down").click()
        expect(ana.tab.locator("#messages .body").last).to_contain_text(f"{count - 1} x")
        numbers = [int(text.split()[0]) for text in ana.messages()]
        assert numbers == list(range(numbers[0], count))
    finally:
        cable.close()


def test_a_server_that_is_started_again_is_found_again(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site, clock=True).sign_in("ana")
    ana.open("ben")
    site.terminate()
    assert site.wait() == 0
    banner = ana.tab.locator("#banner")
    expect(banner).to_contain_text("No connection")
    ana.tab.clock.pause_at(ana.tab.evaluate("Date.now()") / 1000 + 60)  # from now on it does not try by itself
    site.restart()
    ana.tab.locator("#try-now").click()
    ana.say("back again")
    expect(ana.message("back again").locator(".state")).to_have_text("Sent")
    ana.tab.clock.run_for(1000)
    expect(banner).to_be_hidden()


def test_a_server_that_said_it_would_stop_is_looked_for_each_two_seconds(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site, clock=True).sign_in("ana")
    ana.open("ben")
    site.terminate()
    assert site.wait() == 0
    banner = ana.tab.locator("#banner")
    for _ in range(20):  # it may be away for long
        ana.tab.clock.run_for(1000)
        expect(ana.tab.locator("#messages")).to_be_visible()  # what was tried has time to fail
    expect(banner).to_contain_text("No connection")
    site.restart()
    ana.tab.clock.run_for(2000)
    expect(ana.tab.locator("#banner-text")).to_contain_text("Trying")
    ana.say("back again")
    expect(ana.message("back again").locator(".state")).to_have_text("Sent")
    ana.tab.clock.run_for(1000)
    expect(banner).to_be_hidden()


def test_a_store_put_back_from_a_backup_is_told_and_read_again(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ben.says("SENDMESSAGE|ben|ana|before", "OK|SENDMESSAGE|…")
    ana.see("before")
    copy = back_up(site)
    ana.say("lost")
    expect(ana.message("lost").locator(".state")).to_have_text("Sent")
    put_back(site, copy)
    expect(ana.tab.locator("#notice")).to_contain_text("put back from a backup")
    expect(ana.message("lost")).to_have_count(0)
    ana.see("before")
    ben = site.login("ben")
    ben.says("SENDMESSAGE|ben|ana|after", "OK|SENDMESSAGE|…")
    ana.see("before", "after")
    ana.say("seen")
    hears(ben, "MESSAGE|…|…|ana|ben|seen")
    ana.tab.reload()
    ana.see("before", "after", "seen")
    expect(ana.tab.locator("#notice")).to_be_hidden()
    ana.tab.goto("about:blank")
    put_back(site, copy)
    ana.tab.goto(site.url)
    expect(ana.tab.locator("#notice")).to_contain_text("put back from a backup")


def test_what_was_written_more_than_a_day_ago_is_asked_about(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    site.terminate(signal.SIGSTOP)
    ana.say("old")
    held = ana.run(
        """() => {
            const [item] = JSON.parse(sessionStorage.getItem("pipechat.outbox.ana"));
            return JSON.stringify([{ ...item, tag: "of-a-former-page", at: item.at - 25 * 3600 * 1000 }]);
        }"""
    )
    ana.tab.locator(".pending").wait_for()
    site.terminate(signal.SIGCONT)
    ana.see("old")
    hears(ben, "MESSAGE|…|…|ana|ben|old")
    ana.run("held => sessionStorage.setItem('pipechat.outbox.ana', held)", held)
    ana.tab.reload()
    expect(ana.tab.locator(".refused")).to_contain_text("more than a day ago")
    ben.no_event()
    ana.tab.locator(".refused").get_by_role("button", name="Try again").click()
    hears(ben, "MESSAGE|…|…|ana|ben|old")


def test_a_server_killed_under_load_loses_and_doubles_nothing(site: Site, visit: Visit) -> None:
    """Twenty and more a second both ways, as fast as each side can; at the kill both have some without an answer."""
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ben = Steady(site, "ben", "ana")
    for number in range(30):
        ana.say(f"ana {number}")
        ben.say()
        if number == 10:
            site.terminate(signal.SIGSTOP)
            for late in range(3):
                ana.say(f"late {late}")
                ben.say()
            site.restart(kill=True)
            ben.come_back()
    ben.is_answered()
    expect(ana.tab.locator(".pending")).to_have_count(0)
    expect(ana.message("ben 32")).to_have_count(1)
    shown = ana.messages()
    assert [text for text in shown if text.startswith("ana")] == [f"ana {number}" for number in range(30)]
    assert [text for text in shown if text.startswith("late")] == [f"late {number}" for number in range(3)]
    assert [text for text in shown if text.startswith("ben")] == [f"ben {number}" for number in range(33)]
    assert shown == history(ben.client, "ana")


class Steady:
    """Somebody on the pipe who says numbered lines, each under a tag, and says again what got no answer."""

    def __init__(self, site: Site, name: str, other: str) -> None:
        self.site, self.name, self.other = site, name, other
        self.lines: list[str] = []
        self.answered = 0
        self.client = site.login(name)

    def say(self) -> None:
        at = len(self.lines)
        self.lines.append(f"SENDMESSAGE#steady-{at}|{self.name}|{self.other}|{self.name} {at}")
        self.client.send(self.lines[-1])

    def is_answered(self) -> None:
        """Wait for the answers to all that was said."""
        while self.answered < len(self.lines):
            (answer,) = self.client.answer()
            assert answer.startswith(f"OK|SENDMESSAGE#steady-{self.answered}|"), answer
            self.answered += 1

    def come_back(self) -> None:
        """What had no answer when the server was killed is said again, each under its tag."""
        self.client = self.site.login(self.name, PASSWORD)
        for line in self.lines[self.answered :]:
            self.client.send(line)


def test_what_a_full_disk_cannot_take_is_said_and_sent_once_there_is_room(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    with full_disk(site):
        ana.say("patience")
        expect(ana.tab.locator(".refused").get_by_role("alert")).to_contain_text("Not sent.")
    hears(ben, "MESSAGE|…|…|ana|ben|patience")
    expect(ana.message("patience").locator(".state")).to_have_text("Sent")
    assert ana.messages() == ["patience"]
    ben.no_event()


REFUSED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("refused", "SecurityError"); } });"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


@pytest.mark.parametrize("storage", [REFUSED, FULL])
def test_where_nothing_can_be_kept_one_talks_all_the_same(site: Site, visit: Visit, storage: str) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site, script=storage).sign_in("ana")
    ana.open("ben")
    ana.say("hello")
    hears(ben, "MESSAGE|…|…|ana|ben|hello")
    site.terminate(signal.SIGSTOP)
    ana.say("unsent")
    assert ana.run("() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"), "one is asked"
    site.terminate(signal.SIGCONT)
    hears(ben, "MESSAGE|…|…|ana|ben|unsent")
    expect(ana.message("unsent").locator(".state")).to_have_text("Sent")
    assert ana.run("() => window.dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    ana.tab.reload()
    ana.sign_in("ana")


def test_at_the_card_one_is_told_that_there_is_no_connection(site: Site, visit: Visit) -> None:
    site.user("ana")
    ana = visit(site)
    expect(ana.card).to_be_visible()
    site.terminate()
    assert site.wait() == 0
    ana.try_to_sign_in("an|a", "correct horse")
    expect(ana.card.get_by_role("alert").filter(has_text="|")).to_be_visible()
    ana.try_to_sign_in("ana", "correct horse")
    expect(ana.tab.locator("#banner")).to_contain_text("No connection")
    site.restart()
    ana.see_in("ana")
    expect(ana.tab.locator("#banner")).to_be_hidden()


def test_a_login_that_has_ended_leads_to_the_card_and_loses_nothing_unsent(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    cable = Cable(site.url)
    try:
        ana = visit(site, url=cable.url).sign_in("ana")
        ana.open("ben")
        cable.hold()
        ana.say("still to be sent")
        site.login("ana").says("SETPASSWORD|ana|correct horse|another horse", "OK|SETPASSWORD|ana")
        cable.let_go()
        ana.tab.reload()
        expect(ana.card.get_by_text("sign in again")).to_be_visible()
        ana.sign_in("ana", "another horse")
        hears(ben, "MESSAGE|…|…|ana|ben|still to be sent")
        ben.no_event()
    finally:
        cable.close()


def test_a_card_that_nobody_fills_in_lets_its_connection_go(start_site: StartSite, visit: Visit) -> None:
    site = start_site(login_timeout_s=1)
    site.user("ana")
    ana = visit(site)
    expect(ana.card).to_be_visible()
    ana.tab.wait_for_timeout(2500)
    expect(ana.tab.locator("#notice")).to_be_hidden()
    expect(ana.tab.locator("#banner")).to_be_hidden()
    ana.sign_in("ana")


def test_what_was_said_in_a_room_while_one_was_out_of_it_is_there_again(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ben.says("CREATEROOM|ben|#garden|public", "OK|CREATEROOM|…")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("/join #garden")
    ana.see_open("#garden")
    ben.says("SENDMESSAGE|ben|#garden|one", "OK|SENDMESSAGE|…")
    ana.see("one")
    ben.says("KICK|ben|#garden|ana", "OK|KICK|…")
    expect(ana.field).to_be_hidden()
    ben.says("SENDMESSAGE|ben|#garden|two", "OK|SENDMESSAGE|…")
    ana.tab.get_by_role("button", name="Details").click()
    ana.tab.locator("#details").get_by_role("button", name="Join").click()
    ana.see("one", "two")
