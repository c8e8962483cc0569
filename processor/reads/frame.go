package reads

import (
	"bytes"

	"quoll/jute"
)

// Frame appends the whole reply to dst. Notifications that the request causes stand before it.
// Nothing is appended when the connection must end: see Asking.Ends.
//
// The header has the last zxid that is applied (rule 5), or 0 if the request was refused early.
func (rd *Reader) Frame(dst []byte, a *Asking) []byte {
	if a.Early {
		return AppendError(dst, a.Xid, 0, a.Refused)
	}
	zxid := a.View.Shown()
	if a.Refused != jute.OK {
		return AppendError(dst, a.Xid, zxid, a.Refused)
	}
	at := len(dst)
	a.Out = jute.AppendReplyHeader(jute.FrameStart(dst), a.Xid, zxid, jute.OK)
	body := len(a.Out)
	code := rd.Answer(a)
	if a.Ends {
		return dst
	}
	out := a.Out
	if code != jute.OK && !a.Partial {
		out = out[:body]
	}
	// The answer is that of the last hold of the lock.
	jute.AppendReplyHeader(out[:at+4], a.Xid, a.View.Shown(), code)
	jute.FrameEnd(out, at)
	if len(a.Events) == 0 {
		return out
	}
	reply := bytes.Clone(out[at:])
	return append(append(out[:at], a.Events...), reply...)
}

// AppendError appends a reply that is a header with a code.
func AppendError(dst []byte, xid int32, zxid jute.Zxid, code jute.ErrorCode) []byte {
	at := len(dst)
	dst = jute.AppendReplyHeader(jute.FrameStart(dst), xid, zxid, code)
	jute.FrameEnd(dst, at)
	return dst
}
