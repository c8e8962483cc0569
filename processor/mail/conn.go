package mail

import (
	"net/netip"
	"sync/atomic"

	"quoll/datatree/watch"
	"quoll/processor/auth"
	"quoll/processor/session"
)

// Conn is one connection of a client as the core knows it.
type Conn struct {
	Receiver Receiver // takes its mail, on its loop
	Box      *Box     // of its lane
	Peer     netip.AddrPort
	Watcher  watch.Watcher // the number by which watches know it: see Conns
	Owner    session.Owner

	Identity atomic.Pointer[auth.Identity] // auth packets replace it; an Identity never changes
	Heard    session.Heard
	gone     atomic.Bool // the connection is closed
}

// Receiver takes the mail of a connection, one piece after the other, on its loop. The arguments
// are valid during the call.
type Receiver interface {
	Receive(d *Delivery, it *Item)
}

// Gone says whether the connection is closed.
func (c *Conn) Gone() bool { return c.gone.Load() }
