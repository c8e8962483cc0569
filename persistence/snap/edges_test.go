package snap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"testing"

	"quoll/jute"
)

// TestAnotherMagic: a file that does not begin like a snapshot is none, even if its checksum is
// right.
func TestAnotherMagic(t *testing.T) {
	for _, magic := range []string{"ZKSN", "ZKLG", "\x00\x00\x00\x00"} {
		var out bytes.Buffer
		w := NewBodyWriter(&out)
		_ = w.Node("", nil, -1, &jute.StatPersisted{})
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
		header := append([]byte(magic), 0, 0, 0, 2, 255, 255, 255, 255, 255, 255, 255, 255)
		file := append(header, out.Bytes()...)
		file = binary.BigEndian.AppendUint64(file, uint64(adler32.Checksum(file)))
		file = jute.AppendString(file, "/")
		_, err := Read(bytes.NewReader(file), int64(len(file)), Plain, 0, newTree())
		if magic == "ZKSN" && err != nil || magic != "ZKSN" && !errors.Is(err, errSnapMagic) {
			t.Errorf("%q: %v", magic, err)
		}
	}
}

// TestATreeWithoutNodes: the tables are written also if there is no node.
func TestATreeWithoutNodes(t *testing.T) {
	var out bytes.Buffer
	w := NewBodyWriter(&out)
	_ = w.Session(7, 4000)
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	got := newTree()
	if _, err := ReadBody(bytes.NewReader(out.Bytes()), got); err != nil {
		t.Fatal(err)
	}
	if len(got.sessions) != 1 || len(got.nodes) != 0 {
		t.Fatal(got)
	}
}

// TestTheRootHasTwoNames: clients call it "/", which ends a body; in a body its path is "".
func TestTheRootHasTwoNames(t *testing.T) {
	var bodies [2]bytes.Buffer
	for i, name := range []string{"", "/"} {
		w := NewBodyWriter(&bodies[i])
		_ = w.Node(name, []byte("x"), -1, &jute.StatPersisted{Czxid: 3})
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(bodies[0].Bytes(), bodies[1].Bytes()) {
		t.Fatalf("%x, %x", bodies[0].Bytes(), bodies[1].Bytes())
	}
}
