package node_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client"
	"quoll/client/recipes/node"
	"quoll/internal/example"
)

func Example() {
	c, stop := example.Client()
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
