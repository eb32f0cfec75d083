"""What bots remember of all, without a user or a room that is gone."""

import json

import pytest

from chatserver.bothost.forgetting import without_rooms, without_user


@pytest.mark.parametrize(
    ("memory", "left"),
    [
        ({"10": [[1, "ann"], [2, "bob"]]}, {"10": [[2, "bob"]]}),
        ({"votes": {"ann": "tea", "bob": "cake"}}, {"votes": {"bob": "cake"}}),
        ({"waiting": ["ann", "bob"]}, {"waiting": ["bob"]}),
        ({"last": "ann", "count": 3}, {"count": 3}),
        ({"a": [{"by": "ann", "at": 1}, {"by": "bob"}]}, {"a": [{"at": 1}, {"by": "bob"}]}),
        (["ann"], []),
        ({"said": "by ann, of anna"}, {"said": "by ann, of anna"}),
        ({"ANN": 1, "anna": 2}, {"ANN": 1, "anna": 2}),
    ],
)
def test_what_is_of_a_user_goes(memory: object, left: object) -> None:
    assert json.loads(without_user(json.dumps(memory), "ann")) == left


def test_a_name_is_found_whatever_it_is_made_of() -> None:
    text = json.dumps({"Zoë": 1, "日本": 2}, ensure_ascii=False)
    assert json.loads(without_user(text, "日本")) == {"Zoë": 1}


def test_what_names_nobody_is_the_same_text() -> None:
    text = '{"a":  1}'
    assert without_user(text, "ann") is text
    assert without_rooms(text, {"-1"}) is text
    assert json.loads(without_rooms('{"-1": 1, "-12": 2}', {"-1"})) == {"-12": 2}
