package interop;

import static interop.Clients.bytes;
import static interop.Clients.next;
import static interop.Harness.equal;
import static interop.Harness.isTrue;

import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.cache.NodeCache;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.cache.TreeCache;

/** The four caches: the one on persistent recursive watches, and the three older ones. */
@SuppressWarnings("deprecation")
final class Caches {
    private final CuratorFramework client;

    private Caches(CuratorFramework client) {
        this.client = client;
    }

    static void run(Harness h) throws Exception {
        try (CuratorFramework client = Clients.open(h.addr)) {
            Caches caches = new Caches(client);
            client.create().forPath("/cache");
            h.check("CuratorCache", caches::curatorCache);
            h.check("TreeCache", caches::treeCache);
            h.check("NodeCache", caches::nodeCache);
            h.check("PathChildrenCache", caches::pathChildrenCache);
        }
    }

    private void curatorCache() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        client.create().forPath("/cache/c", bytes("root"));
        client.create().forPath("/cache/c/a", bytes("1"));
        try (CuratorCache cache = CuratorCache.build(client, "/cache/c")) {
            cache.listenable().addListener(CuratorCacheListener.builder()
                .forCreates(node -> seen.add("created " + node.getPath()))
                .forChanges((old, node) -> seen.add("changed " + new String(node.getData())))
                .forDeletes(node -> seen.add("deleted " + node.getPath()))
                .forInitialized(() -> seen.add("initialized")).build());
            cache.start();
            equal(Set.of("created /cache/c", "created /cache/c/a", "initialized"),
                new TreeSet<>(Set.of(next(seen), next(seen), next(seen))));
            client.create().forPath("/cache/c/a/b", bytes("2"));
            equal("created /cache/c/a/b", next(seen));
            client.setData().forPath("/cache/c/a/b", bytes("3"));
            equal("changed 3", next(seen));
            client.delete().forPath("/cache/c/a/b");
            equal("deleted /cache/c/a/b", next(seen));
            equal(2, cache.size());
            isTrue(cache.get("/cache/c/a").isPresent(), "a is cached");
        }
    }

    private void treeCache() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        client.create().forPath("/cache/t", bytes("root"));
        try (TreeCache cache = new TreeCache(client, "/cache/t")) {
            cache.getListenable().addListener((c, event) -> seen.add(event.getType()
                + (event.getData() == null ? "" : " " + event.getData().getPath())));
            cache.start();
            equal("NODE_ADDED /cache/t", next(seen));
            equal("INITIALIZED", next(seen));
            client.create().creatingParentsIfNeeded().forPath("/cache/t/a/b", bytes("1"));
            equal("NODE_ADDED /cache/t/a", next(seen));
            equal("NODE_ADDED /cache/t/a/b", next(seen));
            client.setData().forPath("/cache/t/a/b", bytes("2"));
            equal("NODE_UPDATED /cache/t/a/b", next(seen));
            equal(bytes("2"), cache.getCurrentData("/cache/t/a/b").getData());
            client.delete().forPath("/cache/t/a/b");
            equal("NODE_REMOVED /cache/t/a/b", next(seen));
        }
    }

    private void nodeCache() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (NodeCache cache = new NodeCache(client, "/cache/n")) {
            cache.getListenable().addListener(() -> seen.add(cache.getCurrentData() == null
                ? "gone" : new String(cache.getCurrentData().getData())));
            cache.start(true);
            client.create().forPath("/cache/n", bytes("1"));
            equal("1", next(seen));
            client.setData().forPath("/cache/n", bytes("2"));
            equal("2", next(seen));
            client.delete().forPath("/cache/n");
            equal("gone", next(seen));
        }
    }

    private void pathChildrenCache() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        client.create().forPath("/cache/p");
        client.create().forPath("/cache/p/before", bytes("0"));
        try (PathChildrenCache cache = new PathChildrenCache(client, "/cache/p", true)) {
            cache.getListenable().addListener((c, event) -> seen.add(event.getType()
                + (event.getData() == null ? "" : " " + event.getData().getPath())));
            cache.start(PathChildrenCache.StartMode.POST_INITIALIZED_EVENT);
            equal("CHILD_ADDED /cache/p/before", next(seen));
            equal("INITIALIZED", next(seen));
            client.create().forPath("/cache/p/a", bytes("1"));
            equal("CHILD_ADDED /cache/p/a", next(seen));
            client.setData().forPath("/cache/p/a", bytes("2"));
            equal("CHILD_UPDATED /cache/p/a", next(seen));
            client.delete().forPath("/cache/p/a");
            equal("CHILD_REMOVED /cache/p/a", next(seen));
            equal(1, cache.getCurrentData().size());
        }
    }
}
