package twophase_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client/recipes/twophase"
	"quoll/internal/example"
)

func Example() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	parts := []string{"billing", "stock"}
	tx, err := twophase.Begin(ctx, c, "/orders", "4711", parts, []byte("one book"))
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range parts { // each in a process of its own
		if err := twophase.Open(c, "/orders", "4711").Vote(ctx, part, true); err != nil {
			log.Fatal(err)
		}
	}
	decision, err := tx.Decide(ctx)
	fmt.Println(decision, err)
	outcome, err := twophase.Open(c, "/orders", "4711").Outcome(ctx)
	fmt.Println(outcome, err)
	// Output:
	// commit <nil>
	// commit <nil>
}
