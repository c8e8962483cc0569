package interop;

import static interop.Clients.PATIENCE_S;
import static interop.Clients.bytes;
import static interop.Clients.next;
import static interop.Harness.equal;
import static interop.Harness.isTrue;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.CreateMode;

/** Recipes, each between two clients. */
final class Recipes {
    private final CuratorFramework one;
    private final CuratorFramework two;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private Recipes(CuratorFramework one, CuratorFramework two) {
        this.one = one;
        this.two = two;
    }

    static void run(Harness h) throws Exception {
        try (CuratorFramework one = Clients.open(h.addr);
            CuratorFramework two = Clients.open(h.addr)) {
            Recipes recipes = new Recipes(one, two);
            h.check("InterProcessMutex", recipes::mutex);
            h.check("InterProcessMutex under contention", recipes::contended);
            h.check("InterProcessReadWriteLock", recipes::readWriteLock);
            h.check("InterProcessSemaphoreV2", recipes::semaphore);
            h.check("LeaderLatch", recipes::latch);
            h.check("LeaderSelector", recipes::selector);
            h.check("SimpleDistributedQueue", recipes::queue);
            h.check("DistributedBarrier", recipes::barrier);
            h.check("DistributedDoubleBarrier", recipes::doubleBarrier);
            h.check("PersistentNode", recipes::persistentNode);
            h.check("GroupMember", recipes::group);
            h.check("DistributedAtomicLong and SharedCount", recipes::counters);
            recipes.threads.shutdownNow();
        }
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.get(PATIENCE_S, TimeUnit.SECONDS);
    }

    private void mutex() throws Exception {
        InterProcessMutex mine = new InterProcessMutex(one, "/r/mutex");
        InterProcessMutex theirs = new InterProcessMutex(two, "/r/mutex");
        isTrue(mine.acquire(PATIENCE_S, TimeUnit.SECONDS), "taken");
        isTrue(mine.acquire(PATIENCE_S, TimeUnit.SECONDS), "re-entered");
        isTrue(!theirs.acquire(200, TimeUnit.MILLISECONDS), "held by another");
        Future<Boolean> waiting = threads.submit(() -> {
            boolean got = theirs.acquire(PATIENCE_S, TimeUnit.SECONDS);
            theirs.release();
            return got;
        });
        mine.release();
        mine.release();
        isTrue(get(waiting), "handed over");
    }

    private void contended() throws Exception {
        int[] count = {0};
        Callable<Void> first = () -> add(one, count);
        Callable<Void> second = () -> add(two, count);
        for (Future<Void> done : threads.invokeAll(List.of(first, second, first, second))) {
            get(done);
        }
        equal(60, count[0]);
    }

