package node

import (
	"net/netip"
	"strconv"
	"strings"

	"quoll/internal/sim/fuse"
	"quoll/internal/sim/links"
	"quoll/quorum/config"
	"quoll/quorum/effects"
	"quoll/quorum/election"
	"quoll/quorum/zab"
)

// Where every machine's server listens.
const (
	ClientPort   = 2181
	QuorumPort   = 2888
	ElectionPort = 3888
)

// plugs are the connections of a member of an ensemble with the others.
type plugs struct {
	votes, quorum *links.Port
}

// Host is the address of a machine, for all its ports.
func (n *Node) Host() netip.Addr { return hostOf(n.number) }

func hostOf(number int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, 0, byte(number)}) }

// Windows of the links between servers, in bytes; how long a dial waits, and how long a vote may
// be stuck.
const (
	voteWindow    = 4 << 10
	quorumWindow  = 16 << 10
	patienceMicro = 300_000
	stallMicros   = 1_000_000
)

// openPorts makes both ports. That of elections listens at once.
func (p *process) openPorts() {
	n := p.n
	base := links.Config{
		World: n.World, Net: n.net, Via: p.run, Patience: patienceMicro,
	}
	votes := base
	votes.Address, votes.WindowBytes = netip.AddrPortFrom(n.Host(), ElectionPort), voteWindow
	votes.HeadBytes, votes.Stall = election.HeadBytes, stallMicros
	votes.NewCutter = func(accepted bool) links.Cutter { return election.NewCutter(accepted) }
	votes.Tell = func(e links.Event) {
		if e.Kind == links.Message {
			p.witness.HearsVote(e.Data)
		}
		p.inbox.Vote(election.LinkEvent{
			Kind: election.LinkEventKind(e.Kind), Link: election.LinkID(e.Link), Peer: e.Peer,
			Data: e.Data,
		})
		p.poke()
	}
	quorum := base
	quorum.Address, quorum.WindowBytes = netip.AddrPortFrom(n.Host(), QuorumPort), quorumWindow
	quorum.Stall = n.set.Peers.Ports.InitLimit.Microseconds()
	quorum.NewCutter = func(bool) links.Cutter {
		return zab.NewCutter(n.set.Peers.Zab.MaxPacket)
	}
	quorum.Tell = p.heard
	p.plugs = plugs{votes: links.New(votes), quorum: links.New(quorum)}
	p.votes.Listen()
}

// hangUp ends the links with the process. The other ends of some may not be told.
func (p *process) hangUp(quiet func() bool) {
	if p.votes != nil {
		p.votes.Die(quiet)
		p.quorum.Die(quiet)
	}
}

// heard takes an event of the quorum port.
func (p *process) heard(e links.Event) {
	link := effects.LinkID(e.Link)
	if e.Kind != links.Message && e.Kind != links.Wrote {
		p.n.Note("node %d, link %d: %v %v", p.n.number, link, e.Kind, e.Err)
	}
	switch e.Kind {
	case links.Message:
		p.witness.Hears(link, e.Data)
		p.joins(link)
	case links.Closed:
		p.witness.Gone(link)
	}
	p.inbox.Link(effects.LinkEvent{
		Kind: effects.LinkEventKind(e.Kind), Link: link, Peer: e.Peer, Data: e.Data,
		Bytes: e.Bytes, Err: e.Err,
	})
	p.poke()
}

// joins lets the process die behind each packet that it hears on its way to UPTODATE. A TRUNC is
// rare.
func (p *process) joins(link effects.LinkID) {
	if !p.witness.Joins(link) {
		return
	}
	if p.witness.Truncates() {
		p.n.fuse.LightSoon(fuse.Join)
	}
	p.n.fuse.At(fuse.Join)
}

// address finds the machine of a host name, which is written as an address.
func address(to config.HostPort) (netip.AddrPort, bool) {
	host, err := netip.ParseAddr(strings.Trim(to.Host, "[]"))
	return netip.AddrPortFrom(host, uint16(to.Port)), err == nil
}

// Links implements replica.Hands.
func (p *process) Links(ops []effects.LinkOp) {
	for i := range ops {
		op := &ops[i]
		switch op.Kind {
		case effects.Dial:
			p.n.Note("node %d dials %d", p.n.number, op.Peer)
			if to, ok := address(op.Ports[0]); ok {
				p.quorum.Dial(op.Peer, to)
			}
		case effects.Listen:
			p.quorum.Listen()
		case effects.Unlisten:
			p.quorum.Unlisten()
		case effects.Close:
			p.quorum.Close(uint64(op.Link))
		case effects.Pause:
			p.quorum.Pause(uint64(op.Link), true)
		case effects.Resume:
			p.quorum.Pause(uint64(op.Link), false)
		default:
			p.n.Violate("no operation of links has kind %d", op.Kind)
		}
		p.n.fuse.At(fuse.Link)
	}
}

// Send implements replica.Hands.
func (p *process) Send(out []effects.Outgoing) {
	for i := range out {
		p.n.fuse.At(fuse.Send)
		p.witness.Sends(out[i].Link, out[i].Data)
		p.quorum.Send(uint64(out[i].Link), out[i].Data)
	}
}

// Votes implements replica.Hands.
func (p *process) Votes(v *election.LinkEffects) {
	for _, link := range v.Close {
		p.votes.Close(uint64(link))
	}
	for i := range v.Send {
		out := &v.Send[i]
		p.n.fuse.At(fuse.Vote)
		p.witness.Casts(out.Data)
		p.votes.Send(uint64(out.Link), out.Data)
		if out.Last {
			p.votes.Close(uint64(out.Link))
		}
	}
	for i := range v.Dial {
		if to, ok := address(v.Dial[i].Ports[0]); ok {
			p.votes.Dial(v.Dial[i].Peer, to)
		}
	}
	for i := range v.Notes {
		p.n.Counts.Add("election", "note "+strconv.Itoa(int(v.Notes[i].Kind)))
	}
}
