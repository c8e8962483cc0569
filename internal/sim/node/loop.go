package node

import (
	"quoll/internal/sim/fuse"
	"quoll/processor/lane"
)

// loop is an event loop with its lane, in the order of reactor.loop's turn: mail when it was woken,
// streams that asked for input, the lane's batch, mail again, then output.
type loop struct {
	p       *process
	lane    *lane.Lane
	sockets []*socket // that are open
	dirty   []*socket
	ready   []*socket // want Input without new bytes
	woken   bool
	planned bool // a turn is planned
	called  bool // a stream was called since the last turn
}

func newLoop(p *process) *loop {
	l := &loop{p: p}
	l.lane = lane.New(p.shared, l.wake)
	return l
}

// wake is called by the core.
func (l *loop) wake() {
	l.woken = true
	l.plan()
}

// plan lets a turn happen soon.
func (l *loop) plan() {
	if !l.planned {
		l.planned = true
		l.p.after(l.p.n.Between(1, 100), l.turn)
	}
}

func (l *loop) turn() {
	l.planned = false
	if l.woken {
		l.woken = false
		l.lane.Drain()
		l.called = true
	}
	todo := l.ready
	l.ready = nil
	for _, s := range todo {
		s.ready(false)
		if !s.gone && !s.held() && (s.again || len(s.in) > 0) {
			s.input(nil)
		}
	}
	if l.called {
		l.called = false
		l.lane.Turn()
		l.p.n.fuse.At(fuse.Turn)
		l.lane.Drain()
	}
	for i := 0; i < len(l.dirty); i++ {
		l.dirty[i].settle()
	}
	l.dirty = nil
	if len(l.ready) > 0 || l.called || l.woken {
		l.plan()
	}
}
