package queue_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/queue"
	"quoll/internal/example"
)

// Mail is what the queue of the examples carries.
type Mail struct{ To string }

func Example() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	q := queue.New(c, "/queues/mail", recipes.JSON[Mail]())
	if err := q.PutAll(ctx, Mail{"ann"}, Mail{"bob"}); err != nil {
		log.Fatal(err)
	}
	mail, err := q.Take(ctx) // whatever happens now, nobody else gets it
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("took", mail.To)

	item, err := q.Receive(ctx) // if this process ends now, somebody else gets it
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("received", item.Value.To, item.Deliveries)
	// What is done about it goes with Check: it fails once the item is somebody else's.
	_, err = c.Multi(ctx, item.Check(), client.OpCreate("/sent-to-"+item.Value.To, nil))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(item.Ack(ctx))
	// Output:
	// took ann
	// received bob 1
	// <nil>
}

func ExampleGather() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	players := queue.NewGather(c, "/queues/players", 2, recipes.JSON[string]())
	for _, name := range []string{"ann", "bob", "cid"} {
		if _, err := players.Put(ctx, name); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(players.Collect(ctx))
	// Output: [ann bob] <nil>
}
