package interop;

/**
 * Every operation of the public 3.9.5 client against the server at host:port. The server must
 * run with the settings that the runner gives it (see interop/cmd/interop).
 */
public final class Main {
    private Main() {
    }

    public static void main(String[] args) throws Exception {
        Harness harness = new Harness(args[0]);
        Nodes.run(harness);
        Reads.run(harness);
        Acls.run(harness);
        Multis.run(harness);
        Watches.run(harness);
        PersistentWatches.run(harness);
        Administration.run(harness);
        Raw.run(harness);
        Sessions.run(harness);
        Restarts.run(harness);
        System.exit(harness.failures() == 0 ? 0 : 1);
    }
}
