package quorum

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// TestHowMuchIsKeptInMemory: of what is committed 500 transactions and 16 MiB, if nobody says more.
func TestHowMuchIsKeptInMemory(t *testing.T) {
	for bytes, want := range map[int]int{10: 500, 1 << 20: 16} {
		h := newHistory(&Zab{}, &Start{})
		payload := make([]byte, bytes)
		for z := range jute.Zxid(600) {
			h.Append(jute.Entry{Header: jute.TxnHeader{Zxid: z + 1}, Payload: payload})
		}
		h.Commit(600)
		require.Equal(t, want, h.Len(), "of %d bytes", bytes)
	}
}
