package socket

import "sync"

// ChunkBytes is the most that one read(2) takes from a connection.
const ChunkBytes = 64 << 10

// chunk is what one read fills.
type chunk [ChunkBytes]byte

// ChunksMax bounds the chunks in use: ten thousand clients that speak at once wait for each other
// and not for 640 MB.
const ChunksMax = 64

// Chunks lends chunks to the readers of Raw sockets, from the moment when a socket has input until
// the loop has handled it. A loop never waits for one, so those in use always come back.
type Chunks struct {
	lent chan struct{}
	free sync.Pool
}

// NewChunks makes a pool for all the sockets of a transport.
func NewChunks() *Chunks {
	p := &Chunks{lent: make(chan struct{}, ChunksMax)}
	p.free.New = func() any { return new(chunk) }
	return p
}

// try returns nil if all are lent.
func (p *Chunks) try() *chunk {
	select {
	case p.lent <- struct{}{}:
		return p.free.Get().(*chunk)
	default:
		return nil
	}
}

func (p *Chunks) wait() *chunk {
	p.lent <- struct{}{}
	return p.free.Get().(*chunk)
}

func (p *Chunks) put(c *chunk) {
	p.free.Put(c)
	<-p.lent
}
