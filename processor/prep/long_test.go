package prep

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// A transaction of exactly as many bytes as may be read back is made, and no longer one: alone and
// in a multi, whose operations have a type and a length each.
func TestTheLongestTransaction(t *testing.T) {
	set := func(data int) *jute.SetDataRequest {
		return &jute.SetDataRequest{Path: []byte("/a"), Data: make([]byte, data), Version: -1}
	}
	inMulti := func(data int) *jute.MultiRequest {
		op := jute.MultiOp{MultiHeader: jute.MultiHeader{Type: jute.OpSetData, Err: -1}}
		first, second := op, op
		first.Set, second.Set = set(10), set(data)
		return &jute.MultiRequest{Ops: []jute.MultiOp{first, second}}
	}
	for _, c := range []struct {
		as   jute.OpCode
		body func(data int) jute.Record
	}{
		{jute.OpSetData, func(data int) jute.Record { return set(data) }},
		{jute.OpMulti, func(data int) jute.Record { return inMulti(data) }},
	} {
		const data = 300
		free := prepOver(t, Rules{Digest: true}, created("/a", nil, -1))
		size := len(free.asked(c.as, c.body(data)).Entry.Payload)
		for most, refused := range map[int]int64{size + 1: 0, size: 0, size - 1: 1} {
			p := prepOver(t, Rules{Digest: true, MaxTxnBytes: most}, created("/a", nil, -1))
			made := p.asked(c.as, c.body(data))
			require.Equal(t, refused, p.counts.LongRefused.Load(), "%v of %d at %d", c.as, size, most)
			require.LessOrEqual(t, len(made.Entry.Payload), most)
		}
	}
}
