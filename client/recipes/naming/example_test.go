package naming_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes/naming"
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

	ids := naming.NewIDs(c, "/ids/orders", 100) // one write for 100 numbers
	first, err := ids.Next(ctx)
	if err != nil {
		log.Fatal(err)
	}
	second, err := ids.Next(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("orders", first, "and", second)

	name, err := naming.Unique(ctx, c, "/names/reports", "report-")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name)

	h, worker, err := naming.WorkerID(ctx, c, "/ids/workers", 1024)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("worker", worker)
	// Whatever uses the number stops when h.Context() ends.
	if err := h.Release(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// orders 1 and 2
	// report-0000000001
	// worker 0
}
