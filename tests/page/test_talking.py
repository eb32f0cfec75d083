"""Messages come and go: what is shown of them, once each, on both sides."""

import re
import signal
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.page.conftest import StartSite, Visit
from tests.page.site import Site, hears


def test_what_somebody_writes_is_shown_once(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ben.says("SENDMESSAGE|ben|ana|hello ana", "OK|SENDMESSAGE|…|…")
    ana.see("hello ana")


def test_what_comes_in_another_talk_is_counted_beside_it_and_in_the_title(site: Site, visit: Visit) -> None:
    _, ben, _ = site.friends("ana", "ben", "mia")
    ana = visit(site).sign_in("ana")
    ana.open("mia")
    ben.says("SENDMESSAGE|ben|ana|hello ana", "OK|SENDMESSAGE|…|…")
    expect(ana.badge("ben")).to_have_text("1")
    expect(ana.tab).to_have_title(re.compile(r"^\(1\) "))
    assert ana.messages() == []
    ana.open("ben")
    ana.see("hello ana")
    expect(ana.badge("ben")).to_have_count(0)
    expect(ana.tab).to_have_title(re.compile(r"^ben"))
    hears(ben, "READ|ana|ben|…")


def test_a_message_says_what_became_of_it(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    site.terminate(signal.SIGSTOP)
    ana.say("are you there?")
    row = ana.message("are you there?")
    expect(row.locator(".state")).to_have_text("waiting")
    expect(ana.field).to_have_value("")
    site.terminate(signal.SIGCONT)
    expect(row.locator(".state")).to_have_text("Sent")
    said = hears(ben, "MESSAGE|…|…|ana|ben|are you there?")
    ben.says(f"MARKREAD|ben|ana|{said.split('|')[2]}", "OK|MARKREAD|ana|…")
    expect(row.locator(".state")).to_have_text("Read")
    ana.act("are you there?", "What became of it?")
    expect(ana.dialog.get_by_text("ben has marked this conversation as read")).to_be_visible()


def test_a_refused_message_stays_with_the_reason_and_three_ways_out(start_site: StartSite, visit: Visit) -> None:
    site = start_site(message_chars_max=10)
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("far too long a text")
    refused = ana.tab.locator(".refused")
    expect(refused.get_by_role("alert")).to_contain_text("10")
    refused.get_by_role("button", name="Try again").click()
    expect(ana.tab.locator(".refused")).to_have_count(1)
    ana.tab.locator(".refused").get_by_role("button", name="Edit").click()
    expect(ana.tab.locator(".refused")).to_have_count(0)
    expect(ana.field).to_have_value("far too long a text")
    ana.say("short")
    ana.see("short")
    ana.say("far too long again")
    ana.tab.locator(".refused").get_by_role("button", name="Discard").click()
    ana.see("short")


def test_editing_reaches_the_other_one(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("two eggs")
    ana.see("two eggs")
    ana.field.press("ArrowUp")
    expect(ana.field).to_have_value("two eggs")
    ana.say("three eggs")
    hears(ben, "EDITED|…|…|ana|ben|three eggs")
    expect(ana.message("three eggs").get_by_text("edited")).to_be_visible()
    assert len(ana.messages()) == 1


def test_after_a_day_an_edit_is_refused_with_a_sentence_and_kept_in_the_field(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")[0].says("SENDMESSAGE|ana|ben|two eggs", "OK|SENDMESSAGE|…")
    site.terminate()
    site.wait()
    with closing(sqlite3.connect(site.store_path)) as connection, connection:
        connection.execute("UPDATE messages SET time_ms = time_ms - ?", (2 * 24 * 3600 * 1000,))
    site.restart()
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.see("two eggs")
    ana.field.press("ArrowUp")
    ana.say("three eggs")
    expect(ana.tab.locator("#why")).to_contain_text("day")
    expect(ana.field).to_have_value("three eggs")
    ana.see("two eggs")


def test_escape_leaves_an_edit_and_gives_the_draft_back(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("said")
    ana.see("said")
    ana.act("said", "Edit")
    expect(ana.field).to_have_value("said")
    ana.field.press("Escape")
    expect(ana.field).to_have_value("")


def test_deleting_is_asked_once_and_leaves_a_place(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.say("a secret")
    ana.see("a secret")
    ana.act("a secret", "Delete")
    ana.dialog.get_by_role("button", name="Delete", exact=True).click()
    hears(ben, "DELETED|…|ana|ben")
    ana.see("This message was deleted")
    ana.tab.reload()
    ana.see("This message was deleted")


def test_reactions_are_put_and_taken_back_and_agree_everywhere(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    other = visit(site, context=ana.context)
    ana.open("ben")
    other.open("ben")
    (sent,) = ben.says("SENDMESSAGE|ben|ana|lunch?", "OK|SENDMESSAGE|…|…")
    number = sent.split("|")[2]
    ana.react("lunch?", "👍")
    hears(ben, f"REACTION|{number}|ana|ben|👍|+")
    ben.says(f"REACT|ben|{number}|👍", f"OK|REACT|{number}|👍|+")
    for tab in (ana, other):
        expect(tab.message("lunch?").locator(".reaction")).to_have_text("👍 2")
    ana.message("lunch?").locator(".reaction").click()
    hears(ben, f"REACTION|{number}|ana|ben|👍|-")
    for tab in (ana, other):
        expect(tab.message("lunch?").locator(".reaction")).to_have_text("👍 1")
    ana.tab.reload()
    expect(ana.message("lunch?").locator(".reaction")).to_have_text("👍 1")


def test_two_tabs_show_the_same_and_read_the_same(site: Site, visit: Visit) -> None:
    _, ben, _ = site.friends("ana", "ben", "mia")
    ana = visit(site).sign_in("ana")
    other = visit(site, context=ana.context)
    other.open("mia")
    ana.open("ben")
    ana.say("from one tab")
    ana.see("from one tab")
    ben.says("SENDMESSAGE|ben|ana|to both", "OK|SENDMESSAGE|…|…")
    ana.tab.bring_to_front()
    ana.see("from one tab", "to both")
    hears(ben, "READ|ana|ben|…")
    expect(other.badge("ben")).to_have_count(0)
    other.open("ben")
    other.see("from one tab", "to both")


def test_a_draft_survives_a_switch_a_reload_and_a_restart(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben", "mia")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.field.fill("for ben")
    ana.open("mia")
    expect(ana.field).to_have_value("")
    ana.field.fill("for mia")
    ana.open("ben")
    expect(ana.field).to_have_value("for ben")
    ana.tab.reload()
    ana.see_open("ben")
    expect(ana.field).to_have_value("for ben")
    ana.open("mia")
    expect(ana.field).to_have_value("for mia")
    site.restart()
    ana.tab.close()
    again = visit(site, context=ana.context)
    again.see_open("mia")
    expect(again.field).to_have_value("for mia")
    again.open("ben")
    expect(again.field).to_have_value("for ben")


def test_who_types_is_shown_and_told(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ben.says("TYPING|ben|ana", "OK|TYPING|ana")
    expect(ana.tab.get_by_text("ben is typing")).to_be_visible()
    ana.field.press_sequentially("hm")
    hears(ben, "TYPING|ana|ben")
    ben.says("SENDMESSAGE|ben|ana|done", "OK|SENDMESSAGE|…|…")
    expect(ana.tab.get_by_text("ben is typing")).to_be_hidden()


def test_an_input_method_at_work_never_sends(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.field.focus()
    input_method = ana.context.new_cdp_session(ana.tab)
    input_method.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    ana.run(
        """() => document.getElementById("field").dispatchEvent(
            new KeyboardEvent("keydown", {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    input_method.send("Input.insertText", {"text": "日本"})
    ana.run(
        """() => document.getElementById("field").dispatchEvent(
            new KeyboardEvent("keydown", {key: "Enter", keyCode: 229, bubbles: true, cancelable: true}))"""
    )
    expect(ana.field).to_have_value("日本")
    assert ana.messages() == []
    ana.field.press("Enter")
    hears(ben, "MESSAGE|…|…|ana|ben|日本")
    ana.see("日本")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_text_of_several_lines_is_one_message(site: Site, visit: Visit, line_end: str) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site, permissions=["clipboard-read", "clipboard-write"]).sign_in("ana")
    ana.open("ben")
    lines = ["one", "  two", "", "four", "five"]
    ana.run("text => navigator.clipboard.writeText(text)", line_end.join(lines))
    ana.field.press("ControlOrMeta+v")
    expect(ana.field).to_have_value("\n".join(lines))
    ana.field.press("Enter")
    hears(ben, "MESSAGE|…|…|ana|ben|one␤  two␤␤four␤five")
    expect(ana.tab.locator("#messages .line")).to_have_text(lines)


def test_shift_enter_begins_a_line(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.field.press_sequentially("one")
    ana.field.press("Shift+Enter")
    ana.field.press_sequentially("two")
    ana.field.press("Enter")
    hears(ben, "MESSAGE|…|…|ana|ben|one␤two")


def test_what_cannot_be_sent_is_taken_out_of_a_paste_with_a_word(site: Site, visit: Visit) -> None:
    _, ben = site.friends("ana", "ben")
    ana = visit(site, permissions=["clipboard-read", "clipboard-write"]).sign_in("ana")
    ana.open("ben")
    ana.run("text => navigator.clipboard.writeText(text)", "a\u202eb\x1b[31mc\x85d")
    ana.field.press("ControlOrMeta+v")
    expect(ana.field).to_have_value("ab[31mcd")
    expect(ana.tab.get_by_text("taken out")).to_be_visible()
    ana.field.press("Enter")
    hears(ben, "MESSAGE|…|…|ana|ben|ab[31mcd")


def test_the_first_tab_completes_a_name(site: Site, visit: Visit) -> None:
    site.friends("ana", "benjamin")
    ana = visit(site).sign_in("ana")
    ana.open("benjamin")
    ana.field.press_sequentially("hi @be")
    ana.field.press("Tab")
    expect(ana.field).to_have_value("hi @benjamin ")


def test_a_command_is_offered_and_done(site: Site, visit: Visit) -> None:
    site.friends("ana", "ben")
    ana = visit(site).sign_in("ana")
    ana.open("ben")
    ana.field.press_sequentially("/crea")
    expect(ana.tab.locator(".suggestion")).to_have_count(1)
    ana.field.press("Enter")
    expect(ana.field).to_have_value("/create ")
    ana.field.press_sequentially("#garden")
    ana.field.press("Enter")
    ana.see_open("#garden")
    ana.say("/nonsense")
    expect(ana.tab.locator("#why")).to_contain_text("There is no /nonsense")
    ana.say("//not a command")
    ana.see("/not a command")
