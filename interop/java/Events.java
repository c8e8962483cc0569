package interop;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;

/** A watcher that keeps what it hears, in order. */
final class Events implements Watcher {
    static final int PATIENCE_MS = 20_000;

    private final LinkedBlockingQueue<WatchedEvent> queue = new LinkedBlockingQueue<>();

    @Override
    public void process(WatchedEvent event) {
        queue.add(event);
    }

    /** The next event must be this one. */
    WatchedEvent expect(Event.EventType type, String path) throws InterruptedException {
        WatchedEvent event = next();
        if (event.getType() != type || !path.equals(event.getPath())) {
            throw new AssertionError("want " + type + " " + path + ", got " + event);
        }
        return event;
    }

    /** The next two events must be these, in either order. */
    void expectBoth(String path, Event.EventType one, Event.EventType other)
        throws InterruptedException {
        Set<Event.EventType> seen = EnumSet.noneOf(Event.EventType.class);
        for (int i = 0; i < 2; i++) {
            WatchedEvent event = next();
            Harness.equal(path, event.getPath());
            seen.add(event.getType());
        }
        Harness.equal(EnumSet.of(one, other), seen);
    }

    /** Skips events until the session is in that state. */
    void await(Event.KeeperState state) throws InterruptedException {
        for (;;) {
            WatchedEvent event = next();
            if (event.getType() == Event.EventType.None && event.getState() == state) {
                return;
            }
        }
    }

    /** The state that the next session event tells of. */
    Event.KeeperState awaitState() throws InterruptedException {
        WatchedEvent event = next();
        Harness.equal(Event.EventType.None, event.getType());
        return event.getState();
    }

    /** Skips session events until a node event comes, which must be this one. */
    WatchedEvent expectNode(Event.EventType type, String path) throws InterruptedException {
        for (;;) {
            WatchedEvent event = next();
            if (event.getType() == Event.EventType.None) {
                continue;
            }
            if (event.getType() != type || !path.equals(event.getPath())) {
                throw new AssertionError("want " + type + " " + path + ", got " + event);
            }
            return event;
        }
    }

    /** Nothing was delivered; call it after Session.settle. */
    void expectNone() {
        WatchedEvent event = queue.poll();
        if (event != null) {
            throw new AssertionError("unexpected " + event);
        }
    }

    void clear() {
        queue.clear();
    }

    private WatchedEvent next() throws InterruptedException {
        WatchedEvent event = queue.poll(PATIENCE_MS, TimeUnit.MILLISECONDS);
        if (event == null) {
            throw new AssertionError("no event within " + PATIENCE_MS + " ms");
        }
        return event;
    }
}
