package processor

import (
	"encoding/binary"
	"slices"

	"quoll/jute"
	"quoll/processor/reads"
)

// bulk has the large requests of a lane's connections take turns. What the core has of them at once
// is what a small request of another connection waits for: one flush writes it all. A read with a
// large reply is one too when the core has to answer it.
//
// Who waits is parked, in line, until the lane calls it; it keeps its place until its frame is
// taken. A newcomer does not pass those who wait, but everyone passes who does not take his replies
// (rule 6).
type bulk struct {
	inCore  int       // bytes of large requests that the core has
	waiting []*Stream // in the order in which they came
}

// bulkPlace is a connection's place in that line.
type bulkPlace struct {
	wants  int  // the size of the frame that waits; 0: none does
	called bool // it may come; its Input will try again
}

// weigh says what a frame counts as in flight. A read that must wait behind a write is answered on
// the core, whatever its client takes: its reply counts, by what the node has now and by what the
// writes before it may add.
func (s *Stream) weigh(frame []byte) int {
	if s.inFlight == 0 || s.phase != serving || len(frame) < 8 {
		return len(frame)
	}
	op := jute.OpCode(int32(binary.BigEndian.Uint32(frame[4:])))
	if kindOf(op) != read || s.heaviest <= reads.LightBytes && reads.Light(s.lane.Tree, op) {
		return len(frame)
	}
	v := s.lane.view
	if !s.lane.holding {
		v = s.lane.Tree.Read()
		defer v.Release()
	}
	reply := reads.Weight(v, op, frame[8:], s.lane.Rules.BulkBytes)
	if reply == 0 {
		return len(frame)
	}
	return max(len(frame), reply+s.heaviest)
}

// mayBulk says whether a frame may be taken now. If not the connection is parked until it may.
func (s *Stream) mayBulk(size int) bool {
	b := &s.lane.bulk
	if size < s.lane.Rules.BulkBytes {
		b.leave(s) // a read that the loop can answer by now weighs nothing any more
		return true
	}
	if s.lane.fitsBulk(size) && !b.liveBefore(s) {
		b.leave(s)
		return true
	}
	if s.bulk.wants == 0 {
		b.waiting = append(b.waiting, s)
	}
	s.bulk = bulkPlace{wants: size}
	s.park()
	return false
}

func (l *Lane) fitsBulk(size int) bool {
	return l.bulk.inCore == 0 || l.bulk.inCore+size <= l.Rules.MaxBulkBytes
}

// liveBefore says whether anyone who can come stands before s.
func (b *bulk) liveBefore(s *Stream) bool {
	for _, other := range b.waiting {
		if other == s {
			return false
		}
		if !other.over() && !other.blocked() {
			return true
		}
	}
	return false
}

func (b *bulk) leave(s *Stream) {
	if s.bulk.wants > 0 {
		b.waiting = slices.DeleteFunc(b.waiting, func(o *Stream) bool { return o == s })
		s.bulk = bulkPlace{}
	}
}

// over says that nothing of the connection is taken any more.
func (s *Stream) over() bool { return s.phase == closing || s.deaf }

// blocked says that Input takes nothing until the client has taken some of its replies.
func (s *Stream) blocked() bool {
	return s.out.Blocked() || s.out.Pending() >= s.lane.Rules.OutputPauseBytes
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
	}
}

// callBulk lets the first who can come go on, and those before it, who come when they can.
func (l *Lane) callBulk() {
	b := &l.bulk
	if len(b.waiting) == 0 {
		return
	}
	b.waiting = slices.DeleteFunc(b.waiting, (*Stream).over)
	for _, s := range b.waiting {
		blocked := s.blocked()
		if !l.fitsBulk(s.bulk.wants) {
			if blocked {
				continue
			}
			return
		}
		if !s.bulk.called {
			s.bulk.called = true
			s.resume()
		}
		if !blocked {
			if !s.parked {
				l.wake() // it may be blocked before it comes: look again in the next turn
			}
			return
		}
	}
}
