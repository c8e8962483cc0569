// Command delay puts reminders of three things into a queue, each for a later time, and takes each
// when its time has come.
//
//	go run ./examples/delay -servers localhost:2181 -after 3s
//
// The times are by the clocks of those who put and who take, which must agree.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"
	"time"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/queue"
)

type reminder struct {
	Of  string
	Due time.Time
}

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	after := flag.Duration("after", time.Second, "when the first one is due, and then the next")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	c, err := client.Dial(ctx, *servers)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := remind(ctx, c, *after); err != nil {
		log.Print(err)
	}
}

func remind(ctx context.Context, c *client.Client, after time.Duration) error {
	for i, what := range []string{"egg", "tea", "cake"} {
		d := time.Duration(i+1) * after
		// The delay is that of what this Queue puts; all are at the same path.
		if _, err := reminders(c, d).Put(ctx, reminder{what, time.Now().Add(d)}); err != nil {
			return err
		}
	}
	// Whoever takes says that there are delays; which one does not matter.
	q := reminders(c, 0)
	n, err := q.Len(ctx)
	if err != nil {
		return err
	}
	for range n {
		r, err := q.Take(ctx)
		if err != nil {
			return err
		}
		// The queue has times in whole milliseconds.
		fmt.Printf("%s, too early: %v\n", r.Of, time.Until(r.Due) > time.Millisecond)
	}
	return nil
}

func reminders(c *client.Client, d time.Duration) *queue.Queue[reminder] {
	return queue.New(c, "/queues/reminders", recipes.JSON[reminder](), queue.WithDelay(d))
}
