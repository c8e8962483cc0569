package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"
)

// sessions checks what becomes of a session when its connection, its client or its server does
// not go on as usual.
func (h *harness) sessions() {
	h.check("a connection that is cut comes back", h.cut)
	h.check("closed by another with its id and password", h.closedByOther)
	h.check("a stopped client's session expires", h.expires)
	h.check("watches over a clean restart", func() error { return h.over("/over", h.restart) })
	h.check("watches over a kill", func() error { return h.over("/killed", h.crash) })
}

func (h *harness) cut() error {
	c, err := h.open(10*time.Second, h.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	id := c.SessionID()
	if _, err := c.Create("/cut", nil, zk.FlagEphemeral, open); err != nil {
		return err
	}
	_, _, watch, err := c.GetW("/cut")
	if err != nil {
		return err
	}
	other, err := h.open(10*time.Second, h.addr)
	if err != nil {
		return err
	}
	defer other.Close()
	c.cut()
	_, err = other.Set("/cut", []byte("while away"), -1)
	outcomes := all(err, c.await(zk.StateDisconnected), c.await(zk.StateHasSession))
	_, stat, err := c.Exists("/cut")
	return all(outcomes, err, equal(id, c.SessionID()), equal(id, stat.EphemeralOwner),
		expect(watch, zk.EventNodeDataChanged, "/cut"))
}

func (h *harness) closedByOther() error {
	c, err := h.open(10*time.Second, h.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	id := c.SessionID()
	if _, err := c.Create("/usurped", nil, zk.FlagEphemeral, open); err != nil {
		return err
	}
	if err := all(c.usurp(), c.await(zk.StateExpired), c.await(zk.StateHasSession)); err != nil {
		return err
	}
	ok, _, err := c.Exists("/usurped")
	if c.SessionID() == id {
		err = errors.New("the closed session's id came back")
	}
	return all(err, equal(false, ok))
}

func (h *harness) expires() error {
	c, err := h.open(time.Second, h.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Create("/paused", nil, zk.FlagEphemeral, open); err != nil {
		return err
	}
	if err := all(h.pause(3*time.Second), c.await(zk.StateExpired),
		c.await(zk.StateHasSession)); err != nil {
		return err
	}
	ok, _, err := c.Exists("/paused")
	return all(err, equal(false, ok))
}

// over sets each kind of watch, lets the server go and come back, and changes what is watched.
func (h *harness) over(root string, restart func() error) error {
	c, err := h.open(10*time.Second, h.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	id := c.SessionID()
	for _, step := range []error{
		first(c.Create(root, nil, 0, open)),
		first(c.Create(root+"/e", nil, zk.FlagEphemeral, open)),
	} {
		if step != nil {
			return step
		}
	}
	_, _, data, err := c.GetW(root)
	_, _, exists, err2 := c.ExistsW(root + "/new")
	_, _, children, err3 := c.ChildrenW(root)
	if err := all(err, err2, err3, restart(), c.await(zk.StateDisconnected),
		c.await(zk.StateHasSession)); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	_, stat, err := c.Exists(root + "/e")
	outcomes := all(err, equal(id, c.SessionID()), equal(id, stat.EphemeralOwner),
		none(data), none(exists), none(children))
	_, err = c.Set(root, []byte("1"), -1)
	_, err2 = c.Create(root+"/new", nil, 0, open)
	return all(outcomes, err, err2, expect(data, zk.EventNodeDataChanged, root),
		expect(exists, zk.EventNodeCreated, root+"/new"),
		expect(children, zk.EventNodeChildrenChanged, root))
}
