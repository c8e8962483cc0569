package persistence_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/inspect"
	"quoll/persistence/record"
)

// fixture puts one of Apache's directories on a simulated disk.
func fixture(t *testing.T, name string) *simfs.Disk {
	t.Helper()
	disk := simfs.New()
	must(t, disk.MkdirAll(verDir))
	files, err := filepath.Glob(filepath.Join("testdata", "apache", name, "version-2", "*"))
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		must(t, err)
		disk.Write(verDir+"/"+filepath.Base(file), data)
	}
	return disk
}

// digest is the digest that Apache computes of a tree: the sum of the nodes' CRC-32.
func (m *memory) digest() (sum uint64) {
	be := binary.BigEndian
	for i, path := range m.paths {
		if strings.HasPrefix(path, "/zookeeper/") {
			continue
		}
		st := m.stats[i]
		p := append([]byte(path), m.data[i]...)
		for _, v := range []int64{int64(st.Czxid), int64(st.Mzxid), int64(st.Pzxid), st.Ctime, st.Mtime} {
			p = be.AppendUint64(p, uint64(v))
		}
		for _, v := range []int32{st.Version, st.Cversion, st.Aversion} {
			p = be.AppendUint32(p, uint32(v))
		}
		p = be.AppendUint64(p, uint64(st.EphemeralOwner))
		sum += uint64(crc32.ChecksumIEEE(p))
	}
	return sum
}

// lines prints the nodes in the form of Make.java.
func (m *memory) lines() []string {
	children := map[string]int32{}
	for _, path := range m.paths {
		if path != "" {
			children[path[:strings.LastIndexByte(path, '/')]]++
		}
	}
	var lines []string
	for i, path := range m.paths {
		st, n := m.stats[i], children[path]
		owner, length := uint64(st.EphemeralOwner), fmt.Sprint(len(m.data[i]))
		if m.data[i] == nil {
			length = "null"
		}
		if path == "" {
			path = "/"
		}
		if owner>>63 == 1 || owner>>56 == 0xff {
			owner = 0 // clients see no owner of containers and TTL nodes
		}
		lines = append(lines, fmt.Sprintf("%s %s %d %d %d %d %d %d %d %x %d %d %d", path, length,
			st.Czxid, st.Mzxid, st.Ctime, st.Mtime, st.Version, 2*st.Cversion-n, st.Aversion,
			owner, len(m.data[i]), n, st.Pzxid))
	}
	slices.Sort(lines)
	return lines
}

func TestApachesDirectories(t *testing.T) {
	for _, name := range []string{"plain", "gzip", "snappy"} {
		t.Run(name, func(t *testing.T) {
			disk := fixture(t, name)
			s, err := start(disk.Kill(), testOptions())
			must(t, err)
			if s.rec.Own || len(s.rec.Skipped) > 0 || s.rec.TornBytes > 0 || s.rec.LastZxid != 0x59 {
				t.Fatalf("%+v", s.rec)
			}
			d := s.rec.Snapshot.Trailer.Digest
			if !s.rec.Snapshot.Trailer.HasDigest || d.Zxid != s.rec.Snapshot.Zxid ||
				d.Digest != s.mem.digest() {
				t.Fatalf("digest %x, the snapshot says %+v", s.mem.digest(), s.rec.Snapshot.Trailer)
			}
			want, err := os.ReadFile(filepath.Join("testdata", "apache", name, "nodes.txt"))
			must(t, err)
			wantLines := strings.Split(strings.TrimSpace(string(want)), "\n")
			slices.Sort(wantLines)
			if got := s.mem.lines(); !slices.Equal(got, wantLines) {
				for i := range min(len(got), len(wantLines)) {
					if got[i] != wantLines[i] {
						t.Errorf("got  %s\nwant %s", got[i], wantLines[i])
					}
				}
				t.Fatalf("%d nodes, want %d", len(got), len(wantLines))
			}
			if s.mem.sessions < 2 || s.mem.acls < 1 {
				t.Fatalf("%d sessions, %d ACLs", s.mem.sessions, s.mem.acls)
			}
			midLife(t, disk, s.rec.Snapshot, d.Digest)
		})
	}
}

// midLife starts from the snapshot before the last. Each transaction above it carries the digest of
// the tree behind it, and the last one the digest of the tree in the newest snapshot.
func midLife(t *testing.T, disk *simfs.Disk, newest persistence.SnapInfo, digest uint64) {
	t.Helper()
	disk.Delete(newest.File)
	s, err := start(disk, testOptions())
	must(t, err)
	if s.mem.last() != 0x59 || len(s.mem.entries) < 2 || s.mem.resets > 0 {
		t.Fatalf("%v from %v", s.mem.last(), s.mem.snap)
	}
	last := s.mem.entries[len(s.mem.entries)-1]
	if !last.HasDigest || last.Digest.Version != 2 || last.Digest.TreeDigest != digest {
		t.Fatalf("%+v, want digest %x", last.Digest, digest)
	}
	must(t, s.dir.Close())
}

// TestApachesBytesAgain: logs and snapshots of Apache that we read and write again have the same
// bytes.
func TestApachesBytesAgain(t *testing.T) {
	disk := fixture(t, "plain")
	for _, name := range disk.Names() {
		original := disk.Read(name)
		var again []byte
		if strings.Contains(name, "/log.") {
			log, err := inspect.OpenLogFile(disk, name)
			must(t, err)
			again = jute.Append(nil, &log.Header)
			for {
				e, _, err := log.Next()
				if err != nil {
					break
				}
				again = record.Append(again, jute.AppendEntry(nil, &e))
			}
			again = append(again, make([]byte, len(original)-len(again))...)
		} else {
			scratch := simfs.New()
			s, err := start(scratch, testOptions())
			must(t, err)
			w, err := s.dir.CreateSnapshot(1)
			must(t, err)
			info, err := persistence.ReadSnapshot(disk, name, 0, copying{w})
			must(t, err)
			_, err = w.Finish(info.Trailer)
			must(t, err)
			again = scratch.Read(verDir + "/snapshot.1")
		}
		if !bytes.Equal(again, original) {
			t.Errorf("%s: not the same bytes", name)
		}
	}
}

// copying is a sink that writes everything it gets to a SnapWriter.
type copying struct{ w *persistence.SnapWriter }

func (c copying) Session(id jute.SessionID, timeoutMs int32) error { return c.w.Session(id, timeoutMs) }

func (c copying) ACL(key int64, acl []jute.ACL) error { return c.w.ACL(key, acl) }

func (c copying) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	return c.w.Node(string(path), data, acl, st)
}
