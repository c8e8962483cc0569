package links

import (
	"errors"
	"io"
)

// ErrMore: a stream goes on with bytes that have not arrived.
var ErrMore = errors.New("more is to come")

// Partial is a stream as far as it has arrived (io.Reader). Who meets its end tries again later,
// from the beginning.
type Partial struct {
	In   []byte // not read yet
	Over bool   // no more will arrive
}

func (s *Partial) Read(p []byte) (int, error) {
	switch {
	case len(s.In) > 0:
		n := copy(p, s.In)
		s.In = s.In[n:]
		return n, nil
	case s.Over:
		return 0, io.ErrUnexpectedEOF
	}
	return 0, ErrMore
}
