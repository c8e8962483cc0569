package program

import (
	"fmt"

	"quoll/jute"
)

// Seen is one thing that a server did.
type Seen struct {
	Slot  int
	What  string // "reply", "event", "closed", "silent", "connect", "word"
	Op    jute.OpCode
	Index int // of the request in its batch, of a reply
	Frame []byte
}

// ReplyRecord is what a reply's body should decode as; nil when it has none. A multiRead that fails
// has one, with what was read before.
func ReplyRecord(op jute.OpCode, h jute.ReplyHeader) jute.Record {
	if h.Xid == jute.XidNotification {
		return &jute.WatcherEvent{}
	}
	if h.Err != jute.OK && op != jute.OpMultiRead {
		return nil
	}
	return jute.NewReply(op)
}

// Quiet operations tell nobody but the asker anything.
func Quiet(op jute.OpCode) bool {
	switch op {
	case jute.OpExists, jute.OpGetData, jute.OpGetACL, jute.OpGetChildren,
		jute.OpGetChildren2, jute.OpGetAllChildren, jute.OpGetEphemerals, jute.OpPing,
		jute.OpWhoAmI, jute.OpMultiRead, jute.OpCheckWatches, jute.OpAddWatch,
		jute.OpRemoveWatches, jute.OpSync:
		return true
	}
	return false
}

func (s Seen) String() string {
	if s.What != "reply" && s.What != "event" {
		return fmt.Sprintf("slot %d %s %q", s.Slot, s.What, Clip(s.Frame))
	}
	var h jute.ReplyHeader
	n, err := jute.Decode(s.Frame, &h)
	if err != nil {
		return fmt.Sprintf("slot %d %s %x", s.Slot, s.What, Clip(s.Frame))
	}
	text := fmt.Sprintf("slot %d %s %d %v: %s", s.Slot, s.What, s.Index, s.Op, jute.Format(&h))
	rec := ReplyRecord(s.Op, h)
	used, err := decode(s.Frame[n:], rec)
	if rec != nil && err == nil {
		text += " " + string(Clip([]byte(jute.Format(rec))))
	}
	if rest := s.Frame[n+used:]; len(rest) > 0 {
		text += fmt.Sprintf(" then %x", Clip(rest))
	}
	return text
}
