package jute_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"quoll/jute"
)

// The files in testdata hold what Apache's own classes of 3.9.5 write and accept. In records.hex
// the leaves of each record are numbered 1, 2, 3 in wire order: an int is its number k, a long
// k + k<<40, a bool k mod 2, a ustring "s<k>é", a buffer {k, ff}; vectors have two elements.

func lines(t *testing.T, file string) [][]string {
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

func unhex(t *testing.T, s string) []byte {
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

func TestApacheRecords(t *testing.T) {
	byName := map[string]jute.Record{}
	for _, r := range records() {
		byName[typeName(r)] = r
	}
	byName["SetWatches"] = &jute.SetWatches{}
	byName["SetWatches2"] = &jute.SetWatches{Two: true}
	for _, line := range lines(t, "records.hex") {
		wire := unhex(t, line[2])
		if byName[line[1]] == nil {
			t.Errorf("%s: no record %s", line[0], line[1])
			continue
		}
		r := fresh(byName[line[1]])
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

func TestApacheMulti(t *testing.T) {
	want := map[string]string{
		"request": "check create createTtl createContainer setData delete",
		"reads":   "getData getChildren",
		"response": "check OK, create OK, create2 OK, setData OK, delete OK, getData OK, " +
			"getChildren OK, error NONODE",
	}
	for _, line := range lines(t, "multi.hex") {
		wire := unhex(t, line[1])
		var types []string
		var r jute.Record
		var sep = " "
		if line[0] == "response" {
			m := &jute.MultiResponse{}
			r, sep = m, ", "
			if _, err := jute.Decode(wire, m); err != nil {
				t.Errorf("%s: %v", line[0], err)
			}
			for _, x := range m.Results {
				types = append(types, fmt.Sprint(x.Type, " ", x.Error.Err.String()))
			}
		} else {
			m := &jute.MultiRequest{}
			r = m
			if _, err := jute.Decode(wire, m); err != nil {
				t.Errorf("%s: %v", line[0], err)
			}
			for _, x := range m.Ops {
				types = append(types, x.Type.String())
			}
		}
		if got := strings.Join(types, sep); got != want[line[0]] {
			t.Errorf("%s: %s", line[0], got)
		}
		if again := jute.Append(nil, r); !bytes.Equal(again, wire) {
			t.Errorf("%s: %x became %x", line[0], wire, again)
		}
	}
}

// What Java makes of bytes that it reads as a ustring and writes again, and whether a path of them
// is valid.
func TestApacheText(t *testing.T) {
	for _, line := range lines(t, "text.hex") {
		in, want := unhex(t, line[0]), unhex(t, line[1])
		var got jute.PathOnly
		if _, err := jute.Decode(jute.AppendBuffer(nil, in), &got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Path, want) {
			t.Errorf("%x reads as %x, for Java as %x", in, got.Path, want)
		}
		path := append([]byte("/"), got.Path...)
		if valid := jute.ValidPath(path); fmt.Sprint(valid) != line[2] {
			t.Errorf("path %x: valid %v, for Java %s", path, valid, line[2])
		}
	}
}

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"/a/é":                         "/a/é",
		"a\xed\xa0\xbd\xed\xb8\x80b":   "a😀b",
		"\xed\xa0\xbd":                 "?",
		"\xed\xa0\xbd\xed\xa0\xbd":     "??",
		"\xed\xb8\x80\xed\xa0\xbd/":    "??/",
		"\xed\xa0\xbdxy\xed\xb8\x80":   "?xy?",
		"\xed\xa0\xbd\xed\xb8\x80\xff": "😀\ufffd",
	} {
		if got := jute.PlainText(in); got != want {
			t.Errorf("%x is printed as %q, want %q", in, got, want)
		}
	}
}

func TestApachePaths(t *testing.T) {
	for _, line := range lines(t, "path.hex") {
		path := unhex(t, line[0])
		if valid := jute.ValidPath(path); fmt.Sprint(valid) != line[1] {
			t.Errorf("path %q: valid %v, for Java %s", path, valid, line[1])
		}
	}
}
