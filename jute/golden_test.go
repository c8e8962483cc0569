package jute_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"quoll/jute"
	"quoll/jute/internal/recordtest"
)

// The files in testdata hold what Apache's own classes of 3.9.5 write and accept, and what a server
// of Apache's answers (see interop/record).

func TestApacheRecords(t *testing.T) { records.Recorded(t, byName()) }

func TestApacheDecoder(t *testing.T) { records.Damaged(t, byName(), 300) }

func TestApacheMulti(t *testing.T) {
	want := map[string]string{
		"request": "check create createTtl createContainer setData delete",
		"reads":   "getData getChildren",
		"response": "check OK, create OK, create2 OK, setData OK, delete OK, getData OK, " +
			"getChildren OK, error NONODE",
	}
	for _, line := range recordtest.Lines(t, "multi.hex") {
		wire := recordtest.Unhex(t, line[1])
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

// Bytes that Java reads as a ustring and writes again: what it writes, and whether a path of them
// is valid.
func TestApacheText(t *testing.T) {
	for _, line := range recordtest.Lines(t, "text.hex") {
		in, want := recordtest.Unhex(t, line[0]), recordtest.Unhex(t, line[1])
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
	for _, line := range recordtest.Lines(t, "path.hex") {
		path := recordtest.Unhex(t, line[0])
		if valid := jute.ValidPath(path); fmt.Sprint(valid) != line[1] {
			t.Errorf("path %q: valid %v, for Java %s", path, valid, line[1])
		}
	}
}
