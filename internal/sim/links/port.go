package links

import (
	"net/netip"
	"slices"

	"quoll/internal/sim/pipe"
	"quoll/internal/sim/world"
	"quoll/jute"
)

// Kind is what has happened to a link. The numbers are those of the same kinds in packages election
// and effects.
type Kind uint8

// The kinds of events. Each Dial is answered by one Connected or Failed. Between Connected or
// Accepted and Closed come Message and Wrote; nothing comes behind Closed.
const (
	Connected Kind = iota + 1
	Failed
	Accepted
	Message
	Wrote
	Closed
)

func (k Kind) String() string {
	return [...]string{"", "connected", "failed", "accepted", "message", "wrote", "closed"}[k]
}

// Event is one event of one link.
type Event struct {
	Kind  Kind
	Link  uint64
	Peer  jute.PeerID
	Data  []byte
	Bytes int
	Err   error
}

// Cutter tells the length of the messages of one link from their first bytes, 0 when more of the
// message must be seen. It is called until it says a length.
type Cutter interface {
	Size(head []byte) (int, error)
}

// Streamer is a Cutter that knows messages behind which something follows that is no message.
type Streamer interface {
	// Streams says so of the message whose length Size said last.
	Streams() bool
}

// Config is what a port must know.
type Config struct {
	World     *world.World
	Net       *pipe.Net
	Address   netip.AddrPort // where it listens, and from which machine it dials
	Via       pipe.Via       // of the process
	NewCutter func(accepted bool) Cutter
	HeadBytes int         // the most that a cutter wants to see of a message; 0: all of it
	Tell      func(Event) // called within Via
	// WindowBytes is how many unread bytes each direction takes.
	WindowBytes int
	// Patience is how long a dial waits for an answer, µs.
	Patience int64
	// Stall is how long a link may take nothing of what was sent, µs. Then it ends. 0: for ever.
	Stall int64
}

// Port is the connections of one port of a process.
type Port struct {
	Config
	links []*link // that are open, in the order of opening
	last  uint64
}

// New makes a port without connections, which listens to nobody.
func New(c Config) *Port { return &Port{Config: c} }

// Listen accepts connections.
func (p *Port) Listen() {
	p.Net.Listen(p.Address, pipe.Listener{
		Via: p.Via, WindowBytes: p.WindowBytes,
		Choose: func() func(*pipe.End) pipe.Reader { return p.accept },
	})
}

// Unlisten accepts no more connections. Those that stand stay.
func (p *Port) Unlisten() { p.Net.Unlisten(p.Address) }

func (p *Port) accept(e *pipe.End) pipe.Reader {
	k := p.open(e, true)
	p.Tell(Event{Kind: Accepted, Link: k.id})
	return k
}

func (p *Port) open(e *pipe.End, accepted bool) *link {
	p.last++
	k := &link{port: p, id: p.last, end: e, cutter: p.NewCutter(accepted)}
	p.links = append(p.links, k)
	return k
}

// Dial connects to another server, as peer.
func (p *Port) Dial(peer jute.PeerID, to netip.AddrPort) {
	p.Net.Call(pipe.Caller{
		From: p.Address.Addr(), Via: p.Via, WindowBytes: p.WindowBytes, Patience: p.Patience,
	}, to, func(e *pipe.End, err error) pipe.Reader {
		if err != nil {
			p.Tell(Event{Kind: Failed, Peer: peer, Err: err})
			return nil
		}
		k := p.open(e, false)
		p.Tell(Event{Kind: Connected, Link: k.id, Peer: peer})
		return k
	})
}

// find is an open link; nil when there is none.
func (p *Port) find(id uint64) *link {
	i, ok := slices.BinarySearchFunc(p.links, id, func(k *link, id uint64) int {
		return int(int64(k.id) - int64(id))
	})
	if !ok {
		return nil
	}
	return p.links[i]
}

// Open is how many links stand.
func (p *Port) Open() int { return len(p.links) }

// Remote is the address of the other end of a link that stands.
func (p *Port) Remote(id uint64) (netip.AddrPort, bool) {
	if k := p.find(id); k != nil {
		return k.end.Remote(), true
	}
	return netip.AddrPort{}, false
}

// Send sends bytes behind all that was sent before. It says whether the link stands.
func (p *Port) Send(id uint64, data []byte) bool {
	k := p.find(id)
	if k == nil || k.closing {
		return false
	}
	k.out = append(k.out, data...)
	k.flush()
	return true
}

// Unsent is how many bytes wait for the network to take them.
func (p *Port) Unsent(id uint64) int {
	if k := p.find(id); k != nil {
		return len(k.out)
	}
	return 0
}

// Pause stops the reading of a link, or lets it go on.
func (p *Port) Pause(id uint64, paused bool) {
	if k := p.find(id); k != nil {
		if k.paused = paused; !paused {
			p.later(k.read)
		}
	}
}

// later does something soon.
func (p *Port) later(do func()) { p.World.After(1, func() { p.Via(do) }) }

// lingerMicros is how long a link that is to be closed waits for what was sent before.
const lingerMicros = 1_000_000

// Close ends a link when all that was sent before has left, or after some time. Closed follows.
func (p *Port) Close(id uint64) {
	k := p.find(id)
	if k == nil || k.closing {
		return
	}
	k.closing = true
	p.later(k.flush)
	p.World.After(lingerMicros, func() { p.Via(func() { k.close(nil) }) })
}

// Stream gives a reader what follows on a link, now and as more arrives, until the reader is done.
// A reader is given all bytes that it has not used; over says that no more follow.
func (p *Port) Stream(id uint64, reader func(in []byte, over bool) (used int, done bool)) {
	k := p.find(id)
	if k == nil {
		reader(nil, true)
		return
	}
	k.stream = reader
	p.later(k.read)
}

// Die ends the process with its links. With quiet the other ends are not told.
func (p *Port) Die(quiet func() bool) {
	p.Unlisten()
	for _, k := range p.links {
		if quiet() {
			k.end.Vanish()
		} else {
			k.end.Kill()
		}
	}
	p.links = nil
}

// Break cuts the n-th link that stands, if there is one.
func (p *Port) Break(n int) bool {
	if n >= len(p.links) {
		return false
	}
	p.links[n].end.Break()
	return true
}