    private static Void add(CuratorFramework client, int[] count) throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(client, "/r/contended");
        for (int i = 0; i < 15; i++) {
            mutex.acquire();
            count[0]++;
            mutex.release();
        }
        return null;
    }

    private void readWriteLock() throws Exception {
        InterProcessReadWriteLock mine = new InterProcessReadWriteLock(one, "/r/rw");
        InterProcessReadWriteLock theirs = new InterProcessReadWriteLock(two, "/r/rw");
        mine.readLock().acquire();
        isTrue(theirs.readLock().acquire(PATIENCE_S, TimeUnit.SECONDS), "two readers");
        isTrue(!theirs.writeLock().acquire(100, TimeUnit.MILLISECONDS), "no writer");
        mine.readLock().release();
        theirs.readLock().release();
        isTrue(theirs.writeLock().acquire(PATIENCE_S, TimeUnit.SECONDS), "a writer");
        theirs.writeLock().release();
    }

    private void semaphore() throws Exception {
        InterProcessSemaphoreV2 mine = new InterProcessSemaphoreV2(one, "/r/sem", 1);
        InterProcessSemaphoreV2 theirs = new InterProcessSemaphoreV2(two, "/r/sem", 1);
        var lease = mine.acquire(PATIENCE_S, TimeUnit.SECONDS);
        equal(null, theirs.acquire(100, TimeUnit.MILLISECONDS));
        mine.returnLease(lease);
        theirs.returnLease(theirs.acquire(PATIENCE_S, TimeUnit.SECONDS));
    }

    private void latch() throws Exception {
        LeaderLatch first = new LeaderLatch(one, "/r/latch", "first");
        first.start();
        isTrue(first.await(PATIENCE_S, TimeUnit.SECONDS), "elected");
        try (LeaderLatch second = new LeaderLatch(two, "/r/latch", "second")) {
            second.start();
            equal("first", second.getLeader().getId());
            isTrue(!second.hasLeadership(), "one leader");
            first.close();
            isTrue(second.await(PATIENCE_S, TimeUnit.SECONDS), "succeeded");
        }
    }

    private void selector() throws Exception {
        BlockingQueue<String> leaders = new LinkedBlockingQueue<>();
        try (LeaderSelector first = selector(one, "first", leaders)) {
            first.start();
            equal("first", next(leaders));
            try (LeaderSelector second = selector(two, "second", leaders)) {
                second.start();
                equal("second", next(leaders));
            }
        }
    }

    /** A candidate that gives up leading as soon as it has said so. */
    private static LeaderSelector selector(CuratorFramework client, String name,
        BlockingQueue<String> leaders) {
        LeaderSelector selector = new LeaderSelector(client, "/r/selector",
            new LeaderSelectorListenerAdapter() {
                @Override
                public void takeLeadership(CuratorFramework c) {
                    leaders.add(name);
                }
            });
        selector.setId(name);
        return selector;
    }

    private void queue() throws Exception {
        SimpleDistributedQueue in = new SimpleDistributedQueue(one, "/r/queue");
        SimpleDistributedQueue out = new SimpleDistributedQueue(two, "/r/queue");
        Future<byte[]> waiting = threads.submit(() -> out.poll(PATIENCE_S, TimeUnit.SECONDS));
        in.offer(bytes("1"));
        equal("1", new String(get(waiting)));
        for (int i = 2; i < 6; i++) {
            in.offer(bytes("" + i));
        }
        for (int i = 2; i < 6; i++) {
            equal("" + i, new String(out.take()));
        }
        equal(null, out.poll());
    }

    private void barrier() throws Exception {
        DistributedBarrier barrier = new DistributedBarrier(one, "/r/barrier");
        barrier.setBarrier();
        DistributedBarrier other = new DistributedBarrier(two, "/r/barrier");
        isTrue(!other.waitOnBarrier(100, TimeUnit.MILLISECONDS), "shut");
        Future<Boolean> waiting = threads.submit(() ->
            other.waitOnBarrier(PATIENCE_S, TimeUnit.SECONDS));
        barrier.removeBarrier();
        isTrue(get(waiting), "opened");
    }

    private void doubleBarrier() throws Exception {
        Callable<Boolean> first = () -> passDouble(one);
        Callable<Boolean> second = () -> passDouble(two);
        for (Future<Boolean> passed : threads.invokeAll(List.of(first, second))) {
            isTrue(get(passed), "entered and left");
        }
    }

    private static boolean passDouble(CuratorFramework client) throws Exception {
        DistributedDoubleBarrier barrier = new DistributedDoubleBarrier(client, "/r/double", 2);
        return barrier.enter(PATIENCE_S, TimeUnit.SECONDS)
            && barrier.leave(PATIENCE_S, TimeUnit.SECONDS);
    }

    private void persistentNode() throws Exception {
        try (PersistentNode node = new PersistentNode(one, CreateMode.EPHEMERAL, true,
            "/r/pnode", bytes("1"))) {
            BlockingQueue<String> made = new LinkedBlockingQueue<>();
            node.getListenable().addListener(made::add);
            node.start();
            isTrue(node.waitForInitialCreate(PATIENCE_S, TimeUnit.SECONDS), "created");
            String path = next(made);
            two.delete().forPath(path);
            String again = next(made);
            equal(bytes("1"), two.getData().forPath(again));
            node.setData(bytes("2"));
            Events events = new Events();
            while (!new String(two.getData().usingWatcher(events).forPath(again)).equals("2")) {
                events.expect(org.apache.zookeeper.Watcher.Event.EventType.NodeDataChanged, again);
            }
        }
    }

    private void group() throws Exception {
        try (GroupMember member = new GroupMember(one, "/r/group", "me", bytes("here"))) {
            member.start();
            Events events = new Events();
            two.createContainers("/r/group");
            while (!two.getChildren().usingWatcher(events).forPath("/r/group").contains("me")) {
                events.expect(org.apache.zookeeper.Watcher.Event.EventType.NodeChildrenChanged,
                    "/r/group");
            }
        }
    }

    private void counters() throws Exception {
        DistributedAtomicLong counter = new DistributedAtomicLong(one, "/r/long",
            new RetryNTimes(10, 20));
        counter.forceSet(40L);
        equal(42L, new DistributedAtomicLong(two, "/r/long", new RetryOneTime(20)).add(2L)
            .postValue());
        try (SharedCount count = new SharedCount(one, "/r/count", 5);
            SharedCount other = new SharedCount(two, "/r/count", 5)) {
            count.start();
            other.start();
            isTrue(other.trySetCount(other.getVersionedValue(), 6), "set");
            equal(6, other.getCount());
        }
    }
}
