package reads_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/reads"
	"quoll/processor/stats"
)

// A multiRead has a limit. Its reads behind so many bytes are refused one by one. With too many
// operations it is refused as a whole.
func TestAMultiReadHasAnEnd(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	var result datatree.Result
	txn := jute.CreateTxn{Path: []byte("/big"), Data: make([]byte, 1000), ParentCVersion: 1}
	tree.Lock()
	tree.Apply(&jute.Entry{
		Header: jute.TxnHeader{Zxid: 1, Type: jute.OpCreate}, Body: jute.Append(nil, &txn),
	}, &result)
	tree.Unlock()
	var ask jute.MultiRequest
	for range 10 {
		ask.Ops = append(ask.Ops, jute.MultiOp{
			MultiHeader: jute.MultiHeader{Type: jute.OpGetData, Err: -1},
			Read:        &jute.PathWatch{Path: []byte("/big")},
		})
	}
	body := jute.Append(nil, &ask)
	var counts stats.Counts
	answer := func(l reads.Limits) (jute.ErrorCode, []string, int) {
		rd := reads.Reader{Auth: &auth.Rules{}, Limits: l, Counts: &counts}
		v := tree.Read()
		defer v.Release()
		breaths := 0
		a := reads.Asking{Type: jute.OpMultiRead, Body: body, Identity: auth.Nobody(), View: v,
			Breathe: func() datatree.View { breaths++; return v },
		}
		code := rd.Answer(&a)
		var out jute.MultiResponse
		if code == jute.OK {
			_, err := jute.Decode(a.Out, &out)
			require.NoError(t, err)
		}
		var got []string
		for _, r := range out.Results {
			got = append(got, fmt.Sprint(r.Type, " ", r.Error.Err))
		}
		return code, got, breaths
	}
	code, got, breaths := answer(reads.Limits{ChunkBytes: 1 << 20})
	require.Equal(t, jute.OK, code)
	require.Len(t, got, 10)
	require.NotContains(t, fmt.Sprint(got), "error")
	require.Zero(t, breaths)

	code, got, breaths = answer(reads.Limits{MaxMultiBytes: 2500, ChunkBytes: 2000})
	require.Equal(t, jute.OK, code)
	require.Len(t, got, 10, "each has its result")
	for i := range got {
		require.Equal(t, i >= 3, got[i] != got[0], i)
	}
	require.Equal(t, 1, breaths)

	code, _, _ = answer(reads.Limits{MaxMultiOps: 9, ChunkBytes: 1 << 20})
	require.Equal(t, jute.BadArguments, code)
	require.Equal(t, int64(7+1), counts.MultiRefused.Load())
}

// The reply to a refused request has the last zxid that is applied, or 0 when the request was
// refused before it could count.
func TestTheZxidOfARefusal(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	tree.Lock()
	tree.Apply(&jute.Entry{
		Header: jute.TxnHeader{Zxid: 9, Type: jute.OpError},
		Body:   jute.Append(nil, &jute.ErrorResponse{}),
	}, new(datatree.Result))
	tree.Unlock()
	var rd reads.Reader
	for early, zxid := range map[bool]jute.Zxid{false: 9, true: 0} {
		v := tree.Read()
		frame := rd.Frame(nil, &reads.Asking{
			Xid: 3, Type: jute.OpPing, Refused: jute.NoAuth, Early: early, View: v,
		})
		v.Release()
		var h jute.ReplyHeader
		_, err := jute.Decode(frame[4:], &h)
		require.NoError(t, err)
		require.Equal(t, jute.ReplyHeader{Xid: 3, Zxid: zxid, Err: jute.NoAuth}, h)
	}
}
