package processor

import (
	"bytes"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/reads"
	"quoll/processor/tell"
)

// answerer makes whole replies of what a Reader answers.
type answerer struct {
	reads.Reader
	teller Teller
	ask    reads.Asking // room for the read being answered
}

// answer appends the frame of the reply to dst. Notifications that the request brings up stand
// before it. Nothing is appended when the connection must end for it: see ends.
func (an *answerer) answer(
	dst []byte, v datatree.View, r *Request, breathe func() datatree.View,
) []byte {
	zxid := v.LastZxid()
	an.ask.Ends = false
	if r.early {
		return appendError(dst, r.Xid, 0, r.refused)
	}
	if r.refused != jute.OK {
		return appendError(dst, r.Xid, zxid, r.refused)
	}
	at := len(dst)
	a := &an.ask
	*a = reads.Asking{
		Type: r.Type, Body: r.Body, Session: r.Session, Identity: r.Identity,
		Watcher: r.Stream.watcher, View: v, Breathe: breathe,
	}
	a.Out = jute.AppendReplyHeader(jute.FrameStart(dst), r.Xid, zxid, jute.OK)
	body := len(a.Out)
	code := an.Answer(a)
	if a.Refused != tell.Nothing {
		tellOf(an.teller, r, tell.Event{Kind: a.Refused, A: a.Limit})
	}
	if a.Ends {
		return dst
	}
	out := a.Out
	if code != jute.OK && !a.Partial {
		out = out[:body]
	}
	// The answer is that of the last hold of the lock.
	jute.AppendReplyHeader(out[:at+4], r.Xid, a.View.LastZxid(), code)
	jute.FrameEnd(out, at)
	if len(a.Events) == 0 {
		return out
	}
	reply := bytes.Clone(out[at:])
	return append(append(out[:at], a.Events...), reply...)
}

// ends says that the last request is answered by the end of its connection.
func (an *answerer) ends() bool { return an.ask.Ends }

func appendError(dst []byte, xid int32, zxid jute.Zxid, code jute.ErrorCode) []byte {
	at := len(dst)
	dst = jute.AppendReplyHeader(jute.FrameStart(dst), xid, zxid, code)
	jute.FrameEnd(dst, at)
	return dst
}
