package stats

import "sync/atomic"

// Counts are the rare things that the lanes of a server and its core count together.
type Counts struct {
	FrameRefused atomic.Int64 // a length below zero or above jute.maxbuffer
	ZxidAhead    atomic.Int64 // clients that had seen more than this server
	AuthFailed   atomic.Int64
	LargeRefused atomic.Int64 // connections that were closed for largeRequestMaxBytes
	Connects     atomic.Int64 // connect requests
	NotServing   atomic.Int64 // connections closed because the server takes no sessions

	Revalidated     atomic.Int64 // connect requests that asked for a session, given or not
	SessionsRefused atomic.Int64 // by quoll.maxSessions
	WatchesRefused  atomic.Int64 // by quoll.maxWatches
	GuestsRefused   atomic.Int64 // connections that wanted a session when no descriptors were left
	// WatchBytesRefused is connections closed for quoll.watchBytes and quoll.watchTotalBytes.
	WatchBytesRefused atomic.Int64
	MultiRefused      atomic.Int64 // by quoll.maxMultiOps, and reads beyond the end of a multiRead
	LongRefused       atomic.Int64 // transactions that Apache could not read back

	ThrottleWaits atomic.Int64 // times that the queue in front of Prep began to fill
	Stale         atomic.Int64 // requests that left it when nobody waited for them any more
	StaleDropped  atomic.Int64 // stale requests that were dropped
	ThrottledOps  atomic.Int64 // requests refused because they had waited too long
}

// Tally is what a lane has counted since it was made.
type Tally struct {
	Received, Sent int64 // packets, four-letter words among them
	ReceivedBytes  int64 // of whole packets
	ResponseBytes  int64 // of replies, without their length field
	EventBytes     int64 // of watch events, likewise
	Reads          int64 // answered by the lane itself
	Response       Sizes // of replies and events, since the last reset
}

// Add adds another lane's counters. The caller adds the sizes, which may be from before a reset.
func (t *Tally) Add(o *Tally) {
	t.Received += o.Received
	t.Sent += o.Sent
	t.ReceivedBytes += o.ReceivedBytes
	t.ResponseBytes += o.ResponseBytes
	t.EventBytes += o.EventBytes
	t.Reads += o.Reads
}

// Replied counts the bytes of a reply.
func (t *Tally) Replied(bytes int) {
	t.ResponseBytes += int64(bytes)
	t.Response.Add(int64(bytes))
}

// Told counts the bytes of an event.
func (t *Tally) Told(bytes int) {
	t.EventBytes += int64(bytes)
	t.Response.Add(int64(bytes))
}

// Sizes are bytes; all -1 when there was none.
type Sizes struct{ Last, Min, Max int64 }

// NoSizes is the sizes before the first packet.
func NoSizes() Sizes { return Sizes{Last: -1, Min: -1, Max: -1} }

// Add counts a packet of n bytes.
func (s *Sizes) Add(n int64) { s.Merge(Sizes{Last: n, Min: n, Max: n}) }

// Merge counts the packets of another Sizes.
func (s *Sizes) Merge(o Sizes) {
	if o.Last < 0 {
		return
	}
	if s.Min < 0 || o.Min < s.Min {
		s.Min = o.Min
	}
	s.Last, s.Max = o.Last, max(s.Max, o.Max)
}

// Recorder takes values that occurred so many times; *metrics.Recorder is one.
type Recorder interface {
	AddMany(value, times int64)
}

// Latencies gathers equal latencies, as a batch brings them, and hands them on together. The zero
// value hands them to nobody.
type Latencies struct {
	To       Recorder
	value, n int64
}

// Add takes n requests that took ms each.
func (a *Latencies) Add(ms, n int64) {
	if ms != a.value {
		a.Flush()
		a.value = ms
	}
	a.n += n
}

// Flush hands on what was gathered.
func (a *Latencies) Flush() {
	if a.To != nil && a.n > 0 {
		a.To.AddMany(a.value, a.n)
	}
	a.n = 0
}
