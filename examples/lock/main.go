// Command lock lets workers write one report each, one after the other, under a lock that all
// processes share which are given the same path.
//
//	go run ./examples/lock -servers localhost:2181 -path /locks/report -workers 3
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sync/errgroup"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/lock"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/locks/report", "path of the lock")
	workers := flag.Int("workers", 3, "how many workers there are")
	flag.Parse()
	log.SetFlags(0)
	// Ctrl-C ends ctx: whoever waits for the lock leaves, whoever holds it gives it back.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *workers); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, workers int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	_, _, err = c.Create(ctx, "/reports", []byte("0"))
	if err != nil && !errors.Is(err, client.ErrNodeExists) {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			return lock.New(c, path).Do(ctx, func(ctx context.Context) error {
				return report(ctx, c)
			})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	n, _, err := c.Get(context.WithoutCancel(ctx), "/reports")
	fmt.Printf("%d workers, %s reports\n", workers, n)
	return err
}

// report counts the reports. Nothing but the lock keeps two workers from writing the same number.
func report(ctx context.Context, c *client.Client) error {
	data, _, err := c.Get(ctx, "/reports")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(data))
	if err != nil {
		return err
	}
	// With Check the write fails if the lock is lost by now, so that it never undoes that of the
	// next holder.
	held, _ := recipes.HeldFrom(ctx)
	_, err = c.Multi(ctx, held.Check(),
		client.OpSet("/reports", []byte(strconv.Itoa(n+1)), client.AnyVersion))
	return err
}
