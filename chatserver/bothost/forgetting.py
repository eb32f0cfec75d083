"""What bots remember of all, without somebody who has deleted the account, or without a room that has ended."""

import json
from collections.abc import Collection
from typing import Any

Json = Any  # whatever a bot keeps: what is no list or dict stays as it is


def without_rooms(memory: str, places: Collection[str]) -> str:
    """Without the entries of these rooms, as JSON; the same text where there are none."""
    if not any(f'"{place}":' in memory for place in places):
        return memory
    return _text({key: value for key, value in json.loads(memory).items() if key not in places})


def without_user(memory: str, name: str) -> str:
    """Without each entry that is, or is of, this user; the same text where there is none.

    An entry is of a user where the name is its key or its value, or where it is a list that holds the name beside what
    is no text: of `[[7, "ann"], [8, "bob"]]` and of `["ann", "bob"]` Bob alone is left.
    """
    if json.dumps(name, ensure_ascii=False) not in memory:
        return memory
    return _text(_without(json.loads(memory), name))


def _without(value: Json, name: str) -> Json:
    if isinstance(value, list):
        return [_without(each, name) for each in value if not _is_of(each, name)]
    if isinstance(value, dict):
        return {key: _without(each, name) for key, each in value.items() if key != name and not _is_of(each, name)}
    return value


def _is_of(value: Json, name: str) -> bool:
    if isinstance(value, list) and name in value:
        return not all(isinstance(each, str) for each in value)  # else it is a list of users
    return bool(value == name)


def _text(memory: Json) -> str:
    return json.dumps(memory, ensure_ascii=False)
