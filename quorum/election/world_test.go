package election

import (
	"fmt"
	"io"
	"slices"
	"time"

	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
)

// The world of these tests is a network of TCP connections between processes, in virtual time:
//
//	node --Member--> effects --> end ==items==> end --> events --Member--> node
//
// An item is what one write handed over, or the end of the stream. Items keep their order, and
// arrive late but not never: while a direction is cut they wait, as TCP sends again. What goes to
// an end that is closed, or to a host that has forgotten it, comes back as a reset.

const (
	ms       = int64(1000) // of world time, in µs
	dialTime = 5000 * ms   // Apache's cnxTimeout
	again    = 20 * ms     // until what is cut off is tried again
)

type end struct {
	node   *node
	life   int
	link   LinkID
	open   bool
	other  *end
	in     []byte
	cutter *Cutter
	need   int // bytes of the message that has begun; 0: not known yet
	out    []item
	last   int64 // when the newest item arrives, at the earliest
}

type item struct {
	data []byte
	fin  bool
	at   int64
}

// node is a host with at most one server.
type node struct {
	s        *sim
	sid      jute.PeerID
	life     int  // counts processes
	alive    bool // the process
	down     bool // the host
	paused   int64
	held     []func() // what it does when it goes on
	puppet   bool     // says only what it is told to say
	member   *Member
	ends     []*end
	nextLink LinkID
	phase    int64

	standing Standing
	accepted int64
	role     role
}

type sim struct {
	*world.World
	nodes   []*node
	config  Verifier
	members []Address
	cuts    map[[2]jute.PeerID]bool // from, to
	latency func() int64
	slow    bool // writes take their time
	short   bool // reads are short
	log     io.Writer
	oracle  oracle
	sent    int  // by all servers
	writes  bool // leaders of an established reign write
}

func newSim(seed uint64, config Verifier, sids []jute.PeerID) *sim {
	s := &sim{World: world.New(seed, nil), config: config, cuts: map[[2]jute.PeerID]bool{},
		log: io.Discard, latency: func() int64 { return ms }}
	s.oracle.init()
	for _, sid := range sids {
		s.nodes = append(s.nodes, &node{s: s, sid: sid})
		s.members = append(s.members, Address{sid, ports(fmt.Sprintf("host%d:3888", sid))})
	}
	return s
}

func (s *sim) node(sid jute.PeerID) *node {
	for _, n := range s.nodes {
		if n.sid == sid {
			return n
		}
	}
	return nil
}

func (s *sim) say(format string, args ...any) {
	fmt.Fprintf(s.log, "%6d ms  %s\n", s.Now/ms, fmt.Sprintf(format, args...))
}

func (s *sim) now() time.Duration { return time.Duration(s.Now) * time.Microsecond }

func (s *sim) isCut(from, to *node) bool {
	return from.down || to.down || s.cuts[[2]jute.PeerID{from.sid, to.sid}]
}

// talk reports whether two servers can have a conversation now.
func (s *sim) talk(a, b *node) bool {
	return a.alive && b.alive && a.paused <= s.Now && b.paused <= s.Now &&
		!s.isCut(a, b) && !s.isCut(b, a)
}

// start begins a process, which looks.
func (n *node) start() {
	n.life++
	n.alive, n.down = true, false
	n.role, n.ends, n.paused, n.held = role{}, nil, 0, nil
	s := n.s
	n.member = NewMember(MemberConfig{
		Links: LinksConfig{Me: n.sid, Address: ports(fmt.Sprintf("host%d:3888", n.sid))[0],
			Members: s.members, Voters: s.config, HelloWithin: time.Second},
		Text: []byte("version=0"),
	})
	if n.puppet {
		return
	}
	life := n.life
	n.phase = s.Rand.Int64N(10 * ms)
	n.at(life, n.look)
	s.After(n.phase, func() { n.tick(life) })
}

func (n *node) tick(life int) {
	if n.life != life || !n.alive {
		return
	}
	n.at(life, func() { n.member.Tick(n.s.now()) })
	n.s.After(10*ms, func() { n.tick(life) })
}

