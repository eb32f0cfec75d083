"""Asks a server by the wire whether it keeps what an earlier life of it has promised."""

from collections import defaultdict

from tests.harness import Running
from tests.machine.promises import DELETED, Broken, Key, Promises
from tests.wire import Client

PAGE = 500


def check_kept(server: Running, promises: Promises) -> None:
    """Raises Broken with the first promise that the server does not keep. It changes the store: repeats, a message."""
    clients = {name: _log_in(server, promises, name) for name in sorted(promises.passwords)}
    found: dict[Key, str] = {}
    messages: dict[str, tuple[str, str, str]] = {}
    for name, client in clients.items():
        found |= _exported(name, client)
        for other in _correspondents(promises, name):
            found |= _history(name, other, client, messages)
    _check_messages(promises, messages)
    for key, fact in list(promises.facts.items()):
        if fact.is_promised and found.get(key) not in fact.allowed and not _went_with_its_message(promises, key):
            raise Broken(f"{key} must be one of {[each[:40] for each in fact.allowed]}, and is {found.get(key)!r}")
    _check_tags(promises, clients)
    _check_new_id(promises, clients)


def _went_with_its_message(promises: Promises, key: Key) -> bool:
    """Whoever deletes a message takes the reactions to it away."""
    return key[0] == "reaction" and DELETED in promises.facts["text", key[1]].values


def _log_in(server: Running, promises: Promises, name: str) -> Client:
    """A session of a user; each of the promised tokens opens one."""
    for token in promises.tokens[name]:
        client = server.connect(name)
        client.send(f"RESUME|{name}|{token}")
        _expect(client, f"OK|RESUME|{name}|{token}", f"a token of {name}")
        client.close()
    client = server.connect(name)
    client.send(f"LOGIN|{name}|{promises.passwords[name]}")
    _expect(client, f"OK|LOGIN|{name}|", f"the account {name}")
    return client


def _expect(client: Client, start: str, what: str) -> None:
    frame = client.answer()[-1]
    if not frame.startswith(start):
        raise Broken(f"{what} was promised, and now: {frame[:120]!r}")


def _exported(name: str, client: Client) -> dict[Key, str]:
    """Facts about one user, from EXPORT; topics from SHOWROOMS."""
    found: dict[Key, str] = {}
    after = "0"
    while True:
        client.send(f"EXPORT|{name}|{after}")
        *rows, last = client.answer()
        for kind, *fields in (row.split("|")[2:] for row in rows):
            if kind == "status":
                found["status", name] = "|".join(fields)
            elif kind == "friend":
                found["friend", *sorted((name, fields[0]))] = "friends"
            elif kind in ("request out", "request in"):
                found["friend", *sorted((name, fields[0]))] = "asked"
            elif kind == "block":
                found["block", name, fields[0]] = "block"
            elif kind == "room" and fields[2] == "member":
                found["member", fields[0], name] = "member"
            elif kind == "read":
                found["read", name, fields[0]] = fields[1]
            elif kind == "reacted":
                found["reaction", fields[0], name] = fields[1]
        after = last.split("|")[3]
        if after == "0":
            break
    for room, _, _, _, topic in client.rows(f"SHOWROOMS|{name}"):
        found["topic", room] = topic
    return found


def _correspondents(promises: Promises, name: str) -> set[str]:
    """With whom, and in which rooms, a user is known to have written."""
    found = set()
    for _, sender, to in promises.messages.values():
        if name == sender:
            found.add(to)
        elif name == to:
            found.add(sender)
    return found


def _history(name: str, other: str, client: Client, messages: dict[str, tuple[str, str, str]]) -> dict[Key, str]:
    """All that was said with one other, from HISTORY; texts are the result, the rest goes into `messages`."""
    texts: dict[Key, str] = {}
    before = ""
    while True:
        client.send(f"HISTORY|{name}|{other}|{PAGE}|{before}")
        *rows, last = client.answer()
        if last.startswith("ERR|"):
            raise Broken(f"{name} wrote with {other}, and now: {last!r}")
        for row in rows:
            number, time, sender, to, text = row.split("|", 6)[2:]
            if number in messages and messages[number] != (time, sender, to):
                raise Broken(f"two messages have the id {number}")
            messages[number] = (time, sender, to)
            texts["text", number] = text
        if len(rows) < PAGE:
            return texts
        before = rows[0].split("|")[2]


def _check_messages(promises: Promises, messages: dict[str, tuple[str, str, str]]) -> None:
    lost = [number for number in promises.messages if number not in messages]
    if lost:
        raise Broken(f"{len(lost)} messages are gone, the first of them {lost[0]}: {promises.messages[lost[0]]}")
    for number, known in promises.messages.items():
        if messages[number] != known:
            raise Broken(f"the id {number} stood for {known}, and now for {messages[number]}")


def _check_tags(promises: Promises, clients: dict[str, Client]) -> None:
    """Each tag that was answered gets its answer again."""
    of_user: defaultdict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
    for (name, tag), answer in promises.tags.items():
        of_user[name].append((tag, *answer))
    for name, tags in of_user.items():
        clients[name].send(*(f"SENDMESSAGE#{tag}|{name}|{to}|again" for tag, to, _, _ in tags))
        for tag, _, number, time in tags:
            _expect(clients[name], f"OK|SENDMESSAGE#{tag}|{number}|{time}", f"the tag {tag} of {name}")


def _check_new_id(promises: Promises, clients: dict[str, Client]) -> None:
    """No id that was shown is given once more."""
    if not promises.messages:
        return
    _, sender, to = next(iter(promises.messages.values()))
    clients[sender].send(f"SENDMESSAGE|{sender}|{to}|one more")
    number = clients[sender].answer()[-1].split("|")[2]
    highest = max(map(int, promises.messages))
    if int(number) <= highest:
        raise Broken(f"a new message got the id {number}, where {highest} had been given")
