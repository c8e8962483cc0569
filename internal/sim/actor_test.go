package sim

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"quoll/internal/sim/client"
	"quoll/internal/sim/history"
	"quoll/internal/sim/node"
	"quoll/internal/sim/requests"
	"quoll/jute"
)

// actor is a client of a schedule. It does what it is told, and keeps its session with pings.
type actor struct {
	w       *run
	name    string
	number  int
	link    *link // nil: not connected
	node    *node.Node
	session jute.SessionID
	passwd  []byte
	timeout int32
	up      bool
	xid     int32
	last    jute.Zxid
	asked   map[int32]jute.OpCode
	said    []string // the answers to the last requests
	watches map[string]jute.Zxid
	events  map[string]int
}

func newActor(w *run, name string, number int) *actor {
	return &actor{w: w, name: name, number: number, passwd: make([]byte, 16), timeout: maxTimeout,
		asked: map[int32]jute.OpCode{}, watches: map[string]jute.Zxid{}, events: map[string]int{}}
}

// on opens a connection to a node, for a new session or to move its own there.
func (a *actor) on(n *node.Node) {
	if a.link != nil {
		a.link.Leave()
	}
	from := netip.AddrFrom4([4]byte{10, 0, 0, byte(1 + a.number)})
	a.up, a.xid, a.said = false, 0, nil
	if a.link = a.w.openAt(n, from, a); a.link == nil {
		a.w.After(5000, func() {
			if a.link == nil {
				a.on(n)
			}
		})
		return
	}
	hello := jute.ConnectRequest{LastZxidSeen: a.last, TimeOut: a.timeout, SessionID: a.session,
		Passwd: a.passwd, HasReadOnly: true}
	a.link.Record().Hello, a.link.Record().HelloAt = hello, a.w.Now
	b := jute.Append(jute.FrameStart(nil), &hello)
	jute.FrameEnd(b, 0)
	clear(a.asked)
	a.node = n
	a.link.Send(b)
	a.keep(a.link)
}

// keep sends pings as long as the connection is there.
func (a *actor) keep(k *link) {
	a.w.After(int64(a.timeout)*1000/3, func() {
		if a.link == k {
			if a.up {
				a.send([]request{{op: jute.OpPing}})
			}
			a.keep(k)
		}
	})
}

// off cuts the connection. The server is not told.
func (a *actor) off() {
	if a.link != nil {
		a.link.Close(false)
		a.link, a.up = nil, false
	}
}

// request is what an actor asks.
type request struct {
	op    jute.OpCode
	path  string
	body  jute.Record
	watch bool
}

// parseRequest reads "create /a text", "ephemeral /a", "set /a text", "get /a", "watch /a",
// "sync", "close".
func parseRequest(text string) (r request, err error) {
	words := strings.Fields(text)
	path, data := []byte("/"), []byte{}
	if len(words) > 1 {
		path = []byte(words[1])
	}
	if len(words) > 2 {
		data = []byte(words[2])
	}
	r.path = string(path)
	switch words[0] {
	case "create":
		r.op, r.body = jute.OpCreate, &jute.CreateRequest{Path: path, Data: data, ACL: requests.OpenACL}
	case "ephemeral":
		r.op = jute.OpCreate
		r.body = &jute.CreateRequest{Path: path, Data: data, ACL: requests.OpenACL, Flags: 1}
	case "set":
		r.op, r.body = jute.OpSetData, &jute.SetDataRequest{Path: path, Data: data, Version: -1}
	case "get":
		r.op, r.body = jute.OpGetData, &jute.PathWatch{Path: path}
	case "watch":
		r.op, r.body, r.watch = jute.OpGetData, &jute.PathWatch{Path: path, Watch: true}, true
	case "sync":
		r.op, r.body = jute.OpSync, &jute.PathOnly{Path: path}
	case "close":
		r.op = jute.OpCloseSession
	default:
		return r, fmt.Errorf("no request is called %q", words[0])
	}
	return r, nil
}

