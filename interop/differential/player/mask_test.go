package player

import (
	"bytes"
	"encoding/binary"
	"testing"

	"quoll/interop/differential/program"
	"quoll/jute"
)

func frame(h jute.ReplyHeader, body jute.Record) []byte {
	return jute.Append(jute.Append(nil, &h), body)
}

// Every byte of a reply counts, but for those of the masks.
func TestMasksHideNothingElse(t *testing.T) {
	s := New("test", "")
	s.places[0x1234] = 0
	const now = 1_795_000_000_000
	whole := frame(jute.ReplyHeader{Xid: 1, Zxid: 9}, &jute.DataStat{
		Data: []byte("data"),
		Stat: jute.Stat{Ctime: now, Mtime: now, EphemeralOwner: 0x1234, Version: 3},
	})
	at := jute.ReplyHeaderBytes + 4 + len("data")
	want := s.Canonical(program.Seen{What: "reply", Op: jute.OpGetData, Frame: whole})
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		// ctime and mtime, as long as they are times of our days.
		masked := i >= at+16 && i < at+32 &&
			binary.BigEndian.Uint64(changed[at+(i-at)/8*8:]) < 1<<62 &&
			binary.BigEndian.Uint64(changed[at+(i-at)/8*8:]) > wallClock
		got := s.Canonical(program.Seen{What: "reply", Op: jute.OpGetData, Frame: changed})
		if bytes.Equal(got, want) != masked {
			t.Errorf("byte %d: masked %v, want %v", i, !masked, masked)
		}
	}
	longer := append(bytes.Clone(whole), 0)
	more := program.Seen{What: "reply", Op: jute.OpGetData, Frame: longer}
	if bytes.Equal(s.Canonical(more), want) {
		t.Error("a byte more is not seen")
	}
	old := frame(jute.ReplyHeader{}, &jute.DataStat{Stat: jute.Stat{Ctime: 5}})
	zero := frame(jute.ReplyHeader{}, &jute.DataStat{})
	if bytes.Equal(s.Canonical(program.Seen{What: "reply", Op: jute.OpGetData, Frame: old}),
		s.Canonical(program.Seen{What: "reply", Op: jute.OpGetData, Frame: zero})) {
		t.Error("a time that is none is masked")
	}
}

func TestSessionsAreComparedByPlace(t *testing.T) {
	a, b := New("a", ""), New("b", "")
	a.places[11], a.places[12] = 0, 1
	b.places[21], b.places[22] = 0, 1
	owned := func(id jute.SessionID) []program.Seen {
		return []program.Seen{{What: "reply", Op: jute.OpExists,
			Frame: frame(jute.ReplyHeader{}, &jute.Stat{EphemeralOwner: id})}}
	}
	for _, c := range []struct {
		a, b jute.SessionID
		same bool
	}{{11, 21, true}, {12, 22, true}, {11, 22, false}, {11, 0, false}, {77, 77, true}} {
		if _, same := Differ(a, b, owned(c.a), owned(c.b)); same != c.same {
			t.Errorf("owners %d and %d: same %v", c.a, c.b, same)
		}
	}
}

func TestNamesAreComparedAsASet(t *testing.T) {
	a, b := New("a", ""), New("b", "")
	names := func(list ...string) []program.Seen {
		n := &jute.Names{Names: [][]byte{}}
		for _, name := range list {
			n.Names = append(n.Names, []byte(name))
		}
		return []program.Seen{{What: "reply", Op: jute.OpGetChildren,
			Frame: frame(jute.ReplyHeader{}, n)}}
	}
	if _, same := Differ(a, b, names("x", "y"), names("y", "x")); !same {
		t.Error("the order counts")
	}
	if _, same := Differ(a, b, names("x", "y"), names("x", "x")); same {
		t.Error("the names do not count")
	}
}

// Events of a closeSession may come in any order; all others keep theirs.
func TestOrderOfEvents(t *testing.T) {
	a, b := New("a", ""), New("b", "")
	a.closings[5], b.closings[5] = true, true
	event := func(zxid jute.Zxid, path string) program.Seen {
		return program.Seen{What: "event", Frame: frame(
			jute.ReplyHeader{Xid: -1, Zxid: zxid}, &jute.WatcherEvent{Path: []byte(path)})}
	}
	x, y, z := event(5, "/x"), event(5, "/y"), event(6, "/z")
	p, q := event(7, "/p"), event(7, "/q")
	if _, same := Differ(a, b, []program.Seen{x, y, z}, []program.Seen{y, x, z}); !same {
		t.Error("the order of a closeSession counts")
	}
	if _, same := Differ(a, b, []program.Seen{x, y, z}, []program.Seen{x, z, y}); same {
		t.Error("an event of another change may stand in between")
	}
	if _, same := Differ(a, b, []program.Seen{p, q}, []program.Seen{q, p}); same {
		t.Error("the order of other events does not count")
	}
	if _, same := Differ(a, b, []program.Seen{x, x}, []program.Seen{x}); same {
		t.Error("an event less is not seen")
	}
}
