// Command priority puts texts into a queue of priorities, and takes them, the lowest number first.
//
//	go run ./examples/priority -servers localhost:2181 5:tidy 1:fire 3:mail
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/queue"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/queues/urgent", "path of the queue")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, items []string) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, item := range items {
		number, text, _ := strings.Cut(item, ":")
		priority, err := strconv.Atoi(number)
		if err != nil {
			return err
		}
		// The priority is that of what this Queue puts; all are at the same path.
		q := queue.New(c, path, recipes.JSON[string](), queue.WithPriority(priority))
		if _, err := q.Put(ctx, text); err != nil {
			return err
		}
	}
	// Whoever takes says that there are priorities; which one does not matter.
	q := queue.New(c, path, recipes.JSON[string](), queue.WithPriority(0))
	for range items {
		text, err := q.Take(ctx)
		if err != nil {
			return err
		}
		fmt.Println(text)
	}
	return nil
}
