// Command delay puts reminders into a queue of delays, and takes each when its time has come.
//
//	go run ./examples/delay -servers localhost:2181 3s:tea 1s:egg
//
// The times are by the clocks of those who put and who take, which must agree.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/queue"
)

type reminder struct {
	Text string
	Due  time.Time
}

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/queues/reminders", "path of the queue")
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
		after, text, _ := strings.Cut(item, ":")
		d, err := time.ParseDuration(after)
		if err != nil {
			return err
		}
		// The delay is that of what this Queue puts; all are at the same path.
		q := queue.New(c, path, recipes.JSON[reminder](), queue.WithDelay(d))
		if _, err := q.Put(ctx, reminder{text, time.Now().Add(d)}); err != nil {
			return err
		}
	}
	// Whoever takes says that there are delays; which one does not matter.
	q := queue.New(c, path, recipes.JSON[reminder](), queue.WithDelay(0))
	for range items {
		r, err := q.Take(ctx)
		if err != nil {
			return err
		}
		// The queue has times in whole milliseconds.
		fmt.Printf("%s, too early: %v\n", r.Text, time.Until(r.Due) > time.Millisecond)
	}
	return nil
}