// at lets a process do something, unless it is gone; later, if it stands still.
func (n *node) at(life int, do func()) {
	if n.life != life || !n.alive || n.puppet {
		return
	}
	if n.paused > n.s.Now || len(n.held) > 0 {
		n.held = append(n.held, do)
		if len(n.held) == 1 {
			n.s.After(n.paused-n.s.Now, func() { n.resume(life) })
		}
		return
	}
	do()
	n.drain()
}

// resume does what a process that stood still has not done, in its order.
func (n *node) resume(life int) {
	if n.life != life || !n.alive {
		return
	}
	if n.paused > n.s.Now {
		n.s.After(n.paused-n.s.Now, func() { n.resume(life) })
		return
	}
	held := n.held
	n.held = nil
	for _, do := range held {
		do()
		n.drain()
	}
}

// kill ends the process; the kernel says goodbye for it. crash ends the host, which says nothing.
func (n *node) kill() {
	n.alive = false
	for _, e := range n.ends {
		if e.open {
			e.close()
		}
	}
}

func (n *node) crash() {
	n.alive, n.down = false, true
	for _, e := range n.ends {
		e.open, e.out = false, nil
	}
}

// drain carries out what a member wants.
func (n *node) drain() {
	f := n.member.Take()
	for _, link := range f.Links.Close {
		if e := n.end(link); e != nil && e.open {
			e.close()
		}
	}
	for _, out := range f.Links.Send {
		e := n.end(out.Link)
		if e == nil || !e.open {
			continue
		}
		n.tell(e, out.Data)
		n.s.sent++
		n.s.Trace.Bytes(out.Data)
		e.send(item{data: slices.Clone(out.Data)})
		life, wait := n.life, int64(0)
		if n.s.slow {
			wait = n.s.Rand.Int64N(300 * ms)
		}
		n.s.After(wait, func() {
			if e.open {
				n.event(life, LinkEvent{Kind: Wrote, Link: out.Link})
			}
		})
		if out.Last {
			e.close()
			n.event(n.life, LinkEvent{Kind: Closed, Link: out.Link})
		}
	}
	for _, d := range f.Links.Dial {
		n.dial(d)
	}
	for _, note := range f.Links.Notes {
		n.s.Counts.Add("note", fmt.Sprint(note.Kind))
	}
	if f.Newer != nil {
		n.s.say("%d has heard of configuration %x of %d", n.sid, f.Newer.Version, f.Newer.Peer)
	}
	if f.Elected {
		n.elected()
	}
}

// event comes from outside, so it never comes during another one.
func (n *node) event(life int, ev LinkEvent) {
	n.s.After(0, func() { n.at(life, func() { n.member.Link(n.s.now(), ev) }) })
}

func (n *node) end(link LinkID) *end {
	for _, e := range n.ends {
		if e.link == link {
			return e
		}
	}
	return nil
}

func (n *node) newEnd(accepted bool) *end {
	n.nextLink++
	e := &end{node: n, life: n.life, link: n.nextLink, open: true, cutter: NewCutter(accepted)}
	n.ends = slices.DeleteFunc(n.ends, func(o *end) bool { return !o.open && len(o.out) == 0 })
	n.ends = append(n.ends, e)
	return e
}

// tell writes to the log what leaves by a connection.
func (n *node) tell(e *end, data []byte) {
	to := e.other.node.sid
	if data[0] == 0xff {
		n.s.say("%d -> %d  hello", n.sid, to)
		return
	}
	var m ensemble.Notification
	if _, err := jute.Decode(data[frameHead:], &m); err != nil {
		n.s.Violate("server %d sends what it cannot read: %v", n.sid, err)
	}
	n.s.oracle.cast(n.sid, &m)
	n.s.say("%d -> %d  %s", n.sid, to, inWords(&m))
}

