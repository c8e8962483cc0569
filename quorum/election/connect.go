package election

import (
	"errors"
	"slices"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
)

func (l *Links) find(sid jute.PeerID) *peer {
	for _, p := range l.peers {
		if p.sid == sid {
			return p
		}
	}
	return nil
}

// of is the peer who has a connection, or nil.
func (l *Links) of(link LinkID) *peer {
	for _, p := range l.peers {
		if p.link == link {
			return p
		}
	}
	return nil
}

// guest is a server that is not in the configuration; nil when too many are here. It is forgotten
// with its connection.
func (l *Links) guest(sid jute.PeerID) *peer {
	strangers := 0
	for _, p := range l.peers {
		if p.ports == nil {
			strangers++
		}
	}
	if strangers >= maxStrangers {
		return nil
	}
	at := 0
	for at < len(l.peers) && l.peers[at].sid < sid {
		at++
	}
	p := newPeer(sid, nil)
	l.peers = slices.Insert(l.peers, at, p)
	return p
}

// forget drops a stranger who has neither a connection nor a dial.
func (l *Links) forget(p *peer) {
	if p.ports == nil && p.link == 0 && !p.dialing && p.back == nil {
		l.peers = slices.DeleteFunc(l.peers, func(o *peer) bool { return o == p })
	}
}

func (l *Links) note(kind NoteKind, link LinkID, sid jute.PeerID) {
	l.effects.Notes = append(l.effects.Notes, Note{Kind: kind, Link: link, Peer: sid})
}

func (l *Links) close(link LinkID) { l.effects.Close = append(l.effects.Close, link) }

func (l *Links) refuse(kind NoteKind, link LinkID, sid jute.PeerID) {
	l.note(kind, link, sid)
	l.close(link)
}

// dial asks for a connection, unless there is one, or one is being made.
func (l *Links) dial(p *peer, ports []config.HostPort) {
	if p.link != 0 || p.dialing || len(ports) == 0 {
		return
	}
	p.dialing, p.awaited = true, false
	p.tried, p.dialAt = true, l.now
	l.effects.Dial = append(l.effects.Dial, Dial{Peer: p.sid, Ports: ports})
}

// redial dials a server without a connection, at most once a second.
func (l *Links) redial(p *peer) {
	if l.now >= p.dialAt+redialAfter {
		l.dial(p, p.ports)
	}
}

// dialBack answers the hello of a server with a smaller id.
func (l *Links) dialBack(p *peer) {
	if p.back == nil || l.now < p.backAt {
		return
	}
	ports := p.back
	p.back = nil
	l.dial(p, ports)
}

// connected goes on after a dial that worked. Of two servers the one with the larger id keeps the
// connection that it made; the other one says hello and is dialled back.
func (l *Links) connected(link LinkID, sid jute.PeerID) {
	p := l.find(sid)
	if p == nil || !p.dialing {
		l.close(link)
		return
	}
	p.dialing = false
	if p.link != 0 && sid > l.config.Me {
		l.close(link) // it has dialled us meanwhile
		return
	}
	at := len(l.effects.out)
	l.effects.out = appendHello(l.effects.out, l.config.Me, l.config.Address)
	l.effects.Send = append(l.effects.Send, Send{
		Link: link, Data: l.effects.out[at:], Last: sid > l.config.Me,
	})
	if sid > l.config.Me {
		p.awaited, p.greeted = true, link
		return
	}
	l.install(p, link)
	p.busy = true // with the hello
}

// install makes a connection that of a peer. The newest wins. What was said by an older one may not
// have arrived, so it is said again.
func (l *Links) install(p *peer, link LinkID) {
	old := p.link
	if old != 0 {
		l.close(old)
	}
	p.link, p.busy, p.back, p.awaited, p.tried = link, false, nil, false, true
	p.quietAt, p.upAt = l.now, l.now
	p.due = p.due || p.spoken || l.asks(p)
	l.effects.Notes = append(l.effects.Notes,
		Note{Kind: Opened, Link: link, Peer: p.sid, Old: old})
}

// asks reports whether a peer is one of those whose votes this server looks for.
func (l *Links) asks(p *peer) bool {
	return l.speaker.State() == ensemble.Looking && l.config.Voters.Votes(p.sid)
}

