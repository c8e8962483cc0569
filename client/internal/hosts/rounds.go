package hosts

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Rounds goes through the servers of a client. One goroutine uses it.
type Rounds struct {
	servers  []string
	min, max time.Duration // limits of the pause
	rng      *rand.Rand

	next  int // place of the current server
	round int // whole rounds without success
}

// NewRounds makes Rounds. The pause after the first round has the limit min, and no pause has more
// than the limit max.
func NewRounds(servers []string, min, max time.Duration, rng *rand.Rand) *Rounds {
	r := &Rounds{min: min, max: max, rng: rng}
	r.Replace(servers)
	return r
}

// Replace takes other servers and begins a round with them.
func (r *Rounds) Replace(servers []string) {
	r.servers, r.next = slices.Clone(servers), 0
	r.shuffle()
}

// Count is how many servers there are.
func (r *Rounds) Count() int { return len(r.servers) }

// All is every server, in no order that means something.
func (r *Rounds) All() []string { return slices.Clone(r.servers) }

// Current is the server to try now; "" if there is none.
func (r *Rounds) Current() string {
	if len(r.servers) == 0 {
		return ""
	}
	return r.servers[r.next]
}

// Advance is told that the current server was tried in vain. It goes on to the next one, and
// returns how long to wait before that. over says that a round has ended; within one the pause is
// 0.
func (r *Rounds) Advance() (pause time.Duration, over bool) {
	r.next++
	if r.next < len(r.servers) {
		return 0, false
	}
	pause = r.pause()
	r.round++
	r.next = 0
	r.shuffle()
	return pause, true
}

// Succeeded is told that the current server took the client, and that the connection has ended
// now. A new round begins, with the other servers first.
func (r *Rounds) Succeeded() {
	if len(r.servers) == 0 {
		return
	}
	last := r.servers[r.next]
	r.round, r.next = 0, 0
	r.shuffle()
	at, end := slices.Index(r.servers, last), len(r.servers)-1
	r.servers[at], r.servers[end] = r.servers[end], r.servers[at]
}

func (r *Rounds) shuffle() {
	r.rng.Shuffle(len(r.servers), func(i, j int) {
		r.servers[i], r.servers[j] = r.servers[j], r.servers[i]
	})
}

func (r *Rounds) pause() time.Duration {
	limit := r.max
	if doubled := r.min << min(r.round, 30); doubled > 0 && doubled>>min(r.round, 30) == r.min {
		limit = min(limit, doubled)
	}
	if limit <= 0 {
		return 0
	}
	return time.Duration(r.rng.Int64N(int64(limit) + 1))
}
