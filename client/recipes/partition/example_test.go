package partition_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes/partition"
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
	shards := []string{"shard-1", "shard-2"}
	for a, err := range partition.Join(ctx, c, "/crawl", "host-7", shards, partition.Range) {
		if err != nil {
			log.Fatal(err)
		}
		// What is in Granted is worked at until its Context ends, or it is in Revoked. Other
		// members get what is in Revoked when this loop goes on.
		if len(a.Items) == len(shards) {
			fmt.Println(a.Members, "has", a.Items[0].Name, "and", a.Items[1].Name)
			break
		}
	}
	// Output:
	// [host-7] has shard-1 and shard-2
}
