package barrier_test

import (
	"context"
	"fmt"
	"log"

	"golang.org/x/sync/errgroup"

	"quoll/client/recipes/barrier"
	"quoll/internal/example"
)

// What a member does inside ends with its place: the context of the Held says so.
func ExampleDouble() {
	c, stop := example.Client()
	defer stop()
	var members errgroup.Group
	for i := range 3 {
		d := barrier.NewDouble(c, "/barriers/step", 3, fmt.Sprint("worker ", i))
		members.Go(func() error {
			held, err := d.Enter(context.Background())
			if err != nil {
				return err
			}
			if err := held.Context().Err(); err != nil {
				return err
			}
			return d.Leave(context.Background())
		})
	}
	fmt.Println(members.Wait())
	// Output: <nil>
}

func ExampleGather() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	g := barrier.NewGather(c, "/barriers/loaded", 2)
	for _, id := range []string{"host-1", "host-2"} {
		if err := g.Arrive(ctx, id); err != nil {
			log.Fatal(err)
		}
	}
	ids, err := g.Wait(ctx)
	fmt.Println(ids, err)
	// Output: [host-1 host-2] <nil>
}
