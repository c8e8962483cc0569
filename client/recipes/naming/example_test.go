package naming_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client/recipes/naming"
	"quoll/internal/example"
)

func Example() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()

	ids := naming.NewIDs(c, "/ids/orders", 100) // one write for 100 numbers
	first, err := ids.Next(ctx)
	if err != nil {
		log.Fatal(err)
	}
	second, err := ids.Next(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("orders", first, "and", second)

	name, err := naming.Unique(ctx, c, "/names/reports", "report-")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name)

	h, worker, err := naming.WorkerID(ctx, c, "/ids/workers", 1024)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("worker", worker)
	// Whatever uses the number stops when h.Context() ends.
	if err := h.Release(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// orders 1 and 2
	// report-0000000001
	// worker 0
}
