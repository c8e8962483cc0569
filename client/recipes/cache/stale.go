package cache

import (
	"time"

	"quoll/client"
)

// moment is of which connection a copy has all there is to know.
type moment struct {
	connection time.Time // Since of the client's status while it was connected
	seen       time.Time // when the copy was complete for the first time on it
}

// stale says whether a copy of that moment may be old, and since when.
func (m moment) stale(c *client.Client, err error) (time.Time, bool) {
	if err != nil {
		return m.seen, true
	}
	now, _ := c.Status() // one without a connection has another Since too
	return now.Since, !now.Since.Equal(m.connection)
}

func connected(s *client.Status) bool {
	return s.State == client.Connected || s.State == client.ReadOnly
}
