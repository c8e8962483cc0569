package ports

import (
	"quoll/quorum/effects"
	"quoll/quorum/election"
	"quoll/quorum/transport"
)

// ElectionEvent is an event of the election port's transport as the election knows it.
func ElectionEvent(ev transport.Event) election.LinkEvent {
	kinds := [...]election.LinkEventKind{
		transport.Connected: election.Connected, transport.Failed: election.Failed,
		transport.Accepted: election.Accepted, transport.Message: election.Message,
		transport.Wrote: election.Wrote, transport.Closed: election.Closed,
	}
	return election.LinkEvent{
		Kind: kinds[ev.Kind], Link: election.LinkID(ev.Link), Peer: ev.Peer, Data: ev.Data,
		Err: ev.Err,
	}
}

// QuorumEvent is an event of the quorum port's transport as a peer knows it.
func QuorumEvent(ev transport.Event) effects.LinkEvent {
	kinds := [...]effects.LinkEventKind{
		transport.Connected: effects.Connected, transport.Failed: effects.Failed,
		transport.Accepted: effects.Accepted, transport.Message: effects.Packet,
		transport.Wrote: effects.Wrote, transport.Closed: effects.Closed,
	}
	return effects.LinkEvent{
		Kind: kinds[ev.Kind], Link: effects.LinkID(ev.Link), Peer: ev.Peer, Data: ev.Data,
		Bytes: ev.Bytes, Err: ev.Err,
	}
}

// CarryOutVotes does what an election wants of its port.
func CarryOutVotes(t *transport.Transport, f *election.LinkEffects) {
	for _, link := range f.Close {
		t.Close(transport.Link(link))
	}
	for _, out := range f.Send {
		t.Send(transport.Link(out.Link), out.Data, out.Last)
	}
	for _, d := range f.Dial {
		t.Dial(d.Peer, d.Ports)
	}
}

// CarryOutLinks does what a peer wants of the connections of the quorum port.
func CarryOutLinks(t *transport.Transport, ops []effects.LinkOp) {
	for i := range ops {
		op := &ops[i]
		switch link := transport.Link(op.Link); op.Kind {
		case effects.Dial:
			t.Dial(op.Peer, op.Ports)
		case effects.Listen:
			t.ListenSoon(op.Ports)
		case effects.Unlisten:
			t.Unlisten()
		case effects.Close:
			t.Finish(link)
		case effects.Pause:
			t.Pause(link)
		case effects.Resume:
			t.Resume(link)
		}
	}
}

// CarryOutSend sends what a peer has to say. The transport owns the bytes from then on. now says
// that little is sent and nobody is to be woken for it (transport.GiveNow).
func CarryOutSend(t *transport.Transport, all []effects.Outgoing, now bool) {
	give := t.Give
	if now {
		give = t.GiveNow
	}
	for _, out := range all {
		give(transport.Link(out.Link), out.Data)
	}
}
