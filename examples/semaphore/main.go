// Command semaphore downloads files, no more than two at once over all processes that are given the
// same path. A large file counts as two.
//
//	go run ./examples/semaphore -servers localhost:2181 -path /limits/downloads -files 3
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"sync/atomic"
	"syscall"

	"golang.org/x/sync/errgroup"

	"quoll/client"
	"quoll/client/recipes/lock"
)

// limit is how many downloads there may be at once.
const limit = 2

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/limits/downloads", "path of the semaphore")
	files := flag.Int("files", 3, "how many files there are")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *files); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, files int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	slots := lock.NewSemaphore(c, path, limit)
	var now, most, done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for file := range files {
		size := 1 + file%2
		group.Go(func() error {
			h, err := slots.Acquire(ctx, size)
			if err != nil {
				return err
			}
			// A download stops when h.Context() ends: others may have the place by then.
			most.Store(max(most.Load(), now.Add(int64(size))))
			done.Add(1)
			now.Add(-int64(size))
			return h.Release(ctx)
		})
	}
	err = group.Wait()
	fmt.Printf("%d files, never more than %d: %t\n", done.Load(), limit, most.Load() <= limit)
	return err
}
