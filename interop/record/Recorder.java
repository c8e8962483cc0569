import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.apache.jute.BinaryInputArchive;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.StatsTrack;
import org.apache.zookeeper.common.PathUtils;

/** Writes what Apache's own classes make of records, strings, paths and quotas: see doc.go. */
public final class Recorder {
    private static final String[] PACKAGES = {
        "org.apache.zookeeper.data.", "org.apache.zookeeper.proto.", "org.apache.zookeeper.txn.",
        "org.apache.zookeeper.server.persistence.", "org.apache.zookeeper.server.quorum.",
        "org.apache.zookeeper.",
    };
    private static int leaf;

    private static Class<?> find(String name) throws ClassNotFoundException {
        for (String p : PACKAGES) {
            try {
                return Class.forName(p + name);
            } catch (ClassNotFoundException e) {
                // the next package
            }
        }
        throw new ClassNotFoundException(name);
    }

    private static String hex(byte[] b) {
        return b.length == 0 ? "-" : HexFormat.of().formatHex(b);
    }

    private static byte[] unhex(String s) {
        return s.equals("-") ? new byte[0] : HexFormat.of().parseHex(s);
    }

    /** A record whose leaves are numbered in wire order, by the constructor that takes all fields. */
    private static Object make(Class<?> c) throws Exception {
        Constructor<?> all = Arrays.stream(c.getConstructors())
            .max((a, b) -> a.getParameterCount() - b.getParameterCount()).get();
        List<Object> values = new ArrayList<>();
        for (Type t : all.getGenericParameterTypes()) {
            values.add(value(t));
        }
        return all.newInstance(values.toArray());
    }

    private static Object value(Type t) throws Exception {
        if (t instanceof ParameterizedType p) {
            Type element = p.getActualTypeArguments()[0];
            return new ArrayList<>(List.of(value(element), value(element)));
        }
        if (t instanceof Class<?> c && Record.class.isAssignableFrom(c)) {
            return make(c);
        }
        int k = ++leaf;
        if (t == int.class) {
            return k;
        } else if (t == long.class) {
            return k + ((long) k << 40);
        } else if (t == boolean.class) {
            return k % 2 == 1;
        } else if (t == String.class) {
            return "s" + k + "é";
        } else if (t == byte[].class) {
            return new byte[] {(byte) k, (byte) 0xff};
        }
        throw new IllegalArgumentException(t.toString());
    }

    private static byte[] write(Record r) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        r.serialize(BinaryOutputArchive.getArchive(out), "r");
        return out.toByteArray();
    }

    /** What the decoder makes of bytes, written again; "error" when it throws. */
    private static String read(Class<?> c, byte[] in) throws Exception {
        Record r = (Record) c.getDeclaredConstructor().newInstance();
        try {
            r.deserialize(new BinaryInputArchive(
                new DataInputStream(new ByteArrayInputStream(in)), 1 << 20, 0), "r");
            return hex(write(r));
        } catch (Exception | OutOfMemoryError e) {
            return "error";
        }
    }

    private static void records(Path dir, List<String[]> names) throws Exception {
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("records.hex")))) {
            for (String[] n : names) {
                leaf = 0;
                out.println(n[0] + " " + n[1] + " " + hex(write((Record) make(find(n[0])))));
            }
        }
    }

    /** Damaged records: cut, with a byte changed, with a number in the place of four bytes. */
    private static void decode(Path dir, List<String[]> names, Random random) throws Exception {
        int[] numbers = {-1, -2, 0, 1, 2, 3, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 20, 5};
        int[] odd = {0, 1, 2, 0x7f, 0x80, 0xc3, 0xe9, 0xff};
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("decode.hex")))) {
            for (String[] n : names) {
                Class<?> c = find(n[0]);
                leaf = 0;
                byte[] whole = write((Record) make(c));
                TreeSet<String> inputs = new TreeSet<>();
                for (int i = 0; i < 24; i++) {
                    byte[] b = whole.clone();
                    int at = random.nextInt(b.length);
                    switch (i % 4) {
                        case 0 -> b = Arrays.copyOf(b, at);
                        case 1 -> b[at] = (byte) odd[random.nextInt(odd.length)];
                        default -> {
                            at = random.nextInt(Math.max(1, b.length - 3));
                            if (b.length >= 4) {
                                ByteBuffer.wrap(b).putInt(at, numbers[random.nextInt(numbers.length)]);
                            }
                        }
                    }
                    inputs.add(hex(b));
                }
                for (String in : inputs) {
                    out.println(n[0] + " " + n[1] + " " + in + " " + read(c, unhex(in)));
                }
            }
        }
    }

    private static boolean valid(String path) {
        try {
            PathUtils.validatePath(path);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static void text(Path dir) throws Exception {
        List<String> lines = Files.readAllLines(dir.resolve("text.hex"));
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("text.hex")))) {
            for (String line : lines) {
                String in = line.split(" ")[0];
                String s = new String(unhex(in), StandardCharsets.UTF_8);
                // As a record's string is written: a pair of surrogates is six bytes.
                ByteArrayOutputStream written = new ByteArrayOutputStream();
                BinaryOutputArchive.getArchive(written).writeString(s, "s");
                byte[] b = written.toByteArray();
                out.println(in + " " + hex(Arrays.copyOfRange(b, 4, b.length)) + " " + valid("/" + s));
            }
        }
        lines = Files.readAllLines(dir.resolve("path.hex"));
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("path.hex")))) {
            for (String line : lines) {
                String in = line.split(" ")[0];
                out.println(in + " " + valid(new String(unhex(in), StandardCharsets.UTF_8)));
            }
        }
    }

    private static void stats(Path dir) throws Exception {
        String[] parts = {
            "count", "bytes", "countHardLimit", "byteHardLimit", "x", "=", "=", ",", ";", "1", "-1",
            "0", "+7", "-", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
            "-9223372036854775809", " ", "1_0", "0x1", "1.0", "\t", "\0", "007",
        };
        Random random = new Random(2);
        TreeSet<String> texts = new TreeSet<>(List.of(
            "", ",", ";;,", ";a=1", ";,a=1", ";count=4,bytes=5", "a=1;;", "a=1;,b=2", "=", "==", "a", "a=", "=1", "a==1", "a=1=2", "a=1,", ",a=1", "a=1;;b=2",
            "count=4,bytes=5=;byteHardLimit=10;countHardLimit=11", "count=1,count=2", "b=1;a=2;B=3"));
        while (texts.size() < 400) {
            StringBuilder s = new StringBuilder();
            for (int i = 1 + random.nextInt(8); i > 0; i--) {
                s.append(parts[random.nextInt(parts.length)]);
            }
            texts.add(s.toString());
        }
        Files.createDirectories(dir);
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("stats.hex")))) {
            for (String text : texts) {
                byte[] in = text.getBytes(StandardCharsets.UTF_8);
                String made = "error";
                try {
                    made = hex(new StatsTrack(in).getStatsBytes());
                } catch (RuntimeException e) {
                    // what ends the server
                }
                out.println(hex(in) + " " + made);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        Path jute = Path.of(args[0]);
        Random random = new Random(1);
        for (Path dir : List.of(jute, Path.of(args[1]))) {
            List<String[]> names = new ArrayList<>();
            for (String line : Files.readAllLines(dir.resolve("records.hex"))) {
                names.add(line.split(" "));
            }
            records(dir, names);
            decode(dir, names, random);
        }
        text(jute);
        stats(Path.of(args[2]));
    }
}
