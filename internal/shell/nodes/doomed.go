package nodes

import (
	"context"
	"errors"
	"path"
	"slices"
	"time"

	"quoll/client"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/walk"
)

// doom is what rmr will delete at one path.
type doom struct {
	count int
	nodes []walk.Node // with --older: which, children first
}

// doomed counts what will be deleted.
func (o *rmrFlags) doomed(
	ctx context.Context, e *verb.Env, c *client.Client, root string,
) (doom, error) {
	if o.older > 0 {
		return o.old(ctx, e, c, root)
	}
	own := 1
	if o.keepRoot {
		own = 0
	}
	n, err := c.Descendants(ctx, root)
	if !errors.Is(err, client.ErrUnimplemented) {
		return doom{count: n + own}, err
	}
	for _, err := range walk.Sorted(ctx, c, root, walk.Options{}) { // a server before 3.6
		if err != nil {
			return doom{}, err
		}
		n++
	}
	return doom{count: n - 1 + own}, nil
}

// old finds the nodes that were not written for a while and have nothing below them that stays.
// Ephemeral nodes are alive as long as their session is: they stay, as ZooKeeper's own ones do.
func (o *rmrFlags) old(
	ctx context.Context, e *verb.Env, c *client.Client, root string,
) (doom, error) {
	var read walk.Options
	keepRoot := o.keepRoot
	if root == "/" && e.Set.Root() == "" {
		read.Skip, keepRoot = "/zookeeper", true
	}
	var all []walk.Node
	for node, err := range walk.Sorted(ctx, c, root, read) {
		if err != nil {
			return doom{}, err
		}
		all = append(all, node)
	}
	var d doom
	limit := time.Now().Add(-o.older).UnixMilli()
	stays := map[string]bool{} // nodes that stay, and those above them
	for _, node := range slices.Backward(all) {
		young := node.Stat.Mtime > limit || node.Stat.EphemeralOwner != 0
		if young || stays[node.Path] || node.Depth == 0 && keepRoot {
			stays[path.Dir(node.Path)] = true
			continue
		}
		d.nodes = append(d.nodes, node)
	}
	d.count = len(d.nodes)
	return d, nil
}
