"""System calls that change a disk: a process stopped after each of them, or refused one."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

__all__ = [
    "CALLS",
    "WRITES",
    "Call",
    "calls_of",
    "can_trace",
    "changes",
    "frozen",
    "killed",
    "run",
    "struck",
]

CALLS = (
    "write", "pwrite64", "writev", "pwritev", "pwritev2", "fsync", "fdatasync", "sync_file_range",
    "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink",
    "unlinkat", "mkdir", "mkdirat", "rmdir", "ftruncate", "truncate", "fallocate",
    "copy_file_range", "sendfile", "ioctl", "chmod", "fchmod", "fchmodat", "utimensat", "openat",
)  # fmt: skip
"""`openat` makes and empties files too; `ioctl` shares the blocks of two."""
WRITES = tuple(call for call in CALLS if call not in ("openat", "ioctl"))
"""A program that starts calls the other two thousands of times."""
_LINE = re.compile(r"^(?P<pid>\d+) +(?P<name>\w+)\((?P<rest>.*)$")
_STOPPED = re.compile(r"^(?P<pid>\d+) +--- stopped by SIGSTOP ---")
_SECONDS = 600
_IDS = re.compile(r"[0-9a-f]{6,}|\d+")

#: Body of a child process; its exit code is what it returns.
Body = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of a run.

    Attributes:
        name: Of the call.
        number: The how manieth of this name, from 1.
        text: What strace says of it.
    """

    name: str
    number: int
    text: str

    @property
    def kind(self) -> str:
        """What is done to which file, without what differs from file to file: ids and numbers."""
        paths: list[str] = re.findall(r'[<"](/[^>"]*)', self.text)
        return " ".join([self.name, *(_IDS.sub("#", path) for path in paths)])


