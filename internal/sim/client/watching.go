package client

import (
	"maps"
	"slices"

	"quoll/internal/sim/history"
	"quoll/jute"
)

// setWatches asks again for all that is watched.
func (c *Client) setWatches() []byte {
	if len(c.watches)+len(c.lasting) == 0 {
		return nil
	}
	s := jute.SetWatches{
		RelativeZxid: c.last, Two: len(c.lasting) > 0 || c.w.Chance(2),
		Data: [][]byte{}, Exist: [][]byte{}, Child: [][]byte{},
		Persistent: [][]byte{}, PersistentRecursive: [][]byte{},
	}
	for _, key := range c.watchKeys() {
		path := []byte(key.path)
		switch key.kind {
		case history.WatchData:
			s.Data = append(s.Data, path)
		case history.WatchExist:
			s.Exist = append(s.Exist, path)
		case history.WatchChild:
			s.Child = append(s.Child, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(c.lasting)) {
		if c.lasting[path] == jute.AddWatchRecursive {
			s.PersistentRecursive = append(s.PersistentRecursive, []byte(path))
		} else {
			s.Persistent = append(s.Persistent, []byte(path))
		}
	}
	op := jute.OpSetWatches
	if s.Two {
		op = jute.OpSetWatches2
	}
	return c.ask(op, jute.XidSetWatches, &s)
}

func (c *Client) watchKeys() []watched {
	keys := slices.Collect(maps.Keys(c.watches))
	slices.SortFunc(keys, func(a, b watched) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		if a.path < b.path {
			return -1
		}
		return 1
	})
	return keys
}

// event takes a notification: a watch that fires once is used up.
func (c *Client) event(body []byte) {
	var e jute.WatcherEvent
	_, _ = jute.Decode(body, &e)
	c.w.Counts.Add("event", e.Type.String())
	path := string(e.Path)
	if e.Type != jute.EventChildrenChanged {
		delete(c.watches, watched{history.WatchData, path})
		delete(c.watches, watched{history.WatchExist, path})
	}
	if e.Type == jute.EventChildrenChanged || e.Type == jute.EventDeleted {
		delete(c.watches, watched{history.WatchChild, path})
	}
}

// reply notes what a reply means for what the client watches.
func (c *Client) reply(q *waiting, h *jute.ReplyHeader) {
	set := func(kind history.WatchKind) {
		if _, has := c.watches[watched{kind, q.Path}]; !has {
			c.watches[watched{kind, q.Path}] = h.Zxid
		}
	}
	switch {
	case q.Op == jute.OpExists && q.Watch && h.Err == jute.NoNode:
		set(history.WatchExist)
	case h.Err != jute.OK && (q.Op == jute.OpSetWatches || q.Op == jute.OpSetWatches2):
		clear(c.watches) // the server has too many
		clear(c.lasting)
	case q.Op == jute.OpCloseSession && h.Err == jute.ThrottledOp && c.leaving:
		c.Leave()
	case h.Err != jute.OK:
	case (q.Op == jute.OpExists || q.Op == jute.OpGetData) && q.Watch:
		set(history.WatchData)
	case (q.Op == jute.OpGetChildren || q.Op == jute.OpGetChildren2) && q.Watch:
		set(history.WatchChild)
	case q.Op == jute.OpAddWatch:
		c.lasting[q.Path] = q.Mode
	case q.Op == jute.OpRemoveWatches:
		c.removed(q)
	case q.Op == jute.OpCloseSession:
		c.forget()
	}
}

func (c *Client) removed(q *waiting) {
	any := q.Type == jute.WatcherAny
	if any || q.Type == jute.WatcherChildren {
		delete(c.watches, watched{history.WatchChild, q.Path})
	}
	if any || q.Type == jute.WatcherData {
		delete(c.watches, watched{history.WatchData, q.Path})
		delete(c.watches, watched{history.WatchExist, q.Path})
	}
	mode, has := c.lasting[q.Path]
	switch {
	case !has:
	case any, q.Type == jute.WatcherPersistent && mode == jute.AddWatchPersistent,
		q.Type == jute.WatcherPersistentRecursive && mode == jute.AddWatchRecursive:
		delete(c.lasting, q.Path)
	}
}
