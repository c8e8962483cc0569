package pipe_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/pipe"
	"quoll/internal/sim/world"
)

const (
	windowBytes  = 300
	electionPort = 3888
)

func at(machine int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(machine)}), electionPort)
}

// peer is a machine that dials others, numbers what it sends and echoes what it gets.
type peer struct {
	w      *world.World
	net    *pipe.Net
	number int
	life   int // of its process
	frozen int64
	links  []*talk
	heard  map[int]int // records of others that were heard whole, by link
	echoed int         // own records that came back
}

// talk is one end of a link between peers.
type talk struct {
	p      *peer
	end    *pipe.End
	dialed bool
	in     []byte
	out    []byte
	sent   uint32 // own records, ever
	next   uint32 // of the other side's records
	back   uint32 // of the own records that came back
	over   bool
}

func newPeer(w *world.World, n *pipe.Net, number int) *peer {
	p := &peer{w: w, net: n, number: number, heard: map[int]int{}}
	p.listen()
	return p
}

// via is the peer's process. It stands still at times, and drops what was meant for an earlier
// life.
func (p *peer) via(life int) pipe.Via {
	return func(do func()) {
		if p.life == life && p.w.Now < p.frozen {
			p.w.After(p.frozen-p.w.Now, func() { p.via(life)(do) })
			return
		}
		if p.life == life {
			do()
		}
	}
}

func (p *peer) listen() {
	p.net.Listen(at(p.number), pipe.Listener{
		Via: p.via(p.life), WindowBytes: windowBytes,
		Choose: func() func(*pipe.End) pipe.Reader {
			return func(e *pipe.End) pipe.Reader { return p.add(&talk{end: e}) }
		},
	})
}

func (p *peer) add(t *talk) *talk {
	t.p = p
	p.links = append(p.links, t)
	return t
}

func (p *peer) dial(to int) error {
	t := &talk{dialed: true, p: p}
	e, err := p.net.Dial(at(p.number).Addr(), at(to), p.via(p.life), t)
	if err == nil {
		t.end = e
		p.links = append(p.links, t)
	}
	return err
}

// die ends the process; another one starts.
func (p *peer) die() {
	p.net.Unlisten(at(p.number))
	for _, t := range p.links {
		if !t.over {
			t.end.Kill()
		}
	}
	p.links = nil
	p.life++
	p.w.After(p.w.Between(1000, 50_000), p.listen)
}

// record is what the n-th record of a side of a link must be: kind, length, number, payload.
func record(kind byte, link int, dialed bool, n uint32) []byte {
	size := int(n*7) % 60
	b := binary.BigEndian.AppendUint32([]byte{kind, byte(size)}, n)
	side := 0
	if dialed {
		side = 1
	}
	return append(b, bytes.Repeat([]byte{byte(link) ^ byte(n) ^ byte(side<<7)}, size)...)
}

func (t *talk) say() {
	t.out = append(t.out, record('r', t.end.ID(), t.dialed, t.sent)...)
	t.sent++
	t.flush()
}

func (t *talk) flush() {
	if t.over {
		return
	}
	t.out = t.out[t.end.Write(t.out):]
	if n := t.end.Unread(); n > windowBytes {
		t.p.w.Violate("link %d: %d bytes in a window of %d", t.end.ID(), n, windowBytes)
	}
}

func (t *talk) Taken() { t.flush() }

// Arrived takes whole records: each is the next of its kind, byte for byte.
func (t *talk) Arrived(int) {
	for t.end.Arrived() > 0 {
		t.in = append(t.in, t.end.Read()...)
	}
	for len(t.in) >= 6 && len(t.in) >= 6+int(t.in[1]) {
		got := t.in[:6+int(t.in[1])]
		t.in = t.in[len(got):]
		link := t.end.ID()
		switch want := record('r', link, !t.dialed, t.next); {
		case bytes.Equal(got, want):
			t.next++
			t.p.heard[link]++
			t.out = append(t.out, got...)
			t.out[len(t.out)-len(got)] = 'e'
		case bytes.Equal(got, record('e', link, t.dialed, t.back)):
			t.back++
			t.p.echoed++
		default:
			t.p.w.Violate("link %d: %x arrives, not record %d or echo %d", link, got, t.next, t.back)
		}
	}
	t.flush()
	if t.end.Ended() {
		t.over = true
		t.end.Close()
	}
}

// play lets peers talk under all faults, then heals the network and lets every peer dial once more.
func play(seed uint64) (*world.World, error) {
	w := world.New(seed, nil)
	n := pipe.New(w, pipe.Rules{
		WindowBytes: windowBytes, Refuse: true, Unheard: true, ShortReads: true, Break: true,
		OneWay: true,
	})
	peers := []*peer{}
	for i := range 3 {
		peers = append(peers, newPeer(w, n, i+1))
	}
	for range 400 {
		w.After(w.Between(0, 3_000_000), func() { trouble(w, peers) })
	}
	n.Plague()
	w.RunUntil(3_000_000, nil)
	n.Heal()
	w.RunUntil(4_000_000, nil)
	for _, p := range peers {
		p.links, p.echoed = nil, 0
		for to := 1; to <= 3; to++ {
			if err := p.dial(to); err != nil {
				return w, fmt.Errorf("a dial after all faults: %w", err)
			}
		}
		for range 50 {
			for _, t := range p.links {
				t.say()
			}
		}
	}
	w.RunUntil(10_000_000, nil)
	for _, p := range peers {
		if len(w.Broken) == 0 && p.echoed < 150 {
			return w, fmt.Errorf("peer %d: %d of 150 echoes came back", p.number, p.echoed)
		}
	}
	return w, nil
}

