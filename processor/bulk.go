package processor

// bulk has the large requests of a lane's connections take turns. What the core has of them at once
// is what a small request of another connection waits for: one flush writes it all.
type bulk struct {
	inCore  int       // bytes of large requests that the core has, or that a connection may send
	waiting []*Stream // parked with a large frame, in the order in which they came
}

// bulkShare is a connection's part in it.
type bulkShare struct {
	wanted  int // the frame that waits; 0: none does
	granted int // what of inCore is kept for that frame
}

// mayBulk says whether a frame may be taken now. If not the connection is parked until it may.
func (s *Stream) mayBulk(size int) bool {
	r, b := &s.lane.Rules, &s.lane.bulk
	fits := b.inCore == 0 || b.inCore+size <= r.MaxBulkBytes
	if size < r.BulkBytes || s.bulk.granted > 0 || fits {
		return true
	}
	s.bulk.wanted = size
	b.waiting = append(b.waiting, s)
	s.park()
	return false
}

// bulkTaken ends a grant: its frame was handled, and is in the core or needs it not.
func (s *Stream) bulkTaken() {
	if s.bulk.granted > 0 {
		s.lane.bulk.inCore -= s.bulk.granted
		s.bulk.granted = 0
		s.lane.admitBulk()
	}
}

// addBulk counts a request that goes to the core, and doneBulk one that came back.
func (l *Lane) addBulk(size int) {
	if size >= l.Rules.BulkBytes {
		l.bulk.inCore += size
	}
}

func (l *Lane) doneBulk(size int) {
	if size >= l.Rules.BulkBytes {
		l.bulk.inCore -= size
		l.admitBulk()
	}
}

// admitBulk lets those that wait go on, first come first served.
func (l *Lane) admitBulk() {
	b := &l.bulk
	for len(b.waiting) > 0 {
		s := b.waiting[0]
		if s.phase != closing && b.inCore > 0 && b.inCore+s.bulk.wanted > l.Rules.MaxBulkBytes {
			return
		}
		b.waiting[0] = nil
		b.waiting = b.waiting[1:]
		if s.phase != closing {
			s.bulk.granted, s.bulk.wanted = s.bulk.wanted, 0
			b.inCore += s.bulk.granted
			s.resume()
		}
	}
}
