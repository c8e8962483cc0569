package link

import (
	"fmt"
	"time"

	"quoll/client/internal/calls"
	"quoll/client/wire"
	"quoll/jute"
)

// read is the reader: it takes what the server sends until the link ends.
func (l *Link) read() {
	err := l.replied()
	_ = l.pipe.Close()
	close(l.stop)
	<-l.written
	l.err = err
	close(l.gone)
}

// replied returns nil when the server has answered closeSession.
func (l *Link) replied() error {
	for {
		r, err := l.pipe.Next()
		if err != nil {
			return err
		}
		l.pulse.replies.Add(1)
		l.pulse.received.Store(int64(l.clock()))
		last, err := l.receive(r)
		if last || err != nil {
			return err
		}
	}
}

// receive handles one frame. last says that none is expected after it.
func (l *Link) receive(r wire.Reply) (last bool, err error) {
	atHand := l.pipe.Buffered()
	if r.Header.Xid < 0 {
		l.queue.AtHand(atHand)
	}
	switch r.Header.Xid {
	case jute.XidNotification:
		return false, l.event(r)
	case jute.XidPing:
		l.pong()
		return false, nil
	case jute.XidSetWatches:
		return false, l.watchesSet(r.Header)
	case closeXid:
		if l.draining.Load() {
			return true, nil
		}
	}
	if r.Header.Xid == jute.XidAuth && l.take(&l.control.auths) {
		return false, refusal(r.Header)
	}
	c, err := l.queue.Match(r.Header, atHand)
	if l.draining.Load() && err != nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return false, l.answer(c, r)
}

// answer gives a call its reply.
func (l *Link) answer(c *calls.Call, r wire.Reply) error {
	l.hear(c.SentAt())
	if c.Kind == calls.Write {
		l.pulse.took.Store(l.pulse.received.Load() - int64(c.SentAt()))
	}
	if r.Header.Xid > 0 && int64(r.Header.Zxid) > l.pulse.zxid.Load() {
		l.pulse.zxid.Store(int64(r.Header.Zxid))
	}
	var err error
	if c.Op == jute.OpAuth {
		err = refusal(r.Header)
	}
	l.queue.Complete(c, r.Body)
	return err
}

// refusal is the end of a link whose server says that a credential is wrong.
func refusal(h jute.ReplyHeader) error {
	if h.Err == jute.OK {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrAuthRefused, h.Err)
}

func (l *Link) event(r wire.Reply) error {
	var e jute.WatcherEvent
	if _, err := jute.Decode(r.Body, &e); err != nil {
		return fmt.Errorf("%w: event: %w", wire.ErrFrame, err)
	}
	l.events(e.Type, string(e.Path), r.Header.Zxid)
	return nil
}

func (l *Link) pong() {
	c := &l.control
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pinging {
		l.hear(c.pinged)
		c.pinging = false
	}
}

// hear is told when a request was sent that is answered now.
func (l *Link) hear(sent time.Duration) {
	l.pulse.heard.Store(max(l.pulse.heard.Load(), int64(sent)))
}

func (l *Link) watchesSet(h jute.ReplyHeader) error {
	if !l.take(&l.control.sets) {
		return fmt.Errorf("%w: setWatches was not asked for", calls.ErrXid)
	}
	if h.Err != jute.OK {
		return fmt.Errorf("the server did not take the watches: %w", h.Err)
	}
	return nil
}

// take counts an answer, if one is expected.
func (l *Link) take(counter *int) bool {
	l.control.mu.Lock()
	defer l.control.mu.Unlock()
	if *counter == 0 {
		return false
	}
	*counter--
	return true
}
