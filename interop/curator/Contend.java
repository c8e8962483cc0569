package interop;

import static interop.Clients.bytes;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;

/**
 * Curator's side of interop/contend: takes part in a recipe at /contend/path for some seconds, and
 * says at its end how many turns it had. What must not be so is a line VIOLATION.
 */
final class Contend {
    private static final String PATH = "/contend/path";
    private static final String GUARD = "/contend/guard";
    private static final String COUNT = "/contend/count";
    private static final String INSIDE = "/contend/inside";
    private static final int LEASES = 3;

    private final CuratorFramework zk;
    private final long end;
    private final AtomicInteger turns;

    private Contend(CuratorFramework zk, long end, AtomicInteger turns) {
        this.zk = zk;
        this.end = end;
        this.turns = turns;
    }

    interface Work {
        void run(Contend contend) throws Exception;
    }

    public static void main(String[] args) throws Exception {
        String recipe = args[1];
        int amount = Integer.parseInt(args[2]);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(amount);
        AtomicInteger turns = new AtomicInteger();
        Work work = switch (recipe) {
            case "lock" -> Contend::lock;
            case "rw" -> Contend::readersAndWriters;
            case "semaphore" -> Contend::semaphore;
            case "election" -> Contend::election;
            case "latch" -> Contend::latch;
            case "counter" -> Contend::counter;
            case "queue" -> Contend::queue;
            case "barrier" -> c -> c.barrier(amount);
            case "double" -> c -> c.doubleBarrier(amount);
            case "group" -> Contend::group;
            case "discovery" -> Contend::discovery;
            default -> throw new IllegalArgumentException(recipe);
        };
        boolean alone = Set.of("barrier", "double", "group", "queue", "discovery").contains(recipe);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < (alone ? 1 : 2); i++) {
            CuratorFramework zk = Clients.open(args[0]);
            Thread thread = new Thread(() -> {
                try {
                    work.run(new Contend(zk, end, turns));
                } catch (Exception problem) {
                    problem.printStackTrace();
                    System.out.println("FAILED " + problem);
                }
                zk.close();
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println("DONE " + turns.get());
        System.exit(0);
    }

    private boolean more() {
        return System.nanoTime() < end;
    }

    private static void violation(String what) {
        System.out.println("VIOLATION " + what);
    }

    /** What only one may do at a time. */
    private void alone() throws Exception {
        try {
            zk.create().withMode(CreateMode.EPHEMERAL).forPath(GUARD);
        } catch (KeeperException.NodeExistsException e) {
            violation("another one is inside");
            return;
        }
        if (!zk.getChildren().forPath(INSIDE).isEmpty()) {
            violation("a reader is inside");
        }
        Stat stat = new Stat();
        int n = Integer.parseInt(new String(zk.getData().storingStatIn(stat).forPath(COUNT)));
        try {
            zk.setData().withVersion(stat.getVersion()).forPath(COUNT, bytes("" + (n + 1)));
        } catch (KeeperException.BadVersionException e) {
            violation("another one has counted");
        }
        zk.delete().forPath(GUARD);
        turns.incrementAndGet();
    }

    /** What at most so many may do at a time. */
    private void together(int most) throws Exception {
        String mine = zk.create().withMode(CreateMode.EPHEMERAL_SEQUENTIAL)
            .forPath(INSIDE + "/curator-");
        if (zk.checkExists().forPath(GUARD) != null) {
            violation("a writer is inside");
        }
        if (zk.getChildren().forPath(INSIDE).size() > most) {
            violation("too many are inside");
        }
        zk.delete().forPath(mine);
        turns.incrementAndGet();
    }

    private void lock() throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(zk, PATH);
        while (more()) {
            mutex.acquire();
            alone();
            mutex.release();
        }
    }

    private void readersAndWriters() throws Exception {
        InterProcessReadWriteLock lock = new InterProcessReadWriteLock(zk, PATH);
        for (int i = 0; more(); i++) {
            if (i % 3 == 0) {
                lock.writeLock().acquire();
                alone();
                lock.writeLock().release();
            } else {
                lock.readLock().acquire();
                together(Integer.MAX_VALUE);
                lock.readLock().release();
            }
        }
    }

    private void semaphore() throws Exception {
        InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(zk, PATH, LEASES);
        while (more()) {
            var lease = semaphore.acquire();
            together(LEASES);
            semaphore.returnLease(lease);
        }
    }

    private void election() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (LeaderSelector selector = new LeaderSelector(zk, PATH,
            new LeaderSelectorListenerAdapter() {
                @Override
                public void takeLeadership(CuratorFramework client) throws Exception {
                    if (more()) {
                        alone();
                    } else {
                        over.countDown(); // closing interrupts this thread, which does nothing more
                    }
                }
            })) {
            selector.autoRequeue();
            selector.start();
            over.await();
        }
    }

