package interop;

import static interop.Clients.bytes;
import static interop.Clients.next;
import static interop.Clients.until;
import static interop.Harness.equal;
import static interop.Harness.isTrue;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.CreateMode;

/** What Curator keeps going over restarts and lost sessions. */
final class Connections {
    private final Harness h;

    private Connections(Harness h) {
        this.h = h;
    }

    static void run(Harness h) {
        Connections connections = new Connections(h);
        h.check("caches and sessions over a clean restart", connections::restart);
        h.check("a write is retried over a kill", connections::crash);
        h.check("a lost session is replaced and its nodes made again", connections::lost);
    }

    private void restart() throws Exception {
        try (CuratorFramework client = Clients.open(h.addr)) {
            BlockingQueue<ConnectionState> states = Clients.states(client);
            BlockingQueue<String> seen = new LinkedBlockingQueue<>();
            client.create().forPath("/over", bytes("0"));
            client.create().withMode(CreateMode.EPHEMERAL).forPath("/over/e");
            long id = client.getZookeeperClient().getZooKeeper().getSessionId();
            try (CuratorCache cache = CuratorCache.build(client, "/over")) {
                cache.listenable().addListener(CuratorCacheListener.builder()
                    .forChanges((old, node) -> seen.add(new String(node.getData())))
                    .forInitialized(() -> seen.add("initialized")).build());
                cache.start();
                until(seen, "initialized");
                h.restart();
                until(states, ConnectionState.SUSPENDED);
                until(states, ConnectionState.RECONNECTED);
                equal(id, client.getZookeeperClient().getZooKeeper().getSessionId());
                equal(id, client.checkExists().forPath("/over/e").getEphemeralOwner());
                client.setData().forPath("/over", bytes("1"));
                until(seen, "1");
            }
            equal(h.addr, client.getZookeeperClient().getCurrentConnectionString());
        }
    }

    private void crash() throws Exception {
        try (CuratorFramework client = Clients.open(h.addr)) {
            client.create().forPath("/crash", bytes("0"));
            h.crash();
            client.setData().forPath("/crash", bytes("1"));
            equal(bytes("1"), client.getData().forPath("/crash"));
        }
    }

    private void lost() throws Exception {
        try (CuratorFramework client = Clients.open(h.addr, 1_000);
            PersistentNode node = new PersistentNode(client, CreateMode.EPHEMERAL, false, "/lost",
                bytes("here"))) {
            BlockingQueue<ConnectionState> states = Clients.states(client);
            BlockingQueue<String> made = new LinkedBlockingQueue<>();
            node.getListenable().addListener(made::add);
            node.start();
            next(made);
            long id = client.getZookeeperClient().getZooKeeper().getSessionId();
            h.pause(3_000);
            until(states, ConnectionState.LOST);
            until(states, ConnectionState.RECONNECTED);
            next(made);
            long now = client.getZookeeperClient().getZooKeeper().getSessionId();
            isTrue(now != id, "a new session");
            equal(now, client.checkExists().forPath("/lost").getEphemeralOwner());
        }
    }
}
