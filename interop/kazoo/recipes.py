"""kazoo's recipes, each with two clients."""

import threading

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout

from harness import PATIENCE, Events, equal, fails


class Recipes:
    def __init__(self, zk, other):
        self.zk = zk
        self.other = other

    def lock(self):
        mine = self.zk.Lock("/r/lock", "mine")
        theirs = self.other.Lock("/r/lock", "theirs")
        mine.acquire(timeout=PATIENCE)
        equal(False, theirs.acquire(blocking=False))
        fails(LockTimeout, theirs.acquire, timeout=0.2)
        got = Events()
        waiter = threading.Thread(target=lambda: got(theirs.acquire(timeout=PATIENCE)))
        waiter.start()
        equal(["mine"], mine.contenders()[:1])
        mine.release()
        equal(True, got.next())
        waiter.join()
        theirs.release()

    def read_write_lock(self):
        one, two = self.zk.ReadLock("/r/rw", "1"), self.other.ReadLock("/r/rw", "2")
        writer = self.other.WriteLock("/r/rw", "w")
        one.acquire(timeout=PATIENCE)
        two.acquire(timeout=PATIENCE)
        equal(False, writer.acquire(blocking=False))
        one.release()
        two.release()
        equal(True, writer.acquire(timeout=PATIENCE))
        equal(False, one.acquire(blocking=False))
        writer.release()

    def semaphore(self):
        first = self.zk.Semaphore("/r/sem", "1", max_leases=1)
        second = self.other.Semaphore("/r/sem", "2", max_leases=1)
        equal(True, first.acquire(timeout=PATIENCE))
        equal(False, second.acquire(blocking=False))
        first.release()
        equal(True, second.acquire(timeout=PATIENCE))
        second.release()

    def election(self):
        leading, stop = Events(), threading.Event()

        def lead():
            leading("elected")
            stop.wait(PATIENCE)

        election = self.zk.Election("/r/election", "me")
        thread = threading.Thread(target=election.run, args=(lead,))
        thread.start()
        equal("elected", leading.next())
        equal(["me"], self.other.Election("/r/election").contenders())
        stop.set()
        thread.join()

    def queue(self):
        sender, receiver = self.zk.Queue("/r/queue"), self.other.Queue("/r/queue")
        sender.put(b"low", priority=100)
        sender.put(b"high", priority=1)
        equal(2, len(receiver))
        equal([b"high", b"low", None], [receiver.get() for _ in range(3)])

    def locking_queue(self):
        sender = self.zk.LockingQueue("/r/lqueue")
        receiver = self.other.LockingQueue("/r/lqueue")
        sender.put_all([b"1", b"2"])
        equal(b"1", receiver.get(timeout=PATIENCE))
        equal(True, receiver.holds_lock())
        equal(True, receiver.consume())
        equal(b"2", receiver.get(timeout=PATIENCE))
        equal(True, receiver.consume())

    def barrier(self):
        barrier = self.zk.Barrier("/r/barrier")
        barrier.create()
        equal(False, self.other.Barrier("/r/barrier").wait(0.2))
        passed = Events()
        thread = threading.Thread(
            target=lambda: passed(self.other.Barrier("/r/barrier").wait(PATIENCE)))
        thread.start()
        barrier.remove()
        equal(True, passed.next())
        thread.join()

    def double_barrier(self):
        passed = Events()

        def take_part(client, name):
            barrier = client.DoubleBarrier("/r/double", 2, name)
            barrier.enter()
            passed("in")
            barrier.leave()
            passed("out")

        threads = [threading.Thread(target=take_part, args=(client, name))
                   for client, name in ((self.zk, "a"), (self.other, "b"))]
        for thread in threads:
            thread.start()
        seen = sorted(passed.next() for _ in range(4))
        equal(["in", "in", "out", "out"], seen)
        for thread in threads:
            thread.join()

    def counter(self):
        def add(client):
            counter = client.Counter("/r/counter")
            for _ in range(20):
                counter += 1

        threads = [threading.Thread(target=add, args=(c,)) for c in (self.zk, self.other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(40, self.zk.Counter("/r/counter").value)

    def party(self):
        mine, theirs = self.zk.Party("/r/party", "me"), self.other.Party("/r/party", "you")
        mine.join()
        theirs.join()
        equal({"me", "you"}, set(mine))
        theirs.leave()
        equal(["me"], list(mine))

    def lease(self):
        from datetime import timedelta
        hour = timedelta(hours=1)
        equal(True, bool(self.zk.NonBlockingLease("/r/lease", hour, "me")))
        equal(False, bool(self.other.NonBlockingLease("/r/lease", hour, "you")))


def run(h):
    clients = [KazooClient(h.addr) for _ in range(2)]
    for client in clients:
        client.start()
    clients[0].create("/r")
    r = Recipes(*clients)
    for recipe in (r.lock, r.read_write_lock, r.semaphore, r.election, r.queue, r.locking_queue,
                   r.barrier, r.double_barrier, r.counter, r.party, r.lease):
        h.check("recipe " + recipe.__name__.replace("_", " "), recipe)
    for client in clients:
        client.stop()
        client.close()
