package datatree_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quoll/datatree"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/inspect"
)

// apacheData are directories that Apache ZooKeeper 3.9.5 wrote, and what its clients saw.
const apacheData = "../persistence/testdata/apache"

type loader struct{ *datatree.Tree }

func (loader) Session(jute.SessionID, int32) error { return nil }

func (l loader) ACL(key int64, acl []jute.ACL) error {
	l.LoadACL(key, acl)
	return nil
}

func (l loader) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	return l.LoadNode(path, data, acl, st)
}

// TestApachesTransactions loads each snapshot that Apache wrote and replays the later transactions
// of its logs. After every transaction the digest is the one that Apache logged with it. In the end
// every node is as Apache's clients saw it.
func TestApachesTransactions(t *testing.T) {
	snapshots, err := filepath.Glob(apacheData + "/*/version-2/snapshot.*")
	if err != nil || len(snapshots) == 0 {
		t.Fatal(snapshots, err)
	}
	compared := 0
	for _, name := range snapshots {
		t.Run(strings.TrimPrefix(name, apacheData), func(t *testing.T) {
			tree := datatree.New(datatree.Options{ExtendedTypes: true, Digest: true})
			tree.BeginLoad()
			info, err := persistence.ReadSnapshot(persistence.OS{}, name, 0, loader{tree})
			if err != nil {
				t.Fatal(err)
			}
			d := datatree.SnapshotDigest(info.Trailer.Digest)
			tree.FinishLoad(info.Zxid, &d)
			compared += replayLogs(t, tree, filepath.Dir(name), info.Zxid)
			if f := tree.Faults(); f.Mismatches > 0 || f.Inconsistencies > 0 {
				t.Errorf("%+v", f)
			}
			if tree.Peek().Fuzzy() {
				t.Error("the snapshot's digest was not reached")
			}
			sameAsClients(t, tree, filepath.Join(filepath.Dir(name), "..", "nodes.txt"))
		})
	}
	if compared < 500 {
		t.Errorf("only %d digests were compared", compared)
	}
}

// replayLogs says how many transactions with a digest it replayed.
func replayLogs(t *testing.T, tree *datatree.Tree, dir string, above jute.Zxid) (digests int) {
	logs, err := filepath.Glob(dir + "/log.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range logs { // the zxids have as many digits, so that the names sort right
		l, err := inspect.OpenLogFile(persistence.OS{}, name)
		if err != nil {
			t.Fatal(err)
		}
		for {
			e, _, err := l.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.Header.Zxid <= above {
				continue
			}
			tree.Replay(&e)
			if e.HasDigest {
				digests++
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return digests
}

func sameAsClients(t *testing.T, tree *datatree.Tree, name string) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := tree.Peek()
	nodes := 0
	for in := bufio.NewScanner(f); in.Scan(); nodes++ {
		path, want, _ := strings.Cut(in.Text(), " ")
		n, ok := v.Find([]byte(path))
		if !ok {
			t.Errorf("%q is missing", path)
			continue
		}
		length := fmt.Sprint(v.DataLen(n))
		if v.DataLen(n) < 0 {
			length = "null"
		}
		var s jute.Stat
		v.Stat(n, &s)
		got := fmt.Sprintf("%s %d %d %d %d %d %d %d %x %d %d %d", length, int64(s.Czxid),
			int64(s.Mzxid), s.Ctime, s.Mtime, s.Version, s.Cversion, s.Aversion,
			int64(s.EphemeralOwner), s.DataLength, s.NumChildren, int64(s.Pzxid))
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", path, got, want)
		}
	}
	if nodes != v.NodeCount()-1 {
		t.Errorf("%d nodes, Apache has %d", v.NodeCount()-1, nodes)
	}
}
