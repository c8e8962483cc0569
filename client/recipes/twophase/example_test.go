package twophase_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes/twophase"
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
	parts := []string{"billing", "stock"}
	tx, err := twophase.Begin(ctx, c, "/orders", "4711", parts, []byte("one book"))
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range parts { // each in a process of its own
		if err := twophase.Open(c, "/orders", "4711").Vote(ctx, part, true); err != nil {
			log.Fatal(err)
		}
	}
	decision, err := tx.Decide(ctx)
	fmt.Println(decision, err)
	outcome, err := twophase.Open(c, "/orders", "4711").Outcome(ctx)
	fmt.Println(outcome, err)
	// Output:
	// commit <nil>
	// commit <nil>
}
