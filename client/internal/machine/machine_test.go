package machine

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table of docs/client.md, row by row. A row holds in each of its states.
func TestTable(t *testing.T) {
	for _, row := range []struct {
		name   string
		states []State
		event  Event
		want   Verdict
	}{
		{
			"connected for the first time, or again", []State{Connecting, Suspended}, Attached,
			Verdict{State: Connected, Watches: Rearmed, Lease: Restarts},
		},
		{
			"the same, at a server without a quorum", []State{Connecting, Suspended},
			AttachedReadOnly, Verdict{State: ReadOnly, Watches: Rearmed, Lease: Restarts},
		},
		{
			"connection breaks", []State{Connected, ReadOnly}, Broken,
			Verdict{
				State: Suspended, Unsent: Wait, Reads: Again, Writes: Unknown,
				Cause: ConnectionLoss, Watches: Kept, Lease: RunsOn, Then: Dial,
			},
		},
		{
			"lapsed, connected", []State{Connected}, LeaseLapsed,
			Verdict{State: Connected, Lease: Lapses},
		},
		{
			"lapsed, not connected", []State{Suspended}, LeaseLapsed,
			Verdict{State: Suspended, Lease: Lapses},
		},
		{
			"server: expired", []State{Connecting, Connected, ReadOnly, Suspended}, SessionExpired,
			Verdict{
				State: Expired, Unsent: Fail, Reads: Fail, Writes: Unknown, Cause: Expiry,
				Watches: Renewed, Lease: Ends, Then: Dial,
			},
		},
		{
			"auth refused", []State{Connected, ReadOnly}, AuthRefused,
			Verdict{
				State: AuthFailed, Unsent: Fail, Reads: Fail, Writes: Unknown, Cause: AuthFailure,
				Watches: Ended, Lease: Lapses, Then: HangUp,
			},
		},
		{
			"close, connected", []State{Connected, ReadOnly}, CloseAsked,
			Verdict{
				State: Closed, Unsent: Fail, Reads: Fail, Writes: Unknown, Cause: Closure,
				Watches: Ended, Lease: Ends, Then: EndSession,
			},
		},
		{
			"close, not connected", []State{Connecting, Suspended, Expired, AuthFailed}, CloseAsked,
			Verdict{
				State: Closed, Unsent: Fail, Reads: Fail, Writes: Unknown, Cause: Closure,
				Watches: Ended, Lease: Ends, Then: HangUp,
			},
		},
		{
			"read-only, and a server with a quorum was found", []State{ReadOnly}, WritableFound,
			Verdict{
				State: Suspended, Unsent: Wait, Reads: Again, Writes: Fail, Cause: ReadOnlyServer,
				Watches: Kept, Lease: RunsOn, Then: Dial,
			},
		},
	} {
		for _, state := range row.states {
			t.Run(fmt.Sprint(row.name, " from ", state), func(t *testing.T) {
				m := Machine{NewSession: true, state: state}
				require.Equal(t, row.want, m.Handle(row.event))
				require.Equal(t, row.want.State, m.State())
			})
		}
	}
}

// A handshake broken off before there was a session leaves the client Connecting.
func TestBreakBeforeTheFirstSession(t *testing.T) {
	m := Machine{}
	require.Equal(t, Connecting, m.Handle(Broken).State)
}

// Without WithNewSession an expiry is the end.
func TestExpiryIsFinalWithoutNewSession(t *testing.T) {
	m := Machine{state: Suspended}
	require.Equal(t, Verdict{
		State: Expired, Unsent: Fail, Reads: Fail, Writes: Unknown, Cause: Expiry,
		Watches: Ended, Lease: Ends, Then: HangUp,
	}, m.Handle(SessionExpired))
	require.True(t, m.Final())

	m = Machine{NewSession: true, state: Suspended}
	m.Handle(SessionExpired)
	require.False(t, m.Final())
	m.Renew()
	require.Equal(t, Connecting, m.State())
}

// Nothing but Close leads out of a final state, and nothing has to be done.
func TestFinalStates(t *testing.T) {
	for _, final := range []State{Expired, AuthFailed, Closed} {
		for e := Attached; e <= WritableFound; e++ {
			m := Machine{state: final}
			v := m.Handle(e)
			if e == CloseAsked {
				require.Equal(t, Closed, v.State)
				require.Equal(t, HangUp, v.Then)
				continue
			}
			require.Equal(t, Verdict{State: final}, v)
			require.Equal(t, final, m.State())
		}
	}
}

// In no state does an event leave a sent write to be sent again, or a sent call to be waited for
// without a connection.
func TestNoEventSendsAWriteTwice(t *testing.T) {
	for state := Connecting; state <= Closed; state++ {
		for e := Attached; e <= WritableFound; e++ {
			for _, renew := range []bool{false, true} {
				m := Machine{NewSession: renew, state: state}
				v := m.Handle(e)
				require.NotEqual(t, Again, v.Writes)
				require.NotEqual(t, Again, v.Unsent)
				if v.Then != Stay {
					require.NotEqual(t, Wait, v.Reads, "%v %v", state, e)
					require.NotEqual(t, Wait, v.Writes, "%v %v", state, e)
					require.NotZero(t, v.Cause)
				}
				if m.Final() && v.Then != Stay {
					require.Equal(t, Fail, v.Unsent)
					require.Equal(t, Ended, v.Watches)
				}
			}
		}
	}
}

// The row "ctx of a call ends".
func TestAbandon(t *testing.T) {
	require.Equal(t, Fail, Abandon(false, false))
	require.Equal(t, Fail, Abandon(false, true), "not one byte was sent")
	require.Equal(t, Fail, Abandon(true, false))
	require.Equal(t, Unknown, Abandon(true, true))
}
