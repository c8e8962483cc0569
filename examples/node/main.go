// Command node tells for a while what this host does, in a node that others look at: it is there as
// long as the program runs, whatever becomes of connections and sessions.
//
//	go run ./examples/node -servers localhost:2181 -path /status/host-7 -jobs 2
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"quoll/client"
	"quoll/client/recipes/node"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/status/host-7", "path of the node")
	jobs := flag.Int("jobs", 2, "how many jobs the host does")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *jobs); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, jobs int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	n, err := node.Persistent(ctx, c, path, []byte("idle"), node.Ephemeral())
	if err != nil {
		return err
	}
	for job := range jobs {
		if err := n.Update(ctx, fmt.Appendf(nil, "job %d", job+1)); err != nil {
			return err
		}
		status, _, err := c.Get(ctx, path) // as anybody may
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", path, status)
	}
	return n.Close(ctx)
}
