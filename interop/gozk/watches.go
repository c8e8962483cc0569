package main

import (
	"time"

	"github.com/go-zookeeper/zk"
)

// watches checks the three one-shot watches that the library has.
func (h *harness) watches() {
	c, err := h.open(10*time.Second, h.addr)
	if err != nil {
		h.check("connect for watches", func() error { return err })
		return
	}
	defer c.Close()
	h.check("GetW", func() error { return getWatch(c) })
	h.check("ExistsW", func() error { return existsWatch(c) })
	h.check("ChildrenW", func() error { return childrenWatch(c) })
	h.check("an ephemeral's end is an event", func() error { return h.ephemeralWatch(c) })
}

func getWatch(c *client) error {
	if _, err := c.Create("/w", nil, 0, open); err != nil {
		return err
	}
	_, _, watch, err := c.GetW("/w")
	if err != nil {
		return err
	}
	_, err = c.Set("/w", []byte("1"), -1)
	return all(err, expect(watch, zk.EventNodeDataChanged, "/w"))
}

func existsWatch(c *client) error {
	ok, _, watch, err := c.ExistsW("/w/new")
	if err != nil {
		return err
	}
	_, err = c.Create("/w/new", nil, 0, open)
	outcomes := all(err, equal(false, ok), expect(watch, zk.EventNodeCreated, "/w/new"))
	_, _, watch, err = c.ExistsW("/w/new")
	return all(outcomes, err, c.Delete("/w/new", -1),
		expect(watch, zk.EventNodeDeleted, "/w/new"))
}

func childrenWatch(c *client) error {
	_, _, watch, err := c.ChildrenW("/w")
	if err != nil {
		return err
	}
	_, err = c.Set("/w", []byte("2"), -1)
	outcomes := all(err, none(watch))
	_, err = c.Create("/w/kid", nil, 0, open)
	outcomes = all(outcomes, err, expect(watch, zk.EventNodeChildrenChanged, "/w"))
	_, _, watch, err = c.ChildrenW("/w/kid")
	return all(outcomes, err, c.Delete("/w/kid", -1),
		expect(watch, zk.EventNodeDeleted, "/w/kid"))
}

func (h *harness) ephemeralWatch(c *client) error {
	other, err := h.open(10*time.Second, h.addr)
	if err != nil {
		return err
	}
	if _, err := other.Create("/w/brief", nil, zk.FlagEphemeral, open); err != nil {
		return err
	}
	_, _, watch, err := c.ExistsW("/w/brief")
	other.Close()
	return all(err, expect(watch, zk.EventNodeDeleted, "/w/brief"))
}
