package interop;

/** Curator's framework and recipes against the server at host:port. */
public final class Main {
    private Main() {
    }

    public static void main(String[] args) throws Exception {
        Harness harness = new Harness(args[0]);
        Framework.run(harness);
        Caches.run(harness);
        Recipes.run(harness);
        Connections.run(harness);
        System.exit(harness.failures() == 0 ? 0 : 1);
    }
}
