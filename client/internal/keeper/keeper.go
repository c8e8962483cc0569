package keeper

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"quoll/client/internal/calls"
	"quoll/client/internal/hosts"
	"quoll/client/internal/link"
	"quoll/client/internal/machine"
	"quoll/client/internal/watches"
	"quoll/jute"
)

// Config says how to keep a client connected.
type Config struct {
	Timeout    time.Duration // of the session, to ask for
	Request    time.Duration // of calls without a deadline
	Steady     time.Duration // a connection that lives shorter has failed
	Session    Identity      // to take over; ID 0: a new one
	NewSession bool          // go on with a new session after an expiry
	ReadOnly   bool          // a server without a quorum will do
	Dialer     link.Dialer
	SASL       link.Mechanism // nil: none
	Sent       int            // largest request, in bytes
	Received   int            // largest frame from a server, in bytes
	SRV        string         // name of the SRV records that have the servers; "" if there is none
	Logger     *slog.Logger
	Errors     Errors
	Hooks      Hooks
}

// Errors has the words in which calls and watches are told what happened.
type Errors interface {
	Cause(machine.Cause) error
	Unknown(cause error) error  // of a write whose outcome is not known
	Protocol(cause error) error // of a server that makes no sense
}

// Hooks are told what happens, in place. Each may be nil.
type Hooks struct {
	Dialed  func(server string, took time.Duration, err error)
	Changed func(Status)
	Event   func(event jute.EventType, path string, zxid jute.Zxid)
}

// Keeper keeps one client connected. Run owns it.
type Keeper struct {
	Parts
	config  Config
	machine machine.Machine
	lease   machine.Lease
	present present
	prefer  string // the server to dial next, if it is not ""
	over    bool   // the client is closed

	helpers helpers
	retry   *time.Timer // the next dial
	alarm   *time.Timer // the next tick

	servers chan []string
	closing chan struct{} // closed by Close
	stopped chan struct{} // closed when Run has ended
	once    sync.Once     // closes closing
	parting Parting       // read after stopped is closed
}

// Parts is what the keeper works with. Others use it too.
type Parts struct {
	Clock   Clock
	Queue   *calls.Queue
	Watches *watches.Registry
	Board   *Board
	Auth    *Credentials
	Rounds  *hosts.Rounds // the keeper's alone
}

// present is the connection and the session that there are.
type present struct {
	link    *link.Link // nil without a connection
	session *Session   // nil before the first
	own     Identity   // of the session to ask for; its ID is 0 for a new one
	foreign bool       // own was made by a server without a quorum: no other server knows it
	zxid    jute.Zxid  // the last one seen, before this connection
	gaveUp  error      // why the keeper has broken the connection itself
}

// helpers are goroutines that work for the keeper, and what they send.
type helpers struct {
	sync.WaitGroup
	ctx    context.Context // ends them
	cancel context.CancelFunc
	dialed chan dialed
	found  chan lookup
	better chan string        // a server with a quorum, found while connected to one without
	unseek context.CancelFunc // ends the search for it
}

// New makes a keeper, which does nothing before Run.
func New(c Config, parts Parts) *Keeper {
	k := &Keeper{
		Parts: parts, config: c, machine: machine.Machine{NewSession: c.NewSession},
		present: present{own: c.Session},
		helpers: helpers{
			dialed: make(chan dialed), found: make(chan lookup), better: make(chan string),
			unseek: func() {},
		},
		retry: time.NewTimer(0), alarm: time.NewTimer(0),
		servers: make(chan []string), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	k.helpers.ctx, k.helpers.cancel = context.WithCancel(context.Background())
	return k
}

// Run works until Close.
func (k *Keeper) Run() {
	defer close(k.stopped)
	defer k.helpers.Wait()
	defer k.helpers.cancel()
	for !k.over {
		var gone <-chan struct{}
		if k.present.link != nil {
			gone = k.present.link.Gone()
		}
		select {
		case d := <-k.helpers.dialed:
			k.onDialed(d)
		case f := <-k.helpers.found:
			k.onFound(f)
		case server := <-k.helpers.better:
			k.onBetter(server)
		case <-gone:
			k.onGone()
		case servers := <-k.servers:
			k.onServers(servers)
		case <-k.retry.C:
			k.dial()
		case <-k.alarm.C:
			k.tick()
		case <-k.closing:
			k.end()
		}
	}
	k.retry.Stop()
	k.alarm.Stop()
}

// SetServers replaces the servers. It returns false if the client is closed.
func (k *Keeper) SetServers(servers []string) bool {
	select {
	case k.servers <- servers:
		return true
	case <-k.stopped:
		return false
	}
}

// Close begins to close the client. It returns true the first time.
func (k *Keeper) Close() (first bool) {
	k.once.Do(func() {
		first = true
		close(k.closing)
	})
	return first
}

// Stopped is closed when the client is closed, and no goroutine of it is left.
func (k *Keeper) Stopped() <-chan struct{} { return k.stopped }

// Parting is how the session ended. It is known when Stopped is closed.
func (k *Keeper) Parting() Parting { return k.parting }

// timeout is the session timeout: the server's, or the one to ask for.
func (k *Keeper) timeout() time.Duration {
	if k.present.session != nil {
		return k.present.session.Timeout
	}
	return k.config.Timeout
}

// publish shows the status to everyone.
func (k *Keeper) publish(why error) {
	before, _ := k.Board.Read()
	s := Status{
		State: k.machine.State(), Session: k.present.session, Err: why, Since: before.Since,
	}
	if k.present.link != nil {
		s.Server = k.present.link.Server()
	}
	if s.State != before.State {
		s.Since = time.Now()
		k.log(s)
	}
	k.Board.write(s)
	if k.config.Hooks.Changed != nil {
		k.config.Hooks.Changed(s)
	}
}

func (k *Keeper) log(s Status) {
	attrs := []slog.Attr{slog.String("state", s.State.String())}
	if s.Session != nil {
		attrs = append(attrs, slog.String("session", s.Session.ID.String()))
	}
	if s.Server != "" {
		attrs = append(attrs, slog.String("server", s.Server))
	}
	if s.Err != nil {
		attrs = append(attrs, slog.String("reason", s.Err.Error()))
	}
	k.config.Logger.LogAttrs(context.Background(), slog.LevelInfo, "zookeeper client", attrs...)
}
