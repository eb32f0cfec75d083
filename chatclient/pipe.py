"""The face for pipes and files: plain frames in, plain frames out, no prompt and no colour.

At the end of its input it half-closes and prints until the server closes. Nothing is said
before the server has greeted, and what is printed holds no control character, whatever was sent.
"""

import os
import sys
import time
from dataclasses import dataclass

from chatclient.carrier import ANSWER_S_MAX, GREETING_S_MAX
from chatclient.core import ClientCore
from chatclient.events import Bye, Garbage, Hello, Ok, Refused, Stranger, parse_frame, shown
from chatclient.link import Link, LinkFailed, Target, look_up
from chatserver.protocol.frames import BadFrame, LineReader

EXIT_OK = 0
EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_CONNECTION = 3
EXIT_PIPE_GONE = 141
"""What a shell shows for a program that died of SIGPIPE."""

OWN_TAG = "chatclient"
"""Marks the commands that this face adds; their answers are not printed."""
INPUT_BYTES = 65_536
UNSENT_BYTES_MAX = 262_144
"""Input is read no further while this much waits for the socket."""