func (l *Links) accepted(link LinkID) {
	if len(l.pending) == maxPending {
		l.refuse(SilentCaller, l.pending[0].link, 0)
		l.pending = slices.Delete(l.pending, 0, 1)
	}
	l.pending = append(l.pending, pending{link, l.now})
}

// hello is the first message of an accepted connection. A server with a smaller id is dialled back,
// at the address that it says, because the connection that the larger one makes is kept; and its
// old connection ends, because it would not have dialled if its end of that still stood.
func (l *Links) hello(link LinkID, data []byte) {
	var h ensemble.Hello
	_, err := jute.Decode(data, &h)
	var back []config.HostPort
	if err == nil {
		back, err = helloAddresses(&h)
	}
	switch {
	case err != nil || h.Sid < 0:
		l.refuse(BadHello, link, h.Sid)
		return
	case h.Sid == l.config.Me:
		l.refuse(SameID, link, h.Sid)
		return
	}
	p := l.find(h.Sid)
	if p == nil {
		p = l.guest(h.Sid)
	}
	switch {
	case p == nil:
		l.refuse(Stranger, link, h.Sid)
	case h.Sid > l.config.Me:
		l.install(p, link)
	case p.link != 0 && l.now < p.upAt+crossing:
		l.close(link)
	default:
		l.close(link)
		l.drop(p, p.link)
		if p.back = back; back == nil {
			p.back = p.ports
		}
		p.backAt = p.dialAt + dialBackAfter
		l.dialBack(p)
		l.forget(p)
	}
}

// drop ends the connection of a peer from this side.
func (l *Links) drop(p *peer, link LinkID) {
	if link != 0 {
		l.close(link)
		l.lost(p)
	}
}

func (l *Links) lost(p *peer) { p.link, p.busy = 0, false }

// closed forgets a connection. A server that takes our hello hangs up in good order and dials back.
// If the connection breaks instead, nobody is there who could: a process that is being killed may
// still have been connected by its kernel.
func (l *Links) closed(link LinkID, why error) {
	if unreadable(why) {
		n := Note{Kind: BadHello, Link: link, Err: why}
		if p := l.of(link); p != nil {
			n.Kind, n.Peer = BadMessage, p.sid
		}
		l.effects.Notes = append(l.effects.Notes, n)
	}
	l.pending = slices.DeleteFunc(l.pending, func(w pending) bool { return w.link == link })
	for _, p := range l.peers {
		p.awaited = p.awaited && (p.greeted != link || why == nil)
	}
	if p := l.of(link); p != nil {
		l.lost(p)
		if l.asks(p) {
			l.redial(p)
		}
		l.forget(p)
	}
}

// unreadable reports that a connection has ended because of what it brought, which a Cutter says.
func unreadable(why error) bool {
	var decode *jute.DecodeError
	return errors.Is(why, ErrFrame) || errors.As(why, &decode)
}

// tick looks at what time has brought.
func (l *Links) tick() {
	for len(l.pending) > 0 && l.now >= l.pending[0].since+l.config.HelloWithin {
		l.refuse(SilentCaller, l.pending[0].link, 0)
		l.pending = slices.Delete(l.pending, 0, 1)
	}
	for _, p := range l.peers {
		l.dialBack(p)
		if !l.asks(p) {
			continue
		}
		if p.link == 0 {
			l.redial(p)
		} else if l.now >= p.quietAt+probeAfter {
			p.due = true
		}
	}
}

// flush sends what is due to those who can take it.
func (l *Links) flush() {
	for _, p := range l.peers {
		soon := l.now < p.saidAt+answerAfter && !l.config.Voters.Votes(p.sid)
		if !p.due || p.link == 0 || p.busy || soon {
			continue
		}
		n := l.speaker.Notification(p.sid)
		at := len(l.effects.out)
		l.effects.out = appendFrame(l.effects.out, &n)
		l.effects.Send = append(l.effects.Send, Send{Link: p.link, Data: l.effects.out[at:]})
		p.due, p.busy, p.spoken = false, true, true
		p.quietAt, p.saidAt = l.now, l.now
	}
}
