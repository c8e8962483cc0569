package session

import (
	"context"
	"io"
	"net"
	"strings"
	"time"

	"quoll/client"
	"quoll/internal/shell/output"
)

// State is what the prompt tells of the connection.
type State struct {
	Where   string // context or servers
	Color   string // of the context
	Mode    string // "rw", "ro", or what else it is: "connecting", "lost", "closed", ...
	Server  string // host that serves us; "" if none does
	Role    string // "leader", "follower", ...; "" if the server does not tell
	Java    string // ZooKeeper's name of the state
	Guarded bool   // the context is protected
}

// State is the state now.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{
		Where: s.set.Context, Color: s.set.PromptColor, Mode: "closed", Java: "CLOSED",
		Guarded: s.set.Protected,
	}
	if st.Where == "" {
		st.Where = s.set.Servers
	}
	switch {
	case s.client == nil && s.closed:
		return st
	case s.client == nil:
		st.Mode, st.Java = "connecting", "CONNECTING"
		return st
	}
	now, _ := s.client.Status()
	st.Mode, st.Java = modes(now.State)
	if now.Server != "" {
		st.Server, st.Role = now.Server, s.role
	}
	return st
}

func modes(state client.State) (ours, javas string) {
	switch state {
	case client.Connected:
		return "rw", "CONNECTED"
	case client.ReadOnly:
		return "ro", "CONNECTEDREADONLY"
	case client.Suspended:
		return "lost", "CONNECTING"
	case client.Expired:
		return "expired", "CLOSED"
	case client.AuthFailed:
		return "auth failed", "AUTH_FAILED"
	case client.Closed:
		return "closed", "CLOSED"
	}
	return "connecting", "CONNECTING"
}

// Change is a change of the connection's state.
type Change struct {
	state  client.State
	server string
	first  bool // there was no connection before: the prompt tells it
}

// Change is the change that led to the present state.
func (s *Session) Change() Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		return Change{state: client.Closed}
	}
	now, _ := s.client.Status()
	return Change{state: now.State, server: now.Server}
}

// Text tells what a person must know: lost, found, expired.
func (c Change) Text(p *output.Page) {
	switch c.state {
	case client.Connected, client.ReadOnly:
		if c.first {
			return
		}
		p.Line(p.Color(output.Dim, "connected to "+c.server))
	case client.Suspended:
		p.Line(p.Color(output.Red, "connection lost; verbs wait until it is back"))
	case client.Expired:
		p.Line(p.Color(output.Red, "session expired; its ephemeral nodes are gone"))
	case client.AuthFailed:
		p.Line(p.Color(output.Red, "the server refuses the identity; it is forgotten"))
	}
}

// ZkCLI is the event that ZooKeeper's client makes.
func (c Change) ZkCLI(p *output.Page) {
	name := map[client.State]string{
		client.Connected: "SyncConnected", client.ReadOnly: "ConnectedReadOnly",
		client.Suspended: "Disconnected", client.Expired: "Expired",
		client.AuthFailed: "AuthFailed", client.Closed: "Closed",
	}[c.state]
	if name != "" {
		p.Line("\nWATCHER::")
		p.Line("\nWatchedEvent state:", name, " type:None path:null zxid: -1")
	}
}

// follow tells each change of the client's state, until it is closed.
func (s *Session) follow(ctx context.Context, c *client.Client) {
	last := client.Connecting
	for {
		now, changed := c.Status()
		if now.State != last {
			s.tell(Change{now.State, now.Server, last == client.Connecting})
			s.learnRole(ctx, c, now)
		}
		last = now.State
		if last == client.Closed || last == client.AuthFailed {
			return
		}
		<-changed // Close changes it too
	}
}

// rolePatience is how long a server may take to tell its role.
const rolePatience = time.Second

// learnRole asks the server for its role, by the word srvr. One that does not answer has none.
func (s *Session) learnRole(ctx context.Context, c *client.Client, now client.Status) {
	s.mu.Lock()
	s.role = ""
	set := s.set
	s.mu.Unlock()
	if now.State != client.Connected && now.State != client.ReadOnly {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, rolePatience)
	s.running.Go(func() {
		defer cancel()
		conn, err := set.DialTCP(ctx, now.Server)
		if err != nil {
			return
		}
		defer conn.Close()
		role := askRole(ctx, conn)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.client == c {
			s.role = role
		}
	})
}

// askRole reads the line "Mode: follower" of srvr.
func askRole(ctx context.Context, conn net.Conn) string {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_, err := io.WriteString(conn, "srvr")
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(conn, 64<<10)) // what came before an error will do
	_, mode, found := strings.Cut(string(text), "\nMode: ")
	if !found {
		return ""
	}
	mode, _, _ = strings.Cut(mode, "\n")
	return output.Escape(mode, false)
}
