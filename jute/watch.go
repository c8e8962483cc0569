package jute

// EventType is what happened to a watched node.
type EventType int32

// The event types a server sends.
const (
	EventCreated         EventType = 1
	EventDeleted         EventType = 2
	EventDataChanged     EventType = 3
	EventChildrenChanged EventType = 4
)

func (t EventType) String() string {
	switch t {
	case EventCreated:
		return "NodeCreated"
	case EventDeleted:
		return "NodeDeleted"
	case EventDataChanged:
		return "NodeDataChanged"
	case EventChildrenChanged:
		return "NodeChildrenChanged"
	}
	return "None"
}

// StateSyncConnected is the only state that a server puts into an event.
const StateSyncConnected int32 = 3

// WatcherEvent is the body of a notification (xid -1).
type WatcherEvent struct {
	Type  EventType
	State int32
	Path  []byte
}

// Fields names the fields in wire order.
func (r *WatcherEvent) Fields(c *Coder) {
	c.Int("type", (*int32)(&r.Type))
	c.Int("state", &r.State)
	c.Text("path", &r.Path)
}

// SetWatches is the body of setWatches, and of setWatches2 (3.6) with Persistent set: a client
// that comes back says what it watches and how much it has seen.
type SetWatches struct {
	Two                 bool // setWatches2: the last two vectors are there
	RelativeZxid        Zxid // the last zxid the client has seen
	Data, Exist, Child  [][]byte
	Persistent          [][]byte
	PersistentRecursive [][]byte
}

// Fields names the fields in wire order.
func (r *SetWatches) Fields(c *Coder) {
	c.Zxid("relativeZxid", &r.RelativeZxid)
	c.Texts("dataWatches", &r.Data)
	c.Texts("existWatches", &r.Exist)
	c.Texts("childWatches", &r.Child)
	if r.Two {
		c.Texts("persistentWatches", &r.Persistent)
		c.Texts("persistentRecursiveWatches", &r.PersistentRecursive)
	}
}

// WatcherType is the type field of checkWatches and removeWatches (Watcher.WatcherType).
type WatcherType int32

// The watcher types.
const (
	WatcherChildren            WatcherType = 1
	WatcherData                WatcherType = 2
	WatcherAny                 WatcherType = 3
	WatcherPersistent          WatcherType = 4
	WatcherPersistentRecursive WatcherType = 5
)

// PathWatcher is the body of checkWatches and removeWatches.
type PathWatcher struct {
	Path []byte
	Type WatcherType
}

// Fields names the fields in wire order.
func (r *PathWatcher) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Int("type", (*int32)(&r.Type))
}

// AddWatchMode is the mode field of addWatch.
type AddWatchMode int32

// The modes of addWatch.
const (
	AddWatchPersistent AddWatchMode = 0
	AddWatchRecursive  AddWatchMode = 1
)

// AddWatchRequest is the body of addWatch (3.6).
type AddWatchRequest struct {
	Path []byte
	Mode AddWatchMode
}

// Fields names the fields in wire order.
func (r *AddWatchRequest) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Int("mode", (*int32)(&r.Mode))
}
