"""The form of the log: lines for people, for journald, or for programs."""

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime


def start_logging(level: str, log_format: str, environment: Mapping[str, str] = os.environ) -> None:
    """Log to standard error. journald stamps lines by itself: there they have no time."""
    handler = logging.StreamHandler(sys.stderr)
    if log_format == "json":
        handler.setFormatter(_Json())
    elif "JOURNAL_STREAM" in environment and not sys.stderr.isatty():
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One object a line."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": record.name.removeprefix("chatserver."),
            "text": record.getMessage(),
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)
