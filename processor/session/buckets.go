package session

import "math"

// buckets are lists of sessions, each under a time of the table's clock: the tick at whose end its
// sessions are looked at. A session is in one bucket at most, and knows its place there.
type buckets struct {
	at map[int64][]*Session
}

// attached is the bucket of sessions that have a connection here and do not expire here. They are
// looked at with each ping of the leader, not at a time.
const attached = math.MinInt64

// put appends a session that is in no bucket to the bucket of a time.
func (b *buckets) put(s *Session, at int64) {
	s.bucket, s.bucketSlot = at, len(b.at[at])
	b.at[at] = append(b.at[at], s)
}

// remove takes a session out in constant time: the last of its bucket gets its place. A session
// that is in no bucket stays as it is: there is nobody, or another session, in its place.
func (b *buckets) remove(s *Session) {
	in := b.at[s.bucket]
	if s.bucketSlot >= len(in) || in[s.bucketSlot] != s {
		return
	}
	last := in[len(in)-1]
	in[s.bucketSlot] = last
	last.bucketSlot = s.bucketSlot
	in[len(in)-1] = nil
	if in = in[:len(in)-1]; len(in) == 0 {
		delete(b.at, s.bucket)
		return
	}
	b.at[s.bucket] = in
}

// take empties the bucket of a time and returns its sessions.
func (b *buckets) take(at int64) []*Session {
	in := b.at[at]
	delete(b.at, at)
	return in
}
