"""The page's core and the Python one hold the same conversations in the same words."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from chatserver.fronts.web.bundle import _NAME
from tests.harness import ROOT
from tests.page.conversations import EARLY_MAX, Step, load, play
from tests.page.site import Site

CONVERSATIONS = load()

PLAY = """async ({ address, earlyMax, steps }) => {
    const { Core } = await import(address);
    const core = new Core("t", { earlyMax });
    const does = {
        login: (...more) => core.login(...more),
        resume: (...more) => core.resume(...more),
        opened: () => core.opened(),
        lost: () => core.lost(),
        keep_alive: () => core.keepAlive(),
        raw: line => { core.command("RAW", [line]); },
        command: (verb, ...fields) => { core.command(verb, fields); },
    };
    return steps.map(({ do: done, hear }) => {
        const begun = hear ? { hear } : { do: done };
        try {
            const events = (hear ? core.receive(hear) : does[done[0]](...done.slice(1))) ?? [];
            const says = core.takeOutput();
            const follows = { ...(events.length ? { events } : {}), ...(says.length ? { says } : {}) };
            return { ...begun, ...follows, phase: core.phase };
        } catch (error) {
            return { ...begun, refuses: error.message };
        }
    });
}"""

SKIP = """async address => {
    const { CatchUp } = await import(address);
    const catchUp = new CatchUp(40, { pagesMax: 1 });
    catchUp.begin();
    const early = catchUp.heard({ type: "Message", id: 900 });
    const [fresh, question] = catchUp.take([{ type: "Message", id: 41 }], true);
    return { early, fresh: fresh.map(({ id }) => id), question, skipped: catchUp.skipped };
}"""


@pytest.fixture(scope="module")
def tab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A tab in which the page's modules can be called."""
    site = Site(tmp_path_factory.mktemp("core") / "chat.db")
    page = browser.new_page()
    page.goto(site.url)
    yield page
    page.close()
    site.close()


def address_of(tab: Page, module: str) -> str:
    address: str = tab.locator("script[type=module]").evaluate("(it, module) => new URL(module, it.src).href", module)
    return address


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_python_core_holds_the_conversation(name: str) -> None:
    assert play(CONVERSATIONS[name]) == CONVERSATIONS[name]


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_core_of_the_page_holds_the_same(tab: Page, name: str) -> None:
    steps: list[Step] = tab.evaluate(
        PLAY, {"address": address_of(tab, "core.js"), "earlyMax": EARLY_MAX, "steps": CONVERSATIONS[name]}
    )
    assert steps == CONVERSATIONS[name]


def test_what_was_kept_back_is_told_when_too_much_was_missed(tab: Page) -> None:
    told = tab.evaluate(SKIP, address_of(tab, "catchup.js"))
    assert told == {"early": [], "fresh": [41, 900], "question": ["41", "1"], "skipped": True}


def test_no_name_at_the_top_of_a_module_hides_one_of_the_browser(browser: Browser) -> None:
    """The modules are joined into one scope: there such a name would mean something else to all of them."""
    texts = [path.read_text() for path in (ROOT / "chatserver/fronts/web/page").glob("*.js")]
    names = [name for text in texts for name in _NAME.findall(text)]
    assert len(names) > 100
    page = browser.new_page()
    assert page.evaluate("names => names.filter(it => it in globalThis)", names) == []
    page.close()
