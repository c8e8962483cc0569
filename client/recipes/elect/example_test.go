package elect_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/elect"
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

// The leader writes with Check: the write fails once it is deposed.
func ExampleElection_Run() {
	c, stop := exampleClient()
	defer stop()
	e := elect.New(c, "/elections/db", []byte("host 7"))
	err := e.Run(context.Background(), func(ctx context.Context) error {
		leader, err := e.Leader(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%s leads\n", leader.Data)
		term, _ := recipes.HeldFrom(ctx)
		_, err = c.Multi(ctx, term.Check(), client.OpCreate("/primary", leader.Data))
		return err // the term is given back
	})
	fmt.Println(err)
	// Output:
	// host 7 leads
	// <nil>
}

func ExampleElection_Observe() {
	c, stop := exampleClient()
	defer stop()
	ctx := context.Background()
	term, err := elect.New(c, "/elections/db", []byte("host 7")).Campaign(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for leader, err := range elect.New(c, "/elections/db", nil).Observe(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if leader.Path == "" {
			fmt.Println("nobody leads")
			break
		}
		fmt.Printf("%s leads\n", leader.Data)
		if err := term.Release(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// host 7 leads
	// nobody leads
}

func ExampleLatch() {
	c, stop := exampleClient()
	defer stop()
	latch := elect.NewLatch(c, "/elections/db", []byte("host 7"))
	if err := latch.Start(); err != nil {
		log.Fatal(err)
	}
	defer latch.Close()
	if _, err := latch.Wait(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(latch.IsLeader())
	// Output:
	// true
}
