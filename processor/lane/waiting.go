package lane

import "quoll/processor/flow"

// waits says why a connection is not read from (package flow), and has its places in the lines.
type waits struct {
	flow.Control
	bulk   flow.Place[flow.Large[*Stream]]
	global flow.Place[*Stream]
	slot   flow.Slot
}

// wait stops the input for a reason of the server's, until release.
func (s *Stream) wait(r flow.Reason) {
	if s.waits.Wait(r) {
		s.out.Park()
		s.touch() // cons shows it
	}
	s.lane.watch.Join(&s.waits.slot, s)
}

// release ends the wait for a reason, if the connection waits for that one.
func (s *Stream) release(r flow.Reason) {
	if s.waits.Release(r) {
		s.out.Unpark()
		s.touch()
	}
}

// full says whether the connection must wait: the core has enough of its requests, or of
// everybody's, or the client does not take its replies, or others must have their turn.
func (s *Stream) full() bool {
	r := &s.lane.Rules
	switch {
	case s.inFlight >= r.MaxInFlight, s.inFlightBytes >= r.MaxInFlightBytes:
		s.wait(flow.InFlight)
		return true
	case !s.mayAdd():
		s.wait(flow.GlobalLimit)
		return true
	case len(s.lane.replies) >= min(r.MaxBatchBytes, s.intake.room):
		s.flush()
		s.lane.leave()
	}
	p, in := s.out.Pending(), &s.intake
	if p >= r.OutputPauseBytes || p-in.outBefore >= in.room || in.taken >= r.MaxInputRequests {
		// The reactor calls Input again when others had their turn and the client has taken enough.
		s.wait(flow.Share)
		s.out.Again()
		return true
	}
	return false
}

// mayAdd says whether the global limit lets the connection send the core one more request. A
// connection that has no request there always may.
func (s *Stream) mayAdd() bool {
	if s.inFlight == 0 {
		s.lane.global.Leave(&s.waits.global)
		return true
	}
	return s.lane.global.Enter(&s.waits.global, s, s.lane.room())
}

// room is how many more requests the core may be sent until it has more than
// globalOutstandingLimit.
func (l *Lane) room() int64 {
	room := l.Rules.OutstandingLimit - l.outstanding.Load() + 1
	if l.batch != nil {
		room -= int64(len(l.batch.Requests))
	}
	return room
}

// callWaiting calls the connections in line whose turn it is.
func (l *Lane) callWaiting() {
	l.global.Call(l.room(), func(s *Stream) { s.release(flow.GlobalLimit) })
	l.bulk.Call(func(s *Stream) { s.release(flow.BulkTurn) })
}

// resume takes input again when the core has answered enough of the connection's requests.
func (s *Stream) resume() {
	r := &s.lane.Rules
	if s.inFlight <= r.MaxInFlight/2 && s.inFlightBytes <= r.MaxInFlightBytes/2 {
		s.release(flow.InFlight)
	}
	if s.inFlight == 0 {
		s.release(flow.GlobalLimit) // whoever stands before it in line
	}
}

// over ends the connection's input.
func (s *Stream) over() {
	s.phase = closing
	s.waits.End()
	s.leaveLines()
}

// leaveLines takes a connection that takes no input, now or ever, out of the way of those behind
// it.
func (s *Stream) leaveLines() {
	l := s.lane
	if s.waits.bulk.Called() || s.waits.global.Called() {
		l.box.Wake() // so that the lane calls the next
	}
	l.bulk.Leave(&s.waits.bulk)
	l.global.Leave(&s.waits.global)
}

// OutputFull is called by the reactor: with true when so much output waits that Input is not
// called, with false when the client has taken enough of it. A client that does not take its
// replies keeps no other waiting (rule 6): its connection stands in no line, and joins at the end
// when it is read from again.
func (s *Stream) OutputFull(full bool) {
	s.lastSign()
	s.waits.SetFull(full)
	if full {
		s.leaveLines()
		s.lane.watch.Join(&s.waits.slot, s)
		return
	}
	s.release(flow.BulkTurn)
	s.release(flow.GlobalLimit)
}

// settle ends a call of Input, which was given so many bytes and used so many.
func (s *Stream) settle(given, used int) {
	if s.waits.Took(given, used) {
		s.Heard.Store(s.lane.clock())
	}
	s.flush()
	s.lane.leave()
}

// Tick makes the lanes look at the connections that are not read from. It is to be called as often
// as the core is told of the time; any goroutine may call it. A lane with no such connection is not
// woken.
func (s *Shared) Tick() {
	s.lanesMu.Lock()
	defer s.lanesMu.Unlock()
	for _, l := range s.lanes {
		if l.watch.Tick() {
			l.box.Wake()
		}
	}
}

// looksPerTurn bounds how many waiting connections one turn looks at: a look may be a system call.
const looksPerTurn = 1024

// look looks at the connections that wait, if a tick has asked for it.
func (l *Lane) look() {
	if l.watch.Due() && l.watch.Look(looksPerTurn, (*Stream).look) {
		l.box.Wake()
	}
}

// look does what a tick asks for a connection that was not read from, and for its session. It
// returns false if the connection is read from now.
func (s *Stream) look() (waits bool) {
	if s.waits.Ended() || s.waits.Why() == flow.Nothing {
		return false
	}
	hungUp := s.out.HungUp()
	if s.phase == serving {
		silent := s.lane.Clock() - s.Heard.Load()
		s.askFor(s.waits.Look(silent, int64(s.timeoutMillis), hungUp))
	}
	return true
}

// lastSign looks for a sign of life once more before the connection ends, or its output becomes
// full: bytes that came in unread since the last look count.
func (s *Stream) lastSign() {
	if s.phase == serving {
		s.askFor(s.waits.Last())
	}
}

// askFor asks the connection for a sign of its client's life.
func (s *Stream) askFor(due flow.Due) {
	now := s.lane.Clock() // not lane.clock: no turn may have begun
	switch due {
	case flow.AskInput:
		ago, known := s.out.Silent()
		s.Heard.Store(flow.HeardAt(now, s.Heard.Load(), ago.Milliseconds(), known))
	case flow.AskOutput:
		if s.waits.Moved(s.out.Progress()) {
			s.Heard.Store(now)
		}
	}
}
