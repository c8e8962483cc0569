package arena_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/processor/arena"
)

// What was handed out stays as it is, whatever is handed out later.
func TestNothingIsUsedTwice(t *testing.T) {
	var a arena.Arena
	var got, want [][]byte
	for i := range 2000 {
		b := bytes.Repeat([]byte{byte(i)}, i%700)
		want = append(want, b)
		if i%3 == 0 {
			room := a.Room(len(b) / 2) // too little: it grows elsewhere
			got = append(got, a.Keep(append(room, b...)))
			continue
		}
		got = append(got, a.Copy(b))
	}
	for i := range want {
		require.True(t, bytes.Equal(want[i], got[i]), i)
		require.Equal(t, len(got[i]), cap(got[i]), "an append must not reach a neighbour")
	}
}
