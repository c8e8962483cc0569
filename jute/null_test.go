package jute_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// A null scheme or id is told apart from an empty one, and survives a round trip.
func TestNullInAnID(t *testing.T) {
	null := []byte{0xff, 0xff, 0xff, 0xff}
	empty := []byte{0, 0, 0, 0}
	for _, c := range []struct{ scheme, id []byte }{{null, empty}, {empty, null}, {null, null}} {
		in := append(append([]byte{}, c.scheme...), c.id...)
		var id jute.ID
		_, err := jute.Decode(in, &id)
		require.NoError(t, err)
		require.Equal(t, c.scheme[0] == 0xff, id.NullScheme())
		require.Equal(t, c.id[0] == 0xff, id.NullID())
		require.Equal(t, in, jute.Append(nil, &id))
	}
}
