package interop;

import static interop.Harness.equal;
import static interop.Harness.fails;
import static interop.Harness.isTrue;
import static interop.Session.bytes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.AsyncCallback.StringCallback;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Stat;

/** exists, getData, both getChildren, sync, the counters, whoAmI, and the order of replies. */
final class Reads {
    private final Harness h;
    private final Session zk;

    private Reads(Harness h, Session zk) {
        this.h = h;
        this.zk = zk;
    }

    static void run(Harness h) throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Reads reads = new Reads(h, zk);
            zk.make("/reads");
            zk.make("/reads/a");
            zk.make("/reads/b");
            zk.make("/reads/b/c");
            h.check("exists", reads::exists);
            h.check("getData", reads::getData);
            h.check("getChildren", reads::getChildren);
            h.check("getChildren2", reads::getChildren2);
            h.check("getChildren of many", reads::manyChildren);
            h.check("sync", reads::sync);
            h.check("getAllChildrenNumber", reads::allChildrenNumber);
            h.check("getEphemerals", reads::ephemerals);
            h.check("whoAmI", reads::whoAmI);
            h.check("replies come in the order of requests", reads::order);
            h.check("a read between two writes sees the first alone", reads::interleaved);
            h.check("chroot", reads::chroot);
        }
    }

    private void exists() throws Exception {
        equal(null, zk.exists("/reads/none", false));
        equal(1, zk.exists("/reads/b", false).getNumChildren());
    }

    private void getData() throws Exception {
        Stat stat = new Stat();
        equal(bytes("x"), zk.getData("/reads/a", false, stat));
        equal(zk.exists("/reads/a", false), stat);
        fails(Code.NONODE, () -> zk.getData("/reads/none", false, null));
    }

    private void getChildren() throws Exception {
        equal(new TreeSet<>(List.of("a", "b")), new TreeSet<>(zk.getChildren("/reads", false)));
        equal(List.of(), zk.getChildren("/reads/a", false));
        fails(Code.NONODE, () -> zk.getChildren("/reads/none", false));
        isTrue(zk.getChildren("/", false).contains("zookeeper"), "/ has zookeeper");
    }

    private void getChildren2() throws Exception {
        Stat stat = new Stat();
        equal(new TreeSet<>(List.of("a", "b")),
            new TreeSet<>(zk.getChildren("/reads", false, stat)));
        equal(zk.exists("/reads", false), stat);
        fails(Code.NONODE, () -> zk.getChildren("/reads/none", false, stat));
    }

    private void manyChildren() throws Exception {
        zk.make("/reads/many");
        int count = 6_000;
        CountDownLatch done = new CountDownLatch(count);
        List<String> names = Collections.synchronizedList(new ArrayList<>());
        StringCallback created = (rc, path, context, name) -> {
            names.add(name == null ? "error " + rc : name.substring("/reads/many/".length()));
            done.countDown();
        };
        for (int i = 0; i < count; i++) {
            zk.create("/reads/many/n", null, Ids.OPEN_ACL_UNSAFE,
                CreateMode.PERSISTENT_SEQUENTIAL, created, null);
        }
        isTrue(done.await(Events.PATIENCE_MS, TimeUnit.MILLISECONDS), "creates answered");
        Stat stat = new Stat();
        equal(new TreeSet<>(names), new TreeSet<>(zk.getChildren("/reads/many", false, stat)));
        equal(count, stat.getNumChildren());
    }

    private void sync() throws Exception {
        zk.sync("/reads/a");
        zk.sync("/reads/none");
    }

    private void allChildrenNumber() throws Exception {
        zk.make("/reads/count");
        equal(0, zk.getAllChildrenNumber("/reads/count"));
        zk.make("/reads/count/a");
        zk.make("/reads/count/a/b");
        zk.make("/reads/countless");
        equal(2, zk.getAllChildrenNumber("/reads/count"));
        fails(Code.NONODE, () -> zk.getAllChildrenNumber("/reads/none"));
        int all = zk.getAllChildrenNumber("/");
        zk.make("/reads/count/c");
        equal(all + 1, zk.getAllChildrenNumber("/"));
    }

    private void ephemerals() throws Exception {
        try (Session other = Session.open(h.addr)) {
            other.make("/reads/e1", CreateMode.EPHEMERAL);
            other.make("/reads/e2", CreateMode.EPHEMERAL);
            other.make("/reads/f", CreateMode.EPHEMERAL);
            equal(new TreeSet<>(List.of("/reads/e1", "/reads/e2", "/reads/f")),
                new TreeSet<>(other.getEphemerals()));
            equal(new TreeSet<>(List.of("/reads/e1", "/reads/e2")),
                new TreeSet<>(other.getEphemerals("/reads/e")));
            equal(List.of(), other.getEphemerals("/none"));
            isTrue(!zk.getEphemerals().contains("/reads/f"), "only the caller's own");
        }
        equal(null, zk.exists("/reads/e1", false));
    }

    private void whoAmI() throws Exception {
        try (Session other = Session.open(h.addr)) {
            equal(List.of(new ClientInfo("ip", "127.0.0.1")), other.whoAmI());
            other.addAuthInfo("digest", bytes("ann:secret"));
            other.addAuthInfo("digest", bytes("bob:secret"));
            TreeSet<String> who = new TreeSet<>();
            for (ClientInfo info : other.whoAmI()) {
                who.add(info.getAuthScheme() + ":" + info.getUser());
            }
            equal(new TreeSet<>(List.of("digest:ann", "digest:bob", "ip:127.0.0.1")), who);
        }
    }

    private void order() throws Exception {
        int count = 2_000;
        CountDownLatch done = new CountDownLatch(count);
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < count; i++) {
            int number = i;
            switch (i % 4) {
                case 0 -> zk.setData("/reads/a", bytes("" + i), -1, (rc, path, context, stat) -> {
                    order.add(number);
                    done.countDown();
                }, null);
                case 1 -> zk.exists("/reads/none", false, (rc, path, context, stat) -> {
                    order.add(number);
                    done.countDown();
                }, null);
                case 2 -> zk.delete("/reads/none", -1, (rc, path, context) -> {
                    order.add(number);
                    done.countDown();
                }, null);
                default -> zk.sync("/reads", (rc, path, context) -> {
                    order.add(number);
                    done.countDown();
                }, null);
            }
        }
        isTrue(done.await(Events.PATIENCE_MS, TimeUnit.MILLISECONDS), "all answered");
        for (int i = 0; i < count; i++) {
            equal(i, order.get(i));
        }
    }

    private void interleaved() throws Exception {
        int rounds = 300;
        CountDownLatch done = new CountDownLatch(rounds);
        List<String> wrong = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < rounds; i++) {
            String first = "first" + i;
            zk.setData("/reads/b", bytes(first), -1, (rc, path, context, stat) -> { }, null);
            zk.getData("/reads/b", false, (rc, path, context, data, stat) -> {
                if (rc != 0 || !first.equals(new String(data))) {
                    wrong.add(first + " read as " + rc);
                }
                done.countDown();
            }, null);
            zk.setData("/reads/b", bytes("second"), -1, (rc, path, context, stat) -> { }, null);
        }
        isTrue(done.await(Events.PATIENCE_MS, TimeUnit.MILLISECONDS), "all answered");
        equal(List.of(), wrong);
    }

    private void chroot() throws Exception {
        try (Session rooted = Session.open(h.addr + "/reads")) {
            equal(1, rooted.exists("/b", false).getNumChildren());
            equal("/rooted", rooted.make("/rooted"));
            equal("/rooted/s0000000000",
                rooted.make("/rooted/s", CreateMode.PERSISTENT_SEQUENTIAL));
            rooted.sync("/rooted");
        }
        isTrue(zk.exists("/reads/rooted", false) != null, "made below the chroot");
    }
}
