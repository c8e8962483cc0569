package output

import (
	"strconv"
	"time"

	"quoll/client"
)

// Event is what a watch told, as programs read it. Field names are frozen.
type Event struct {
	Time   string `json:"time"` // when we heard of it
	Kind   string `json:"kind"` // Created, Deleted, DataChanged, ChildrenChanged, Resync, Overflow
	Path   string `json:"path"`
	Zxid   string `json:"zxid"`   // of the change; "0x0" if the server does not tell
	Resync bool   `json:"resync"` // events may have been missed: read again

	zxid client.Zxid
}

// EventOf makes the fields of an event.
func EventOf(e client.Event, at time.Time) Event {
	return Event{
		Time: Time(at.UnixMilli()), Kind: e.Kind.String(), Path: e.Path, Zxid: e.Zxid.String(),
		Resync: e.Kind == client.Resync || e.Kind == client.Overflow, zxid: e.Zxid,
	}
}

// Text is one line.
func (e Event) Text(p *Page) { p.Line(e.Kind, " ", p.Name(e.Path), " ", e.Zxid) }

// ZkCLI is what zkCli.sh prints, an empty line before each of the two lines included.
func (e Event) ZkCLI(p *Page) {
	zxid := "-1"
	if e.zxid > 0 {
		zxid = strconv.FormatInt(int64(e.zxid), 10)
	}
	kind := e.Kind
	switch kind {
	case "Created", "Deleted", "DataChanged", "ChildrenChanged":
		kind = "Node" + kind
	}
	p.Line("\nWATCHER::")
	p.Line("\nWatchedEvent state:SyncConnected type:", kind, " path:", p.Name(e.Path), " zxid: ",
		zxid)
}
