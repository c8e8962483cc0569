package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"quoll/interop/apache"
	"quoll/jute"
)

func frame(h jute.ReplyHeader, body jute.Record) []byte {
	return jute.Append(jute.Append(nil, &h), body)
}

// Every byte of a reply counts, but for those of the masks.
func TestMasksHideNothingElse(t *testing.T) {
	s := newSide("test", "")
	s.places[0x1234] = 0
	const now = 1_795_000_000_000
	whole := frame(jute.ReplyHeader{Xid: 1, Zxid: 9}, &jute.DataStat{
		Data: []byte("data"),
		Stat: jute.Stat{Ctime: now, Mtime: now, EphemeralOwner: 0x1234, Version: 3},
	})
	at := jute.ReplyHeaderBytes + 4 + len("data")
	want := s.canonical(seen{what: "reply", op: jute.OpGetData, frame: whole})
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		// ctime and mtime, as long as they are times of our days.
		masked := i >= at+16 && i < at+32 &&
			binary.BigEndian.Uint64(changed[at+(i-at)/8*8:]) < 1<<62 &&
			binary.BigEndian.Uint64(changed[at+(i-at)/8*8:]) > wallClock
		got := s.canonical(seen{what: "reply", op: jute.OpGetData, frame: changed})
		if bytes.Equal(got, want) != masked {
			t.Errorf("byte %d: masked %v, want %v", i, !masked, masked)
		}
	}
	longer := append(bytes.Clone(whole), 0)
	if bytes.Equal(s.canonical(seen{what: "reply", op: jute.OpGetData, frame: longer}), want) {
		t.Error("a byte more is not seen")
	}
	old := frame(jute.ReplyHeader{}, &jute.DataStat{Stat: jute.Stat{Ctime: 5}})
	zero := frame(jute.ReplyHeader{}, &jute.DataStat{})
	if bytes.Equal(s.canonical(seen{what: "reply", op: jute.OpGetData, frame: old}),
		s.canonical(seen{what: "reply", op: jute.OpGetData, frame: zero})) {
		t.Error("a time that is none is masked")
	}
}

func TestSessionsAreComparedByPlace(t *testing.T) {
	a, b := newSide("a", ""), newSide("b", "")
	a.places[11], a.places[12] = 0, 1
	b.places[21], b.places[22] = 0, 1
	owned := func(id jute.SessionID) []seen {
		return []seen{{what: "reply", op: jute.OpExists,
			frame: frame(jute.ReplyHeader{}, &jute.Stat{EphemeralOwner: id})}}
	}
	for _, c := range []struct {
		a, b jute.SessionID
		same bool
	}{{11, 21, true}, {12, 22, true}, {11, 22, false}, {11, 0, false}, {77, 77, true}} {
		if _, same := differ(a, b, owned(c.a), owned(c.b)); same != c.same {
			t.Errorf("owners %d and %d: same %v", c.a, c.b, same)
		}
	}
}

func TestNamesAreComparedAsASet(t *testing.T) {
	a, b := newSide("a", ""), newSide("b", "")
	names := func(list ...string) []seen {
		n := &jute.Names{Names: [][]byte{}}
		for _, name := range list {
			n.Names = append(n.Names, []byte(name))
		}
		return []seen{{what: "reply", op: jute.OpGetChildren, frame: frame(jute.ReplyHeader{}, n)}}
	}
	if _, same := differ(a, b, names("x", "y"), names("y", "x")); !same {
		t.Error("the order counts")
	}
	if _, same := differ(a, b, names("x", "y"), names("x", "x")); same {
		t.Error("the names do not count")
	}
}