def can_trace() -> bool:
    """Tell whether strace is there and may trace."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return done.returncode == 0


#: Seconds within which the system tells of a process all of whose threads have stopped.
_NEWS = 2.0


class _Child:
    """A forked process that stands still until it is continued.

    Whoever forks does one thing at a time: no thread of it holds a lock then.
    """

    def __init__(self, body: Body, output: Path) -> None:
        self._is_gone = False
        self.pid = os.fork()
        if not self.pid:
            _be_child(body, output)
        os.waitpid(self.pid, os.WUNTRACED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if not self._is_gone:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def go_on_if_forgotten(self) -> None:
        """Continue it if it stands still and nobody says so any more.

        What a stop says of one thread can come after the next stop: that one is taken for it.
        """
        if self._is_halted():
            self.go_on()

    def stands_still(self) -> bool:
        """Tell whether all threads stopped since this was asked last."""
        until = time.monotonic() + _NEWS
        while True:
            is_halted = time.monotonic() < until and self._is_halted()
            found, status = os.waitpid(self.pid, os.WUNTRACED | os.WNOHANG)
            if found == self.pid and not os.WIFSTOPPED(status):
                raise ChildProcessError(status)
            if found == self.pid or not is_halted:
                return found == self.pid
            time.sleep(0.0005)  # the last of them stopped; the system tells of it in a moment

    def _is_halted(self) -> bool:
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return all(_state_of(task) in "Tt" for task in tasks)

    def ended(self) -> int:
        """Wait for its end; return the exit code, negative for a signal."""
        status = os.waitpid(self.pid, 0)[1]
        self._is_gone = True
        return os.waitstatus_to_exitcode(status)


def _state_of(task: Path) -> str:
    """Return the letter of a thread's state; one that is gone stands still."""
    try:
        return (task / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "T"


def _be_child(body: Body, output: Path) -> None:
    code = 70
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.kill(os.getpid(), signal.SIGSTOP)
        code = body()
    except BaseException:  # noqa: BLE001 - a child ends here, whatever happens
        traceback.print_exc()
    finally:
        os._exit(code)


@contextmanager
def _traced(child: _Child, *options: str, handle: int | None = None) -> Iterator[None]:
    """Attach strace to a child that stands still."""
    command = ["strace", "-f", "-qq", "-p", str(child.pid), *options]
    handles = [] if handle is None else [handle]
    with subprocess.Popen(command, pass_fds=handles) as strace:
        while not _has_tracer(child.pid):
            if strace.poll() is not None:
                raise ChildProcessError(command)
            time.sleep(0.001)
        if handle is not None:
            os.close(handle)
        try:
            yield
            strace.wait(_SECONDS)
        finally:
            strace.kill()


def _has_tracer(pid: int) -> bool:
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return re.search(r"^TracerPid:\t[1-9]", text, re.MULTILINE) is not None


def _listed(calls: Sequence[str]) -> str:
    return ",".join(f"?{call}" for call in calls)  # not every machine has all of them


def run(body: Body, output: Path) -> int:
    """Run a child to its end; return its exit code."""
    with _Child(body, output) as child:
        child.go_on()
        return child.ended()


def frozen(
    body: Body, output: Path, look: Callable[[int, str], None], calls: Sequence[str] = CALLS
) -> int:
    """Stop a child after each call, all of its threads, and look; return its exit code.

    A kill leaves what was written until then: what is seen here is what a kill at the next call
    would leave.

    Args:
        body: Of the child; processes that it starts are stopped at their own calls.
        output: File for what it says.
        look: Given the number of the stop, from 1, and the call before it.
        calls: Which ones.
    """
    wanted = _listed(calls)
    reader, writer = os.pipe()
    options = ("-y", "-s", "8", "-o", f"/dev/fd/{writer}", "-e", f"trace={wanted}",
               "-e", f"inject={wanted}:signal=SIGSTOP")  # fmt: skip
    number, last, is_new = 0, "", True
    with _Child(body, output) as child:
        with _traced(child, *options, handle=writer), os.fdopen(reader, errors="replace") as said:
            child.go_on()
            for line in _lines(said):
                if not line:
                    child.go_on_if_forgotten()
                    continue
                stopped = _STOPPED.match(line)
                if stopped is None:
                    if _LINE.match(line):
                        last, is_new = line, True
                    continue
                place = int(stopped["pid"])
                is_own = Path(f"/proc/{child.pid}/task/{place}").exists()
                if is_own and not child.stands_still():
                    continue  # another thread is still on its way
                if is_new:  # each thread of a process says that it stopped
                    number, is_new = number + 1, False
                    look(number, last.strip())
                with suppress(ProcessLookupError):  # a thread may be gone, its process is not
                    os.kill(child.pid if is_own else place, signal.SIGCONT)
        return child.ended()


def _lines(said: TextIO) -> Iterator[str]:
    """Yield lines as they come, and an empty one where none came for a while."""
    rest, is_open = "", True
    while is_open:
        if not select.select([said], [], [], _NEWS)[0]:
            yield ""
            continue
        text = os.read(said.fileno(), 1 << 16).decode(errors="replace")
        is_open = bool(text)
        *lines, rest = (rest + text).split("\n")
        yield from filter(None, lines)


def calls_of(body: Body, output: Path, folders: Sequence[str]) -> list[Call]:
    """Return the calls of a child that touch something below some folders.

    Args:
        body: Of the child.
        output: File for what it says.
        folders: Absolute.
    """
    with tempfile.NamedTemporaryFile("r", errors="replace", suffix=".strace") as log:
        options = ("-y", "-s", "200", "-o", log.name, "-e", f"trace={_listed(CALLS)}")
        with _Child(body, output) as child:
            with _traced(child, *options):
                child.go_on()
            code = child.ended()
        if code:
            raise ChildProcessError(output.read_text(encoding="utf-8"))
        return list(_touching(log.read(), child.pid, folders))


def _touching(log: str, pid: int, folders: Sequence[str]) -> Iterator[Call]:
    counts: Counter[str] = Counter()
    for line in log.splitlines():
        found = _LINE.match(line)
        if found is None or int(found["pid"]) != pid or found["name"] not in CALLS:
            continue
        name, rest = found["name"], found["rest"]
        counts[name] += 1
        if changes(line, folders):
            yield Call(name, counts[name], f"{name}({rest}")


def changes(line: str, folders: Sequence[str]) -> bool:
    """Tell whether a line of strace is a call that may change something below some folders."""
    if re.search(r"\b(openat|ioctl)\(", line) and not re.search("O_CREAT|O_TRUNC|FICLONE", line):
        return False
    return any(folder in line for folder in folders)


def struck(body: Body, output: Path, call: Call, what: str) -> int:
    """Let something happen at one call of a child; return its exit code.

    Args:
        body: Of the child.
        output: File for what it says.
        call: Of the same child before.
        what: As strace has it: ``error=EIO``, ``signal=KILL``; the call is not carried out.
    """
    options = ("-o", "/dev/null", "-e", f"trace={call.name}", "-e",
               f"inject={call.name}:{what}:when={call.number}")  # fmt: skip
    with _Child(body, output) as child:
        with _traced(child, *options):
            child.go_on()
        return child.ended()


def killed(body: Body, output: Path, seconds: float) -> int:
    """Kill a child after a while, if it is not done by then; return its exit code."""
    with _Child(body, output) as child:
        child.go_on()
        time.sleep(seconds)
        os.kill(child.pid, signal.SIGKILL)
        return child.ended()


def together(body: Body, outputs: Sequence[Path]) -> list[int]:
    """Run several children at the same time; return their exit codes.

    Args:
        body: Of each.
        outputs: One file for each.
    """
    with ExitStack() as stack:
        children = [stack.enter_context(_Child(body, output)) for output in outputs]
        for child in children:
            child.go_on()
        return [child.ended() for child in children]
