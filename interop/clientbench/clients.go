package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"quoll/client"
)

// node is the one that is read and written.
const node = "/clientbench"

// contender is a client with one connection. request returns a function that sends one request of
// a kind and waits for its answer.
type contender struct {
	name    string
	request map[string]func() error
	close   func()
}

const sessionTimeout = 30 * time.Second

// dialOurs connects quoll/client, and makes the node.
func dialOurs(ctx context.Context, addr string, bytes int) (*contender, error) {
	dialing, cancel := context.WithTimeout(ctx, sessionTimeout)
	defer cancel()
	c, err := client.Dial(dialing, addr, client.WithSessionTimeout(sessionTimeout))
	if err != nil {
		return nil, err
	}
	data := make([]byte, bytes)
	if _, _, err := c.Create(ctx, node, data); err != nil && !errors.Is(err, client.ErrNodeExists) {
		return nil, err
	}
	return &contender{
		name: "quoll/client",
		request: map[string]func() error{
			"get": func() error { _, _, err := c.Get(ctx, node); return err },
			"set": func() error { _, err := c.Set(ctx, node, data, client.AnyVersion); return err },
		},
		close: func() { _ = c.Close() },
	}, nil
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// dialTheirs connects go-zookeeper. The node must be there.
func dialTheirs(addr string) (*contender, error) {
	c, _, err := zk.Connect([]string{addr}, sessionTimeout, zk.WithLogInfo(false),
		zk.WithLogger(silent{}))
	if err != nil {
		return nil, err
	}
	data, _, err := c.Get(node) // waits for the connection
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("go-zookeeper: %w", err)
	}
	return &contender{
		name: "go-zookeeper",
		request: map[string]func() error{
			"get": func() error { _, _, err := c.Get(node); return err },
			"set": func() error { _, err := c.Set(node, data, -1); return err },
		},
		close: c.Close,
	}, nil
}
