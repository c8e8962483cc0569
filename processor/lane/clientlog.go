package lane

import "quoll/processor/tell"

// tell hands an event of the connection to the Teller. It is for the loop.
func (s *Stream) tell(e tell.Event) {
	if s.lane.Teller == nil {
		return
	}
	e.Peer = s.Peer
	if e.Session == 0 {
		e.Session = s.session
	}
	s.lane.Teller.Tell(e)
}

// unreadable ends a connection whose bytes do not decode.
func (s *Stream) unreadable(frame []byte) {
	s.tell(tell.Event{Kind: tell.Unreadable, A: int64(len(frame))})
	s.end()
}

// tellAuth tells why a connection could not authenticate.
func (s *Stream) tellAuth(scheme []byte) {
	e := tell.Event{Kind: tell.AuthFailed, Text: tell.Clip(scheme)}
	if !s.lane.Rules.Auth.Known(string(scheme)) {
		e.Kind = tell.UnknownScheme
	}
	s.tell(e)
}
