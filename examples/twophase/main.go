// Command twophase lets two services take an order, or none of them: each says whether it can, and
// does it when all can.
//
//	go run ./examples/twophase -servers localhost:2181 -path /orders -id 4711 -stock 1
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"quoll/client"
	"quoll/client/recipes/twophase"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/orders", "path of the transactions")
	id := flag.String("id", "4711", "id of the order")
	stock := flag.Int("stock", 1, "how many are in stock")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *id, *stock); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path, id string, stock int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	votes := map[string]bool{"billing": true, "stock": stock > 0}
	tx, err := twophase.Begin(ctx, c, path, id, []string{"billing", "stock"}, []byte("a book"))
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for name, can := range votes {
		group.Go(func() error { return take(ctx, twophase.Open(c, path, id), name, can) })
	}
	decision, err := tx.Decide(ctx)
	if err != nil {
		return err
	}
	if err := group.Wait(); err != nil {
		return err
	}
	fmt.Printf("order %s: %v\n", id, decision)
	return tx.Forget(context.WithoutCancel(ctx)) // both have heard of it
}

// take is one of the services. Between its vote and the outcome it has to keep what the order
// needs, through a crash as well.
func take(ctx context.Context, tx *twophase.Tx, name string, can bool) error {
	if err := tx.Vote(ctx, name, can); err != nil {
		return err
	}
	outcome, err := tx.Outcome(ctx)
	if err == nil && outcome == twophase.Committed && !can {
		err = fmt.Errorf("%s said no", name)
	}
	return err
}
