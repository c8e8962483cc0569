package client

import (
	"errors"
	"fmt"
	"strings"

	"quoll/client/internal/machine"
	"quoll/client/internal/watches"
	"quoll/jute"
)

// Errors that a server answers with. Each is found in an *Error by errors.Is. Its name is that of
// ZooKeeper's KeeperException with Err in front, or is given.
var (
	ErrNoNode                  = errors.New("no such node")
	ErrNodeExists              = errors.New("node exists")
	ErrBadVersion              = errors.New("version does not match")
	ErrNotEmpty                = errors.New("node has children")
	ErrNoAuth                  = errors.New("not permitted")
	ErrInvalidACL              = errors.New("invalid ACL")
	ErrNoChildrenForEphemerals = errors.New("an ephemeral node has no children")
	ErrQuotaExceeded           = errors.New("quota exceeded")
	// ErrThrottled is ZooKeeper's ThrottledOp.
	ErrThrottled = errors.New("throttled by the server")
	// ErrReadOnly is ZooKeeper's NotReadOnly.
	ErrReadOnly = errors.New("the server is read-only")
	// ErrBadArguments is ZooKeeper's BadArguments and MarshallingError.
	ErrBadArguments            = errors.New("bad arguments")
	ErrUnimplemented           = errors.New("the server does not know this")
	ErrSessionMoved            = errors.New("session moved to another server")
	ErrNoWatcher               = errors.New("no such watch")
	ErrReconfigInProgress      = errors.New("another reconfig is under way")
	ErrReconfigDisabled        = errors.New("reconfig is disabled")
	ErrNewConfigNoQuorum       = errors.New("no quorum of the new configuration")
	ErrEphemeralOnLocalSession = errors.New("ephemeral node of a local session")
	ErrSessionExpired          = errors.New("session expired")
	// ErrAuthFailed is ZooKeeper's AuthFailed and SessionClosedRequireAuth.
	ErrAuthFailed = errors.New("authentication failed")
)

// Errors of the client itself.
var (
	// ErrConnectionLoss: the connection broke before the answer came.
	ErrConnectionLoss = errors.New("connection lost")
	// ErrUnknownOutcome: a write was sent and not answered. It may have happened or not. The error
	// always has its cause beside it: ErrConnectionLoss, ErrSessionExpired, ErrAuthFailed,
	// ErrClosed, or the error of the caller's context. The client never sends the write again.
	ErrUnknownOutcome = errors.New("unknown outcome")
	// ErrClosed: the client was closed, or the watch.
	ErrClosed = errors.New("client closed")
	// ErrInvalidPath: no node can have this path. Nothing was sent.
	ErrInvalidPath = errors.New("invalid path")
	// ErrTooLarge: the request is above the limit of WithMaxFrame. Nothing was sent.
	ErrTooLarge = errors.New("request too large")
	// ErrProtocol: what the server sent makes no sense. The connection was given up.
	ErrProtocol = errors.New("protocol error")
)

// codeErrors has the error of each code of a reply.
//
// read-only: looked up, never changed.
var codeErrors = map[jute.ErrorCode]error{
	jute.NoNode: ErrNoNode, jute.NodeExists: ErrNodeExists, jute.BadVersion: ErrBadVersion,
	jute.NotEmpty: ErrNotEmpty, jute.NoAuth: ErrNoAuth, jute.InvalidACL: ErrInvalidACL,
	jute.NoChildrenForEphemerals: ErrNoChildrenForEphemerals,
	jute.QuotaExceeded:           ErrQuotaExceeded, jute.ThrottledOp: ErrThrottled,
	jute.NotReadOnly: ErrReadOnly, jute.BadArguments: ErrBadArguments,
	jute.MarshallingError: ErrBadArguments, jute.Unimplemented: ErrUnimplemented,
	jute.SessionMoved: ErrSessionMoved, jute.NoWatcher: ErrNoWatcher,
	jute.ReconfigInProgress:      ErrReconfigInProgress,
	jute.ReconfigDisabled:        ErrReconfigDisabled,
	jute.NewConfigNoQuorum:       ErrNewConfigNoQuorum,
	jute.EphemeralOnLocalSession: ErrEphemeralOnLocalSession,
	jute.SessionExpired:          ErrSessionExpired, jute.AuthFailed: ErrAuthFailed,
	jute.SessionClosedRequireAuth: ErrAuthFailed,
}

// codeError is the error of a code other than OK.
func codeError(code jute.ErrorCode) error {
	if err, ok := codeErrors[code]; ok {
		return err
	}
	return code
}

// Error says which operation failed, on which node, and why.
type Error struct {
	Op     string         // ZooKeeper's name of the operation, such as "getData"
	Path   string         // as the caller gave it; "" if the operation has none
	Code   jute.ErrorCode // of the server's answer; 0 if the error is not from the server
	Server string         // host:port of the server at that time; "" if there was none
	Err    error          // one of the errors of this package, or of the caller's context
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("zookeeper: " + e.Op)
	if e.Path != "" {
		fmt.Fprintf(&b, " %q", e.Path)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.Server != "" {
		b.WriteString(" (" + e.Server + ")")
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// unknown is the error of a write that was sent and will not be answered.
func unknown(cause error) error { return fmt.Errorf("%w: %w", ErrUnknownOutcome, cause) }

// fateError is the error of a call whose caller stopped waiting for it.
func fateError(fate machine.Fate, cause error) error {
	if fate == machine.Unknown {
		return unknown(cause)
	}
	return cause
}

// words has the errors in which the keeper tells what happened.
type words struct{}

func (words) Cause(c machine.Cause) error {
	switch c {
	case machine.ConnectionLoss:
		return ErrConnectionLoss
	case machine.Expiry:
		return ErrSessionExpired
	case machine.AuthFailure:
		return ErrAuthFailed
	case machine.ReadOnlyServer:
		return ErrReadOnly
	}
	return ErrClosed
}

func (words) Unknown(cause error) error  { return unknown(cause) }
func (words) Protocol(cause error) error { return fmt.Errorf("%w: %w", ErrProtocol, cause) }

// EventKind is what an Event tells.
type EventKind uint8

// The kinds of events. Resync and Overflow are the client's own: events may have been missed, so
// whatever the watch stands for has to be read again.
const (
	Created         = EventKind(watches.Created)
	Deleted         = EventKind(watches.Deleted)
	DataChanged     = EventKind(watches.DataChanged)
	ChildrenChanged = EventKind(watches.ChildrenChanged)
	// Resync: the watch was set again on a new connection. No server tells what it missed.
	Resync = EventKind(watches.Resync)
	// Overflow: nobody took the events, and they were thrown away.
	Overflow = EventKind(watches.Overflow)
)

func (k EventKind) String() string {
	switch k {
	case Resync:
		return "Resync"
	case Overflow:
		return "Overflow"
	}
	return strings.TrimPrefix(jute.EventType(k).String(), "Node")
}