// Events of a closeSession may come in any order; all others keep theirs.
func TestOrderOfEvents(t *testing.T) {
	a, b := newSide("a", ""), newSide("b", "")
	a.closings[5], b.closings[5] = true, true
	event := func(zxid jute.Zxid, path string) seen {
		return seen{what: "event", frame: frame(
			jute.ReplyHeader{Xid: -1, Zxid: zxid}, &jute.WatcherEvent{Path: []byte(path)})}
	}
	x, y, z := event(5, "/x"), event(5, "/y"), event(6, "/z")
	p, q := event(7, "/p"), event(7, "/q")
	if _, same := differ(a, b, []seen{x, y, z}, []seen{y, x, z}); !same {
		t.Error("the order of a closeSession counts")
	}
	if _, same := differ(a, b, []seen{x, y, z}, []seen{x, z, y}); same {
		t.Error("an event of another change may stand in between")
	}
	if _, same := differ(a, b, []seen{p, q}, []seen{q, p}); same {
		t.Error("the order of other events does not count")
	}
	if _, same := differ(a, b, []seen{x, x}, []seen{x}); same {
		t.Error("an event less is not seen")
	}
}

// A program depends on its seed and on what the first server answers, on nothing else; and it does
// not hold what it must not.
func TestGenerator(t *testing.T) {
	program := func(seed uint64, quotas bool) (string, map[jute.OpCode]int) {
		var text strings.Builder
		g := newGenerator(seed)
		g.quotas = quotas
		ops := map[jute.OpCode]int{}
		for range 3000 {
			st := g.next()
			text.WriteString(st.String())
			writes := 0
			for i := range st.requests {
				rq := &st.requests[i]
				ops[rq.op]++
				if deadly(rq) {
					t.Fatalf("deadly: %v", rq)
				}
				if rq.alone() && len(st.requests) > 1 {
					t.Fatalf("not alone: %v", st)
				}
				if !quiet(rq.op) {
					writes++
				}
			}
			if quotas && writes > 1 {
				t.Fatalf("%d writes in a batch: %v", writes, st)
			}
			pretend(g, st)
		}
		return text.String(), ops
	}
	one, ops := program(7, false)
	if two, _ := program(7, false); one != two {
		t.Error("one seed, two programs")
	}
	if two, _ := program(8, false); one == two {
		t.Error("two seeds, one program")
	}
	program(8, true)
	for _, o := range operations() {
		if ops[o.op] == 0 {
			t.Errorf("no %v", o.op)
		}
	}
}

// pretend is a server that grants every session and answers nothing else.
func pretend(g *generator, st *step) {
	if st.kind == connect {
		g.learn(st, []seen{{slot: st.slot, what: "connect",
			frame: jute.Append(nil, &jute.ConnectResponse{TimeOut: 1, SessionID: 1})}})
		return
	}
	g.learn(st, nil)
}

func oracle(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	if _, err := apache.ClassPath(ctx); errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	return ctx
}

// Two of Apache's servers agree: the masks are enough, and programs do not depend on time.
func TestApacheAgreesWithItself(t *testing.T) {
	ctx := oracle(t)
	s := setup{first: "apache", second: "apache", log: io.Discard}
	res, err := run(ctx, s, 1, 3000)
	if err != nil {
		t.Fatal(err)
	}
	if res.diff != nil {
		t.Errorf("%s\n%v\n%s", res.diff.sign, res.steps[len(res.steps)-1], res.diff.text)
	}
}

// The binary is named by QUOLL, as make interop does.
func TestQuollAnswersAsApacheDoes(t *testing.T) {
	quoll := os.Getenv("QUOLL")
	if quoll == "" {
		t.Skip("QUOLL names no binary")
	}
	ctx := oracle(t)
	for seed := uint64(1); seed <= 4; seed++ {
		s := setup{
			first: "apache", second: "quoll", binary: quoll, log: io.Discard, quota: seed%2 == 0,
		}
		res, err := run(ctx, s, seed, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		if res.diff != nil {
			t.Errorf("seed %d, step %d: %s\n%s\n%s", seed, len(res.steps)-1, res.diff.sign,
				res.steps[len(res.steps)-1].text(res.diff.request()), res.diff.text)
		}
	}
}
