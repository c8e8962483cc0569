package interop;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;

/** How the checks make clients and wait. */
final class Clients {
    static final int PATIENCE_S = 20;

    private Clients() {
    }

    /** A started client with Curator's defaults: EnsembleTracker on, containers as parents. */
    static CuratorFramework open(String addr) throws Exception {
        return open(addr, 10_000);
    }

    static CuratorFramework open(String addr, int timeoutMs) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.newClient(addr, timeoutMs, 15_000,
            new ExponentialBackoffRetry(100, 10));
        client.start();
        Harness.isTrue(client.blockUntilConnected(PATIENCE_S, TimeUnit.SECONDS), "connected");
        return client;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A queue that collects the client's states from now on. */
    static BlockingQueue<ConnectionState> states(CuratorFramework client) {
        BlockingQueue<ConnectionState> states = new LinkedBlockingQueue<>();
        client.getConnectionStateListenable().addListener((c, state) -> states.add(state));
        return states;
    }

    static <T> T next(BlockingQueue<T> queue) throws Exception {
        T value = queue.poll(PATIENCE_S, TimeUnit.SECONDS);
        Harness.isTrue(value != null, "something came in time");
        return value;
    }

    /** Skips values until the wanted one. */
    static <T> void until(BlockingQueue<T> queue, T wanted) throws Exception {
        while (!next(queue).equals(wanted)) {
            continue;
        }
    }
}
