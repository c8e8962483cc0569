package election

import (
	"hash/fnv"
	"slices"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
)

// LinkID names a connection. Whoever opens connections gives it, beginning with 1, and never again.
type LinkID uint64

// What the connections of the election port are allowed.
const (
	// redialAfter is the pause between two dials of a voter without a connection, while looking.
	redialAfter = time.Second
	// dialBackAfter is the least pause before a dial that another server's hello asks for.
	dialBackAfter = 100 * time.Millisecond
	// crossing is how long a smaller server's hello may have been on its way when our connection
	// with it opened. It dials again a second later if its end of ours is really gone.
	crossing = 500 * time.Millisecond
	// probeAfter is the silence on a connection after which the vote is said again, while looking.
	// A connection whose other end is gone is only found out by sending.
	probeAfter = 2 * time.Second
	// answerAfter is the least pause between two notifications to one who is not a voter. An
	// observer of Apache's in a higher round than ours answers each answer at once.
	answerAfter = 100 * time.Millisecond
	// maxPending is how many connections may wait for their hello; the oldest makes room.
	maxPending = 64
	// maxStrangers is how many servers that are not in the configuration may have a connection.
	maxStrangers = 32
)

// LinksConfig is what Links needs to know of the ensemble.
type LinksConfig struct {
	Me      jute.PeerID
	Address config.HostPort // of the own election port, as the others are to dial it
	Members []Address
	Voters  Verifier
	// Quorums is config.Quorums of the own configuration. Empty, it is not compared.
	Quorums string
	// HelloWithin bounds how long an accepted connection may be silent (Apache's
	// quorumCnxnTimeoutMs, or syncLimit times tickTime).
	HelloWithin time.Duration
}

// Address is where a member's election port is, or where they are, if it has several.
type Address struct {
	Sid   jute.PeerID
	Ports []config.HostPort
}

// Speaker tells Links what is to be said. Election is one.
type Speaker interface {
	// State is what this server does. Only one that looks redials and probes.
	State() ensemble.State
	// Notification is what a server is to be told now.
	Notification(to jute.PeerID) ensemble.Notification
}

// LinkEventKind is what happened to a connection.
type LinkEventKind uint8

// The kinds of events. Each Dial is answered by one Connected or Failed. Between Connected or
// Accepted and Closed come Message and Wrote; nothing comes behind Closed.
const (
	Connected LinkEventKind = iota + 1 // Link, Peer: a dial has worked
	Failed                             // Peer: a dial has not
	Accepted                           // Link: somebody has connected
	Message                            // Link, Data: a whole message, as Cutter cuts it
	Wrote                              // Link: the last Send has left
	Closed                             // Link, Err: it has ended
)

// LinkEvent is one event of one connection.
type LinkEvent struct {
	Kind LinkEventKind
	Link LinkID
	Peer jute.PeerID
	Data []byte // valid during the call
	Err  error  // nil when this side has closed the connection, or the other one in good order
}

// LinkEffects is what is to be done with connections: Close, then Send, then Dial. It is reused:
// who takes it is done with it before the next call.
type LinkEffects struct {
	// Close ends connections. What they bring afterwards is ignored, and so is their Closed.
	Close []LinkID
	// Send goes out in this order, each in one write. A connection has at most one at a time: the
	// next one comes after Wrote. On a connection that has ended it is dropped.
	Send []Send
	// Dial is to be answered, each by Connected or Failed.
	Dial []Dial
	// Notes are what an operator may want to know, in the order in which they happened.
	Notes []Note

	out []byte // where the messages of Send are
}

// Send is one message.
type Send struct {
	Link LinkID
	Data []byte // valid until the next call
	Last bool   // when it has left, the connection is to be closed
}

// Dial asks for a connection to one of the addresses. Names are resolved each time.
type Dial struct {
	Peer  jute.PeerID
	Ports []config.HostPort
}

// NoteKind is what a Note tells.
type NoteKind uint8

// The kinds of notes. Each but Opened and OtherQuorums has ended a connection.
const (
	Opened       NoteKind = iota + 1 // a connection to Peer stands
	BadHello                         // unreadable, or with an id that no server has
	BadMessage                       // of Peer: not a notification
	SilentCaller                     // no hello in time, or too many wait for theirs
	SameID                           // somebody else has our id
	Stranger                         // Peer is not in the configuration, and too many such are here
	OtherQuorums                     // Peer's configuration has other quorums, once for each text
)

// Note is one thing that happened on the election port.
type Note struct {
	Kind    NoteKind
	Link    LinkID
	Peer    jute.PeerID
	Old     LinkID // of Opened: the connection of Peer whose place it takes; 0: none
	Quorums string // of OtherQuorums: config.Quorums of what Peer has
	Err     error  // of BadHello and BadMessage, when the connection has ended already
}

// Heard is a notification that has come.
type Heard struct {
	From         jute.PeerID
	Notification ensemble.Notification // its Config is valid during the call
}