// send sends requests in one piece.
func (a *actor) send(all []request) {
	var out []byte
	for _, r := range all {
		xid := jute.XidPing
		if r.op != jute.OpPing {
			a.xid++
			xid = a.xid
			a.asked[xid] = r.op
		}
		var body []byte
		if r.body != nil {
			body = jute.Append(nil, r.body)
		}
		a.link.Record().Sent = append(a.link.Record().Sent, history.Sent{
			Xid: xid, Op: r.op, Body: body, At: a.w.Now,
		})
		if r.watch {
			a.watches[r.path] = 0
		}
		at := len(out)
		out = jute.Append(jute.FrameStart(out), &jute.RequestHeader{Xid: xid, Type: r.op})
		out = append(out, body...)
		jute.FrameEnd(out, at)
	}
	a.link.Send(out)
}

// IsSlow implements recipient.
func (a *actor) IsSlow() bool { return false }

// Lost implements recipient: nothing comes any more.
func (a *actor) Lost(k client.Link) {
	k.Leave()
	if a.link == k {
		a.link = nil
		if a.up || len(a.said) > 0 {
			a.w.Note("%s has lost its connection", a.name)
			a.up, a.said = false, append(a.said, "closed")
		} else { // the server serves nobody yet
			a.w.After(5000, func() {
				if a.link == nil {
					a.on(a.node)
				}
			})
		}
	}
}

// Bytes implements recipient.
func (a *actor) Bytes(p []byte) []byte {
	frame, rest := cutFrame(p)
	if frame == nil {
		return p
	}
	a.link.tape.Took(frame, a.w.Now)
	if !a.up {
		a.welcome(frame)
		return rest
	}
	var h jute.ReplyHeader
	used, err := jute.Decode(frame, &h)
	switch {
	case err != nil:
	case h.Xid == jute.XidNotification:
		var e jute.WatcherEvent
		_, _ = jute.Decode(frame[used:], &e)
		a.w.Note("%s hears of %v %s", a.name, e.Type, e.Path)
		a.events[string(e.Path)]++
		delete(a.watches, string(e.Path))
	case h.Xid != jute.XidPing && h.Xid != jute.XidSetWatches:
		a.reply(&h, frame[used:])
	}
	if h.Zxid > 0 && h.Xid != jute.XidNotification {
		a.last = max(a.last, h.Zxid)
	}
	return rest
}

func (a *actor) reply(h *jute.ReplyHeader, body []byte) {
	said := h.Err.String()
	if h.Err == jute.OK && a.asked[h.Xid] == jute.OpGetData {
		var r jute.DataStat
		_, _ = jute.Decode(body, &r)
		said = string(r.Data)
		for path, armed := range a.watches {
			if armed == 0 {
				a.watches[path] = h.Zxid
			}
		}
	}
	delete(a.asked, h.Xid)
	a.w.Note("%s is answered: %s", a.name, said)
	a.said = append(a.said, said)
}

// welcome takes the answer to the connect request, and sets the watches again.
func (a *actor) welcome(frame []byte) {
	var r jute.ConnectResponse
	_, _ = jute.Decode(frame, &r)
	if r.SessionID == 0 {
		a.said = append(a.said, "expired")
		return
	}
	a.w.Note("%s has session %v", a.name, r.SessionID)
	a.up, a.session, a.passwd = true, r.SessionID, r.Passwd
	a.said = append(a.said, "OK")
	if len(a.watches) == 0 {
		return
	}
	s := jute.SetWatches{RelativeZxid: a.last}
	for _, path := range slices.Sorted(maps.Keys(a.watches)) {
		s.Data = append(s.Data, []byte(path))
	}
	body := jute.Append(nil, &s)
	a.link.Record().Sent = append(a.link.Record().Sent, history.Sent{
		Xid: jute.XidSetWatches, Op: jute.OpSetWatches, Body: body, At: a.w.Now,
	})
	b := jute.Append(jute.FrameStart(nil),
		&jute.RequestHeader{Xid: jute.XidSetWatches, Type: jute.OpSetWatches})
	b = append(b, body...)
	jute.FrameEnd(b, 0)
	a.link.Send(b)
}

// settled says whether everything is answered.
func (a *actor) settled() bool { return a.link == nil || a.up && len(a.asked) == 0 }

// left lists the watches that it still has.
func (a *actor) left() (all []history.LeftWatch) {
	if a.link == nil {
		return nil
	}
	a.link.Record().Open = true
	for _, path := range slices.Sorted(maps.Keys(a.watches)) {
		all = append(all, history.LeftWatch{
			Conn: a.link.Record().ID, Path: path, Kind: history.WatchData, Armed: a.watches[path],
		})
	}
	return all
}
