package keeper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"quoll/client/internal/link"
	"quoll/client/internal/machine"
	"quoll/client/internal/watches"
	"quoll/client/wire"
	"quoll/jute"
)

// dialed is the result of a dial: a link whose handshake is done, or an error.
type dialed struct {
	server string
	link   *link.Link
	auth   []jute.AuthPacket // what the credentials said
	err    error
}

// lookup is the result of asking for SRV records.
type lookup struct {
	servers []string
	err     error
}

const (
	// leastDial is the lower bound of the time that one dial gets.
	leastDial = 250 * time.Millisecond
	// rearmBytes is how many bytes of paths one setWatches request has at most, as with Apache's
	// client. It is below every jute.maxbuffer that can be used at all.
	rearmBytes = 128 << 10
)

// dial begins to connect to the next server. The pause of a new round has passed already.
func (k *Keeper) dial() {
	if k.config.SRV != "" && k.Rounds.Count() == 0 {
		k.lookUp()
		return
	}
	server := k.prefer
	k.prefer = ""
	if server == "" {
		server = k.Rounds.Current()
	}
	limit := max(k.timeout()/time.Duration(2*max(k.Rounds.Count(), 1)), leastDial)
	request := link.Request{
		Server: server, SessionID: k.present.own.ID, Passwd: k.present.own.Passwd,
		Timeout: k.config.Timeout, LastZxid: k.present.zxid,
		ReadOnly: k.config.ReadOnly, MaxFrame: k.config.Received, SASL: k.config.SASL,
	}
	creds := k.Auth.all()
	k.helpers.Go(func() {
		d := k.open(limit, request, creds)
		select {
		case k.helpers.dialed <- d:
		case <-k.helpers.ctx.Done():
			if d.link != nil {
				d.link.Drop()
			}
		}
	})
}

// open connects and shakes hands. It runs beside the keeper and changes nothing of it.
func (k *Keeper) open(limit time.Duration, r link.Request, creds []Credential) dialed {
	ctx, cancel := context.WithTimeout(k.helpers.ctx, limit)
	defer cancel()
	d := dialed{server: r.Server}
	begin := time.Now()
	for _, c := range creds {
		secret, err := c.Secret(ctx)
		if err != nil {
			d.err = fmt.Errorf("credential of scheme %q: %w", c.Scheme, err)
			break
		}
		d.auth = append(d.auth, jute.AuthPacket{Scheme: []byte(c.Scheme), Auth: secret})
	}
	if d.err == nil {
		d.link, d.err = link.Open(ctx, &k.config.Dialer, k.Clock.Mono, r)
	}
	if k.config.Hooks.Dialed != nil {
		k.config.Hooks.Dialed(r.Server, time.Since(begin), d.err)
	}
	return d
}

func (k *Keeper) onDialed(d dialed) {
	switch {
	case d.err == nil:
		k.attach(d)
		return
	case errors.Is(d.err, wire.ErrExpired):
		if k.handle(machine.SessionExpired, d.err) == machine.Dial {
			k.retry.Reset(0)
		}
		return
	}
	if errors.Is(d.err, link.ErrAuthRefused) {
		k.handle(machine.AuthRefused, d.err)
		return
	}
	k.config.Logger.Debug("zookeeper client: dial failed",
		slog.String("server", d.server), slog.String("reason", d.err.Error()))
	k.publish(d.err)
	k.next()
}

// next arranges the dial of the next server.
func (k *Keeper) next() { k.retry.Reset(k.advance()) }

// advance goes on to the next server and says how long to wait before the dial. The names of SRV
// records are asked for in each round.
func (k *Keeper) advance() time.Duration {
	pause, over := k.Rounds.Advance()
	if over && k.config.SRV != "" {
		k.Rounds.Replace(nil)
	}
	return pause
}

// attach begins to use a connection. Its order is the one in which the server has to learn of
// things: credentials, watches, then the calls.
func (k *Keeper) attach(d dialed) {
	event := machine.Attached
	s := d.link.Session()
	if s.ReadOnly {
		event = machine.AttachedReadOnly
	}
	v := k.machine.Handle(event)
	k.present.link = d.link
	k.adopt(s)
	if v.Lease == machine.Restarts {
		k.lease.Begin(s.Timeout, d.link.Opened(), k.Clock.Now())
	}
	k.publish(nil)
	for i := range d.auth {
		d.link.Auth(string(d.auth[i].Scheme), d.auth[i].Auth)
	}
	if v.Watches == machine.Rearmed {
		for _, sets := range k.Watches.Rearm(k.present.zxid, min(rearmBytes, k.config.Sent/2)) {
			d.link.SetWatches(sets)
		}
	}
	d.link.Start(k.Queue, k.onEvent)
	k.alarm.Reset(0)
	if s.ReadOnly {
		k.seek(d.server)
	}
}

// adopt takes the session of a new connection.
func (k *Keeper) adopt(s wire.Session) {
	if k.present.session != nil && k.present.session.ID != s.ID {
		k.present.session.markEnded(k.config.Errors.Cause(machine.Expiry))
	}
	k.present.foreign = s.ReadOnly && (k.present.own.ID == 0 || k.present.foreign)
	k.present.own = Identity{s.ID, s.Passwd}
	switch {
	case k.present.session == nil || k.present.session.ID != s.ID:
		k.present.session = newSession(k.present.own, s.Timeout)
	case k.present.session.isLapsed() || k.present.session.Timeout != s.Timeout:
		k.present.session.markLapsed()
		k.present.session = k.present.session.revived(s.Timeout)
	}
}

// onEvent runs on the reader.
func (k *Keeper) onEvent(event jute.EventType, path string, zxid jute.Zxid) {
	if k.config.Hooks.Event != nil {
		k.config.Hooks.Event(event, path, zxid)
	}
	k.Watches.Deliver(watches.Kind(event), path, zxid)
}

// onServers takes other servers. A connection to one that is not among them is given up.
func (k *Keeper) onServers(servers []string) {
	k.config.SRV = ""
	k.Rounds.Replace(servers)
	if k.present.link != nil && !slices.Contains(servers, k.present.link.Server()) {
		k.giveUp(errors.New("the server is not in the list any more"))
	}
}

// lookUp asks for the SRV records that have the servers.
func (k *Keeper) lookUp() {
	resolver := k.config.Dialer.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	k.helpers.Go(func() {
		ctx, cancel := context.WithTimeout(k.helpers.ctx, max(k.config.Timeout/2, leastDial))
		defer cancel()
		var f lookup
		_, records, err := resolver.LookupSRV(ctx, "", "", k.config.SRV)
		for _, r := range records {
			f.servers = append(f.servers,
				net.JoinHostPort(r.Target, strconv.Itoa(int(r.Port))))
		}
		if err == nil && len(records) == 0 {
			err = errors.New("no SRV records")
		}
		f.err = err
		select {
		case k.helpers.found <- f:
		case <-k.helpers.ctx.Done():
		}
	})
}

func (k *Keeper) onFound(f lookup) {
	if f.err != nil {
		k.publish(f.err)
		k.next()
		return
	}
	k.Rounds.Replace(f.servers)
	k.retry.Reset(0)
}
