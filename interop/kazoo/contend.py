"""kazoo's side of interop/contend: takes part in a recipe at /contend/path for some seconds, and
says at its end how many turns it had. What must not be so is a line VIOLATION."""

import sys
import threading
import time
import traceback

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, NodeExistsError
from kazoo.retry import RetryFailedError

PATH = "/contend/path"
GUARD = "/contend/guard"
COUNT = "/contend/count"
INSIDE = "/contend/inside"


class Contender:
    turns = 0
    mutex = threading.Lock()

    def __init__(self, zk, amount):
        self.zk = zk
        self.amount = amount
        self.end = time.monotonic() + amount

    def more(self):
        return time.monotonic() < self.end

    @classmethod
    def turn(cls):
        with cls.mutex:
            cls.turns += 1

    @staticmethod
    def violation(what):
        print("VIOLATION", what, flush=True)

    def alone(self):
        """What only one may do at a time."""
        try:
            self.zk.create(GUARD, ephemeral=True)
        except NodeExistsError:
            self.violation("another one is inside")
            return
        if self.zk.get_children(INSIDE):
            self.violation("a reader is inside")
        data, stat = self.zk.get(COUNT)
        try:
            self.zk.set(COUNT, b"%d" % (int(data) + 1), version=stat.version)
        except BadVersionError:
            self.violation("another one has counted")
        self.zk.delete(GUARD)
        self.turn()

    def together(self):
        """What all may do at a time but for those who are alone."""
        mine = self.zk.create(INSIDE + "/kazoo-", ephemeral=True, sequence=True)
        if self.zk.exists(GUARD):
            self.violation("a writer is inside")
        self.zk.delete(mine)
        self.turn()

    def lock(self):
        while self.more():
            with self.zk.Lock(PATH):
                self.alone()

    def rw(self):
        i = 0
        while self.more():
            if i % 3 == 0:
                with self.zk.WriteLock(PATH):
                    self.alone()
            else:
                with self.zk.ReadLock(PATH):
                    self.together()
            i += 1

    def election(self):
        while self.more():
            self.zk.Election(PATH).run(self.alone)

    def counter(self):
        counter = self.zk.Counter(PATH)
        while self.more():
            try:
                counter += 1
            except RetryFailedError:
                continue
            self.turn()

    def queue(self):
        """Puts items and takes those of anybody. A turn is an item that was put."""
        queue = self.zk.LockingQueue(PATH)
        put = 0
        while self.more():
            put += 1
            queue.put(b"theirs-%d-%d" % (threading.get_ident(), put))
            self.turn()
            item = queue.get(timeout=1)
            if item is None:
                continue
            try:
                self.zk.create("/contend/had/" + item.decode())
            except NodeExistsError:
                self.violation(f"{item} was had twice")
            queue.consume()

    def wait_for(self, path):
        while not self.zk.exists(path):
            time.sleep(0.002)

    def barrier(self):
        for i in range(self.amount):
            self.wait_for(f"/contend/set-{i}")
            self.zk.create(f"/contend/waits-{i}")
            self.zk.Barrier(PATH).wait()
            if not self.zk.exists(f"/contend/open-{i}"):
                self.violation("it was closed")
            self.zk.create(f"/contend/passed-{i}")
            self.turn()

    def double(self):
        """Each round has a path of its own: a barrier that is entered again lets in one alone."""
        for i in range(self.amount):
            barrier = self.zk.DoubleBarrier(f"{PATH}-{i}", 2, "theirs")
            self.zk.create(f"/contend/enters-theirs-{i}")
            barrier.enter()
            if not self.zk.exists(f"/contend/enters-go-{i}"):
                self.violation("alone inside")
            self.zk.create(f"/contend/leaves-theirs-{i}")
            barrier.leave()
            if not self.zk.exists(f"/contend/leaves-go-{i}"):
                self.violation("the other one is inside still")
            self.turn()


def main():
    addr, recipe, amount = sys.argv[1], sys.argv[2], int(sys.argv[3])
    threads = []

    def work():
        zk = KazooClient(addr)
        zk.start()
        try:
            getattr(Contender(zk, amount), recipe)()
        except Exception as problem:
            traceback.print_exc()
            print("FAILED", type(problem).__name__, problem, flush=True)
        zk.stop()
        zk.close()

    for _ in range(1 if recipe in ("barrier", "double") else 2):
        threads.append(threading.Thread(target=work))
        threads[-1].start()
    for thread in threads:
        thread.join()
    print("DONE", Contender.turns, flush=True)


main()
