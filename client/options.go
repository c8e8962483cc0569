package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"time"

	"quoll/client/internal/keeper"
	"quoll/client/internal/link"
)

// Option changes how a Client works. A wrong value is an error of New.
type Option func(*options)

// options are the settings of a client.
type options struct {
	timeout        time.Duration
	requestTimeout time.Duration // 0: timeout
	session        keeper.Identity
	newSession     bool
	readOnly       bool
	followConfig   bool
	auth           []keeper.Credential
	sasl           Mechanism // nil: none
	dialer         link.Dialer
	backoff        struct{ min, max time.Duration }
	pending        struct{ requests, bytes int }
	frame          struct{ sent, received int }
	logger         *slog.Logger
	trace          Trace
	err            error // of the first wrong option
}

const (
	defaultTimeout  = 30 * time.Second
	defaultSent     = 1<<20 - 1<<10 // jute.maxbuffer of a server is 1 MiB - 1
	defaultReceived = 64 << 20
)

func defaults() options {
	o := options{
		timeout: defaultTimeout, newSession: true, logger: slog.New(slog.DiscardHandler),
	}
	o.backoff.min, o.backoff.max = 50*time.Millisecond, 5*time.Second
	o.pending.requests, o.pending.bytes = 10_000, 64<<20
	o.frame.sent, o.frame.received = defaultSent, defaultReceived
	return o
}

func (o *options) refuse(ok bool, name string, format string, args ...any) {
	if !ok && o.err == nil {
		o.err = fmt.Errorf("zookeeper: %s: %w", name, fmt.Errorf(format, args...))
	}
}

var errPositive = errors.New("must be more than 0")

// WithSessionTimeout asks for a session timeout. The default is 30 s. The server may give another.
func WithSessionTimeout(d time.Duration) Option {
	return func(o *options) {
		o.refuse(d >= time.Millisecond && d <= math.MaxInt32*time.Millisecond,
			"WithSessionTimeout", "%v is not between 1 ms and %v", d,
			math.MaxInt32*time.Millisecond)
		o.timeout = d
	}
}

// WithSession takes over a session that another client had.
func WithSession(id SessionID, passwd []byte) Option {
	return func(o *options) {
		o.refuse(id != 0, "WithSession", "session 0 does not exist")
		o.session = keeper.Identity{ID: id, Passwd: passwd}
	}
}

// WithNewSession says whether the client goes on with a new session when the old one has expired.
// The default is true. With false, Expired is the end: every call fails with ErrSessionExpired.
func WithNewSession(on bool) Option { return func(o *options) { o.newSession = on } }

// WithReadOnly allows a server without a quorum. It answers reads, which may be old, and refuses
// writes with ErrReadOnly. Meanwhile the client looks for a server with a quorum.
func WithReadOnly() Option { return func(o *options) { o.readOnly = true } }

// WithAuth adds an identity at each connect ("digest", user:password). cred is called each time,
// so that secrets can change; it must return when its context ends.
func WithAuth(scheme string, cred func(context.Context) ([]byte, error)) Option {
	return func(o *options) {
		o.refuse(scheme != "" && cred != nil, "WithAuth", "scheme or function missing")
		o.auth = append(o.auth, keeper.Credential{Scheme: scheme, Secret: cred})
	}
}

// Mechanism is a SASL mechanism, such as DIGEST-MD5 or GSSAPI.
type Mechanism interface {
	// Start begins an exchange with a server, host:port as given. It returns what answers the
	// server's challenges, of which the first is nil. done says that the client has nothing more
	// to say after the response; a nil response then is not sent.
	Start(server string) (
		step func(challenge []byte) (response []byte, done bool, err error), err error,
	)
}

// WithSASL authenticates each connection by a SASL mechanism, before anything else is sent. If the
// server refuses it, the client has failed for good: the state is AuthFailed.
func WithSASL(m Mechanism) Option {
	return func(o *options) {
		o.refuse(m != nil, "WithSASL", "no mechanism")
		o.sasl = m
	}
}

// WithTLS speaks TLS with the servers. If c has no ServerName, it is that of each host.
func WithTLS(c *tls.Config) Option {
	return func(o *options) {
		o.refuse(c != nil, "WithTLS", "no configuration")
		o.dialer.TLS = c
	}
}

// WithDialer makes the connections by d. It gets addresses, if WithResolver is given too, and
// otherwise the names of the servers.
func WithDialer(
	d func(ctx context.Context, network, addr string) (net.Conn, error),
) Option {
	return func(o *options) {
		o.refuse(d != nil, "WithDialer", "no function")
		o.dialer.Dial = d
	}
}

// WithResolver looks up the names of servers, at each dial.
func WithResolver(r *net.Resolver) Option { return func(o *options) { o.dialer.Resolver = r } }

// WithBackoff bounds the pause after all servers were tried in vain: it is by chance between 0 and
// a limit that begins with min and doubles up to max. The default is 50 ms and 5 s.
func WithBackoff(min, max time.Duration) Option {
	return func(o *options) {
		o.refuse(min > 0 && max >= min, "WithBackoff", "%v, %v: not 0 < min <= max", min, max)
		o.backoff.min, o.backoff.max = min, max
	}
}

// WithRequestTimeout ends calls whose context has no deadline. 0, the default, is the session
// timeout. The session goes on. The error wraps context.DeadlineExceeded.
func WithRequestTimeout(d time.Duration) Option {
	return func(o *options) {
		o.refuse(d >= 0, "WithRequestTimeout", "%v is negative", d)
		o.requestTimeout = d
	}
}

// WithMaxPending bounds the calls that have no answer yet, and their bytes. A call beyond waits for
// room, or for the end of its context. The default is 10,000 and 64 MiB.
func WithMaxPending(requests, bytes int) Option {
	return func(o *options) {
		o.refuse(requests > 0 && bytes > 0, "WithMaxPending", "%w", errPositive)
		o.pending.requests, o.pending.bytes = requests, bytes
	}
}

// WithMaxFrame bounds the bytes of a request (ErrTooLarge) and of what a server may send at once.
// The default is 1 MiB - 1 KiB and 64 MiB. Servers have their own limit, jute.maxbuffer: they hang
// up on a larger request.
func WithMaxFrame(sent, received int) Option {
	return func(o *options) {
		o.refuse(sent > 0 && received > 0, "WithMaxFrame", "%w", errPositive)
		o.frame.sent, o.frame.received = sent, received
	}
}

// WithLogger logs what happens to the connection and the session. The default discards it.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) {
		o.refuse(l != nil, "WithLogger", "no logger")
		o.logger = l
	}
}

// WithTrace calls the functions of t as things happen.
func WithTrace(t *Trace) Option {
	return func(o *options) {
		o.refuse(t != nil, "WithTrace", "no trace")
		if t != nil {
			o.trace = *t
		}
	}
}

// WithFollowConfig takes the servers of the ensemble's configuration (/zookeeper/config) instead of
// the caller's, whenever it changes. It is off by default: the addresses in there are the servers'
// own, and names that clients use are often others.
func WithFollowConfig() Option { return func(o *options) { o.followConfig = true } }
