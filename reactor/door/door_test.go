package door

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait in the tests; nothing is timed by it.
const patience = 60 * time.Second

// adopted is a connection that the loops were given.
type adopted struct {
	nc     net.Conn
	remote netip.AddrPort
	guest  bool
}

// loops takes connections, or fails.
type loops struct {
	taken chan adopted
	fail  error
}

func (l *loops) Adopt(nc net.Conn, remote netip.AddrPort, guest bool) error {
	if l.fail != nil {
		return l.fail
	}
	l.taken <- adopted{nc, remote, guest}
	return nil
}

// refusal is what Config.Refused was told.
type refusal struct {
	why    Refusal
	remote netip.AddrPort
	err    error
}

// rig is a door with one listener.
type rig struct {
	*Door
	t       *testing.T
	loops   *loops
	refused chan refusal
	failed  chan error
	stop    chan struct{}
	addr    string
}

func newRig(t *testing.T, limits Limits) *rig {
	r := &rig{
		t:       t,
		loops:   &loops{taken: make(chan adopted, 1000)},
		refused: make(chan refusal, 1000),
		failed:  make(chan error, 10),
		stop:    make(chan struct{}),
	}
	r.Door = New(Config{
		Socket: Socket{Backlog: 4096},
		Limits: limits,
		Refused: func(why Refusal, remote netip.AddrPort, err error) {
			r.refused <- refusal{why, remote, err}
		},
		Failed:   func(err error) { r.failed <- err },
		Stopping: r.stop,
		Logger:   zap.NewNop(),
	}, r.loops)
	t.Cleanup(func() {
		close(r.stop)
		r.Close()
		for len(r.loops.taken) > 0 {
			_ = (<-r.loops.taken).nc.Close()
		}
	})
	return r
}

// listen opens a listener that wrap has changed.
func (r *rig) listen(wrap func(net.Listener) net.Listener) net.Listener {
	ln, at, err := r.Bind("127.0.0.1:0")
	require.NoError(r.t, err)
	r.addr = at.String()
	ln = wrap(ln)
	require.NoError(r.t, r.Open(ln))
	return ln
}

func asItIs(ln net.Listener) net.Listener { return ln }

func (r *rig) dial() net.Conn {
	nc, err := net.Dial("tcp", r.addr)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = nc.Close() })
	return nc
}

func receive[T any](t *testing.T, from <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("timed out waiting for " + what)
	}
	return v
}

// Clients that are turned away come back at once: at the limit the acceptor takes its time.
func TestTheAcceptorRestsAtTheLimitOfDescriptors(t *testing.T) {
	r := newRig(t, Limits{Descriptors: 1})
	r.listen(asItIs)
	r.dial()
	require.False(t, receive(t, r.loops.taken, "the first").guest)
	const clients = 50
	began := time.Now()
	for range clients {
		r.dial()
	}
	for range GuestsMost {
		require.True(t, receive(t, r.loops.taken, "a guest").guest)
	}
	for range clients - GuestsMost {
		require.Equal(t, ByDescriptors, receive(t, r.refused, "a refusal").why)
	}
	require.GreaterOrEqual(t, time.Since(began), (clients-1)*atLimitPause, "it rested")
}

// At any other limit it does not: the rest would be felt by those who are let in. Who is refused is
// named, and a connection that leaves makes room.
func TestWhoIsTurnedAwayIsTold(t *testing.T) {
	for why, limits := range map[Refusal]Limits{ByTotal: {Total: 1}, ByAddress: {ByAddress: 1}} {
		r := newRig(t, limits)
		r.listen(asItIs)
		nc := r.dial()
		first := receive(t, r.loops.taken, "the first")
		require.Equal(t, nc.LocalAddr().String(), first.remote.String())
		nc = r.dial()
		told := receive(t, r.refused, "the refusal")
		require.Equal(t, refusal{why: why, remote: told.remote}, told)
		require.Equal(t, nc.LocalAddr().String(), told.remote.String())
		_, err := nc.Read(make([]byte, 1))
		require.Error(t, err, "it is closed")
		r.Leave(first.remote.Addr(), false)
		r.dial()
		receive(t, r.loops.taken, "who comes behind it")
		require.Equal(t, 1, r.Admitted())
	}
}

// What no loop took is closed, told of, and counted no more.
func TestAConnectionThatNoLoopTakes(t *testing.T) {
	for cause, why := range map[error]Refusal{
		errors.New("no"): ByKernel,
		&net.OpError{Op: "dup", Err: syscall.EMFILE}: ByDescriptors,
	} {
		r := newRig(t, Limits{Total: 1})
		r.loops.fail = cause
		r.listen(asItIs)
		for range 3 {
			nc := r.dial()
			told := receive(t, r.refused, "the refusal")
			require.Equal(t, why, told.why)
			require.ErrorIs(t, told.err, cause)
			require.Equal(t, nc.LocalAddr().String(), told.remote.String())
			_, err := nc.Read(make([]byte, 1))
			require.Error(t, err, "it is closed")
		}
		require.Zero(t, r.Admitted())
	}
}

// stubborn fails every accept as want of descriptors does.
type stubborn struct {
	net.Listener
	accepts *atomic.Int64
}

func (s stubborn) Accept() (net.Conn, error) {
	s.accepts.Add(1)
	return nil, syscall.ENFILE
}

// An accept that fails is tried again, and the wait for that ends when the reactor stops.
func TestAnAcceptThatFailsIsTriedAgain(t *testing.T) {
	r := newRig(t, Limits{})
	var accepts atomic.Int64
	r.listen(func(ln net.Listener) net.Listener { return stubborn{ln, &accepts} })
	for range 3 {
		told := receive(t, r.refused, "the refusal")
		require.Equal(t, ByDescriptors, told.why)
		require.False(t, told.remote.IsValid(), "an address of nobody's")
	}
	require.GreaterOrEqual(t, accepts.Load(), int64(3))
}

// A listener that somebody else closed is an error; one that was dropped is not.
func TestListenersEnd(t *testing.T) {
	r := newRig(t, Limits{})
	ln := r.listen(asItIs)
	at := addrPort(ln.Addr())
	require.NoError(t, r.Drop(at))
	require.ErrorContains(t, r.Drop(at), "no listener at "+at.String())
	ln = r.listen(asItIs)
	require.NoError(t, ln.Close())
	require.ErrorIs(t, receive(t, r.failed, "the error"), net.ErrClosed)
	r.Close() // no acceptor is left
	require.Empty(t, r.failed, "the dropped one is none")
	late, _, err := r.Bind("127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorIs(t, r.Open(late), ErrStopping)
	require.ErrorIs(t, late.Close(), net.ErrClosed, "it was closed")
}
