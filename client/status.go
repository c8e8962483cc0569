package client

import (
	"context"
	"errors"
	"time"

	"quoll/client/internal/keeper"
	"quoll/client/internal/machine"
)

// State is the state of a Client.
type State uint8

// The states.
const (
	Connecting = State(machine.Connecting) // no session yet
	Connected  = State(machine.Connected)
	ReadOnly   = State(machine.ReadOnly)   // connected to a server without a quorum
	Suspended  = State(machine.Suspended)  // a session, no connection
	Expired    = State(machine.Expired)    // the server said so; Connecting follows
	AuthFailed = State(machine.AuthFailed) // final
	Closed     = State(machine.Closed)     // final
)

func (s State) String() string { return machine.State(s).String() }

// Status is what a Client knows of its connection.
type Status struct {
	State   State
	Session *Session  // nil before the first
	Server  string    // host:port as given; "" without a connection
	Err     error     // why it is not connected
	Since   time.Time // of State
}

// Status returns the status, and a channel that is closed at its next change.
func (c *Client) Status() (now Status, changed <-chan struct{}) {
	s, changed := c.core.parts.Board.Read()
	return c.core.status(s), changed
}

func (k *core) status(s keeper.Status) Status {
	return Status{
		State: State(s.State), Session: k.last.of(s.Session), Server: s.Server, Err: s.Err,
		Since: s.Since,
	}
}

// Session is the current session, nil before the first.
func (c *Client) Session() *Session {
	now, _ := c.Status()
	return now.Session
}

// WaitConnected waits until the client is connected; ReadOnly will do. In a final state it returns
// the reason at once.
func (c *Client) WaitConnected(ctx context.Context) error {
	for {
		now, changed := c.Status()
		var err error
		switch now.State {
		case Connected, ReadOnly:
			return nil
		case AuthFailed:
			err = ErrAuthFailed
		case Closed:
			err = ErrClosed
		case Expired:
			if !c.core.opts.newSession {
				err = ErrSessionExpired
			}
		}
		if err != nil {
			return &Error{Op: "connect", Err: err}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			now, _ := c.Status()
			return &Error{Op: "connect", Err: errors.Join(ctx.Err(), now.Err)}
		}
	}
}
