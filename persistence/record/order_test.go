package record_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/persistence/record"
)

func TestWhatMayFollow(t *testing.T) {
	const epoch = jute.Zxid(1 << 32)
	for _, c := range []struct {
		begin      int64
		last, next jute.Zxid
		op         jute.OpCode
		ok         bool
	}{
		{0, 7, 8, jute.OpCreate, true},
		{0, 7, 9, jute.OpCreate, false},
		{0, 7, 6, jute.OpCreate, false},
		{0, 7, 7, jute.OpCreate, false},
		{0, 7, 7, jute.OpError, true},
		{0, 7, 3*epoch + 1, jute.OpCreate, true},
		{0, 7, 3 * epoch, jute.OpError, false}, // (epoch, 0) belongs to no transaction
		{0, 7, 3*epoch + 2, jute.OpCreate, false},
		{0, 3 * epoch, 3*epoch + 1, jute.OpCreate, true},
		{0, 3 * epoch, 3*epoch + 2, jute.OpCreate, false},
		{0, 3*epoch + 7, 2*epoch + 8, jute.OpCreate, false},
		{0xfffffff0, 7, 3*epoch + 0xfffffff1, jute.OpCreate, true},
		{0xfffffff0, 7, 3*epoch + 0xfffffff2, jute.OpCreate, false},
		{0xfffffff0, 7, 3*epoch + 1, jute.OpCreate, true},
		{0xfffffff0, 3 * epoch, 3*epoch + 0xfffffff1, jute.OpCreate, true},
		{0xfffffff0, 3*epoch + 5, 3*epoch + 0xfffffff1, jute.OpCreate, false},
	} {
		err := record.Order{Begin: c.begin}.Follows(c.last, c.next, c.op)
		require.Equal(t, c.ok, err == nil, "%+v", c)
		if !c.ok {
			require.ErrorIs(t, err, record.ErrOrder)
		}
	}
}
