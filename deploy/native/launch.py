"""Starts one program as a daemon that outlives its caller, and records who it is before it runs.

Run as `python -I launch.py SPEC`, where SPEC is a JSON object:
    command  list of strings, the program's absolute path first
    record   file to write `{"pid": 1234, "started": 56789, "boot": "…"}` to
    log      file that takes the program's output
    cwd      directory the program runs in
    user     name of the account to run as, or null to stay who we are
Prints nothing and exits 0 once the program runs; otherwise prints why not and exits 1.
"""

import json
import os
import pwd
import sys
from pathlib import Path


def main(spec: dict[str, object]) -> int:
    """Fork; the parent waits until the child has become the program, or has said why it could not."""
    read_end, write_end = os.pipe()
    if os.fork():
        os.close(write_end)
        with os.fdopen(read_end) as failures:
            failure = failures.read()
        if failure:
            print(failure)
        return 1 if failure else 0
    try:
        become(spec)
    except OSError as problem:
        os.write(write_end, str(problem).encode())
    except KeyError as problem:
        os.write(write_end, f"there is no user named {problem}".encode())
    os._exit(1)


def become(spec: dict[str, object]) -> None:
    """Turn this process into the program, its record written first: a caller killed at any moment leaves no orphan."""
    command = spec["command"]
    if not isinstance(command, list):
        raise OSError("no command was given")
    os.setsid()
    output = os.open(str(spec["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.chdir(str(spec["cwd"]))
    write_record(Path(str(spec["record"])))
    if spec["user"] is not None:
        become_user(str(spec["user"]))
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606 the list comes from this package, never from a shell


def become_user(name: str) -> None:
    """Give up root for good."""
    account = pwd.getpwnam(name)
    os.initgroups(name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def write_record(record: Path) -> None:
    """Replace the record in one step, so that a reader never meets half of it."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    draft = record.with_suffix(".new")
    draft.write_text(json.dumps({"pid": os.getpid(), "started": int(fields[19]), "boot": boot}))
    draft.replace(record)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
