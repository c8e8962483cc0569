package cache_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes/cache"
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

func ExampleTree() {
	c, stop := exampleClient()
	defer stop()
	ctx := context.Background()
	if _, _, err := c.Create(ctx, "/config/color", []byte("red"), client.Parents); err != nil {
		log.Fatal(err)
	}
	tree, err := cache.OpenTree(ctx, c, "/config", cache.TreeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer tree.Close()
	color, _ := tree.Get("/config/color")
	fmt.Printf("%s\n", color.Data)
	for change, err := range tree.Changes(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v %s %q\n", change.Kind, change.Path, change.Node.Data)
		switch string(change.Node.Data) {
		case "red":
			_, err = c.Set(ctx, "/config/color", []byte("blue"), client.AnyVersion)
			if err != nil {
				log.Fatal(err)
			}
		case "blue":
			return
		}
	}
	// Output:
	// red
	// Added /config ""
	// Added /config/color "red"
	// Changed /config/color "blue"
}

func ExampleNode() {
	c, stop := exampleClient()
	defer stop()
	ctx := context.Background()
	node, err := cache.OpenNode(ctx, c, "/color")
	if err != nil {
		log.Fatal(err)
	}
	defer node.Close()
	changed := node.Changed()
	if _, _, err := c.Create(ctx, "/color", []byte("red")); err != nil {
		log.Fatal(err)
	}
	<-changed
	color, _ := node.Get()
	fmt.Printf("%s\n", color.Data)
	// Output:
	// red
}
