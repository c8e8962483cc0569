package quorum_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"quoll/internal/sim/links"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum"
	"quoll/quorum/effects"
	"quoll/quorum/election"
	"quoll/quorum/ports"
	"quoll/quorum/zab"
)

// maxPacket is jute.maxbuffer + extrasize.
const maxPacket = 1 << 20

// node is one server.
type node struct {
	c     *cluster
	id    jute.PeerID
	life  int // counts processes
	alive bool
	disk  disk

	peer   *quorum.Peer
	votes  *links.Port
	quorum *links.Port
	chain  chain
	ops    []effects.DiskOp // asked for and not done
	done   effects.Ticket
	writes bool // operations of the disk are being done
	stalls bool // the disk does nothing
	stands bool // the process stands still
	logs   map[uint64][]jute.Entry
	events []func()
	busy   bool
	ended  []error
	doing  string // its role, as it was told last
}

// start begins a process.
func (n *node) start() {
	n.life++
	n.alive = true
	n.ops, n.done, n.writes, n.events, n.busy, n.stands = nil, 0, false, nil, false, false
	n.ended, n.doing, n.logs = nil, "", map[uint64][]jute.Entry{}
	tree := n.disk.history()
	n.chain = chain{n: n, tree: tree}
	n.votes = n.port(3888, election.HeadBytes, func(accepted bool) links.Cutter {
		return election.NewCutter(accepted)
	}, func(ev links.Event) quorum.Event {
		return quorum.Event{Votes: []election.LinkEvent{{
			Kind: election.LinkEventKind(ev.Kind), Link: election.LinkID(ev.Link), Peer: ev.Peer,
			Data: ev.Data,
		}}}
	})
	n.votes.Listen()
	n.quorum = n.port(2888, 0, func(bool) links.Cutter {
		return zab.NewCutter(maxPacket)
	}, func(ev links.Event) quorum.Event {
		return quorum.Event{Links: []effects.LinkEvent{{
			Kind: effects.LinkEventKind(ev.Kind), Link: effects.LinkID(ev.Link), Peer: ev.Peer,
			Data: ev.Data, Bytes: ev.Bytes, Err: ev.Err,
		}}}
	})
	self, _ := n.c.members.Member(n.id)
	n.peer = quorum.NewPeer(quorum.Config{
		Me: n.id, Members: n.c.members,
		Election: ports.Member(n.id, n.c.members, ports.Settings{SyncLimit: n.c.zab.SyncLimit}),
		Listen:   ports.ListenQuorum(self, false), Zab: n.c.zab,
	}, quorum.Start{
		Standing: zab.Standing{Accepted: n.disk.accepted, Current: n.disk.current,
			Last: last(tree), Applied: last(tree)},
		Tail: slices.Clone(tree[max(0, len(tree)-5, len(n.disk.snap)):]),
	})
	n.c.say("%d starts at %s", n.id, zname(last(tree)))
	n.do(quorum.Event{})
	n.c.After(n.c.Rand.Int64N(tick), func() { n.tick(n.life) })
}

func (n *node) port(port uint16, head int, cutter func(bool) links.Cutter,
	translate func(links.Event) quorum.Event) *links.Port {
	life := n.life
	return links.New(links.Config{
		World: n.c.World, Net: n.c.net, Address: address(n.id, port), HeadBytes: head,
		NewCutter: cutter, WindowBytes: 8 << 10, Patience: 1000 * ms,
		Via: func(do func()) {
			if n.alive && n.life == life {
				do()
			}
		},
		Tell: func(ev links.Event) { n.do(translate(ev)) },
	})
}

// crash ends the process, and perhaps its machine, so that nobody says goodbye.
func (n *node) crash() { n.die(func() bool { return n.c.Chance(3) }) }

// die ends the process. Of what the disk was asked for and had not said to be done a part is done.
// With quiet the other end of a connection is not told.
func (n *node) die(quiet func() bool) {
	n.c.say("%d dies", n.id)
	done := n.c.Rand.IntN(len(n.ops) + 1)
	for _, op := range n.ops[:done] {
		n.disk.do(n, &op)
	}
	n.alive, n.events = false, nil
	n.votes.Die(quiet)
	n.quorum.Die(quiet)
}

