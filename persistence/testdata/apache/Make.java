import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;

/** Fills a server with one of everything, then prints each node as a client sees it. */
public final class Make {
    private static ZooKeeper connect(String addr) throws Exception {
        CountDownLatch ready = new CountDownLatch(1);
        ZooKeeper zk = new ZooKeeper(addr, 40000, event -> {
            if (event.getState() == KeeperState.SyncConnected) {
                ready.countDown();
            }
        });
        ready.await();
        return zk;
    }

    private static byte[] utf8(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    public static void main(String[] args) throws Exception {
        ZooKeeper zk = connect(args[0]);
        ZooKeeper owner = connect(args[0]);
        ZooKeeper closing = connect(args[0]);
        zk.addAuthInfo("digest", utf8("alice:secret"));
        List<ACL> open = ZooDefs.Ids.OPEN_ACL_UNSAFE;
        List<ACL> mine = new ArrayList<>();
        mine.add(new ACL(ZooDefs.Perms.ALL,
            new Id("digest", DigestAuthenticationProvider.generateDigest("alice:secret"))));
        mine.add(new ACL(ZooDefs.Perms.READ, new Id("ip", "127.0.0.1/8")));
        mine.add(new ACL(ZooDefs.Perms.READ, ZooDefs.Ids.ANYONE_ID_UNSAFE));

        zk.create("/plain", utf8("hello"), open, CreateMode.PERSISTENT);
        zk.create("/null", null, open, CreateMode.PERSISTENT);
        zk.create("/empty", new byte[0], open, CreateMode.PERSISTENT);
        zk.create("/acl", utf8("x"), mine, CreateMode.PERSISTENT);
        zk.create("/ünï/ignored".substring(0, 4), utf8("unicode"), open, CreateMode.PERSISTENT);
        zk.create("/container", utf8("c"), open, CreateMode.CONTAINER);
        zk.create("/container/child", utf8("cc"), open, CreateMode.PERSISTENT);
        zk.create("/ttl", utf8("t"), open, CreateMode.PERSISTENT_WITH_TTL, new Stat(), 3_600_000L);
        zk.create("/seq", utf8("s"), open, CreateMode.PERSISTENT);
        for (int i = 0; i < 5; i++) {
            zk.create("/seq/n-", utf8("n" + i), open, CreateMode.PERSISTENT_SEQUENTIAL);
        }
        zk.delete("/seq/n-0000000002", -1);
        owner.create("/ephemeral", utf8("e"), open, CreateMode.EPHEMERAL);
        owner.create("/seq/e-", utf8("e"), open, CreateMode.EPHEMERAL_SEQUENTIAL);
        closing.create("/gone", utf8("g"), open, CreateMode.EPHEMERAL);
        closing.close();
        zk.setData("/plain", utf8("hello again"), 0);
        zk.setData("/plain", utf8("hello at last"), 1);
        zk.setACL("/plain", mine, 0);
        zk.multi(Arrays.asList(
            Op.create("/multi", utf8("m"), open, CreateMode.PERSISTENT),
            Op.create("/multi/a", utf8("a"), open, CreateMode.PERSISTENT),
            Op.check("/plain", 2),
            Op.setData("/multi/a", utf8("aa"), 0),
            Op.create("/multi/b", utf8("b"), mine, CreateMode.PERSISTENT),
            Op.delete("/multi/b", -1)));
        try {
            zk.multi(Arrays.asList(
                Op.create("/never", utf8("m"), open, CreateMode.PERSISTENT),
                Op.delete("/missing", -1)));
        } catch (KeeperException.NoNodeException e) {
            // what the log must hold
        }
        try {
            zk.delete("/missing", -1);
        } catch (KeeperException.NoNodeException e) {
            // an error transaction
        }
        for (int i = 0; i < 60; i++) {
            zk.create("/bulk" + i, new byte[i], open, CreateMode.PERSISTENT);
        }
        zk.setData("/multi/a", utf8("last"), -1);
        print(zk, "/");
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static void print(ZooKeeper zk, String path) throws Exception {
        Stat s = new Stat();
        byte[] data = zk.getData(path, false, s);
        System.out.printf("%s %s %d %d %d %d %d %d %d %x %d %d %d%n", path,
            data == null ? "null" : String.valueOf(data.length), s.getCzxid(), s.getMzxid(),
            s.getCtime(), s.getMtime(), s.getVersion(), s.getCversion(), s.getAversion(),
            s.getEphemeralOwner(), s.getDataLength(), s.getNumChildren(), s.getPzxid());
        List<String> children = new ArrayList<>(zk.getChildren(path, false));
        Collections.sort(children);
        for (String child : children) {
            print(zk, path.equals("/") ? "/" + child : path + "/" + child);
        }
    }
}
