package snap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"quoll/jute"
)

// smallBody returns a body that has every part that a body can have.
func smallBody(t *testing.T) (body []byte, want *tree) {
	t.Helper()
	var out bytes.Buffer
	w := NewBodyWriter(&out)
	want = fill(rand.New(rand.NewPCG(3, 3)), w, 4, false)
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), want
}

// TestBodyCutAnywhere: a stream that ends early is an error wherever it ends, however it is read.
func TestBodyCutAnywhere(t *testing.T) {
	body, want := smallBody(t)
	// read does what ReadBody does, but with small chunks, because large ones are slow for a small
	// body.
	read := func(r io.Reader) error {
		w := newWindow(source{r: r, chunk: 64, headroom: 16, stream: true})
		defer w.stop()
		if err := readBody(w, newTree()); err != nil {
			return fmt.Errorf("before byte %d: %w", w.consumed(), err)
		}
		return nil
	}
	for cut := range len(body) {
		err := read(bytes.NewReader(body[:cut]))
		if cut%97 == 0 {
			_, err = ReadBody(bytes.NewReader(body[:cut]), newTree())
		}
		if err == nil || !strings.Contains(err.Error(), "before byte ") {
			t.Fatalf("%d of %d bytes: %v", cut, len(body), err)
		}
		failed := errors.New("the link is down")
		cutOff := io.MultiReader(bytes.NewReader(body[:cut]), iotest.ErrReader(failed))
		if err := read(cutOff); !errors.Is(err, failed) {
			t.Fatalf("%d of %d bytes, then an error: %v", cut, len(body), err)
		}
	}
	for name, r := range map[string]io.Reader{
		"at once":           bytes.NewReader(body),
		"byte by byte":      iotest.OneByteReader(bytes.NewReader(body)),
		"with the end":      iotest.DataErrReader(bytes.NewReader(body)),
		"and an error then": io.MultiReader(bytes.NewReader(body), iotest.ErrReader(io.ErrClosedPipe)),
	} {
		got := newTree()
		rest, err := ReadBody(r, got)
		if err != nil || len(rest) != 0 || !slices.EqualFunc(got.nodes, want.nodes, sameNode) ||
			fmt.Sprint(got.sessions, got.acls) != fmt.Sprint(want.sessions, want.acls) {
			t.Errorf("%s: %v, %q beyond", name, err, rest)
		}
	}
}

// breaking is a sink that fails at the nth call of a kind.
type breaking struct {
	*tree
	kind string
	left int
}

var errBreak = errors.New("no more")

func (b *breaking) tell(kind string) error {
	if kind != b.kind {
		return nil
	}
	if b.left--; b.left < 0 {
		return errBreak
	}
	return nil
}

func (b *breaking) Session(id jute.SessionID, timeoutMs int32) error {
	return errors.Join(b.tell("session"), b.tree.Session(id, timeoutMs))
}

func (b *breaking) ACL(key int64, acl []jute.ACL) error {
	return errors.Join(b.tell("acl"), b.tree.ACL(key, acl))
}

func (b *breaking) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	return errors.Join(b.tell("node"), b.tree.Node(path, data, acl, st))
}

// TestBodyEndsWithItsSink: the first error of a sink ends the reading, and the sink gets nothing
// more.
func TestBodyEndsWithItsSink(t *testing.T) {
	body, want := smallBody(t)
	for kind, n := range map[string]int{
		"session": len(want.sessions), "acl": len(want.acls), "node": len(want.nodes),
	} {
		if n == 0 {
			t.Fatalf("the body has no %s", kind)
		}
		for left := range n {
			b := &breaking{tree: newTree(), kind: kind, left: left}
			if _, err := ReadBody(bytes.NewReader(body), b); !errors.Is(err, errBreak) || b.left != -1 {
				t.Errorf("%s %d: %v, told %d more", kind, left, err, -1-b.left)
			}
		}
	}
}

func be32(n int32) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func be64(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func text(s string) []byte { return append(be32(int32(len(s))), s...) }

// TestBodyLengths tries wrong values for each length and count of a body. As in Java, a count below
// 0 is 0. A length below 0 is an error, except for null data and null ids.
func TestBodyLengths(t *testing.T) {
	root := slices.Concat(text(""), be32(0), be64(-1), make([]byte, jute.StatPersistedBytes))
	end := text("/")
	world := slices.Concat(be32(31), text("world"), text("anyone"))
	acl := func(count []byte, entries ...[]byte) []byte {
		return slices.Concat(be64(1), count, slices.Concat(entries...))
	}
	none := be32(0)
	for name, c := range map[string]struct {
		body []byte
		ok   bool
	}{
		"nothing":              {slices.Concat(none, none, root, end), true},
		"no root":              {slices.Concat(none, none, end), true},
		"sessions -1":          {slices.Concat(be32(-1), none, root, end), true},
		"sessions -2":          {slices.Concat(be32(-2), none, root, end), true},
		"sessions more":        {slices.Concat(be32(1000), none, root, end), false},
		"table -1":             {slices.Concat(none, be32(-1), root, end), true},
		"table more":           {slices.Concat(none, be32(1000), root, end), false},
		"one list":             {slices.Concat(none, be32(1), acl(be32(1), world), root, end), true},
		"an empty list":        {slices.Concat(none, be32(1), acl(be32(0)), root, end), true},
		"a null list":          {slices.Concat(none, be32(1), acl(be32(-1)), root, end), false},
		"a list of -2":         {slices.Concat(none, be32(1), acl(be32(-2)), root, end), false},
		"a null scheme":        {slices.Concat(none, be32(1), acl(be32(1), be32(1), be32(-1), none), root, end), true},
		"a scheme of -2":       {slices.Concat(none, be32(1), acl(be32(1), be32(1), be32(-2), none), root, end), false},
		"a null path":          {slices.Concat(none, none, be32(-1), end), false},
		"a path of -2":         {slices.Concat(none, none, be32(-2), end), false},
		"a path too long":      {slices.Concat(none, none, be32(1<<30), end), false},
		"null data":            {slices.Concat(none, none, text(""), be32(-1), root[8:], end), true},
		"data of -2":           {slices.Concat(none, none, text(""), be32(-2), root[8:], end), false},
		"data too long":        {slices.Concat(none, none, text(""), be32(1<<30), root[8:], end), false},
		"an end with a byte":   {slices.Concat(none, none, root, text("/a")), false},
		"an end that is a dot": {slices.Concat(none, none, root, text(".")), false},
	} {
		_, err := ReadBody(bytes.NewReader(c.body), newTree())
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
