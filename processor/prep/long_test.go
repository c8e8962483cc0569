package prep

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
)

// A transaction of exactly as many bytes as can be read back is made, and no longer one. The same
// holds for a multi, whose operations add a type and a length each.
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

// The end of a session names as many paths as can be read back, to the byte. The ephemerals that it
// does not name go all the same.
func TestTheEndOfASessionNamesWhatFits(t *testing.T) {
	const session, each = 7, 4 + len("/e0")
	none := jute.TxnHeaderBytes + 4 + jute.TxnDigestBytes
	for most, named := range map[int]int{
		0: 5, none: 0, none + each - 1: 0, none + each: 1, none + 5*each - 1: 4, none + 5*each: 5,
	} {
		p := prepOver(t, Rules{Digest: true, CloseSessionTxn: true, MaxTxnBytes: most})
		var result datatree.Result
		run := func(as jute.OpCode, body []byte) jute.Entry {
			made := p.Prepare(&Write{
				Session: session, Type: as, Body: body, Identity: auth.Nobody(),
			})
			require.Equal(t, jute.OK, made.Code)
			p.tree.Lock()
			defer p.tree.Unlock()
			p.tree.Apply(&made.Entry, &result)
			p.Applied(made.Entry.Header.Zxid)
			return made.Entry
		}
		p.rules.MaxTxnBytes = 0
		for i := range 5 {
			run(jute.OpCreate, jute.Append(nil, &jute.CreateRequest{
				Path: []byte("/e" + string(rune('0'+i))), ACL: anyone(), Flags: jute.ModeEphemeral,
			}))
		}
		p.rules.MaxTxnBytes = most
		end := run(jute.OpCloseSession, nil)
		var txn jute.CloseSessionTxn
		_, err := jute.Decode(end.Body, &txn)
		require.NoError(t, err)
		require.Len(t, txn.Paths2Delete, named, most)
		require.Zero(t, p.tree.Peek().EphemeralCount())
		require.Zero(t, p.tree.Faults(), "the digest is that of all that went")
	}
}
