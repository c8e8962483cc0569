// Command barrier is a computation in steps: in each step the members begin together, and none of
// them goes on before all are through.
//
//	go run ./examples/barrier -servers localhost:2181 -members 3 -steps 2
//
// With -members 3 -here 1 the other two are other processes, on other machines perhaps.
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
	"quoll/client/recipes/barrier"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/barriers/step", "path of the barrier")
	members := flag.Int("members", 3, "how many members there are in all")
	here := flag.Int("here", 0, "how many of them are in this process; 0: all")
	steps := flag.Int("steps", 2, "how many steps they do")
	flag.Parse()
	log.SetFlags(0)
	if *here == 0 {
		*here = *members
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	c, err := client.Dial(ctx, *servers)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for i := range *here {
		d := barrier.NewDouble(c, *path, *members, fmt.Sprint("member ", i))
		group.Go(func() error {
			for range *steps {
				if err := step(ctx, d, &done); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		log.Print(err)
		return
	}
	fmt.Printf("%d members have done %d parts of %d steps\n", *here, done.Load(), *steps)
}

// step is one member's part of a step.
func step(ctx context.Context, d *barrier.Double, done *atomic.Int64) error {
	held, err := d.Enter(ctx)
	if err != nil {
		return err
	}
	// A member that is lost is not waited for: what it does must end then, and must not count.
	if held.Err() == nil {
		done.Add(1)
	}
	return d.Leave(ctx)
}
