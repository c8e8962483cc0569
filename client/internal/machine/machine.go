package machine

// State is the state of a client.
type State uint8

// The states. Closed and AuthFailed are final, and Expired is if no new session is wanted.
const (
	Connecting State = iota // no session yet
	Connected
	ReadOnly  // connected to a server without a quorum
	Suspended // a session, no connection
	Expired
	AuthFailed
	Closed
)

func (s State) String() string {
	switch s {
	case Connecting:
		return "Connecting"
	case Connected:
		return "Connected"
	case ReadOnly:
		return "ReadOnly"
	case Suspended:
		return "Suspended"
	case Expired:
		return "Expired"
	case AuthFailed:
		return "AuthFailed"
	}
	return "Closed"
}

// Event is something that happened to the connection or the session.
type Event uint8

// The events.
const (
	// Attached: a handshake succeeded. The session is the one that was asked for, or the first one.
	Attached Event = iota
	// AttachedReadOnly: the same, at a server without a quorum.
	AttachedReadOnly
	// Broken: the connection ended.
	Broken
	// LeaseLapsed: by the own clock, the server may have expired the session.
	LeaseLapsed
	// SessionExpired: the server said so.
	SessionExpired
	// AuthRefused: the server refused a credential.
	AuthRefused
	// CloseAsked: the user closes the client.
	CloseAsked
	// WritableFound: while connected to a read-only server, one with a quorum was found.
	WritableFound
)

// Fate is what becomes of a class of calls.
type Fate uint8

// The fates.
const (
	// Wait: the calls stay as they are.
	Wait Fate = iota
	// Again: the calls are sent again on the next connection, before those that were not sent.
	Again
	// Fail: the calls end with the cause. The server has not carried them out, or they are reads.
	Fail
	// Unknown: the calls end with the cause and ErrUnknownOutcome.
	Unknown
)

// Cause is the reason that ended calls and watches are told.
type Cause uint8

// The causes.
const (
	NoCause Cause = iota
	ConnectionLoss
	Expiry
	AuthFailure
	Closure
	ReadOnlyServer
)

// Watches is what becomes of the watches.
type Watches uint8

// The fates of watches.
const (
	// Kept: they stay registered with the client.
	Kept Watches = iota
	// Rearmed: they are set again on the new connection, and persistent ones get a Resync event.
	Rearmed
	// Renewed: one-shot watches end with the cause. Persistent ones are kept for the next session.
	Renewed
	// Ended: all end with the cause.
	Ended
)

// Tenure is what becomes of the lease on the session.
type Tenure uint8

// The fates of the lease.
const (
	// RunsOn: the lease ends when it would have ended.
	RunsOn Tenure = iota
	// Restarts: it counts from the sending of the connect request.
	Restarts
	// Lapses: Lapsed is closed. The session may live.
	Lapses
	// Ends: Lapsed is closed, then Done.
	Ends
)

// Step is what the caller has to do with the connection.
type Step uint8

// The steps.
const (
	// Stay: nothing.
	Stay Step = iota
	// Dial: hang up if connected, and connect to the next server.
	Dial
	// HangUp: end the connection. No other follows.
	HangUp
	// EndSession: send closeSession, then hang up.
	EndSession
)

// Verdict is what an event leads to, a field for each column of the table.
type Verdict struct {
	State   State
	Unsent  Fate // calls of which not one byte was written
	Reads   Fate // reads that were written, not answered
	Writes  Fate // writes that were written, not answered
	Cause   Cause
	Watches Watches
	Lease   Tenure
	Then    Step
}

// Machine holds the state of one client.
type Machine struct {
	// NewSession: after an expiry the client goes on with a new session.
	NewSession bool
	state      State
}

// State is the current state.
func (m *Machine) State() State { return m.state }

// Final says whether no event leads out of the state.
func (m *Machine) Final() bool {
	return m.state == Closed || m.state == AuthFailed || m.state == Expired && !m.NewSession
}

// Handle changes the state and returns what has to be done. In a final state nothing happens any
// more, but for CloseAsked, which always leads to Closed.
func (m *Machine) Handle(e Event) Verdict {
	if m.Final() && e != CloseAsked {
		return Verdict{State: m.state}
	}
	v := m.verdict(e)
	m.state = v.State
	return v
}

// Renew leads from Expired to Connecting, when a new session is wanted.
func (m *Machine) Renew() { m.state = Connecting }

func (m *Machine) verdict(e Event) Verdict {
	switch e {
	case Attached:
		return Verdict{State: Connected, Watches: Rearmed, Lease: Restarts}
	case AttachedReadOnly:
		return Verdict{State: ReadOnly, Watches: Rearmed, Lease: Restarts}
	case Broken:
		return Verdict{
			State: m.withoutConnection(), Reads: Again, Writes: Unknown, Cause: ConnectionLoss,
			Then: Dial,
		}
	case LeaseLapsed:
		return Verdict{State: m.state, Lease: Lapses}
	case SessionExpired:
		v := Verdict{
			State: Expired, Unsent: Fail, Reads: Fail, Writes: Unknown, Cause: Expiry,
			Watches: Renewed, Lease: Ends, Then: Dial,
		}
		if !m.NewSession {
			v.Watches, v.Then = Ended, HangUp
		}
		return v
	case AuthRefused:
		return Verdict{
			State: AuthFailed, Unsent: Fail, Reads: Fail, Writes: Unknown, Cause: AuthFailure,
			Watches: Ended, Lease: Lapses, Then: HangUp,
		}
	case WritableFound:
		// A server without a quorum carries no write out, so the outcome of these is known.
		return Verdict{
			State: Suspended, Reads: Again, Writes: Fail, Cause: ReadOnlyServer, Then: Dial,
		}
	}
	v := Verdict{
		State: Closed, Unsent: Fail, Reads: Fail, Writes: Unknown, Cause: Closure,
		Watches: Ended, Lease: Ends, Then: HangUp,
	}
	if m.state == Connected || m.state == ReadOnly {
		v.Then = EndSession
	}
	return v
}

// withoutConnection is Connecting until there was a session, and Suspended from then on.
func (m *Machine) withoutConnection() State {
	if m.state == Connecting {
		return Connecting
	}
	return Suspended
}

// Abandon says how a call ends whose caller stops waiting for it. sent is whether a byte of it was
// written. The cause is the caller's own.
func Abandon(sent, write bool) Fate {
	if sent && write {
		return Unknown
	}
	return Fail
}