func trouble(w *world.World, peers []*peer) {
	p := peers[w.Rand.IntN(len(peers))]
	var t *talk
	if len(p.links) > 0 {
		t = p.links[w.Rand.IntN(len(p.links))]
	}
	switch k := w.Rand.IntN(20); {
	case k < 4:
		if errors.Is(p.dial(1+w.Rand.IntN(len(peers))), pipe.ErrUnheard) {
			w.Counts.Add("test", "unheard")
		}
	case k == 4 && w.Chance(4):
		p.die()
	case k == 5:
		p.frozen = w.Now + w.Between(1000, 100_000)
	case t == nil || t.over:
	case k == 6:
		t.over = true
		t.end.Vanish()
	case k == 7:
		t.over = true
		t.end.Close()
	default:
		for range 1 + w.Rand.IntN(10) {
			t.say()
		}
	}
}

func TestPeersHearEachRecordInOrder(t *testing.T) {
	all := world.NewCounts()
	for seed := range uint64(100) {
		w, err := play(seed)
		require.NoError(t, err, "seed %d", seed)
		require.Empty(t, w.Broken, "seed %d", seed)
		all.Merge(w.Counts)
		if seed < 3 {
			again, _ := play(seed)
			require.Equal(t, w.Trace, again.Trace, "seed %d", seed)
		}
	}
	for _, fault := range []string{
		"connection refused", "a dial arrives unheard", "a link breaks", "one way is blocked",
		"what was on its way is lost",
	} {
		require.NotZero(t, all.Get("fault", fault), fault)
	}
}

// pair is a link between two peers on a network without faults.
func pair(t *testing.T) (w *world.World, n *pipe.Net, near, far *talk) { return pairOf(t, 1) }

func pairOf(t *testing.T, seed uint64) (w *world.World, n *pipe.Net, near, far *talk) {
	w = world.New(seed, nil)
	n = pipe.New(w, pipe.Rules{WindowBytes: windowBytes})
	a, b := newPeer(w, n, 1), newPeer(w, n, 2)
	require.NoError(t, a.dial(2))
	w.RunUntil(100_000, nil)
	require.Len(t, b.links, 1)
	return w, n, a.links[0], b.links[0]
}

func TestABlockedWayCarriesNothingAndTheOtherOneDoes(t *testing.T) {
	w, n, near, far := pair(t)
	n.Block(at(1).Addr(), at(2).Addr())
	near.say()
	far.say()
	w.RunUntil(500_000, nil)
	require.Zero(t, far.next, "blocked")
	require.EqualValues(t, 1, near.next, "the other way carries")
	require.Zero(t, far.back, "its echo does not")
	near.say()
	require.NoError(t, near.p.dial(2), "the dial does not know")
	w.RunUntil(600_000, nil)
	require.Len(t, far.p.links, 1, "and does not arrive")
	n.Unblock(at(1).Addr(), at(2).Addr())
	near.say()
	w.RunUntil(1_000_000, nil)
	require.EqualValues(t, 3, far.next, "all arrives, in order")
	require.EqualValues(t, 1, far.back)
	require.Len(t, far.p.links, 2)
	require.Empty(t, w.Broken)
}

// What is sent when a way has just been unblocked does not overtake a dial that waited.
func TestNothingOvertakesWhatWaited(t *testing.T) {
	for seed := range uint64(50) {
		w, n, near, far := pairOf(t, seed)
		n.Block(at(1).Addr(), at(2).Addr())
		require.NoError(t, near.p.dial(2))
		w.RunUntil(200_000, nil)
		n.Unblock(at(1).Addr(), at(2).Addr())
		near.p.links[1].say()
		w.RunUntil(500_000, nil)
		require.Empty(t, w.Broken)
		require.EqualValues(t, 1, far.p.links[1].next)
	}
}

func TestAHalfOpenLinkFillsItsWindow(t *testing.T) {
	w, _, near, far := pair(t)
	far.end.Vanish()
	for range 50 {
		near.say()
	}
	w.RunUntil(1_000_000, nil)
	require.Equal(t, windowBytes, near.end.Unread())
	require.NotEmpty(t, near.out)
	require.False(t, near.end.Ending(), "it is not told")
}

func TestABrokenLinkEndsOnBothSidesBehindWhatCame(t *testing.T) {
	w, _, near, far := pair(t)
	near.say()
	w.RunUntil(200_000, nil)
	for range 10 {
		near.say()
	}
	near.end.Break()
	require.Zero(t, near.end.Write([]byte("more")))
	w.RunUntil(500_000, nil)
	require.True(t, near.over && far.over)
	require.True(t, near.end.Cut() && far.end.Cut())
	require.EqualValues(t, 1, far.next, "what was on its way is lost")
}

func TestADeadProcessEndsItsLinksAndIsNotListening(t *testing.T) {
	w, _, near, far := pair(t)
	far.p.die()
	require.ErrorIs(t, near.p.dial(2), pipe.ErrRefused)
	w.RunUntil(500_000, nil)
	require.True(t, near.over)
	require.True(t, near.end.Cut())
	require.NoError(t, near.p.dial(2), "the next life listens")
}

func TestAClosedEndTakesWhatStillComes(t *testing.T) {
	w, _, near, far := pair(t)
	near.say()
	w.RunUntil(200_000, nil)
	far.end.Close()
	for range 50 {
		near.say()
	}
	w.RunUntil(1_000_000, nil)
	require.True(t, near.over, "it is told")
	require.False(t, near.end.Cut(), "in good order")
	require.EqualValues(t, 1, near.back)

	w, _, near, far = pair(t)
	far.end.Leave()
	for range 50 {
		near.say()
	}
	w.RunUntil(1_000_000, nil)
	require.Empty(t, near.out, "it is taken, and nobody reads it")
	require.Zero(t, far.next)
}
