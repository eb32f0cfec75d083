"""The page's files: what is costly about them is done before anybody asks."""

import gzip

import pytest

from chatserver.fronts.web.assets import build


def test_a_request_compresses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    text, noise = b"a" * 1000, b"a"
    assets = build({"long.css": text, "short.css": noise})
    monkeypatch.delattr("gzip.compress")
    long, short = assets.values()
    assert gzip.decompress(long.body(gzipped=True).data) == text
    assert long.body(gzipped=True).encoding == "gzip"
    assert short.body(gzipped=True) == short.body(gzipped=False)
