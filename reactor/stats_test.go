package reactor

import "testing"

// Bytes that arrive while a connection is held are kept for later: a turn may bring them and call
// no Input.
func TestBytesOfAHeldConnectionAreCounted(t *testing.T) {
	var s Stats
	y := tally{bytesIn: 10, turns: 1}
	y.publish(&s)
	if got := s.BytesIn.Load(); got != 10 || y != (tally{}) {
		t.Errorf("%d bytes in, want 10; left: %+v", got, y)
	}
}
