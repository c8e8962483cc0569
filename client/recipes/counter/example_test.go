package counter_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/counter"
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

func ExampleInt64() {
	c, stop := exampleClient()
	defer stop()
	ctx := context.Background()
	orders := counter.NewInt64(c, "/counters/orders")
	for range 2 {
		n, err := orders.Add(ctx, 1)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(n)
	}
	fmt.Println(orders.CAS(ctx, 7, 8))
	// Output:
	// 1
	// 2
	// false <nil>
}

// What was read and what is written are one step: if somebody else has written in between, CAS says
// so, and nothing has happened.
func ExampleValue() {
	c, stop := exampleClient()
	defer stop()
	ctx := context.Background()
	rates := counter.NewValue(c, "/values/rates", recipes.JSON[map[string]int]())
	if err := rates.Set(ctx, map[string]int{"mail": 10}); err != nil {
		log.Fatal(err)
	}
	for {
		old, err := rates.Get(ctx)
		if err != nil {
			log.Fatal(err)
		}
		old.Value["sms"] = 5
		if swapped, err := rates.CAS(ctx, old, old.Value); err != nil {
			log.Fatal(err)
		} else if swapped {
			break
		}
	}
	now, err := rates.Get(ctx)
	fmt.Println(now.Value, err)
	// Output: map[mail:10 sms:5] <nil>
}
