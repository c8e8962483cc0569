package interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.Objects;
import org.apache.zookeeper.KeeperException;

/**
 * Runs named checks, prints one PASS or FAIL line each, and asks the runner for what only the
 * runner can do: restart the server, or stop this process for a while.
 */
final class Harness {
    interface Check {
        void run() throws Exception;
    }

    final String addr;
    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    private int failures;

    Harness(String addr) {
        this.addr = addr;
    }

    int failures() {
        return failures;
    }

    void check(String name, Check check) {
        try {
            check.run();
            System.out.println("PASS " + name);
        } catch (Throwable problem) {
            failures++;
            System.out.println("FAIL " + name + ": " + describe(problem));
        }
    }

    /** The problem in one line, with the line of ours that it came from. */
    private static String describe(Throwable problem) {
        String where = Arrays.stream(problem.getStackTrace())
            .filter(frame -> frame.getClassName().startsWith("interop.")
                && !frame.getClassName().startsWith("interop.Harness"))
            .findFirst().map(frame ->
                " (" + frame.getFileName() + ":" + frame.getLineNumber() + ")")
            .orElse("");
        return problem.toString().replace('\n', ' ') + where;
    }

    /** A clean stop and a start of the server; returns once it serves again. */
    void restart() throws IOException {
        ask("RESTART", "RESTARTED");
    }

    /** The same with a SIGKILL for the stop. */
    void crash() throws IOException {
        ask("CRASH", "RESTARTED");
    }

    /** This process is stopped for that long, so that it cannot ping, and then continued. */
    void pause(int millis) throws IOException {
        ask("PAUSE " + millis, "RESUMED");
    }

    private void ask(String request, String answer) throws IOException {
        System.out.println(request);
        System.out.flush();
        String line = in.readLine();
        if (!answer.equals(line)) {
            throw new IOException("runner answered " + line + " to " + request);
        }
    }

    static void equal(Object want, Object got) {
        if (!Objects.deepEquals(want, got)) {
            throw new AssertionError("want " + show(want) + ", got " + show(got));
        }
    }

    static void isTrue(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("not so: " + what);
        }
    }

    /** The check must fail with that code; returns the exception. */
    static KeeperException fails(KeeperException.Code want, Check check) throws Exception {
        try {
            check.run();
        } catch (KeeperException e) {
            if (e.code() == want) {
                return e;
            }
            throw new AssertionError("want " + want + ", got " + e.code(), e);
        }
        throw new AssertionError("want " + want + ", got success");
    }

    private static String show(Object o) {
        return o instanceof byte[] bytes ? "\"" + new String(bytes) + "\"" : String.valueOf(o);
    }
}