// peer is one other server.
type peer struct {
	sid   jute.PeerID
	ports []config.HostPort // configured; none: a stranger

	link    LinkID        // 0: none
	upAt    time.Duration // when it opened
	busy    bool          // a Send has not left yet
	due     bool          // it is to be told something
	spoken  bool          // it was told something, which may be lost with its connection
	dialing bool
	awaited bool              // has got our hello, and is to dial back
	greeted LinkID            // by which it got that hello
	back    []config.HostPort // where its newest hello wants to be dialled, until that is done
	backAt  time.Duration     // not before
	tried   bool              // was dialled, or has had a connection
	dialAt  time.Duration     // when it was dialled last
	quietAt time.Duration     // when something came or went last
	saidAt  time.Duration     // when it was told something last
	members uint64            // a hash of the configuration that it told last
}

func newPeer(sid jute.PeerID, ports []config.HostPort) *peer {
	return &peer{sid: sid, ports: ports, dialAt: -redialAfter, saidAt: -answerAfter}
}

// pending is an accepted connection that has not said hello.
type pending struct {
	link  LinkID
	since time.Duration
}

// Links keeps at most one connection to each other server (Apache's QuorumCnxManager).
//
// Invariants: a connection is pending, or that of one peer, or ours no more; peers are ascending by
// id; only a server with a larger id than the other's keeps a connection that it dialled.
type Links struct {
	config  LinksConfig
	speaker Speaker
	now     time.Duration
	peers   []*peer
	pending []pending // oldest first
	effects LinkEffects
	taken   LinkEffects
}

// NewLinks makes the connections of a server: none. Nothing happens before Tick, Say or Step.
func NewLinks(config LinksConfig, speaker Speaker) *Links {
	l := &Links{config: config, speaker: speaker}
	for _, m := range config.Members {
		if m.Sid != config.Me {
			l.peers = append(l.peers, newPeer(m.Sid, m.Ports))
		}
	}
	slices.SortFunc(l.peers, func(a, b *peer) int {
		return int(max(-1, min(1, a.sid-b.sid)))
	})
	return l
}

// Down reports that a server has no connection, that none is being made, and that the server is
// not about to dial back. A server that nobody has tried to reach is not down.
func (l *Links) Down(sid jute.PeerID) bool {
	p := l.find(sid)
	if p == nil {
		return true
	}
	awaited := p.awaited && l.now < p.dialAt+redialAfter
	return p.tried && p.link == 0 && !p.dialing && p.back == nil && !awaited
}

// Take returns what is to be done since the last call. It is valid until the next.
func (l *Links) Take() *LinkEffects {
	l.flush()
	l.effects, l.taken = l.taken, l.effects
	l.effects.Close, l.effects.Send = l.effects.Close[:0], l.effects.Send[:0]
	l.effects.Dial, l.effects.Notes = l.effects.Dial[:0], l.effects.Notes[:0]
	l.effects.out = l.effects.out[:0]
	return &l.taken
}

// Say marks that a server is to be told the current notification. Without a connection it is
// dialled; the mark stays.
func (l *Links) Say(now time.Duration, sid jute.PeerID) {
	l.now = now
	if p := l.find(sid); p != nil {
		p.due = true
		if p.link == 0 {
			l.redial(p)
		}
	}
}

// Tick tells the time.
func (l *Links) Tick(now time.Duration) {
	l.now = now
	l.tick()
}

// Step takes what happened to a connection. It returns what was heard by it, or nil.
func (l *Links) Step(now time.Duration, ev LinkEvent) *Heard {
	l.now = now
	switch ev.Kind {
	case Connected:
		l.connected(ev.Link, ev.Peer)
	case Failed:
		if p := l.find(ev.Peer); p != nil {
			p.dialing = false
			l.forget(p)
		}
	case Accepted:
		l.accepted(ev.Link)
	case Message:
		return l.message(ev.Link, ev.Data)
	case Wrote:
		if p := l.of(ev.Link); p != nil {
			p.busy = false
		}
	case Closed:
		l.closed(ev.Link, ev.Err)
	}
	return nil
}

func (l *Links) message(link LinkID, data []byte) *Heard {
	for i, w := range l.pending {
		if w.link == link {
			l.pending = slices.Delete(l.pending, i, i+1)
			l.hello(link, data)
			return nil
		}
	}
	p := l.of(link)
	if p == nil {
		return nil
	}
	h := &Heard{From: p.sid}
	if _, err := jute.Decode(data[min(frameHead, len(data)):], &h.Notification); err != nil {
		l.note(BadMessage, link, p.sid)
		l.drop(p, link)
		l.forget(p)
		return nil
	}
	p.quietAt = l.now
	l.compare(p, h.Notification.Config)
	return h
}

// compare notes that a server counts other votes than this one. Addresses may differ, because
// servers can be reached in several ways.
func (l *Links) compare(p *peer, text []byte) {
	hash := fnv.New64a()
	_, _ = hash.Write(text) // it never fails
	if p.members == hash.Sum64() || len(text) == 0 || l.config.Quorums == "" {
		return
	}
	p.members = hash.Sum64()
	c, err := config.ParseText(string(text), config.Rules{MultiAddress: true})
	if err != nil {
		return
	}
	if theirs := c.Quorums(); theirs != l.config.Quorums {
		l.effects.Notes = append(l.effects.Notes,
			Note{Kind: OtherQuorums, Link: p.link, Peer: p.sid, Quorums: theirs})
	}
}
