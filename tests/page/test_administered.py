"""What an administrator does to those at the page: they are told in a sentence what to do, and can do it."""

import pytest
from playwright.sync_api import expect

from tests.page.conftest import StartSite, Visit
from tests.page.site import Site
from tests.wire import Client


@pytest.fixture
def site(start_site: StartSite) -> Site:
    """A site whose administrator is ann: she has her account already, for nobody signs up by such a name."""
    site = start_site()
    site.user("ann").close()
    site._words += ["--set", "admins=ann"]
    site.restart()
    return site


@pytest.fixture
def ann(site: Site) -> Client:
    return site.login("ann")


def admin(ann: Client, command: str) -> list[list[str]]:
    """Let the administrator say a command; return its rows."""
    ann.send(f"ADMIN|ann|{command}")
    *rows, end = ann.answer()
    assert end.startswith("OK|"), end
    return [row.split("|")[2:] for row in rows]


def test_who_is_invited_signs_up_with_the_code(ann: Client, site: Site, visit: Visit) -> None:
    admin(ann, "settings set signup invite")
    code = admin(ann, "invite create")[0][0]
    ben = visit(site)
    expect(ben.tab.get_by_label("Invitation code")).to_be_hidden()
    ben.tab.get_by_role("button", name="Create account").first.click()
    ben.tab.get_by_label("User name").fill("ben")
    ben.tab.get_by_label("Password").fill("long enough")
    ben.tab.get_by_label("Password").press("Enter")
    field = ben.tab.get_by_label("Invitation code")
    expect(field).to_be_focused()
    expect(ben.card.get_by_role("alert").filter(has_text="invitation code")).to_be_visible()
    expect(ben.card).not_to_contain_text("REDEEM")
    field.fill("no such code")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill(code)
    field.press("Enter")
    ben.see_in("ben")


def test_where_nobody_signs_up_one_is_told_whom_to_ask(ann: Client, site: Site, visit: Visit) -> None:
    admin(ann, "settings set signup closed")
    ben = visit(site)
    ben.tab.get_by_role("button", name="Create account").first.click()
    ben.tab.get_by_label("User name").fill("ben")
    ben.tab.get_by_label("Password").fill("long enough")
    ben.tab.get_by_label("Password").press("Enter")
    expect(ben.card.get_by_text("ask whoever runs this server")).to_be_visible()
    expect(ben.tab.get_by_label("Invitation code")).to_be_hidden()


def test_a_password_given_for_once_is_changed_at_the_card(ann: Client, site: Site, visit: Visit) -> None:
    given = admin(ann, "user create ben")[0][1]
    ben = visit(site)
    ben.try_to_sign_in("ben", given)
    fresh = ben.tab.get_by_label("New password")
    expect(fresh).to_be_focused()
    expect(ben.card.get_by_text("choose your own")).to_be_visible()
    fresh.fill("short")
    fresh.press("Enter")
    expect(fresh).to_have_attribute("aria-invalid", "true")
    fresh.fill("long | enough")
    fresh.press("Enter")
    expect(fresh).to_have_attribute("aria-invalid", "true")
    fresh.fill("long enough")
    fresh.press("Enter")
    ben.see_in("ben")
    ben.sign_out()
    ben.sign_in("ben", "long enough")


def test_who_is_suspended_reads_why_and_is_not_let_in_by_the_page(ann: Client, site: Site, visit: Visit) -> None:
    site.user("ben")
    ben = visit(site).sign_in("ben")
    admin(ann, "user suspend ben --for 1d --reason 'too loud'")
    expect(ben.card.get_by_text("too loud")).to_be_visible()
    ben.try_to_sign_in("ben", "correct horse")
    expect(ben.card.get_by_text("suspended")).to_be_visible()
    admin(ann, "user reinstate ben")
    ben.sign_in("ben")


def test_who_is_shown_out_is_not_back_before_they_want_to(ann: Client, site: Site, visit: Visit) -> None:
    site.user("ben")
    ben = visit(site).sign_in("ben")
    admin(ann, "kick ben --reason 'calm down'")
    expect(ben.card.get_by_text("calm down")).to_be_visible()
    ben.sign_in("ben")


def test_a_message_is_reported_where_one_asks_about_it(ann: Client, site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ben.says("SENDMESSAGE|ben|ana|buy my soap", "OK|SENDMESSAGE|…")
    ana.act("buy my soap", "What became of it?")
    ana.dialog.get_by_role("button", name="Report").click()
    form = ana.dialog.last
    form.get_by_label("What is wrong with it").fill("soap | again")
    form.get_by_role("button", name="Report", exact=True).click()
    expect(ana.tab.locator("#notice")).to_contain_text("The administrators")
    assert any("soap / again" in "|".join(row) for row in admin(ann, "reports"))


def test_an_administrator_administers_from_the_page(ann: Client, site: Site, visit: Visit) -> None:
    site.user("ben")
    tab = visit(site).sign_in("ann")
    tab.open("HelpBot")
    tab.say("/admin user show ben")
    expect(tab.dialog.get_by_role("status")).to_contain_text("ben")
    tab.tab.keyboard.press("Escape")
    tab.choose_in_menu("Administration")
    expect(tab.dialog.get_by_role("status")).to_contain_text("user suspend")
    for command, answer in (
        ("user show ben", "ben"),
        ("user sho ben", "is followed by"),
        ("announce 'Tea at five'", ""),
    ):
        tab.dialog.get_by_label("Command").fill(command)
        tab.dialog.get_by_role("button", name="Run").click()
        expect(tab.dialog.get_by_role("status")).to_contain_text(answer)
    expect(tab.tab.locator("#notice")).to_contain_text("Tea at five")


def test_who_does_not_administer_is_told_so(site: Site, visit: Visit) -> None:
    site.user("ben")
    tab = visit(site).sign_in("ben")
    tab.open("HelpBot")
    tab.say("/admin users")
    expect(tab.tab.locator("#why")).to_contain_text("ask whoever runs it")
    tab.tab.get_by_role("button", name="Menu").click()
    expect(tab.tab.get_by_role("menuitem", name="Sign out")).to_be_visible()
    expect(tab.tab.get_by_role("menuitem", name="Administration")).to_have_count(0)
