"""Records of lives that once failed: each was a defect of the server, and is lived again by the tests."""

import json
from pathlib import Path

from tests.simulation.choices import Record

FOLDER = Path(__file__).with_name("corpus")


def as_text(record: Record, what: str) -> str:
    """A file of the corpus: what was wrong, and the record with a step a line."""
    steps = ",\n  ".join(json.dumps(step) for step in record)
    return f'{{"what": {json.dumps(what)},\n "record": [\n  {steps}\n ]}}'


def read(path: str | Path) -> Record:
    """The record in a file."""
    record: Record = json.loads(Path(path).read_text())["record"]
    return record