func (n *node) tick(life int) {
	if !n.alive || n.life != life {
		return
	}
	if !n.stands {
		n.do(quorum.Event{Tick: true})
	}
	n.c.After(tick, func() { n.tick(life) })
}

// do lets the peer take a step, behind what is being done.
func (n *node) do(ev quorum.Event) {
	n.then(func() { n.peer.Step(n.c.time(), &ev) })
}

// then does something and carries out its effects, behind what is being done.
func (n *node) then(something func()) {
	n.events = append(n.events, something)
	n.goOn()
}

// goOn does what is to be done, unless the process stands still or does so already.
func (n *node) goOn() {
	if n.busy || n.stands {
		return
	}
	n.busy = true
	for len(n.events) > 0 && n.alive {
		next := n.events[0]
		n.events = n.events[1:]
		next()
		n.carryOut()
		n.tellRole()
	}
	n.busy = false
}

// carryOut takes effects until there are none.
func (n *node) carryOut() {
	for again := true; again; {
		f := n.peer.Take()
		for i := range f.Deliver {
			n.chain.hear(&f.Deliver[i])
		}
		again = len(f.Deliver) > 0
		n.ops = append(n.ops, f.Disk...)
		n.linkOps(f)
		for _, why := range f.Ended {
			n.c.say("%d: %v", n.id, why)
			n.ended = append(n.ended, why)
			n.c.countEnd(why)
		}
		for _, why := range f.Gone {
			n.c.say("%d loses a learner: %v", n.id, why)
		}
		for i := range f.Jobs {
			n.job(f.Jobs[i])
		}
	}
	n.flush()
}

// tellRole writes to the log what a server does, when that changes.
func (n *node) tellRole() {
	s := n.peer.Status()
	doing := "looks"
	switch s.Role {
	case quorum.Leading:
		doing = "is elected"
	case quorum.Following, quorum.Observing:
		doing = fmt.Sprintf("is to follow %d", s.Leader)
	}
	if doing != n.doing {
		n.doing = doing
		n.c.say("%d %s", n.id, doing)
	}
}

func (n *node) linkOps(f *quorum.Effects) {
	for _, op := range f.Links {
		switch link := uint64(op.Link); op.Kind {
		case effects.Dial:
			n.quorum.Dial(op.Peer, netip.AddrPortFrom(
				netip.MustParseAddr(op.Ports[0].Host), uint16(op.Ports[0].Port)))
		case effects.Listen:
			n.quorum.Listen()
		case effects.Unlisten:
			n.quorum.Unlisten()
		case effects.Close:
			n.quorum.Close(link)
		case effects.Pause, effects.Resume:
			n.quorum.Pause(link, op.Kind == effects.Pause)
		}
	}
	for _, out := range f.Send {
		n.tell(out)
		n.quorum.Send(uint64(out.Link), out.Data)
	}
	for _, link := range f.Votes.Close {
		n.votes.Close(uint64(link))
	}
	for _, s := range f.Votes.Send {
		n.votes.Send(uint64(s.Link), s.Data)
		if s.Last {
			n.votes.Close(uint64(s.Link))
		}
	}
	for _, d := range f.Votes.Dial {
		n.votes.Dial(d.Peer, netip.AddrPortFrom(
			netip.MustParseAddr(d.Ports[0].Host), uint16(d.Ports[0].Port)))
	}
}

// tell writes to the log what leaves for another server.
func (n *node) tell(out effects.Outgoing) {
	remote, ok := n.quorum.Remote(uint64(out.Link))
	for data := out.Data; ok && len(data) > 0; {
		var p ensemble.QuorumPacket
		used, err := jute.Decode(data, &p)
		if err != nil {
			n.c.Violate("server %d sends what it cannot read: %v", n.id, err)
			return
		}
		data = data[used:]
		if p.Type != ensemble.PacketPing {
			n.c.say("%d -> %d  %s", n.id, remote.Addr().As4()[3], inWords(&p))
		}
		n.c.Counts.Add("packet", p.Type.String())
	}
}

func inWords(p *ensemble.QuorumPacket) string {
	if p.Zxid < 0 || p.Type == ensemble.PacketSync {
		return p.Type.String()
	}
	return p.Type.String() + " " + zname(p.Zxid)
}

