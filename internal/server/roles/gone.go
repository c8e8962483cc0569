package roles

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"quoll/jute"
)

// Of the learners that a leader loses in goneFor the first goneAtMost get a line each.
const (
	goneFor    = 10 * time.Second
	goneAtMost = 10
)

// gone are the learners that were lost in the time that ends.
type gone struct {
	ends time.Time
	told int
	more int // without a line of their own
	last error
}

// Gone tells why a leader has lost a learner. Whoever calls the quorum port and says nothing that a
// server says is one too, and so is a learner that comes back at once, again and again: they must
// not fill the disk.
func (r *Watch) Gone(why error, at time.Time) {
	r.goneBefore(at)
	if r.gone.told == goneAtMost {
		r.gone.more, r.gone.last = r.gone.more+1, why
		return
	}
	if r.gone.told == 0 {
		r.gone.ends = at.Add(goneFor)
	}
	r.gone.told++
	r.logger.Warn("a learner is gone", reason(why)...)
}

// goneBefore tells how many had no line, when their time is over.
func (r *Watch) goneBefore(at time.Time) {
	if r.gone.told == 0 || at.Before(r.gone.ends) {
		return
	}
	if r.gone.more > 0 {
		text := fmt.Sprintf("a learner is gone: %d more in %v s", r.gone.more, goneFor.Seconds())
		r.logger.Warn(text, zap.Int("more", r.gone.more), zap.NamedError("last", r.gone.last))
	}
	r.gone = gone{}
}

// reason are the fields of an error. A length beyond the limit means another limit there, or that
// no server has sent it.
func reason(why error) []zap.Field {
	fields := []zap.Field{zap.Error(why)}
	if errors.Is(why, jute.ErrLength) {
		fields = append(fields, zap.String("look at",
			"jute.maxbuffer, which must be the same on all servers; or no server has sent it"))
	}
	return fields
}
