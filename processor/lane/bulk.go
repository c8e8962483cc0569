package lane

import (
	"encoding/binary"

	"quoll/jute"
	"quoll/processor/flow"
	"quoll/processor/op"
	"quoll/processor/reads"
)

// The large requests of a lane's connections take turns (flow.Turns). One flush of the log writes
// all requests that the core has: a small one waits for every large one among them. Therefore the
// large ones that the core has at once are bounded (Rules.MaxBulkBytes). A read that the core has
// to answer is large when its reply is.
//
// A connection whose large request is not taken yet is parked, and stands in a line until the lane
// calls it. It keeps its place until its request is taken, and a connection that comes later
// stands behind it. A connection that does not take its replies stands in no line, so that nobody
// waits for it (rule 6): see OutputFull.

// weigh says what a frame counts as in flight. A read that must wait behind a write is answered on
// the core, whatever its client takes: its reply counts, by what the node has now and by what the
// writes before it may add.
func (s *Stream) weigh(frame []byte) int {
	if s.inFlight == 0 || s.phase != serving || len(frame) < 8 {
		return len(frame)
	}
	row := op.Of(jute.OpCode(int32(binary.BigEndian.Uint32(frame[4:]))))
	if !row.Kind.FromTree() ||
		s.heaviest <= reads.LightBytes && reads.Light(s.lane.Tree, row.Weight) {
		return len(frame)
	}
	v := s.lane.view
	if !s.lane.holding {
		v = s.lane.Tree.Read()
		defer v.Release()
	}
	reply := reads.Weight(v, row.Weight, frame[8:], s.lane.Rules.BulkBytes)
	if reply == 0 {
		return len(frame)
	}
	return max(len(frame), reply+s.heaviest)
}

// mayBulk says whether a frame may be taken now. If not the connection is parked until it may.
func (s *Stream) mayBulk(size int) bool {
	l := s.lane
	if size < l.Rules.BulkBytes {
		l.bulk.Leave(&s.waits.bulk) // a read that the loop can answer by now weighs nothing
		return true
	}
	if l.bulk.Enter(&s.waits.bulk, s, size) {
		return true
	}
	s.wait(flow.BulkTurn)
	return false
}

// addBulk counts a request that goes to the core, and doneBulk one that came back.
func (l *Lane) addBulk(size int) {
	if size >= l.Rules.BulkBytes {
		l.bulk.Inside += size
	}
}

func (l *Lane) doneBulk(size int) {
	if size >= l.Rules.BulkBytes {
		l.bulk.Inside -= size
	}
}
