package task_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes/task"
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
	tasks := task.New(c, "/reports")
	if err := tasks.Submit(ctx, "2026-11", []byte("november")); err != nil {
		log.Fatal(err)
	}

	worker, err := tasks.Join(ctx, "host-7", nil)
	if err != nil {
		log.Fatal(err)
	}
	cl, err := worker.Claim(ctx)
	if err != nil {
		log.Fatal(err)
	}
	// The work stops when cl.Context() ends: another worker has the task then.
	if err := cl.Progress(ctx, []byte("half of it")); err != nil {
		log.Fatal(err)
	}
	if err := cl.Finish(ctx, []byte("30 pages")); err != nil {
		log.Fatal(err)
	}

	done, err := tasks.Wait(ctx, "2026-11")
	fmt.Printf("%v by %s: %s %v\n", done.State, done.Worker, done.Outcome, err)
	// Output:
	// Done by host-7: 30 pages <nil>
}
