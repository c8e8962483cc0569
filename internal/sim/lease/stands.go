package lease

// stand is a time in which the process stood still.
type stand struct{ from, to int64 }

// Stand notes that the process stands still.
func (b *Book) Stand(from, to int64) {
	if n := len(b.stands); n > 0 && b.stands[n-1].to >= from {
		b.stands[n-1].to = max(b.stands[n-1].to, to)
		return
	}
	b.stands = append(b.stands, stand{from, to})
}

// stood is by how much, at least, the deadline of a client that was heard at a time has moved
// since: a tick that is late by more than a tick's length moves it by the excess.
func (b *Book) stood(since int64) (millis int64) {
	for _, s := range b.stands {
		long := s.to - s.from
		if s.from >= since && long > b.TickMillis+2*b.IntervalMillis {
			millis += long - b.IntervalMillis - 3
		}
	}
	return millis
}

// delayed is by how much, at most, the end of its session may come later.
func (b *Book) delayed(since int64) (millis int64) {
	for _, s := range b.stands {
		if s.to >= since {
			millis += s.to - s.from + 1
		}
	}
	return millis
}
