package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/throttle"
)

// A request that is refused for another reason keeps that reason, however long it has waited. An
// unknown operation ends its connection, and a throttled one does not.
func TestAThrottledUnknownOperationIsUnknown(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, made, own := testChain(t, w, Rules{
		Throttle: throttle.Rules{MaxRequests: 1, OpWaitMillis: 50},
	})
	unknown := mail.Request{
		Conn: &s.Conn, Session: own.ID, Type: 999, Identity: auth.Server(),
		Refused: jute.Unimplemented,
	}
	c.Time(0, 1)
	c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1), unknown}})
	require.Equal(t, int64(1), c.rules.Counts.ThrottleWaits.Load())
	c.Time(1000, 1001)
	c.Committed((*made)[0].Header.Zxid)
	require.Zero(t, c.rules.Counts.ThrottledOps.Load())
}
