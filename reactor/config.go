package reactor

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"go.uber.org/zap"

	"quoll/reactor/door"
)

// Transport names what carries the bytes.
type Transport uint8

const (
	// GNet runs a few event loops in raw epoll (kqueue): the client port.
	GNet Transport = iota
	// Std runs a goroutine a connection on Go's net: the yardstick, the portable way, and the
	// only one that can speak TLS.
	Std
)

// String is the transport's name as it stands in logs.
func (t Transport) String() string {
	if t == Std {
		return "std"
	}
	return "gnet"
}

// Sizes that are nobody's setting.
const (
	// earlyInputBytes bounds what a connection may have buffered before Conn.Established. The
	// largest legal ConnectRequest is far below it.
	earlyInputBytes = 64 << 10
	// turnRoomBytes of output is what a turn should make, which those who wait in loop.ready share,
	// and the others are bounds of a share: see Conn.Room.
	turnRoomBytes = 256 << 10
	roomMinBytes  = 8 << 10
	roomMaxBytes  = 32 << 10
	// retainedBytes is the largest output buffer that goes back to the pool; a reply of a
	// million names must not stay in memory for good.
	retainedBytes = 256 << 10
	// scanEvery is how often connections with output pending are looked at.
	scanEvery = 10 * time.Millisecond
)

// Config is what Run needs. The zero value of a field is its default where one is named.
type Config struct {
	Transport Transport
	// Listeners are host:port each; port 0 lets the kernel choose, see Listening.
	Listeners []string
	// Loops is the number of event loops; 0 is half of GOMAXPROCS, 1 to 4.
	Loops int
	// MaxFrame is the most that is buffered inbound for a stream that does not consume:
	// jute.maxbuffer + 4. Default 1 MiB + 3, Apache's.
	MaxFrame int
	// Socket is what the kernel is told of listeners.
	Socket door.Socket

	// ConnectDeadline is how long a connection may go without Conn.Established. Default 10 s.
	ConnectDeadline time.Duration
	// StallTimeout is how long output may be pending without one byte moving, for connections
	// that have not called Conn.SetStallTimeout. Default 40 s.
	StallTimeout time.Duration
	// CloseDeadline bounds Conn.CloseAfterFlush. Default 5 s.
	CloseDeadline time.Duration

	// Limits are how many connections there may be, in all (maxCnxns) and of one address
	// (maxClientCnxns). The default of Descriptors is ConnectionLimit(0).
	Limits door.Limits

	// OutputHighWater is the pending output, in bytes, at which a connection is no longer read
	// from. Default 1 MiB.
	OutputHighWater int
	// OutputLowWater is where reading goes on. Default half of OutputHighWater.
	OutputLowWater int
	// OutputCap is how many bytes, of watch events and the like, a connection above
	// OutputHighWater may be given before it is closed. What it was given when it was below does
	// not count: one large reply never closes anyone. Default 64 MiB.
	OutputCap int
	// OutputBudget is the pending output of all connections above which none with output
	// pending is read from; at twice the budget OutputHighWater is the cap. Default 256 MiB.
	OutputBudget int64
	// InputBudget is the bytes of unfinished frames of all connections, of those that hold more
	// than 64 KiB, above which the one is closed that has gone longest without a byte. Default 256
	// MiB.
	InputBudget int64

	// Refused, which may be nil, is told of each connection that is turned away before it has a
	// stream, where it is accepted or on its loop. remote is not valid when accept failed; err is
	// what failed, nil where a limit said no. It must not block.
	Refused func(why door.Refusal, remote netip.AddrPort, err error)
	Logger  *zap.Logger
	// Stats receives the counters; nil makes a private one.
	Stats *Stats
	// Listening is told the bound addresses, in the order of Listeners, before the first accept.
	Listening func([]netip.AddrPort)
	// Started is given the handle that stops Run. It is called once, before the first accept.
	Started func(*Handle)
}

// ErrConfig marks a setting that Run cannot work with.
var ErrConfig = errors.New("reactor: bad configuration")

// Check says what Run would refuse before it does anything.
func (cfg Config) Check() error {
	_, err := cfg.withDefaults()
	return err
}

// withDefaults fills in what was left at zero and refuses what cannot be meant.
func (cfg Config) withDefaults() (Config, error) {
	if cfg.Transport > Std {
		return cfg, fmt.Errorf("%w: transport %d", ErrConfig, cfg.Transport)
	}
	setDefault(&cfg.Loops, min(max(runtime.GOMAXPROCS(0)/2, 1), 4))
	setDefault(&cfg.Limits.Descriptors, ConnectionLimit(0))
	setDefault(&cfg.MaxFrame, 1<<20+3)
	setDefault(&cfg.Socket.Backlog, 4096)
	setDefault(&cfg.ConnectDeadline, 10*time.Second)
	setDefault(&cfg.StallTimeout, 40*time.Second)
	setDefault(&cfg.CloseDeadline, 5*time.Second)
	setDefault(&cfg.OutputHighWater, 1<<20)
	setDefault(&cfg.OutputLowWater, cfg.OutputHighWater/2)
	setDefault(&cfg.OutputCap, max(64<<20, 4*cfg.OutputHighWater))
	setDefault(&cfg.OutputBudget, 256<<20)
	setDefault(&cfg.InputBudget, 256<<20)
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	if cfg.Stats == nil {
		cfg.Stats = new(Stats)
	}
	switch {
	case cfg.Loops < 0 || cfg.MaxFrame < 0 || cfg.Socket.Backlog < 0:
		return cfg, fmt.Errorf("%w: a size below zero", ErrConfig)
	case cfg.OutputLowWater >= cfg.OutputHighWater:
		return cfg, fmt.Errorf("%w: OutputLowWater %d is not below OutputHighWater %d",
			ErrConfig, cfg.OutputLowWater, cfg.OutputHighWater)
	case cfg.OutputCap < cfg.OutputHighWater:
		return cfg, fmt.Errorf("%w: OutputCap %d is below OutputHighWater %d",
			ErrConfig, cfg.OutputCap, cfg.OutputHighWater)
	}
	return cfg, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
