package barrier_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"golang.org/x/sync/errgroup"

	"quoll/client"
	"quoll/client/recipes/barrier"
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

// What a member does inside ends with its place: the context of the Held says so.
func ExampleDouble() {
	c, stop := exampleClient()
	defer stop()
	var members errgroup.Group
	for i := range 3 {
		d := barrier.NewDouble(c, "/barriers/step", 3, fmt.Sprint("worker ", i))
		members.Go(func() error {
			held, err := d.Enter(context.Background())
			if err != nil {
				return err
			}
			if err := held.Context().Err(); err != nil {
				return err
			}
			return d.Leave(context.Background())
		})
	}
	fmt.Println(members.Wait())
	// Output: <nil>
}

func ExampleGather() {
	c, stop := exampleClient()
	defer stop()
	ctx := context.Background()
	g := barrier.NewGather(c, "/barriers/loaded", 2)
	for _, id := range []string{"host-1", "host-2"} {
		if err := g.Arrive(ctx, id); err != nil {
			log.Fatal(err)
		}
	}
	ids, err := g.Wait(ctx)
	fmt.Println(ids, err)
	// Output: [host-1 host-2] <nil>
}
