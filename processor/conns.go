package processor

import (
	"sync"

	"quoll/datatree/watch"
)

// Conns gives every connection a number by which watches know it, and finds it again. It is
// shared by all lanes and the core.
type Conns struct {
	mu      sync.RWMutex
	streams []*Stream // by number; number 0 is nobody
	free    []watch.Watcher
	live    int
}

// NewConns makes an empty table.
func NewConns() *Conns { return &Conns{streams: make([]*Stream, 1)} }

func (c *Conns) add(s *Stream) watch.Watcher {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live++
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

// remove frees the number of a connection whose watches are dropped.
func (c *Conns) remove(w watch.Watcher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live--
	c.streams[w] = nil
	c.free = append(c.free, w)
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
