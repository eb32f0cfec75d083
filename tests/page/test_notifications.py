"""Who does not look is told: once, of what is theirs, and only if they have asked for it by a click."""

import re

from playwright.sync_api import expect

from tests.page.conftest import Visit
from tests.page.person import Person
from tests.page.site import Site

NOTIFICATIONS = """
    window.shown = [];
    window.asked = [];
    window.focused = 0;
    window.focus = () => { window.focused += 1; };
    window.Notification = class {
        static permission = sessionStorage.getItem("permission") ?? "default";
        static async requestPermission() {
            window.asked.push(navigator.userActivation.isActive);
            sessionStorage.setItem("permission", "granted");
            return (this.permission = "granted");
        }
        constructor(title, how) {
            if (window.refuses) throw new TypeError("Illegal constructor");
            window.shown.push(this);
            Object.assign(this, { title, body: how.body, closed: false });
        }
        close() { this.closed = true; }
    };
    window.looking = true;
    Document.prototype.hasFocus = () => window.looking;
    const state = () => (window.looking ? "visible" : "hidden");
    Object.defineProperty(Document.prototype, "visibilityState", { get: state });
"""
"""Notifications that a test can see, in place of the system's; and tabs that are hidden when the test says so."""


INHERITED = """async () => {
    for (let waits = true; waits; ) waits = (await navigator.locks.query()).pending.length > 0;
}"""
"""Waits until the tab that told before has gone, and another one holds its lock."""


def hide(*people: Person, allow: bool = True) -> None:
    """Nobody looks at these tabs any more."""
    for person in people:
        person.run("allow => { if (allow) Notification.permission = 'granted'; window.looking = false; }", allow)
        person.run("() => { window.dispatchEvent(new Event('blur')); }")
        person.run("() => { document.dispatchEvent(new Event('visibilitychange')); }")


def shown(person: Person) -> list[str]:
    """The notifications that a tab has shown."""
    found: list[str] = person.run("() => window.shown.map(it => `${it.title}: ${it.body}`)")
    return found


def test_one_is_asked_by_a_click_alone(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site, script=NOTIFICATIONS).sign_in("ana")
    ana.open("ben")
    ana.say("hello")
    hide(ana, allow=False)
    ben.says("SENDMESSAGE|ben|ana|psst", "OK|SENDMESSAGE|…")
    expect(ana.message("psst")).to_have_count(1)
    ana.run("() => { window.looking = true; }")
    ana.tab.reload()
    ana.see_open("ben")
    assert ana.run("() => window.asked") == []
    ana.choose_in_menu("Turn notifications on")
    expect(ana.tab.locator("#notice")).to_contain_text("You will be told")
    assert ana.run("() => window.asked") == [True]
    ana.tab.get_by_role("button", name="Menu").click()
    expect(ana.tab.get_by_role("menuitem", name="Your status")).to_be_visible()
    expect(ana.tab.get_by_role("menuitem", name="Turn notifications on")).to_have_count(0)


def test_two_hidden_tabs_show_one_and_a_click_opens_the_talk(site: Site, visit: Visit) -> None:
    _, ben, _ = site.friends("ana", "ben", "mia")
    ana = visit(site, script=NOTIFICATIONS).sign_in("ana")
    ana.open("mia")
    other = visit(site, context=ana.context)
    other.see_open("mia")
    hide(ana, other)
    ben.says("SENDMESSAGE|ben|ana|<b>psst</b>", "OK|SENDMESSAGE|…")
    for tab in (ana, other):
        expect(tab.badge("ben")).to_have_text("1")
    assert shown(ana) + shown(other) == ["ben: <b>psst</b>"]
    teller, silent = (ana, other) if shown(ana) else (other, ana)
    teller.run("() => { window.shown[0].onclick(); }")
    teller.see_open("ben")
    expect(teller.field).to_be_focused()
    assert teller.run("() => [window.focused, window.shown[0].closed]") == [1, True]
    silent.see_open("mia")


def test_when_the_tab_that_tells_is_closed_another_one_does(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site, script=NOTIFICATIONS).sign_in("ana")
    other = visit(site, context=ana.context)
    other.see_in("ana")
    hide(ana, other)
    ben.says("SENDMESSAGE|ben|ana|one", "OK|SENDMESSAGE|…")
    for tab in (ana, other):
        expect(tab.badge("ben")).to_have_text("1")
    teller, silent = (ana, other) if shown(ana) else (other, ana)
    teller.tab.close()
    silent.run(INHERITED)
    ben.says("SENDMESSAGE|ben|ana|two", "OK|SENDMESSAGE|…")
    expect(silent.badge("ben")).to_have_text("2")
    assert shown(silent) == ["ben: two"]


def test_who_looks_at_either_tab_is_not_notified(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site, script=NOTIFICATIONS).sign_in("ana")
    other = visit(site, context=ana.context)
    other.see_in("ana")
    hide(ana)
    ben.says("SENDMESSAGE|ben|ana|hello", "OK|SENDMESSAGE|…")
    for tab in (ana, other):
        expect(tab.badge("ben")).to_have_text("1")
    assert shown(ana) + shown(other) == []
    expect(ana.tab).to_have_title(re.compile(r"^\(1\)"))


def test_of_a_room_one_hears_what_speaks_to_one_and_of_a_muted_talk_nothing(site: Site, visit: Visit) -> None:
    _, ben, mia = site.friends("ana", "ben", "mia")
    ben.says("CREATEROOM|ben|#garden|public", "OK|CREATEROOM|…")
    ana = visit(site, script=NOTIFICATIONS).sign_in("ana")
    ana.open("mia")
    ana.say("/mute")
    ana.say("/join #garden")
    ana.see_open("#garden")
    hide(ana)
    for said in ("the beans are up", "@ana, look", "/me waters @anabel"):
        ben.says(f"SENDMESSAGE|ben|#garden|{said}", "OK|SENDMESSAGE|…")
    mia.says("SENDMESSAGE|mia|ana|psst", "OK|SENDMESSAGE|…")
    ben.says("SENDMESSAGE|ben|ana|/me waves", "OK|SENDMESSAGE|…")
    expect(ana.badge("ben")).to_have_text("1")
    assert shown(ana) == ["ben in #garden: @ana, look", "ben: waves"]


def test_where_the_browser_refuses_to_notify_nothing_is_lost(site: Site, visit: Visit) -> None:
    """As Chrome on Android does, which has the name and refuses the call."""
    _, ben = site.friends("ana", "ben")
    ana = visit(site, script=NOTIFICATIONS).sign_in("ana")
    ana.run("() => { window.refuses = true; }")
    ana.open("ben")
    hide(ana)
    ben.send("SENDMESSAGE|ben|ana|one", "SENDMESSAGE|ben|ana|two")
    ana.see("one", "two")
