package bigtree

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

const (
	// NodesPerDir is how many nodes one directory has.
	NodesPerDir = 1000
	// PathFormat has the numbers of the directory and of the node.
	PathFormat = "/s/d%03d/node%08d"

	dataBytes = 100
	inFlight  = 500
)

// Grow makes the tree on the server at addr.
func Grow(ctx context.Context, addr string, nodes int) error {
	p, err := wire.DialPipeline(ctx, addr, wire.Options{Timeout: 30 * time.Second})
	if err != nil {
		return err
	}
	defer p.Close()
	acl := wire.World()
	create := func(path string, data []byte) []byte {
		return wire.NewFrame(jute.OpCreate,
			&jute.CreateRequest{Path: []byte(path), Data: data, ACL: acl})
	}
	dirs := (nodes + NodesPerDir - 1) / NodesPerDir
	err = Pipelined(p, dirs+1, func(i int) []byte {
		if i == 0 {
			return create("/s", nil)
		}
		return create(fmt.Sprintf("/s/d%03d", i-1), nil)
	})
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 1))
	data := make([]byte, dataBytes)
	return Pipelined(p, nodes, func(i int) []byte {
		for at := range data {
			data[at] = byte(random.Uint32())
		}
		return create(fmt.Sprintf(PathFormat, i/NodesPerDir, i), data)
	})
}

// Pipelined sends n requests with many in flight; each must succeed.
func Pipelined(p *wire.Pipeline, n int, frame func(i int) []byte) error {
	sent := 0
	for done := 0; done < n; done++ {
		for ; sent < n && sent < done+inFlight; sent++ {
			p.Push(frame(sent))
		}
		if !p.Buffered() {
			if err := p.Flush(); err != nil {
				return err
			}
		}
		reply, err := p.Next()
		if err != nil {
			return err
		}
		if reply.Header.Err != jute.OK {
			return fmt.Errorf("request %d of %d: %w", done, n, reply.Header.Err)
		}
	}
	return nil
}
