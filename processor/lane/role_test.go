package lane

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/mail"
)

// Alone everything that is committed is applied already, so the loop answers a sync. In an ensemble
// only the leader knows, and the core asks it; what is sent behind follows to the core.
func TestASyncGoesToTheCoreInAnEnsemble(t *testing.T) {
	for _, ensemble := range []bool{false, true} {
		l, core := testLane(t, 0, 1)
		l.Rules.Ensemble = ensemble
		s, out := client(l, 1)
		in := request(1, jute.OpGetData, &jute.PathWatch{Path: []byte("/big")})
		in = append(in, request(2, jute.OpSync, &jute.PathOnly{Path: []byte("/big")})...)
		in = append(in, request(3, jute.OpGetData, &jute.PathWatch{Path: []byte("/big")})...)
		require.Equal(t, len(in), s.Input(in))
		l.Turn()
		if !ensemble {
			require.Equal(t, []int32{1, 2, 3}, out.xids())
			require.Empty(t, core.requests)
			continue
		}
		require.Equal(t, []int32{1}, out.xids())
		require.Len(t, core.requests, 2)
		require.Equal(t, jute.OpSync, core.requests[0].Type)
	}
}

// A read-only server has no leader to ask: it refuses a sync itself.
func TestAReadOnlyServerRefusesASync(t *testing.T) {
	l, core := testLane(t, 0, 1)
	l.Rules.Ensemble = true
	s, out := client(l, 1)
	s.readOnly = true
	s.Input(request(2, jute.OpSync, &jute.PathOnly{Path: []byte("/big")}))
	l.Turn()
	require.Equal(t, []int32{2}, out.xids())
	require.Empty(t, core.requests)
}

// When the server's role ends each connection ends that has a session or asks for one. Those that
// want a word, or have not said what they want, stay.
func TestTheEndOfARoleEndsSessionsOnly(t *testing.T) {
	for phase, ends := range map[phase]bool{
		fresh: false, asking: false, connecting: true, serving: true,
	} {
		l, _ := testLane(t, 0, 1)
		s, out := client(l, 1)
		s.phase = phase
		s.inFlight = 1
		l.outstanding.Store(1)
		d := l.box.Blank()
		d.Items = append(d.Items, mail.Item{Conn: &s.Conn, Kind: mail.RoleOver})
		l.box.Put(d)
		l.Drain()
		require.Equal(t, ends, out.closed, phase)
		require.Equal(t, 1, l.Busy(), "it answers nothing")
		require.Equal(t, 1, s.inFlight)
	}
}
