// Command task submits reports to write, and writes them as workers of other processes do.
//
//	go run ./examples/task -servers localhost:2181 -path /reports -tasks 3
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"quoll/client"
	"quoll/client/recipes/task"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/reports", "path of the tasks")
	tasks := flag.Int("tasks", 3, "how many tasks there are")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *tasks); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, count int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	tasks := task.New(c, path)
	working, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	for _, id := range []string{"worker-1", "worker-2"} {
		group.Go(func() error { return work(working, tasks, id) })
	}
	group.Go(func() error {
		defer stop() // the workers end when all is done
		return dispatch(ctx, tasks, count)
	})
	return group.Wait()
}

// dispatch submits the tasks and waits for them. Started again after a crash, it submits the same
// ids, and those that are there are left as they are.
func dispatch(ctx context.Context, tasks *task.Tasks, count int) error {
	for i := range count {
		err := tasks.Submit(ctx, fmt.Sprint("report-", i+1), fmt.Appendf(nil, "month %d", i+1))
		if err != nil && !errors.Is(err, client.ErrNodeExists) {
			return err
		}
	}
	for i := range count {
		done, err := tasks.Wait(ctx, fmt.Sprint("report-", i+1))
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", done.ID, done.Outcome)
	}
	return nil
}

// work does tasks until ctx ends.
func work(ctx context.Context, tasks *task.Tasks, id string) error {
	w, err := tasks.Join(ctx, id, nil)
	if err != nil {
		return err
	}
	defer w.Leave(context.WithoutCancel(ctx))
	for {
		cl, err := w.Claim(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		// Real work goes on with cl.Left, and stops when cl.Context() ends.
		if err := cl.Progress(ctx, []byte("begun")); err != nil {
			return err
		}
		if err := cl.Finish(ctx, append([]byte("written for "), cl.Data...)); err != nil {
			return err
		}
	}
}
