package lane

import (
	"encoding/binary"

	"quoll/jute"
	"quoll/processor/flow"
	"quoll/processor/op"
	"quoll/processor/reads"
)

// The large requests of a lane's connections take turns (flow.Turns). One flush of the log writes
// all requests that the core has, so a small request waits for every large one among them.
// Therefore the bytes of large requests that the core has at once are bounded (Rules.MaxBulkBytes).
// A read that the core has to answer is large when its reply is large.
//
// A connection whose large request is not taken yet is parked. It stands in a line until the lane
// calls it, and keeps its place until its request is taken. A connection that does not take its
// replies stands in no line, so that no other waits for it (rule 6): see OutputFull.

// weigh returns how many bytes a frame counts as in flight. The core answers a read that waits
// behind a write, whether or not the client takes its replies. The reply of such a read counts: its
// size now, and the largest request in flight, because a write may make the node larger first.
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

// mayBulk says whether a frame may be taken now. If not, the connection is parked until it may.
func (s *Stream) mayBulk(size int) bool {
	l := s.lane
	if size < l.Rules.BulkBytes {
		l.bulk.Leave(&s.waits.bulk) // the loop can answer a read by now, which then weighs nothing
		return true
	}
	if l.bulk.Enter(&s.waits.bulk, s, size) {
		return true
	}
	s.wait(flow.BulkTurn)
	return false
}

// addBulk counts a request that goes to the core; doneBulk takes off one that came back.
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
