// Command queue puts texts into a queue, and works on what is there.
//
//	go run ./examples/queue -servers localhost:2181 put one two three
//	go run ./examples/queue -servers localhost:2181 -items 3 work
//
// A worker that dies, or loses its session, in the midst of an item loses that item to another one;
// after three attempts the item goes to the queue with -dead behind its path.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/queue"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/queues/texts", "path of the queue")
	items := flag.Int("items", 0, "work on so many items; 0: on and on")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	c, err := client.Dial(ctx, *servers)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	q := queue.New(c, *path, recipes.JSON[string](), queue.WithDeadLetter(3, *path+"-dead"))
	switch flag.Arg(0) {
	case "put":
		err = q.PutAll(ctx, flag.Args()[1:]...)
	case "work":
		err = work(ctx, c, q, *items)
	default:
		err = errors.New("say put TEXT... or work")
	}
	if err != nil {
		log.Print(err)
	}
}

func work(ctx context.Context, c *client.Client, q *queue.Queue[string], items int) error {
	for n := 1; ; n++ {
		item, err := q.Receive(ctx)
		if err != nil {
			return err
		}
		if err := handle(ctx, c, item); err != nil {
			log.Print(err)
			// Somebody else may have more luck. If it is lost, somebody else has it already.
			if err := item.Nack(ctx); err != nil {
				log.Print(err)
			}
		} else if err := item.Ack(ctx); err != nil {
			return err
		}
		if n == items {
			return nil
		}
	}
}

// handle notes the latest text. With Check the write fails if the item is somebody else's by now,
// who may have noted a newer one.
func handle(ctx context.Context, c *client.Client, item *queue.Item[string]) error {
	_, _, err := c.Create(ctx, "/latest", nil)
	if err != nil && !errors.Is(err, client.ErrNodeExists) {
		return err
	}
	_, err = c.Multi(ctx, item.Check(),
		client.OpSet("/latest", []byte(item.Value), client.AnyVersion))
	if err == nil {
		fmt.Printf("%s, delivered %d times\n", item.Value, item.Deliveries)
	}
	return err
}
