package session

// pause is a time in which the table's clock stood still.
type pause struct {
	at      int64 // monotonic ms at which it stopped
	skipped int64 // ms that it was behind the monotonic clock before
}

// pauses are the last pauses, newest first. There are enough for the oldest sign of life that is
// told.
type pauses [8]pause

func (p *pauses) add(newest pause) {
	copy(p[1:], p[:])
	p[0] = newest
}

// clock is what the table's clock showed at a moment of the monotonic clock, which may lie before a
// pause or in one. skipped is how far the table's clock is behind now.
func (p *pauses) clock(mono, skipped int64) int64 {
	for i := range p {
		if at := &p[i]; mono < at.at {
			skipped = at.skipped
		} else if after := mono - skipped; at.at > 0 && after < at.at-at.skipped {
			return at.at - at.skipped // within the pause
		} else {
			return after
		}
	}
	return mono - skipped
}
