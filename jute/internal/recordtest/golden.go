package recordtest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"quoll/jute"
)

// Lines are the words of each line of a file in testdata.
func Lines(t *testing.T, file string) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(text)) {
		out = append(out, strings.Fields(line))
	}
	return out
}

// Unhex reads bytes written as Recorder.java does.
func Unhex(t *testing.T, s string) []byte {
	t.Helper()
	if s == "-" {
		return []byte{}
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// numbered is a Visitor that says how the leaves differ from the pattern of records.hex.
type numbered struct {
	k     int64
	wrong []string
}

func (n *numbered) Field(name string, value any) {
	n.k++
	k := n.k
	var want any
	switch value.(type) {
	case bool:
		want = k%2 == 1
	case string:
		want = fmt.Sprintf("s%dé", k)
	case []byte:
		want = []byte{byte(k), 0xff}
	case int64:
		want = k + k<<40
	case jute.Zxid:
		want = jute.Zxid(k + k<<40)
	case jute.SessionID:
		want = jute.SessionID(k + k<<40)
	default:
		if fmt.Sprintf("%d", value) == fmt.Sprint(k) {
			return
		}
		want = k
	}
	if fmt.Sprint(value) != fmt.Sprint(want) {
		n.wrong = append(n.wrong, fmt.Sprintf("%s is %v, not %v", name, value, want))
	}
}
func (n *numbered) Enter(string, int) {}
func (n *numbered) Leave()            {}

// Recorded fails unless the records of testdata/records.hex, written by Apache's serializers, are
// read, written and shown as they were made: a line has Apache's name, ours, and the bytes. The
// leaves of each are numbered 1, 2, 3 in wire order: an int is its number k, a long k + k<<40, a
// bool k mod 2, a ustring "s<k>é", a buffer {k, ff}; vectors have two elements.
func (f *Family) Recorded(t *testing.T, byName map[string]jute.Record) {
	t.Helper()
	for _, line := range Lines(t, "records.hex") {
		wire := Unhex(t, line[2])
		if byName[line[1]] == nil {
			t.Errorf("%s: no record %s", line[0], line[1])
			continue
		}
		r := f.New(byName[line[1]])
		used, err := jute.Decode(wire, r)
		if err != nil || used != len(wire) {
			t.Errorf("%s: %d of %d bytes used, %v", line[0], used, len(wire), err)
			continue
		}
		if again := jute.Append(nil, r); !bytes.Equal(again, wire) {
			t.Errorf("%s: %x became %x", line[0], wire, again)
		}
		var n numbered
		jute.Visit(r, &n)
		if len(n.wrong) > 0 || n.k == 0 {
			t.Errorf("%s: %d leaves: %v", line[0], n.k, n.wrong)
		}
	}
}

// Damaged fails unless the damaged records of testdata/decode.hex are read as Apache's decoder
// reads them, or refused as there; least of each must be in the file.
func (f *Family) Damaged(t *testing.T, byName map[string]jute.Record, least int) {
	t.Helper()
	read, refused := 0, 0
	for _, line := range Lines(t, "decode.hex") {
		in := Unhex(t, line[2])
		r := f.New(byName[line[1]])
		_, err := jute.Decode(in, r)
		switch {
		case line[3] == "error" && err == nil:
			t.Errorf("%s: %x is read as %s, Apache refuses it", line[0], in, jute.Format(r))
		case line[3] == "error":
			refused++
		case err != nil:
			t.Errorf("%s: %x: %v, Apache reads it", line[0], in, err)
		default:
			read++
			if again := jute.Append(nil, r); !bytes.Equal(again, Unhex(t, line[3])) {
				t.Errorf("%s: %x became\n     %x, for Apache\n     %s", line[0], in, again, line[3])
			}
		}
	}
	if read < least || refused < least {
		t.Errorf("%d records were read and %d refused: the file says too little", read, refused)
	}
}
