// Command rwlock lets readers and a writer use a set of prices that is in two nodes: a reader never
// sees the one of before and the other one of after a change.
//
//	go run ./examples/rwlock -servers localhost:2181 -path /locks/prices -readers 4
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
	"quoll/client/recipes"
	"quoll/client/recipes/lock"
)

// The two nodes.
const (
	apples = "/prices/apples"
	pears  = "/prices/pears"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/locks/prices", "path of the locks")
	readers := flag.Int("readers", 4, "how many readers there are")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *readers); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, readers int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, node := range []string{apples, pears} {
		_, _, err := c.Create(ctx, node, []byte("1"), client.Parents)
		if err != nil && !errors.Is(err, client.ErrNodeExists) {
			return err
		}
	}
	prices := lock.NewRW(c, path)
	group, ctx := errgroup.WithContext(ctx)
	for range readers {
		group.Go(func() error {
			return prices.R().Do(ctx, func(ctx context.Context) error { return read(ctx, c) })
		})
	}
	group.Go(func() error {
		return prices.W().Do(ctx, func(ctx context.Context) error { return change(ctx, c) })
	})
	if err := group.Wait(); err != nil {
		return err
	}
	fmt.Println(readers, "readers, each saw equal prices")
	return nil
}

// read reads both prices. Other readers may do so at the same time.
func read(ctx context.Context, c *client.Client) error {
	a, _, err := c.Get(ctx, apples)
	if err != nil {
		return err
	}
	p, _, err := c.Get(ctx, pears)
	if err == nil && string(a) != string(p) {
		err = fmt.Errorf("apples %s, pears %s", a, p)
	}
	return err
}

// change changes both, one after the other. With Check each write fails once the lock is lost: then
// the second one is missing, and the next writer has to set it right.
func change(ctx context.Context, c *client.Client) error {
	held, _ := recipes.HeldFrom(ctx)
	for _, node := range []string{apples, pears} {
		_, err := c.Multi(ctx, held.Check(), client.OpSet(node, []byte("2"), client.AnyVersion))
		if err != nil {
			return err
		}
	}
	return nil
}
