package links_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/links"
	"quoll/internal/sim/pipe"
	"quoll/internal/sim/world"
)

// A message is its length in one byte, then so many bytes. Behind one that begins with 's' follows
// a stream that ends with a dot.
type cutter struct{ next byte }

var errZero = errors.New("a message without bytes")

func (c *cutter) Size(head []byte) (int, error) {
	switch {
	case len(head) > 0 && head[0] == 0:
		return 0, errZero
	case len(head) < 2:
		return 0, nil
	}
	c.next = head[1]
	return 1 + int(head[0]), nil
}

func (c *cutter) Streams() bool { return c.next == 's' }

type host struct {
	*links.Port
	number int
	dead   bool
	events []links.Event
}

func (h *host) of(kind links.Kind) (all []links.Event) {
	for _, e := range h.events {
		if e.Kind == kind {
			all = append(all, e)
		}
	}
	return all
}

func (h *host) text() string {
	var all []byte
	for _, e := range h.of(links.Message) {
		all = append(all, e.Data[1:]...)
	}
	return string(all)
}

func address(number int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(number)}), 2888)
}

func newHost(w *world.World, net *pipe.Net, number int) *host {
	h := &host{number: number}
	h.Port = links.New(links.Config{
		World: w, Net: net, Address: address(number), HeadBytes: 2, WindowBytes: 32,
		Patience: 500_000, Stall: 5_000_000, NewCutter: func(bool) links.Cutter { return new(cutter) },
		Via: func(do func()) {
			if !h.dead {
				do()
			}
		},
		Tell: func(e links.Event) { h.events = append(h.events, e) },
	})
	return h
}

func message(text string) []byte { return append([]byte{byte(len(text))}, text...) }

type pair struct {
	w    *world.World
	net  *pipe.Net
	a, b *host
}

// connected is two hosts with a link that a dialled.
func connected(t *testing.T) *pair {
	w := world.New(7, nil)
	p := &pair{w: w, net: pipe.New(w, pipe.Rules{ShortReads: true})}
	p.a, p.b = newHost(w, p.net, 1), newHost(w, p.net, 2)
	p.b.Listen()
	p.a.Dial(2, address(2))
	p.run()
	require.Len(t, p.a.of(links.Connected), 1)
	require.EqualValues(t, 2, p.a.events[0].Peer)
	require.Len(t, p.b.of(links.Accepted), 1)
	return p
}

func (p *pair) run() { p.w.RunUntil(p.w.Now+3_000_000, nil) }

func TestMessagesArriveWholeAndInOrder(t *testing.T) {
	p := connected(t)
	want := ""
	for i := range 200 {
		text := string(binary.BigEndian.AppendUint32(nil, uint32(i))) +
			string(bytes.Repeat([]byte("x"), i%50))
		want += text
		require.True(t, p.a.Send(1, message(text)))
		require.True(t, p.b.Send(1, message(text)))
	}
	require.Positive(t, p.a.Unsent(1), "the window is small")
	p.run()
	require.Zero(t, p.a.Unsent(1))
	require.Equal(t, want, p.a.text())
	require.Equal(t, want, p.b.text())
	wrote := 0
	for _, e := range p.a.of(links.Wrote) {
		wrote += e.Bytes
	}
	require.Equal(t, len(want)+200, wrote)
}

func TestALinkEndsBehindWhatWasSent(t *testing.T) {
	p := connected(t)
	p.a.Send(1, message("a long text that does not fit into one window at all"))
	p.a.Close(1)
	require.False(t, p.a.Send(1, message("later")))
	p.run()
	require.Equal(t, "a long text that does not fit into one window at all", p.b.text())
	require.Len(t, p.a.of(links.Closed), 1)
	require.Len(t, p.b.of(links.Closed), 1)
	require.Zero(t, p.a.Open()+p.b.Open())
}

func TestALinkIsNotReadWhilePaused(t *testing.T) {
	p := connected(t)
	p.b.Pause(1, true)
	p.a.Send(1, message("text"))
	p.run()
	require.Empty(t, p.b.text())
	p.b.Pause(1, false)
	p.run()
	require.Equal(t, "text", p.b.text())
}

func TestAStreamIsHandedOverAndTakenBack(t *testing.T) {
	p := connected(t)
	p.a.Send(1, message("start"))
	p.a.Send(1, []byte("a stream that is no message."))
	p.a.Send(1, message("behind"))
	p.run()
	require.Equal(t, "start", p.b.text(), "the stream waits for its reader")
	stream := ""
	p.b.Stream(1, func(in []byte, over bool) (int, bool) {
		require.False(t, over)
		i := bytes.IndexByte(in, '.')
		if i < 0 {
			return 0, false
		}
		stream = string(in[:i+1])
		return i + 1, true
	})
	p.run()
	require.Equal(t, "a stream that is no message.", stream)
	require.Equal(t, "startbehind", p.b.text())
}

func TestTheReaderOfAStreamHearsOfItsEnd(t *testing.T) {
	p := connected(t)
	p.a.Send(1, message("start"))
	p.a.Send(1, []byte("half of a"))
	p.run()
	last, ended := "", false
	p.b.Stream(1, func(in []byte, over bool) (int, bool) {
		last, ended = string(in), over
		return 0, over
	})
	p.a.Close(1)
	p.run()
	require.True(t, ended)
	require.Equal(t, "half of a", last)
	require.Len(t, p.b.of(links.Closed), 1)
}

func TestBytesThatCannotBeEndTheLink(t *testing.T) {
	p := connected(t)
	p.a.Send(1, []byte{1, 'x', 0, 0})
	p.run()
	require.ErrorIs(t, p.b.of(links.Closed)[0].Err, errZero)
	require.Len(t, p.a.of(links.Closed), 1)
}

func TestADialIsAnswered(t *testing.T) {
	p := connected(t)
	p.a.Dial(3, address(3))
	p.net.Block(address(1).Addr(), address(2).Addr())
	p.a.Dial(2, address(2))
	p.run()
	failed := p.a.of(links.Failed)
	require.Len(t, failed, 2)
	require.ErrorIs(t, failed[0].Err, pipe.ErrRefused)
	require.ErrorIs(t, failed[1].Err, pipe.ErrUnheard)
}

// An end that went without a word resets the link when something comes.
func TestAnEndThatIsGoneIsFoundOutBySending(t *testing.T) {
	p := connected(t)
	p.b.dead = true
	p.b.Die(func() bool { return true })
	p.run()
	require.Empty(t, p.a.of(links.Closed), "nobody has said anything")
	p.net.Heal()
	p.a.Send(1, message("anybody?"))
	p.run()
	require.Len(t, p.a.of(links.Closed), 1)
}

func TestALinkThatTakesNothingEnds(t *testing.T) {
	p := connected(t)
	p.net.Block(address(1).Addr(), address(2).Addr())
	p.a.Send(1, message("more than the window of thirty-two bytes"))
	p.run()
	require.Empty(t, p.a.of(links.Closed))
	p.run()
	require.ErrorIs(t, p.a.of(links.Closed)[0].Err, links.ErrStalled)
}
