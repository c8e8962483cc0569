package processor

import (
	"slices"
	"sync"

	"quoll/datatree/watch"
)

// Conns gives every connection a number by which watches know it, and finds it again. It is
// shared by all lanes and the core.
type Conns struct {
	mu      sync.RWMutex
	streams []*Stream // by number; number 0 is nobody
	free    []watch.Watcher
	leaving []leaving // numbers that an event which was fired may still be told
	live    int
}

// leaving is the number of a connection that is gone, and when its watches were dropped.
type leaving struct {
	number  watch.Watcher
	dropped watch.Moment
}

// NewConns makes an empty table.
func NewConns() *Conns { return &Conns{streams: make([]*Stream, 1)} }

// add gives a connection its number. now is the moment for watches.
func (c *Conns) add(s *Stream, now watch.Moment) watch.Watcher {
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
		c.streams[w] = s
		return w
	}
	c.streams = append(c.streams, s)
	return watch.Watcher(len(c.streams) - 1)
}

// leave notes that a connection is gone. Who answers for it holds mu meanwhile: no watch is set
// for it after this.
func (c *Conns) leave(s *Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.gone.Store(true)
}

// remove takes out a connection whose watches are dropped. Its number is free as soon as no event
// can be on its way to it: the watchers of an event are found first, and looked up here later.
func (c *Conns) remove(w watch.Watcher, dropped watch.Moment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live--
	c.streams[w] = nil
	c.leaving = append(c.leaving, leaving{number: w, dropped: dropped})
}

// Len is how many connections there are.
func (c *Conns) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.live
}

// Each visits every connection in the order of their numbers. visit must not call back.
func (c *Conns) Each(visit func(w watch.Watcher, s *Stream)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for w, s := range c.streams {
		if s != nil {
			visit(watch.Watcher(w), s)
		}
	}
}
