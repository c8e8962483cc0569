// Command naming numbers orders as a process does that is one of many: it takes a worker id, and
// gives each order a number that no other process gives.
//
//	go run ./examples/naming -servers localhost:2181 -path /ids -orders 3
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"quoll/client"
	"quoll/client/recipes/naming"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/ids", "node below which the numbers are kept")
	orders := flag.Int("orders", 3, "how many orders come in")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *orders); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, orders int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	worker, id, err := naming.WorkerID(ctx, c, path+"/workers", 1024)
	if err != nil {
		return err
	}
	// Blocks of 100: the servers hear of every hundredth order only.
	numbers := naming.NewIDs(c, path+"/orders", 100)
	for range orders {
		if err := worker.Err(); err != nil {
			return err // another process may have the worker id now
		}
		order, err := numbers.Next(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("worker %d: order %d\n", id, order)
	}
	return worker.Release(ctx)
}
