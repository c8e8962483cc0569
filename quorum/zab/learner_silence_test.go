package zab

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/quorum/effects"
)

// A leader that is hung still takes bytes: its kernel does. Only packets of it show that it lives.
func TestALeaderThatOnlyTakesIsLeft(t *testing.T) {
	w := newWorld(t)
	w.start()
	wrote := effects.LinkEvent{Kind: effects.Wrote, Link: w.link, Bytes: 10}
	for w.now < w.config.InitLimit-time.Second {
		w.now += time.Second
		w.do(func(l *Learner) error { return l.Link(w.now, &wrote) })
		w.do(func(l *Learner) error { return l.Tick(w.now) })
		require.NoError(t, w.ended)
	}
	w.now += time.Second
	w.do(func(l *Learner) error { return l.Link(w.now, &wrote) })
	w.do(func(l *Learner) error { return l.Tick(w.now) })
	require.ErrorIs(t, w.ended, ErrTimeout)
}
