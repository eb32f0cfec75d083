"""Performing a Fetch, as a function from it to a Reply: the real one, and one for tests.

What goes wrong comes back as a sentence's end ("it did not answer within 5 seconds").
"""

import json
from collections.abc import Callable

from bots.kit.effects import Fetch, Post, Reply

Fetcher = Callable[[Fetch], Reply]


def fetch_page(fetch: Fetch) -> Reply:
    """GET the page, or POST, in the thread that calls; at most about `timeout_s` seconds. Never raises."""
    from bots.kit.web import get, post  # HTTP and TLS cost 40 ms of a start, and many bots never fetch

    return post(fetch) if isinstance(fetch, Post) else get(fetch)


def canned(pages: dict[str, object]) -> Fetcher:
    """A fetcher for tests and examples: the first key that begins the URL gives the answer.

    A Reply is given as it is, a str is a problem, anything else is sent as JSON.
    """

    def fetch(wanted: Fetch) -> Reply:
        for beginning, page in pages.items():
            if wanted.url.startswith(beginning):
                if isinstance(page, Reply):
                    return page
                if isinstance(page, str):
                    return Reply(wanted.url, 0, problem=page)
                return Reply(wanted.url, body=json.dumps(page).encode())
        return Reply(wanted.url, 0, problem="there is no network here")

    return fetch
