"""Files that hold keys: made once, for their owner alone, and safe on the disk before anything relies on them."""

import os
from pathlib import Path


def write_new(path: Path, text: str) -> None:
    """Write a file that only its owner may read. Raises FileExistsError rather than overwrite."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Mode and exclusiveness are set as the file is made: there is no moment at which others could read it.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
