package processor

import (
	"quoll/processor/mail"
	"quoll/processor/tell"
)

// tellOf tells what happened to a request. It is for the core.
func tellOf(t tell.Teller, r *mail.Request, e tell.Event) {
	if t == nil {
		return
	}
	if r.Conn != nil {
		e.Peer = r.Conn.Peer
	}
	e.Session = r.Session
	t.Tell(e)
}