// flush does operations of the disk, one after the other, as long as there are any.
func (n *node) flush() {
	if n.writes || n.stalls || len(n.ops) == 0 {
		return
	}
	n.writes = true
	life := n.life
	n.c.After(n.c.Between(ms/10, 3*ms), func() {
		if !n.alive || n.life != life {
			return
		}
		n.writes = false
		if n.stalls {
			return
		}
		// Appends that have gathered are durable together.
		count := 1
		for count < len(n.ops) && n.ops[count].Kind == effects.Append {
			count++
		}
		for i := range count {
			n.disk.do(n, &n.ops[i])
		}
		n.ops = n.ops[count:]
		n.done += effects.Ticket(count)
		n.do(quorum.Event{Disk: n.done})
		n.flush()
	})
}

// job does what takes longer than a step.
func (n *node) job(j effects.Job) {
	life := n.life
	end := func(d effects.JobDone) {
		d.Generation = j.Generation
		n.c.After(n.c.Between(ms/10, 5*ms), func() {
			if n.alive && n.life == life {
				n.do(quorum.Event{Jobs: []effects.JobDone{d}})
			}
		})
	}
	switch j.Kind {
	case effects.ReadLog:
		entries, err := n.disk.read(j.From, j.UpTo)
		n.logs[j.Generation] = entries
		end(effects.JobDone{Size: int64(100 * len(entries)), Err: err})
	case effects.ReadMore:
		all := n.logs[j.Generation]
		some := min(len(all), 3)
		n.logs[j.Generation] = all[some:]
		end(effects.JobDone{Entries: slices.Clone(all[:some]), More: some < len(all)})
	case effects.Cancel:
		delete(n.logs, j.Generation)
	case effects.CanCut:
		var err error
		if j.UpTo < last(n.disk.snap) {
			err = effects.ErrGap
		}
		end(effects.JobDone{Err: err})
	case effects.StreamTree:
		n.stream(j, end)
	case effects.BuildTree:
		n.build(j, end)
	case effects.SaveTree:
		n.disk.saved = slices.Clone(n.chain.beside)
		end(effects.JobDone{Zxid: last(n.disk.saved)})
	default:
		panic(fmt.Sprintf("job of kind %d", j.Kind))
	}
}

// stream writes a SNAP and the tree behind it: each transaction with its length in front, then a
// length of 0.
func (n *node) stream(j effects.Job, end func(effects.JobDone)) {
	zxid := last(n.chain.tree)
	n.c.say("%d streams its tree of %s", n.id, zname(zxid))
	out := jute.Append(nil, &ensemble.QuorumPacket{Type: ensemble.PacketSnap, Zxid: zxid})
	for i := range n.chain.tree {
		payload := n.chain.tree[i].Payload
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(payload))), payload...)
	}
	if !n.quorum.Send(uint64(j.Link), binary.BigEndian.AppendUint32(out, 0)) {
		end(effects.JobDone{Err: fmt.Errorf("link %d is gone", j.Link)})
		return
	}
	n.c.Counts.Add("packet", "SNAP")
	end(effects.JobDone{Zxid: zxid})
}

func (n *node) build(j effects.Job, end func(effects.JobDone)) {
	built, begun, over := []jute.Entry{}, n.c.Now, false
	var watch func()
	watch = func() {
		switch left := begun + j.Silence.Microseconds() - n.c.Now; {
		case over:
		case left > 0:
			n.c.After(left, watch)
		default:
			over = true
			end(effects.JobDone{Err: fmt.Errorf("the stream stands still")})
		}
	}
	watch()
	n.quorum.Stream(uint64(j.Link), func(in []byte, ended bool) (used int, done bool) {
		begun = n.c.Now
		if over {
			return len(in), true
		}
		for len(in[used:]) >= 4 {
			size := int(binary.BigEndian.Uint32(in[used:]))
			if size == 0 {
				over = true
				n.chain.beside = built
				end(effects.JobDone{Zxid: last(built)})
				return used + 4, true
			}
			if len(in[used:]) < 4+size {
				break
			}
			e, err := jute.ParseEntry(slices.Clone(in[used+4 : used+4+size]))
			if err != nil {
				panic(err)
			}
			built = append(built, e)
			used += 4 + size
		}
		if ended {
			over = true
			end(effects.JobDone{Err: fmt.Errorf("the stream ends early")})
		}
		return used, ended
	})
}
