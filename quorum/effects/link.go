package effects

import (
	"quoll/jute"
	"quoll/quorum/config"
)

// LinkID names a connection of the quorum port. It is given when the connection opens, beginning
// with 1, and never again.
type LinkID uint64

// LinkEventKind is what has happened to a connection.
type LinkEventKind uint8

// The kinds of events. Each Dial is answered by one Connected or Failed. Between Connected or
// Accepted and Closed come Packet and Wrote; nothing comes behind Closed.
const (
	Connected LinkEventKind = iota + 1 // Link, Peer: a dial has worked
	Failed                             // Peer, Err: a dial has not
	Accepted                           // Link: somebody has connected
	Packet                             // Link, Data: a whole QuorumPacket
	Wrote                              // Link, Bytes: so many more bytes have left for the kernel
	Closed                             // Link, Err: it has ended
)

// LinkEvent is one event of one connection.
type LinkEvent struct {
	Kind  LinkEventKind
	Link  LinkID
	Peer  jute.PeerID
	Data  []byte // whoever gets it owns it: a transaction may alias it for as long as it lives
	Bytes int
	Err   error
}

// Outgoing is what goes to one connection: whole packets, one after the other. Whoever carries the
// effects out owns Data. What goes to a connection that has ended is dropped.
type Outgoing struct {
	Link LinkID
	Data []byte
}

// LinkOpKind is what is to be done about connections.
type LinkOpKind uint8

// The kinds of LinkOp.
const (
	// Dial connects to the first of Ports that answers, as Peer. Names are resolved now.
	Dial LinkOpKind = iota + 1
	// Listen accepts connections at Ports. It is answered by nothing; a port that is in use is
	// tried again until Unlisten.
	Listen
	// Unlisten accepts no more connections. Those that stand stay.
	Unlisten
	// Close ends Link when everything sent before has left or some time has passed. Closed follows.
	Close
	// Pause stops reading from Link. Packets that were read already may still come.
	Pause
	// Resume goes on reading from Link.
	Resume
)

// LinkOp is one operation on connections.
//
// A connection stops reading by itself behind a SNAP packet: what follows is no packet. The job
// BuildTree reads it, and the connection goes on behind the stream when the job has ended.
type LinkOp struct {
	Kind  LinkOpKind
	Link  LinkID
	Peer  jute.PeerID
	Ports []config.HostPort
}
