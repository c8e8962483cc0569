package op_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/op"
)

// Every operation of a client has a name of Apache's.
func TestStatNames(t *testing.T) {
	for code, want := range map[jute.OpCode]string{
		jute.OpCreate: "CREA", jute.OpCreateTTL: "CREA", jute.OpDeleteContainer: "DELE",
		jute.OpGetChildren2: "GETC", jute.OpGetAllChildren: "GETACN", jute.OpWhoAmI: "HOMI",
		jute.OpCloseSession: "CLOS", jute.OpCreateSession: "SESS", jute.OpMultiRead: "MLTR",
		jute.OpSetWatches2: "STW2", jute.OpAuth: "NA", jute.OpError: "NA", 1 << 30: "NA",
		10: "NA", -100: "NA",
	} {
		require.Equal(t, want, op.Of(code).StatName(), "%d", code)
	}
}

// Every opcode that has a name in jute, except the notification's, has one row. Every opcode that
// clients send has a record, except the three without a body.
func TestEveryOpcodeHasItsRow(t *testing.T) {
	seen := map[jute.OpCode]bool{}
	for _, r := range op.Rows() {
		require.False(t, seen[r.Op], r.Op)
		seen[r.Op] = true
		require.Equal(t, r, *op.Of(r.Op))
		bare := r.Op == jute.OpPing || r.Op == jute.OpWhoAmI || r.Op == jute.OpCloseSession ||
			r.Op == jute.OpError
		require.Equal(t, bare, r.Record() == nil, r.Op)
	}
	for code := jute.OpCode(-20); code < 200; code++ {
		named := code != jute.OpNotification && code.String()[:4] != "unkn"
		require.Equal(t, named, seen[code], code)
		if !named {
			require.Equal(t, op.Row{}, *op.Of(code), code)
		}
	}
	require.Equal(t, op.Unknown, op.Of(1<<30).Kind)
	require.Equal(t, op.Unknown, op.Of(-1<<31).Kind)
}
