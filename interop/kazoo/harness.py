"""Named checks, one PASS or FAIL line each, and requests to the runner (see interop/matrix)."""

import queue
import sys
import traceback

PATIENCE = 20.0


class Harness:
    def __init__(self, addr):
        self.addr = addr
        self.failures = 0

    def check(self, name, function):
        try:
            function()
        except Exception as problem:  # a check may fail in any way; each is reported
            self.failures += 1
            where = traceback.extract_tb(problem.__traceback__)[-1]
            why = " ".join(f"{type(problem).__name__} {problem}".split())
            print(f"FAIL {name}: {why} ({where.name}:{where.lineno})")
        else:
            print(f"PASS {name}")

    def restart(self):
        self._ask("RESTART", "RESTARTED")

    def crash(self):
        self._ask("CRASH", "RESTARTED")

    def pause(self, millis):
        self._ask(f"PAUSE {millis}", "RESUMED")

    @staticmethod
    def _ask(request, answer):
        print(request, flush=True)
        line = sys.stdin.readline().strip()
        if line != answer:
            raise RuntimeError(f"runner answered {line!r} to {request}")


def equal(want, got):
    if want != got:
        raise AssertionError(f"want {want!r}, got {got!r}")


def fails(kind, function, *args, **kwargs):
    try:
        got = function(*args, **kwargs)
    except kind as problem:
        return problem
    raise AssertionError(f"want {kind.__name__}, got {got!r}")


class Events:
    """A watch function, or listener, that keeps what it is called with."""

    def __init__(self):
        self._queue = queue.Queue()

    def __call__(self, event):
        self._queue.put(event)

    def next(self):
        try:
            return self._queue.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"no event within {PATIENCE} s") from None

    def expect(self, kind, path):
        event = self.next()
        equal((kind, path), (event.type, event.path))

    def until(self, wanted):
        while self.next() != wanted:
            pass

    def none(self):
        if not self._queue.empty():
            raise AssertionError(f"unexpected {self._queue.get()}")
