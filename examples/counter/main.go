// Command counter counts something that many processes do: each call adds to one number, and says
// what it is then.
//
//	go run ./examples/counter -servers localhost:2181 -path /counters/orders -add 2 -times 3
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"quoll/client"
	"quoll/client/recipes/counter"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/counters/orders", "path of the number")
	add := flag.Int64("add", 1, "what is added")
	times := flag.Int("times", 1, "how often")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *add, *times); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, add int64, times int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	n := counter.NewInt64(c, path)
	for range times {
		sum, err := n.Add(ctx, add) // counted once, also if the connection breaks meanwhile
		if err != nil {
			return err
		}
		fmt.Println(sum)
	}
	return nil
}
