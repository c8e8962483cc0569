package snap

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"quoll/jute"
)

// tree is a sink that keeps everything.
type tree struct {
	sessions map[jute.SessionID]int32
	acls     map[int64][]jute.ACL
	nodes    []node
}

type node struct {
	path string
	data []byte
	acl  int64
	st   jute.StatPersisted
}

func newTree() *tree {
	return &tree{sessions: map[jute.SessionID]int32{}, acls: map[int64][]jute.ACL{}}
}

func (m *tree) Session(id jute.SessionID, timeoutMs int32) error {
	m.sessions[id] = timeoutMs
	return nil
}

func (m *tree) ACL(key int64, acl []jute.ACL) error {
	m.acls[key] = acl
	return nil
}

func (m *tree) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	m.nodes = append(m.nodes, node{string(path), bytes.Clone(data), acl, *st})
	return nil
}

func (m *tree) String() string { return fmt.Sprintf("%v %v %v", m.sessions, m.acls, m.nodes) }

// fill writes a random tree; big makes some nodes larger than a chunk.
func fill(rng *rand.Rand, w *BodyWriter, nodes int, big bool) *tree {
	m := newTree()
	for range rng.IntN(20) {
		id, timeout := jute.SessionID(rng.Uint64()), int32(rng.IntN(1000))
		m.sessions[id] = timeout
		_ = w.Session(id, timeout)
	}
	for key := range int64(rng.IntN(20)) {
		acl := []jute.ACL{}
		for range rng.IntN(4) {
			acl = append(acl, jute.ACL{Perms: 31, ID: jute.ID{Scheme: "ip", ID: "10.0.0.1"}})
		}
		m.acls[key] = acl
		_ = w.ACL(key, acl)
	}
	for i := range nodes {
		n := node{acl: rng.Int64N(5) - 1, st: jute.StatPersisted{
			Czxid: jute.Zxid(rng.Uint64()), Mzxid: 2, Ctime: 3, Mtime: 4, Version: 5, Cversion: 6,
			Aversion: 7, EphemeralOwner: jute.SessionID(rng.Uint64()), Pzxid: 9,
		}}
		if i > 0 {
			n.path = fmt.Sprintf("/%d", i)
		}
		switch rng.IntN(4) {
		case 0:
			n.data = []byte{}
		case 1, 2:
			n.data = make([]byte, rng.IntN(300))
		}
		if big && rng.IntN(nodes) < 3 {
			n.data = make([]byte, rng.IntN(5<<20))
		}
		for i := range n.data {
			n.data[i] = byte(rng.Uint32())
		}
		m.nodes = append(m.nodes, n)
		_ = w.Node(n.path, n.data, n.acl, &n.st)
	}
	return m
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c := Compression(rng.IntN(2))
		trailer := Trailer{HasDigest: rng.IntN(2) == 0, HasLastZxid: rng.IntN(2) == 0}
		if trailer.HasDigest {
			trailer.Digest = ZxidDigest{Zxid: 77, Version: 2, Digest: rng.Uint64()}
		}
		if trailer.HasLastZxid {
			trailer.LastZxid = 78
		}
		var out bytes.Buffer
		w, err := NewWriter(&out, c)
		if err != nil {
			t.Fatal(err)
		}
		want := fill(rng, w.BodyWriter, 1+rng.IntN(2000), seed%8 == 0)
		if err := w.Close(trailer); err != nil {
			t.Fatal(err)
		}
		file := bytes.NewReader(out.Bytes())
		if err := Screen(file, file.Size(), c); err != nil {
			t.Fatal(err)
		}
		for _, readAhead := range []int{0, 1, 4} {
			got := newTree()
			gotTrailer, err := Read(file, file.Size(), c, readAhead, got)
			if err != nil {
				t.Fatalf("seed %d, read-ahead %d: %v", seed, readAhead, err)
			}
			if gotTrailer != trailer || !slices.EqualFunc(got.nodes, want.nodes, sameNode) ||
				fmt.Sprint(got.sessions, got.acls) != fmt.Sprint(want.sessions, want.acls) {
				t.Fatalf("seed %d, read-ahead %d: not what was written", seed, readAhead)
			}
		}
	}
}

func sameNode(a, b node) bool {
	return a.path == b.path && a.acl == b.acl && a.st == b.st && bytes.Equal(a.data, b.data) &&
		(a.data == nil) == (b.data == nil)
}

func TestBodyInAStream(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var out bytes.Buffer
	w := NewBodyWriter(&out)
	want := fill(rng, w, 3000, true)
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	out.WriteString("BenWasHere")
	for _, r := range []io.Reader{
		bytes.NewReader(out.Bytes()), iotest.HalfReader(bytes.NewReader(out.Bytes())),
	} {
		got := newTree()
		rest, err := ReadBody(r, got)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(got.nodes, want.nodes, sameNode) {
			t.Fatal("not what was written")
		}
		if !strings.HasPrefix("BenWasHere", string(rest)) {
			t.Fatalf("beyond the end: %q", rest)
		}
	}
}

func smallFile(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, Plain)
	if err != nil {
		t.Fatal(err)
	}
	fill(rand.New(rand.NewPCG(3, 3)), w.BodyWriter, 10, false)
	err = w.Close(Trailer{HasDigest: true, Digest: ZxidDigest{Zxid: 1, Version: 2, Digest: 9},
		HasLastZxid: true, LastZxid: 1})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestEveryBit: a snapshot with one bit turned is never loaded. Version and dbid of the header
// are covered by the checksum as everything else.
func TestEveryBit(t *testing.T) {
	file := smallFile(t)
	whole, err := Read(bytes.NewReader(file), int64(len(file)), Plain, 0, newTree())
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(file) * 8 {
		bad := bytes.Clone(file)
		bad[bit/8] ^= 1 << (bit % 8)
		r := bytes.NewReader(bad)
		if Screen(r, r.Size(), Plain) != nil {
			continue
		}
		if got, err := Read(r, r.Size(), Plain, 0, newTree()); err == nil {
			t.Fatalf("bit %d of %d: loaded, %v and %v", bit, len(file)*8, got, whole)
		}
	}
}

// TestEveryCut: a file that ends early is loaded only if its body and seal are whole. At one
// length the cut digest looks like a last zxid with a bad seal, and the file is refused.
func TestEveryCut(t *testing.T) {
	file := smallFile(t)
	tail := digestBytes + sealBytes + lastZxidBytes + sealBytes
	for n := range len(file) {
		if n == len(file)-tail+lastZxidBytes+sealBytes {
			continue
		}
		_, err := Read(bytes.NewReader(file[:n]), int64(n), Plain, 0, newTree())
		if (err == nil) != (n >= len(file)-tail) {
			t.Fatalf("cut to %d of %d: %v", n, len(file), err)
		}
	}
}

func TestReaderPanicReachesTheCaller(t *testing.T) {
	for _, readAhead := range []int{0, 2} {
		func() {
			defer func() {
				if r := recover(); r != "stop" {
					t.Fatalf("read-ahead %d: %v", readAhead, r)
				}
			}()
			_, _ = Read(panicking{}, 1<<20, Plain, readAhead, newTree())
		}()
	}
}

type panicking struct{}

func (panicking) ReadAt([]byte, int64) (int, error) { panic("stop") }
