// Command elect lets candidates lead in turns: each writes its name into the log of leaders, and
// gives the lead to the next one.
//
//	go run ./examples/elect -servers localhost:2181 -path /leader -candidates 3
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
	"quoll/client/recipes/elect"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/leader", "path of the election")
	candidates := flag.Int("candidates", 3, "how many candidates there are")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *candidates); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, candidates int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	group, ctx := errgroup.WithContext(ctx)
	for i := range candidates {
		name := fmt.Appendf(nil, "candidate %d", i+1)
		group.Go(func() error {
			// Run campaigns again if the term is lost, until lead returns by itself.
			return elect.New(c, path, name).Run(ctx, func(ctx context.Context) error {
				return lead(ctx, c, name)
			})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	terms, _, err := c.Children(context.WithoutCancel(ctx), "/terms")
	fmt.Println(len(terms), "terms, one after the other")
	return err
}

// lead does what the leader alone may do. Its writes fail once it leads no more.
func lead(ctx context.Context, c *client.Client, name []byte) error {
	_, _, err := c.Create(ctx, "/terms", nil)
	if err != nil && !errors.Is(err, client.ErrNodeExists) {
		return err
	}
	term, _ := recipes.HeldFrom(ctx)
	_, err = c.Multi(ctx, term.Check(),
		client.OpCreate(fmt.Sprintf("/terms/%d", term.Token()), name))
	return err
}
