package mail

import (
	"slices"
	"sync"

	"quoll/datatree/watch"
)

// Conns gives every connection a number by which watches know it, and finds it again. It is
// shared by all lanes and the core.
type Conns struct {
	mu      sync.RWMutex
	conns   []*Conn // by number; number 0 is nobody
	free    []watch.Watcher
	leaving []leaving // numbers to which an event that was fired may still go
	live    int
}

// leaving is the number of a connection that is gone, and when its watches were dropped.
type leaving struct {
	number  watch.Watcher
	dropped watch.Moment
}

// NewConns makes an empty table.
func NewConns() *Conns { return &Conns{conns: make([]*Conn, 1)} }

// Add gives a connection its number. now is the moment for watches.
func (c *Conns) Add(conn *Conn, now watch.Moment) watch.Watcher {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live++
	if len(c.leaving) > 0 && c.leaving[0].dropped.Told(now) {
		c.leaving = slices.DeleteFunc(c.leaving, func(l leaving) bool {
			told := l.dropped.Told(now)
			if told {
				c.free = append(c.free, l.number)
			}
			return told
		})
	}
	if n := len(c.free); n > 0 {
		w := c.free[n-1]
		c.free = c.free[:n-1]
		c.conns[w] = conn
		return w
	}
	c.conns = append(c.conns, conn)
	return watch.Watcher(len(c.conns) - 1)
}

// Leave notes that a connection is gone. The core holds the table while it answers for a
// connection, so no watch is set for this one after Leave.
func (c *Conns) Leave(conn *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn.gone.Store(true)
}

// Remove takes out a connection whose watches are dropped. Its number is free as soon as no event
// can be on its way to it: the watchers of an event are found first, and looked up here later.
func (c *Conns) Remove(w watch.Watcher, dropped watch.Moment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live--
	c.conns[w] = nil
	c.leaving = append(c.leaving, leaving{number: w, dropped: dropped})
}

// Len is how many connections there are.
func (c *Conns) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.live
}

// Hold keeps every connection in the table until Release.
func (c *Conns) Hold() { c.mu.RLock() }

// Release ends a Hold.
func (c *Conns) Release() { c.mu.RUnlock() }

// At is the connection with the number, nil when there is none. The caller holds the table.
func (c *Conns) At(w watch.Watcher) *Conn { return c.conns[w] }

// Each visits every connection in the order of their numbers. visit must not call back.
func (c *Conns) Each(visit func(*Conn)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, conn := range c.conns {
		if conn != nil {
			visit(conn)
		}
	}
}
