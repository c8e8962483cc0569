// Command partition divides shards among members, as processes do that crawl a part of the web
// each: a second member comes, and gets a part of what the first one has.
//
//	go run ./examples/partition -servers localhost:2181 -path /crawl -shards 4
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"quoll/client"
	"quoll/client/recipes/partition"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/crawl", "path of the group")
	shards := flag.Int("shards", 4, "how many shards there are")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *shards); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, count int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	var shards []string
	for i := range count {
		shards = append(shards, fmt.Sprint("shard-", i+1))
	}
	first, leave := context.WithCancel(ctx)
	defer leave()
	second := make(chan error, 1)
	for a, err := range partition.Join(first, c, path, "first", shards, partition.Range) {
		switch {
		case first.Err() != nil:
			return <-second // the end was told: all is given up
		case err != nil:
			return err
		case len(a.Items) == count:
			fmt.Println("first has all", count)
			go func() { second <- join(ctx, c, path, shards, leave) }()
		case len(a.Revoked) > 0:
			// They have to be left alone by now: when this loop goes on, the second one gets them.
			fmt.Println("first gives up", len(a.Revoked))
		}
	}
	return nil
}

// join is the second member, which is there until it has something.
func join(
	ctx context.Context, c *client.Client, path string, shards []string, leave func(),
) error {
	defer leave()
	for a, err := range partition.Join(ctx, c, path, "second", shards, partition.Range) {
		if err != nil {
			return err
		}
		fmt.Println("second has", a.Granted[0])
		leave()
		return nil
	}
	return nil
}
