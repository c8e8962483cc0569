package reference

import (
	"context"
	"fmt"
	"slices"

	"quoll/client/wire"
	"quoll/jute"
)

// heard collects a connection's events. It is read after a reply that came behind them.
type heard struct {
	all []string
}

func (h *heard) event(e wire.Event) {
	h.all = append(h.all, fmt.Sprintf("%v %s", e.Type, e.Path))
}

// fence waits until everything that was sent to a connection before has been read by it.
func fence(ctx context.Context, c *wire.Conn) error {
	_, _, err := c.Send(jute.OpExists, &jute.PathWatch{Path: []byte("/")}).Wait(ctx)
	return err
}

// events tries who is told of a change: a watch is set without a permission, but its event reaches
// only who may READ the node that changed, or whose list of children did.
func events(ctx context.Context, addr string) (Report, error) {
	owner, err := dial(ctx, addr, Admin, wire.Options{})
	if err != nil {
		return nil, err
	}
	defer owner.Close(ctx)
	var h heard
	c, err := dial(ctx, addr, user, wire.Options{OnEvent: h.event})
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx)
	made := []*wire.Future{create(owner, "/events", wire.World())}
	var want []string
	for set := jute.Perms(0); set <= jute.PermAll; set++ {
		made = append(made, create(owner, fmt.Sprintf("/events/%d", set), gives(set)))
	}
	if err := settle(ctx, made); err != nil {
		return nil, err
	}
	for set := jute.Perms(0); set <= jute.PermAll; set++ {
		path := fmt.Sprintf("/events/%d", set)
		if err := c.AddWatch(ctx, path, jute.AddWatchRecursive); err != nil {
			return nil, err
		}
		if err := c.AddWatch(ctx, path, jute.AddWatchPersistent); err != nil {
			return nil, err
		}
		told, err := change(ctx, owner, path, set)
		if err != nil {
			return nil, err
		}
		want = append(want, told...)
	}
	if err := fence(ctx, c); err != nil {
		return nil, err
	}
	var report Report
	for _, e := range want {
		if !slices.Contains(h.all, e) {
			report.add("not told: %s", e)
		}
	}
	for _, e := range h.all {
		if !slices.Contains(want, e) {
			report.add("told without READ: %s", e)
		}
	}
	return report, nil
}

// change makes the four changes at a node and below, and says which events who has set may see.
// The child has the other permissions.
func change(
	ctx context.Context, owner *wire.Conn, path string, set jute.Perms,
) (told []string, err error) {
	kid, others := path+"/kid", jute.PermAll&^set
	asked := []*wire.Future{
		owner.Send(jute.OpSetData, &jute.SetDataRequest{Path: []byte(path), Version: -1}),
		create(owner, kid, gives(others)),
		owner.Send(jute.OpSetData, &jute.SetDataRequest{Path: []byte(kid), Version: -1}),
		owner.Send(jute.OpDelete, &jute.PathVersion{Path: []byte(kid), Version: -1}),
		owner.Send(jute.OpDelete, &jute.PathVersion{Path: []byte(path), Version: -1}),
	}
	if set&jute.PermRead != 0 {
		told = append(told, "NodeDataChanged "+path, "NodeDeleted "+path,
			"NodeChildrenChanged "+path)
	} else {
		told = append(told, "NodeCreated "+kid, "NodeDataChanged "+kid, "NodeDeleted "+kid)
	}
	return told, settle(ctx, asked)
}
