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
	err = p.All(dirs+1, inFlight, func(i int) []byte {
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
	return p.All(nodes, inFlight, func(i int) []byte {
		for at := range data {
			data[at] = byte(random.Uint32())
		}
		return create(fmt.Sprintf(PathFormat, i/NodesPerDir, i), data)
	})
}
