package election

import (
	"testing"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// FuzzCutter: whatever comes, a size is bounded, and HeadBytes are enough to tell it.
func FuzzCutter(f *testing.F) {
	hello := appendHello(nil, 5, ports("me:3888")[0])
	f.Add(true, appendFrame(hello, &ensemble.Notification{Version: 2, Config: []byte("version=0")}))
	f.Add(true, make([]byte, 20))
	f.Add(false, []byte{0xff})
	f.Fuzz(func(t *testing.T, accepted bool, stream []byte) {
		sizes, err := cut(accepted, stream)
		if err != nil && len(stream) < 4 {
			t.Fatalf("%v after %d bytes", err, len(stream))
		}
		for _, size := range sizes {
			if size < 5 || size > frameHead+ensemble.MaxElectionFrame {
				t.Fatalf("size %d", size)
			}
		}
	})
}

// FuzzMember: a program of events, with bytes as they may come from anyone. Nothing panics, nothing
// grows without bound, and each connection is in one place.
func FuzzMember(f *testing.F) {
	hello := appendHello(nil, 3, ports("a:1")[0])
	f.Add(append([]byte{3, 1, 4, 1, byte(len(hello))}, hello...))
	note := appendFrame(nil, &ensemble.Notification{State: ensemble.Leading, Leader: 3, Version: 2})
	f.Add(append([]byte{3, 1, 4, 1, 8, 0, 0, 0, 0, 0, 0, 0, 3, 4, 1, byte(len(note))}, note...))
	f.Fuzz(func(t *testing.T, program []byte) {
		m := NewMember(MemberConfig{Links: LinksConfig{
			Me: 2, Address: ports("b:1")[0], HelloWithin: time.Second, Voters: majority(1, 2, 3),
			Members: []Address{{1, ports("a:1")}, {2, ports("b:1")}, {3, ports("c:1")}},
		}})
		m.Look(0, Standing{Zxid: 1})
		now, opened := time.Duration(0), LinkID(0)
		next := func() byte {
			if len(program) == 0 {
				return 0
			}
			b := program[0]
			program = program[1:]
			return b
		}
		for len(program) > 0 {
			now += time.Duration(next()%4) * 10 * time.Millisecond
			switch kind := LinkEventKind(next() % 8); kind {
			case 0:
				m.Tick(now)
			case 7:
				m.Look(now, Standing{Zxid: jute.Zxid(next())})
			default:
				ev := LinkEvent{Kind: kind, Link: LinkID(next()), Peer: jute.PeerID(next() % 8)}
				if kind == Connected || kind == Accepted {
					opened++
					ev.Link = opened
				}
				if kind == Message {
					n := min(int(next()), len(program))
					ev.Data, program = program[:n], program[n:]
				}
				m.Link(now, ev)
			}
			checkLinks(t, m.links, m.Take())
		}
	})
}

func checkLinks(t *testing.T, l *Links, f *MemberEffects) {
	seen := map[LinkID]bool{}
	for _, w := range l.pending {
		seen[w.link] = true
	}
	for i, p := range l.peers {
		if i > 0 && l.peers[i-1].sid >= p.sid {
			t.Fatalf("peers %d and %d", l.peers[i-1].sid, p.sid)
		}
		if p.link != 0 && seen[p.link] {
			t.Fatalf("connection %d is in two places", p.link)
		}
		if p.link != 0 && p.dialing && p.sid < l.config.Me {
			t.Fatalf("peer %d is dialled beside its connection", p.sid)
		}
		seen[p.link] = p.link != 0
	}
	if len(l.pending) > maxPending || len(l.peers) > 2+maxStrangers {
		t.Fatalf("%d pending, %d peers", len(l.pending), len(l.peers))
	}
	for _, s := range f.Links.Send {
		if !s.Last && !seen[s.Link] {
			t.Fatalf("sends to %d, which it does not have", s.Link)
		}
	}
}
