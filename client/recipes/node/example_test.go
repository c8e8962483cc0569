package node_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes/node"
	"quoll/zktest"
)

// exampleClient is a client of a server for the examples. A program calls client.Dial there.
func exampleClient() (c *client.Client, stop func()) {
	tb := &exampleTB{}
	return zktest.Start(tb).Client(), tb.end
}

// exampleTB lets an example start a server, which a test has from its testing.T.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (e *exampleTB) Helper()                   {}
func (e *exampleTB) Cleanup(f func())          { e.cleanups = append(e.cleanups, f) }
func (e *exampleTB) Fatal(args ...interface{}) { log.Fatal(args...) }
func (e *exampleTB) Error(args ...interface{}) { log.Print(args...) }

func (e *exampleTB) end() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

func Example() {
	c, stop := exampleClient()
	defer stop()
	ctx := context.Background()
	n, err := node.Persistent(ctx, c, "/status/host-7", []byte("up"), node.Ephemeral())
	if err != nil {
		log.Fatal(err)
	}
	remade := n.Remade()
	if err := c.Delete(ctx, "/status/host-7", client.AnyVersion); err != nil {
		log.Fatal(err)
	}
	<-remade
	data, _, err := c.Get(ctx, "/status/host-7")
	fmt.Printf("%s %v\n", data, err)
	if err := n.Close(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// up <nil>
}
