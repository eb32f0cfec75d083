"""What pages of other sites can do with this one in a browser: nothing."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.person import new_context
from tests.page.site import Site


class Elsewhere(BaseHTTPRequestHandler):
    """A page with nothing on it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title><p>Look here!")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab that shows a page of another site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = new_context(browser)
    page = context.new_page()
    page.goto(f"http://localhost:{server.server_port}/")
    yield page
    context.close()
    server.shutdown()
    server.server_close()


def test_it_cannot_frame_the_page(site: Site, tab: Page) -> None:
    frame = "url => { document.body.append(Object.assign(document.createElement('iframe'), { src: url })); }"
    with tab.expect_event("framenavigated"):
        tab.evaluate(frame, tab.url)  # its own it can
    with tab.expect_event("requestfailed") as failed:
        tab.evaluate(frame, site.url)
    assert failed.value.url == site.url
    assert failed.value.failure == "net::ERR_BLOCKED_BY_RESPONSE"
    assert all(each.locator("#card").count() == 0 for each in tab.frames)


def test_it_cannot_open_a_socket(site: Site, tab: Page) -> None:
    attempt = """url => new Promise(done => {
        const socket = new WebSocket(url, "pipechat.1");
        Object.assign(socket, { onopen: () => done("open"), onclose: () => done("refused") });
    })"""
    assert tab.evaluate(attempt, site.url.replace("http", "ws") + "ws") == "refused"


@pytest.mark.parametrize("mode", ["cors", "same-origin"])
def test_it_cannot_read_the_page(site: Site, tab: Page, mode: str) -> None:
    attempt = "([url, mode]) => fetch(url, { mode }).then(it => it.text(), error => error.name)"
    assert tab.evaluate(attempt, [site.url, mode]) == "TypeError"


def test_it_cannot_speak_to_the_pipe(site: Site, tab: Page) -> None:
    attempt = """url => fetch(url, { method: "POST", mode: "no-cors", body: "SIGNUP|eve|long enough\\n" })
        .then(() => {}, () => {})"""
    tab.evaluate(attempt, "http://{}:{}/".format(*site.address))
    site.user("eve")  # the name has not been taken


def test_a_name_that_was_made_to_point_here_shows_no_page(site: Site, browser: Browser) -> None:
    """The browser takes every name below `localhost` for this machine."""
    context = new_context(browser)
    page = context.new_page()
    answer = page.goto(site.url.replace("127.0.0.1", "rebound.localhost"))
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("#card")).to_have_count(0)
    context.close()
