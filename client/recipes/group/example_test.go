package group_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes/group"
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
	m, err := group.Join(ctx, c, "/groups/workers", "host-7", []byte("10.0.0.7:8080"))
	if err != nil {
		log.Fatal(err)
	}
	for view, err := range group.Watch(ctx, c, "/groups/workers") {
		if err != nil {
			log.Fatal(err)
		}
		for _, p := range view.Members {
			fmt.Printf("%s at %s\n", p.ID, p.Data)
		}
		if len(view.Members) == 0 {
			fmt.Println("nobody is there")
			break
		}
		if err := m.Leave(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// host-7 at 10.0.0.7:8080
	// nobody is there
}
