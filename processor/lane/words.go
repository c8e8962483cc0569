package lane

import "quoll/processor/mail"

// Words answers the four-letter words that a connection may send instead of a connect request.
type Words interface {
	// Word finds the command in the first four bytes of in, and says how many bytes it takes.
	// known is false when the bytes are no command; used is 0 when a command needs more bytes.
	Word(in []byte) (w Word, used int, known bool)
}

// Word is a command that was asked.
type Word struct {
	Answer func() []byte
	// Long says that Answer may take long, as with ten thousand connections or a directory of logs.
	// It is called on another goroutine then, so that an event loop does not wait.
	Long bool
}

// word runs a four-letter word. done is true when the connection is not a client's, or when the
// word is not complete yet.
func (s *Stream) word(in []byte) (used int, done bool) {
	if s.lane.Words == nil {
		return 0, false
	}
	s.asksWord()
	w, used, known := s.lane.Words.Word(in)
	if used == 0 {
		s.notAWord()
	}
	if !known {
		return 0, false
	}
	if used > 0 {
		s.answerWord(w)
	}
	return used, true
}

// answerWord answers at once, or has the answer come by mail. Until the mail comes the connection
// is parked: the FIN that mostly follows a word at once would end it.
func (s *Stream) answerWord(w Word) {
	l := s.lane
	if !w.Long || l.Aside == nil {
		s.out.Write(w.Answer())
		s.sent()
		s.end()
		return
	}
	s.phase = asking
	s.out.Park()
	l.Aside(func() {
		text := w.Answer()
		l.box.Put(&mail.Delivery{
			Buf: text, Items: []mail.Item{{Conn: &s.Conn, To: len(text), Kind: mail.Word}},
		})
		l.box.Wake()
	})
}

// wordAnswered sends the answer that came by mail.
func (s *Stream) wordAnswered(text []byte) {
	s.out.Write(text)
	s.sent()
	s.hangUp()
}
