package reactor

import "sync"

// chunk is what one read fills.
type chunk [readChunkBytes]byte

// chunksMax bounds the chunks in use: ten thousand clients that speak at once wait for each other
// and not for 640 MB.
const chunksMax = 64

// chunkPool lends chunks to the readers of Std, from the moment when a socket has input until the
// loop has handled it. A loop never waits for one, so those in use always come back.
type chunkPool struct {
	lent chan struct{}
	free sync.Pool
}

func newChunkPool() *chunkPool {
	p := &chunkPool{lent: make(chan struct{}, chunksMax)}
	p.free.New = func() any { return new(chunk) }
	return p
}

// try returns nil if all are lent.
func (p *chunkPool) try() *chunk {
	select {
	case p.lent <- struct{}{}:
		return p.free.Get().(*chunk)
	default:
		return nil
	}
}

func (p *chunkPool) wait() *chunk {
	p.lent <- struct{}{}
	return p.free.Get().(*chunk)
}

func (p *chunkPool) put(c *chunk) {
	p.free.Put(c)
	<-p.lent
}
