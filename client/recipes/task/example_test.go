package task_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client/recipes/task"
	"quoll/internal/example"
)

func Example() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	tasks := task.New(c, "/reports")
	if err := tasks.Submit(ctx, "2026-11", []byte("november")); err != nil {
		log.Fatal(err)
	}

	worker, err := tasks.Join(ctx, "host-7", nil)
	if err != nil {
		log.Fatal(err)
	}
	cl, err := worker.Claim(ctx)
	if err != nil {
		log.Fatal(err)
	}
	// The work stops when cl.Context() ends: another worker has the task then.
	if err := cl.Progress(ctx, []byte("half of it")); err != nil {
		log.Fatal(err)
	}
	if err := cl.Finish(ctx, []byte("30 pages")); err != nil {
		log.Fatal(err)
	}

	done, err := tasks.Wait(ctx, "2026-11")
	fmt.Printf("%v by %s: %s %v\n", done.State, done.Worker, done.Outcome, err)
	// Output:
	// Done by host-7: 30 pages <nil>
}