func inWords(m *ensemble.Notification) string {
	leader := fmt.Sprint(int64(m.Leader))
	if m.Leader == nobody {
		return fmt.Sprintf("%-9s nobody, round %d", m.State, m.ElectionEpoch)
	}
	return fmt.Sprintf("%-9s leader %s, zxid %v, epoch %d, round %d", m.State, leader, m.Zxid,
		m.PeerEpoch, m.ElectionEpoch)
}

func (e *end) send(i item) {
	i.at = max(e.last, e.node.s.Now+e.node.s.latency())
	e.last = i.at
	e.out = append(e.out, i)
	if len(e.out) == 1 {
		e.node.s.After(i.at-e.node.s.Now, e.pump)
	}
}

func (e *end) close() {
	e.send(item{fin: true})
	e.open = false
}

// pump brings the oldest item across.
func (e *end) pump() {
	s := e.node.s
	if len(e.out) == 0 {
		return
	}
	to := e.other
	gone := !to.open || to.life != to.node.life
	if s.isCut(e.node, to.node) || gone && s.isCut(to.node, e.node) {
		s.After(again, e.pump)
		return
	}
	i := e.out[0]
	e.out = e.out[1:]
	if len(e.out) > 0 {
		s.After(max(e.out[0].at-s.Now, 0), e.pump)
	}
	switch {
	case gone && !i.fin && e.open && e.life == e.node.life:
		e.open, e.out = false, nil
		e.node.event(e.life, LinkEvent{Kind: Closed, Link: e.link})
	case gone:
	case i.fin:
		to.open = false
		to.node.event(to.life, LinkEvent{Kind: Closed, Link: to.link})
	default:
		to.read(i.data)
	}
}

// read cuts what has come into messages.
func (e *end) read(data []byte) {
	for len(data) > 0 && e.open {
		n := len(data)
		if e.node.s.short {
			n = 1 + e.node.s.Rand.IntN(n)
		}
		e.in, data = append(e.in, data[:n]...), data[n:]
		e.cut()
	}
}

func (e *end) cut() {
	for {
		if e.need == 0 {
			size, err := e.cutter.Size(e.in[:min(len(e.in), HeadBytes)])
			if err != nil {
				e.close()
				e.node.event(e.life, LinkEvent{Kind: Closed, Link: e.link})
				return
			}
			e.need = size
		}
		if e.need == 0 || len(e.in) < e.need {
			return
		}
		data := slices.Clone(e.in[:e.need])
		e.in, e.need = e.in[e.need:], 0
		e.node.event(e.life, LinkEvent{Kind: Message, Link: e.link, Data: data})
	}
}

// dial tries until it is connected or refused, as the kernel does, or until its time is over.
func (n *node) dial(d Dial) {
	n.s.say("%d dials %d at %s", n.sid, d.Peer, config.FormatHello(d.Ports))
	var sid jute.PeerID
	fmt.Sscanf(d.Ports[0].Host, "host%d", &sid)
	n.syn(d.Peer, n.s.node(sid), n.life, n.s.Now+dialTime, 1000*ms)
}

func (n *node) syn(peer jute.PeerID, to *node, life int, until, pause int64) {
	s := n.s
	if s.Now >= until {
		n.event(life, LinkEvent{Kind: Failed, Peer: peer})
		return
	}
	if to == nil || s.isCut(n, to) || s.isCut(to, n) {
		wait := min(pause, until-s.Now)
		s.After(wait, func() { n.syn(peer, to, life, until, 2*pause) })
		return
	}
	s.After(s.latency(), func() {
		if !to.alive {
			s.After(s.latency(), func() { n.event(life, LinkEvent{Kind: Failed, Peer: peer}) })
			return
		}
		here, there := n.connect(to)
		to.event(to.life, LinkEvent{Kind: Accepted, Link: there.link})
		if n.life != life {
			here.close()
			return
		}
		n.event(life, LinkEvent{Kind: Connected, Link: here.link, Peer: peer})
	})
}

func (n *node) connect(to *node) (here, there *end) {
	here, there = n.newEnd(false), to.newEnd(true)
	here.other, there.other = there, here
	return here, there
}
