package session

// buckets holds each session under the tick at whose end it is looked at.
type buckets struct {
	at map[int64][]*Session
}

func (b *buckets) put(s *Session, at int64) {
	s.bucket, s.bucketSlot = at, len(b.at[at])
	b.at[at] = append(b.at[at], s)
}

// remove takes a session out in constant time: the last of the bucket takes its place. A session
// that was taken with its bucket is in none.
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

// take removes a whole bucket.
func (b *buckets) take(at int64) []*Session {
	in := b.at[at]
	delete(b.at, at)
	return in
}
