package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"quoll/client/internal/calls"
	"quoll/client/internal/hosts"
	"quoll/client/internal/keeper"
	"quoll/client/internal/watches"
	"quoll/jute"
)

// The records of the protocol that the client's calls have in common with the server.
type (
	Stat      = jute.Stat
	Zxid      = jute.Zxid
	SessionID = jute.SessionID
	ACL       = jute.ACL
	ID        = jute.ID
	Perms     = jute.Perms
)

// Client is a client of a ZooKeeper ensemble, for any number of goroutines. It lives over
// connections, and over sessions too unless WithNewSession(false) is given.
type Client struct {
	core   *core
	root   string // chroot; "" or an absolute path
	view   bool   // made by Chroot: Close does nothing
	astray bool   // no node can have the path that Chroot was given
}

// core is what a client and its views have in common.
type core struct {
	opts   options
	parts  keeper.Parts
	queue  *calls.Queue // that of parts
	keeper *keeper.Keeper
	last   lastSession

	follower *follower // nil without WithFollowConfig
}

// closePatience is how long Close waits at most.
const closePatience = 2 * time.Second

// New makes a client of the servers and begins to connect. It does not wait for a connection.
//
//	"zk1:2181,zk2:2181,[::1]:2181/app"          servers and a chroot; without a port it is 2181
//	"srv://_zookeeper._tcp.example.org/app"     servers from SRV records
func New(servers string, opts ...Option) (*Client, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	if o.err != nil {
		return nil, o.err
	}
	list, err := hosts.Parse(servers)
	if err != nil {
		return nil, fmt.Errorf("zookeeper: %w", err)
	}
	if o.requestTimeout == 0 {
		o.requestTimeout = o.timeout
	}
	return begin(o, list), nil
}

// begin makes a client and starts its keeper.
func begin(o options, list hosts.List) *Client {
	rng := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	clock := keeper.NewClock()
	k := &core{opts: o}
	k.queue = calls.NewQueue(calls.Limits{
		Requests: o.pending.requests, Bytes: o.pending.bytes, Timeout: o.requestTimeout,
	}, clock.Mono)
	k.parts = keeper.Parts{
		Clock: clock, Queue: k.queue, Watches: watches.NewRegistry(k.takeOff),
		Board: keeper.NewBoard(), Auth: new(keeper.Credentials),
		Rounds: hosts.NewRounds(list.Servers, o.backoff.min, o.backoff.max, rng),
	}
	k.parts.Auth.Add(o.auth...)
	k.keeper = keeper.New(keeper.Config{
		Timeout: o.timeout, Request: o.requestTimeout, Steady: o.backoff.min,
		Session: o.session, NewSession: o.newSession, ReadOnly: o.readOnly,
		Dialer: o.dialer, SASL: o.sasl, SRV: list.SRV,
		Sent: o.frame.sent, Received: o.frame.received,
		Logger: o.logger, Errors: words{}, Hooks: k.hooks(),
	}, k.parts)
	c := &Client{core: k, root: list.Chroot}
	go k.keeper.Run()
	if o.followConfig {
		k.follower = follow(c)
	}
	return c
}

// Dial is New and WaitConnected. If that fails, the client is closed.
func Dial(ctx context.Context, servers string, opts ...Option) (*Client, error) {
	c, err := New(servers, opts...)
	if err != nil {
		return nil, err
	}
	if err := c.WaitConnected(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the session and everything that waits: calls get ErrClosed. It returns within 2 s. An
// error says that the session may live on until its timeout: it wraps ErrUnknownOutcome if
// closeSession was sent and not answered, and ErrConnectionLoss if it could not be sent. A second
// Close waits for the first one and returns nil.
func (c *Client) Close() error {
	if c.view {
		return nil
	}
	k := c.core.keeper
	first := k.Close()
	if c.core.follower != nil {
		c.core.follower.stop()
	}
	timer := time.NewTimer(closePatience)
	defer timer.Stop()
	parting := keeper.Unanswered
	select {
	case <-k.Stopped():
		parting = k.Parting()
	case <-timer.C:
	}
	switch {
	case !first || parting == keeper.Ended:
		return nil
	case parting == keeper.NotSent:
		return &Error{Op: jute.OpCloseSession.String(), Err: ErrConnectionLoss}
	}
	return &Error{Op: jute.OpCloseSession.String(), Err: unknown(ErrConnectionLoss)}
}

// Chroot is a view of the client below a path: every path that goes in or comes out is relative to
// it. It uses the same session, and Close of it does nothing. If no node can have that path, every
// call for a node says so.
func (c *Client) Chroot(path string) *Client {
	if path == "/" {
		path = ""
	}
	return &Client{
		core: c.core, root: c.root + path, view: true,
		astray: c.astray || path != "" && !jute.ValidPath([]byte(path)),
	}
}

// SetServers replaces the servers. If the present server is not among them, the client connects to
// another one, with the same session. A chroot in the string must be the one that New was given.
func (c *Client) SetServers(servers string) error {
	list, err := hosts.Parse(servers)
	if err == nil && (list.SRV != "" || list.Chroot != "" && list.Chroot != c.root) {
		err = fmt.Errorf("%w %q: another chroot, or SRV records", hosts.ErrServers, servers)
	}
	if err != nil {
		return fmt.Errorf("zookeeper: %w", err)
	}
	if !c.core.keeper.SetServers(list.Servers) {
		return &Error{Op: "setServers", Err: ErrClosed}
	}
	return nil
}
