"""`admin user import` and `admin room import`: a file makes all that stands in it, or nothing."""

import json
import os
from pathlib import Path

from tests.admin.test_command import DONE, REFUSED, USAGE, done, run, sentence
from tests.harness import PASSWORD, Process


def test_accounts_and_rooms_of_files(server_process: Process, tmp_path: Path) -> None:
    store, server = server_process.store_path, server_process
    people, rooms, secrets = (tmp_path / name for name in ("people.csv", "rooms.csv", "passwords.csv"))
    people.write_bytes("\ufeffname\r\nann\r\nZoë\r\n".encode())
    assert "Accounts that could be made: 2" in run(store, "user", "import", str(people), "--dry-run").stdout
    assert done(store, "user", "list", "zoë") == []
    ended = run(store, "--json", "user", "import", str(people), "--passwords", str(secrets))
    assert json.loads(ended.stdout)["rows"] == []
    assert os.stat(secrets).st_mode & 0o777 == 0o600
    head, *given = secrets.read_text(encoding="utf-8").splitlines()
    assert head == "name,password"
    passwords = dict(line.split(",") for line in given)
    assert all(password not in server.stderr for password in passwords.values())
    rooms.write_text(
        'room,owner,kind,topic,members,history_days\n#tea,ann,private,"milk, please",zoë ANN,7\n#bar,Zoë,,,,\n'
    )
    assert "Rooms that could be made: 2" in run(store, "room", "import", str(rooms), "--dry-run").stdout
    assert "Rooms made: 2" in run(store, "room", "import", str(rooms)).stdout
    zoe = server.connect("Zoë")
    zoe.refused(f"LOGIN|Zoë|{passwords['Zoë']}", "PASSWORD_EXPIRED")
    zoe.says(f"SETPASSWORD|Zoë|{passwords['Zoë']}|{PASSWORD}", "OK|SETPASSWORD|Zoë")
    zoe.says(f"LOGIN|Zoë|{PASSWORD}", "OK|LOGIN|Zoë|…")
    assert zoe.rows("SHOWROOMS|Zoë") == [
        ["#bar", "public", "1", "joined", ""],
        ["#tea", "private", "2", "joined", "milk, please"],
    ]
    assert ["history", "#tea", "7"] in zoe.rows("EXPORT|Zoë")
    assert "kept 7 days" in run(store, "room", "show", "#tea").stdout
    assert "user import" in run(store, "audit").stdout


def test_nothing_is_made_of_a_file_with_one_fault(server_process: Process, tmp_path: Path) -> None:
    store = server_process.store_path
    server_process.user("ann")
    server_process.terminate()
    assert server_process.wait() == 0  # the same on the file
    people, secrets = tmp_path / "people.csv", tmp_path / "passwords.csv"
    for text, said, status in (
        ("name\nben\nANN\n", "line 3: ", REFUSED),
        ("name\nben\ncat\nBEN\n", "line 4: BEN stands in line 2 too", REFUSED),
        ("user\nben\n", "'user' is none of them", USAGE),
    ):
        people.write_text(text)
        assert said in sentence(store, "user", "import", str(people), "--passwords", str(secrets), status=status)
    people.write_text("name\nben\n")
    kept = tmp_path / "kept"
    kept.write_text("mine")
    assert "already" in sentence(store, "user", "import", str(people), "--passwords", str(kept), status=REFUSED)
    nowhere = str(tmp_path / "no" / "where")
    assert "could not be made" in sentence(
        store, "user", "import", str(people), f"--passwords={nowhere}", status=REFUSED
    )
    rooms = tmp_path / "rooms.csv"
    for row, said in (("#a,ben", "line 2: "), ("#a,ann,open", "kind is"), ("#a,ann,,soon", "history_days")):
        rooms.write_text("room,owner,kind,history_days\n" + row + "," * (3 - row.count(",")) + "\n")
        ended = run(store, "room", "import", str(rooms))
        assert (said in ended.stderr, ended.returncode != DONE) == (True, True)
    assert [row["user"] for row in done(store, "user", "list") if row["kind"] == "person"] == ["ann"]
    assert done(store, "room", "list") == []
    assert (kept.read_text(), secrets.exists()) == ("mine", False)
