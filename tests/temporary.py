"""Where the tests put their files: into memory where there is room for it, as they flush thousands of times.

What a flush is for is tested with simulated disks and with recorded writes (tests/machine), which know no real one.
"""

import os
import shutil
import tempfile

FOLDER = "/dev/shm"
BYTES_MIN = 3 << 30  # a container may have little of it


def use_memory() -> None:
    """For this process and those that it starts, unless somebody has chosen a place."""
    if "TMPDIR" not in os.environ and os.access(FOLDER, os.W_OK) and shutil.disk_usage(FOLDER).free > BYTES_MIN:
        os.environ["TMPDIR"] = tempfile.tempdir = FOLDER