    private void latch() throws Exception {
        while (more()) {
            try (LeaderLatch latch = new LeaderLatch(zk, PATH)) {
                latch.start();
                latch.await();
                alone();
            }
        }
    }

    private void counter() throws Exception {
        DistributedAtomicLong counter =
            new DistributedAtomicLong(zk, PATH, new RetryNTimes(1000, 1));
        while (more()) {
            if (counter.increment().succeeded()) {
                turns.incrementAndGet();
            }
        }
    }

    /**
     * Puts items and takes those of anybody, under a lock each. A turn is an item that was put; it
     * puts faster than it takes, and must not fill the queue.
     */
    private void queue() throws Exception {
        QueueConsumer<String> consumer = new QueueConsumer<>() {
            @Override
            public void consumeMessage(String item) throws Exception {
                try {
                    zk.create().forPath("/contend/had/" + item);
                } catch (KeeperException.NodeExistsException e) {
                    violation(item + " was had twice");
                }
            }

            @Override
            public void stateChanged(CuratorFramework client, ConnectionState state) {
                // connections are not cut here
            }
        };
        QueueSerializer<String> texts = new QueueSerializer<>() {
            @Override
            public byte[] serialize(String item) {
                return bytes(item);
            }

            @Override
            public String deserialize(byte[] data) {
                return new String(data);
            }
        };
        try (DistributedQueue<String> queue = QueueBuilder.builder(zk, consumer, texts, PATH)
            .lockPath(PATH + "-locks").putInBackground(false).maxItems(100).buildQueue()) {
            queue.start();
            while (more()) {
                queue.put("theirs-" + turns.incrementAndGet());
            }
            queue.flushPuts(Clients.PATIENCE_S, TimeUnit.SECONDS);
            while (!zk.getChildren().forPath(PATH).isEmpty()) {
                Thread.sleep(10); // closing in the middle of an item would have it twice
            }
        }
    }

    /** Waits for a node that the other side makes. */
    private void await(String path) throws Exception {
        while (zk.checkExists().forPath(path) == null) {
            Thread.sleep(2);
        }
    }

    private void barrier(int rounds) throws Exception {
        DistributedBarrier barrier = new DistributedBarrier(zk, PATH);
        for (int i = 0; i < rounds; i++) {
            await("/contend/set-" + i);
            zk.create().forPath("/contend/waits-" + i);
            barrier.waitOnBarrier();
            if (zk.checkExists().forPath("/contend/open-" + i) == null) {
                violation("it was closed");
            }
            zk.create().forPath("/contend/passed-" + i);
            turns.incrementAndGet();
        }
    }

    /** Each round has a path of its own: a barrier that is entered again lets in one alone. */
    private void doubleBarrier(int rounds) throws Exception {
        for (int i = 0; i < rounds; i++) {
            DistributedDoubleBarrier barrier =
                new DistributedDoubleBarrier(zk, PATH + "-" + i, 2);
            zk.create().forPath("/contend/enters-theirs-" + i);
            barrier.enter();
            if (zk.checkExists().forPath("/contend/enters-go-" + i) == null) {
                violation("alone inside");
            }
            zk.create().forPath("/contend/leaves-theirs-" + i);
            barrier.leave();
            if (zk.checkExists().forPath("/contend/leaves-go-" + i) == null) {
                violation("the other one is inside still");
            }
            turns.incrementAndGet();
        }
    }

    /** Says which instances of the service are there, whenever that has changed. */
    private void discovery() throws Exception {
        ServiceInstance<String> mine = ServiceInstance.<String>builder().name("service")
            .id("theirs").address("10.0.0.1").port(1).payload("here").build();
        Set<String> before = Set.of();
        try (ServiceDiscovery<String> discovery = ServiceDiscoveryBuilder.builder(String.class)
            .client(zk).basePath(PATH).thisInstance(mine).build()) {
            discovery.start();
            while (more()) {
                Set<String> now = new TreeSet<>();
                for (ServiceInstance<String> i : discovery.queryForInstances("service")) {
                    now.add(i.getId());
                    if (!"here".equals(i.getPayload()) || i.getPort() == null) {
                        violation("not as it was registered: " + i);
                    }
                }
                if (!now.equals(before)) {
                    System.out.println("MEMBERS " + String.join(",", now));
                    turns.incrementAndGet();
                }
                before = now;
                Thread.sleep(2);
            }
        }
    }

    /** Says who is there, whenever that has changed. */
    private void group() throws Exception {
        Set<String> before = Set.of();
        try (GroupMember member = new GroupMember(zk, PATH, "theirs", bytes("here"))) {
            member.start();
            while (more()) {
                Set<String> now = new TreeSet<>(member.getCurrentMembers().keySet());
                if (!now.equals(before)) {
                    System.out.println("MEMBERS " + String.join(",", now));
                    turns.incrementAndGet();
                }
                before = now;
                Thread.sleep(2);
            }
        }
    }
}
