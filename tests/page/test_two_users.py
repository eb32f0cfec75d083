"""Two users in two tabs of one browser, both of whom stay signed in: neither meets what is the other's."""

from playwright.sync_api import expect

from tests.page.conftest import Visit
from tests.page.person import Person
from tests.page.site import Site
from tests.page.test_notifications import NOTIFICATIONS


def two(site: Site, visit: Visit, script: str = "") -> tuple[Person, Person]:
    """Ana, and mia in another tab of the same browser; both are ben's friends."""
    ana = visit(site, script=script).sign_in("ana")
    mia = visit(site, context=ana.context)
    mia.sign_out()
    mia.sign_in("mia")
    expect(ana.card).to_be_visible()  # it was the same login, and has ended
    ana.sign_in("ana")
    return ana, mia


def test_each_tab_keeps_its_user_over_a_reload(site: Site, visit: Visit) -> None:
    site.friends("ana", "mia", "ben")
    ana, mia = two(site, visit)
    ana.open("ben")
    for person, name in ((mia, "mia"), (ana, "ana"), (mia, "mia")):
        person.tab.reload()
        person.see_in(name)
    ana.see_open("ben")
    expect(mia.tab.locator("#welcome")).to_be_visible()
    visit(site, context=ana.context).see_in("mia")  # who came last


def test_who_signs_out_does_not_take_the_other_along(site: Site, visit: Visit) -> None:
    site.friends("ana", "mia", "ben")
    ana, mia = two(site, visit)
    ana.sign_out()
    ana.tab.reload()
    expect(ana.card).to_be_visible()
    expect(mia.tab.locator("#own-name")).to_have_text("mia")
    mia.tab.reload()
    mia.see_in("mia")
    visit(site, context=ana.context).see_in("mia")
    mia.sign_out()
    assert mia.run("() => localStorage.length + sessionStorage.length") == 0


def test_drafts_and_what_is_unsent_are_each_users_own(site: Site, visit: Visit) -> None:
    _, _, ben = site.friends("ana", "mia", "ben")
    ana, mia = two(site, visit)
    ana.open("ben")
    ana.field.fill("a draft of ana")
    mia.open("ben")
    expect(mia.field).to_have_value("")
    mia.field.fill("a draft of mia")
    for person, name in ((ana, "ana"), (mia, "mia")):
        person.tab.reload()
        person.see_open("ben")
        expect(person.field).to_have_value(f"a draft of {name}")
        person.field.press("Enter")
        person.see(f"a draft of {name}")
    said = [row[3:] for row in ben.rows("SYNC|ben|0")]
    assert [row[1] for row in said] == ["a draft of ana", "a draft of mia"], said


def test_each_user_is_notified_of_what_is_theirs(site: Site, visit: Visit) -> None:
    _, _, ben = site.friends("ana", "mia", "ben")
    ana, mia = two(site, visit, NOTIFICATIONS)
    for tab in (ana, mia):
        tab.run("() => { Notification.permission = 'granted'; window.looking = false; }")
        tab.run("() => window.dispatchEvent(new Event('blur'))")
    ben.says("SENDMESSAGE|ben|ana|to ana", "OK|SENDMESSAGE|…")
    ben.says("SENDMESSAGE|ben|mia|to mia", "OK|SENDMESSAGE|…")
    for tab, name in ((ana, "ana"), (mia, "mia")):
        expect(tab.badge("ben")).to_have_text("1")
        assert tab.run("() => window.shown.map(it => it.body)") == [f"to {name}"]
