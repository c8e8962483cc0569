package verbs

import (
	"strings"
	"testing"
)

// A quota above or below another one is refused, as ZooKeeper's own tools do: the server counts
// for the nearest one alone.
func TestOneQuotaOnAnyWay(t *testing.T) {
	b := served(t)
	b.must(t, "create", "-p", "/a/b/c")
	b.must(t, "quota", "set", "-n", "10", "/a/b")
	for path, want := range map[string]string{"/a": "child /a/b", "/a/b/c": "parent /a/b"} {
		if code := b.do("quota", "set", "-n", "10", path); code != 1 ||
			!strings.Contains(b.err.String(), want) {
			t.Errorf("%s: exit code %d, %s", path, code, b.err.String())
		}
	}
	b.must(t, "quota", "set", "-B", "99", "/a/b")
	out := b.must(t, "quota", "get", "/a/b", "-o", "jsonl")
	if !strings.Contains(out, `"count":10,"bytes":null,"hardCount":null,"hardBytes":99`) {
		t.Errorf("the limit on nodes stays when the one on bytes is set: %s", out)
	}
	b.must(t, "quota", "del", "/a/b")
	if out := b.must(t, "ls", "-R", "/zookeeper/quota"); out != "/zookeeper/quota\n" {
		t.Errorf("left of the quota: %s", out)
	}
	if code := b.do("quota", "set", "-N", "5", "/none"); code != 3 {
		t.Errorf("a quota on a node that is not there: exit code %d", code)
	}
}

func TestACLs(t *testing.T) {
	b := served(t)
	b.must(t, "create", "-p", "/a/b")
	get := func(path string) string {
		return strings.ReplaceAll(b.must(t, "acl", "get", path), "\n", " ")
	}
	b.must(t, "acl", "set", "--add", "/a", "ip:10.0.0.1:r,world:anyone:r")
	if got := get("/a"); got != "world:anyone:cdrwa ip:10.0.0.1:r " {
		t.Errorf("added: %s", got)
	}
	b.must(t, "acl", "set", "--remove", "/a", "ip:10.0.0.1:r,world:anyone:d")
	if got := get("/a"); got != "world:anyone:crwa " {
		t.Errorf("removed: %s", got)
	}
	if code := b.do("acl", "set", "-R", "/a", "world:anyone:r"); code != 2 {
		t.Errorf("-R without --yes: exit code %d", code)
	}
	b.must(t, "acl", "set", "-R", "--yes", "/a", "world:anyone:ra")
	if got := get("/a") + get("/a/b"); got != "world:anyone:ra world:anyone:ra " {
		t.Errorf("-R: %s", got)
	}
	if code := b.do("set", "/a/b", "x"); code != 5 {
		t.Errorf("a write that the ACL forbids: exit code %d", code)
	}
	if code := b.do("acl", "set", "-v", "99", "/a", "world:anyone:ra"); code != 4 {
		t.Errorf("another version: exit code %d", code)
	}
}

// All or none, and the operation that failed is told.
func TestTxn(t *testing.T) {
	b := served(t)
	b.must(t, "create", "/a", "old")
	code := b.do("txn", "set /a new", "check /a 7", "create /b", "-o", "jsonl")
	if code != 4 || !strings.Contains(b.out.String(), `"index":1,"op":"check","path":"/a","result":"BadVersion"`) {
		t.Errorf("exit code %d: %s", code, b.out.String())
	}
	if out := b.must(t, "get", "/a"); out != "old" {
		t.Errorf("set in spite of it: %q", out)
	}
	b.host.Stdin = strings.NewReader("# all at once\nset /a 'new one'\n\ncreate -s /s- x\ncheck /a\n")
	if out := b.must(t, "txn", "-"); !strings.Contains(out, "create /s-0000000001 done") {
		t.Error(out)
	}
	if out := b.must(t, "get", "/a"); out != "new one" {
		t.Errorf("%q", out)
	}
	for _, line := range []string{"rename /a", "set /a", "check /a x", "create", "set /a 'x"} {
		if code := b.do("txn", line); code != 2 {
			t.Errorf("%s: exit code %d", line, code)
		}
	}
}

// What cannot be meant without thinking needs --force, and more than that asks.
func TestDangers(t *testing.T) {
	b := served(t)
	b.must(t, "create", "-p", "/a/b")
	b.must(t, "create", "/a/c")
	b.must(t, "create", "/b")
	for _, tc := range []struct {
		line string
		code int
	}{
		{"rmr --yes /", 2}, {"rmr --yes /zookeeper/quota", 2}, {"rmr --yes --max 2 /a", 2},
		{"rmr /a", 2}, {"rmr --dry-run /a", 0}, {"rmr --dry-run /", 2},
		{"set --dry-run /a x", 2}, {"rmr /none --yes", 3}, {"rm /a", 4},
		{"rmr --yes --keep-root /a", 0}, {"rm /a", 0},
		// A chroot does not hide what is ZooKeeper's own.
		{"rmr --yes --chroot /zookeeper /quota", 2}, {"rmr --yes /a/../zookeeper/", 2},
		{"acl set -R --yes --chroot /zookeeper /quota world:anyone:r", 2},
		{"mv --yes --chroot /zookeeper /quota /q", 2}, {"mv --yes /b /zookeeper/b", 2},
		{"mirror --once --chroot /zookeeper /quota /q", 2},
		{"rmr --yes --force --older 1ns /", 0}, {"ls /zookeeper/quota", 0},
	} {
		if code := b.do(strings.Fields(tc.line)...); code != tc.code {
			t.Errorf("%s: exit code %d, want %d: %s", tc.line, code, tc.code, b.err.String())
		}
	}
	b.must(t, "create", "/old")
	if out := b.must(t, "rmr", "--yes", "--older", "1h", "/old", "-o", "jsonl"); !strings.Contains(
		out, `"deleted":0`) {
		t.Errorf("a young node: %s", out)
	}
}
