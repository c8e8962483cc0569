package elect_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/elect"
	"quoll/internal/example"
)

// The leader writes with Check: the write fails once it is deposed.
func ExampleElection_Run() {
	c, stop := example.Client()
	defer stop()
	e := elect.New(c, "/elections/db", []byte("host 7"))
	err := e.Run(context.Background(), func(ctx context.Context) error {
		leader, err := e.Leader(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%s leads\n", leader.Data)
		term, _ := recipes.HeldFrom(ctx)
		_, err = c.Multi(ctx, term.Check(), client.OpCreate("/primary", leader.Data))
		return err // the term is given back
	})
	fmt.Println(err)
	// Output:
	// host 7 leads
	// <nil>
}

func ExampleElection_Observe() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	term, err := elect.New(c, "/elections/db", []byte("host 7")).Campaign(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for leader, err := range elect.New(c, "/elections/db", nil).Observe(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if leader.Path == "" {
			fmt.Println("nobody leads")
			break
		}
		fmt.Printf("%s leads\n", leader.Data)
		if err := term.Release(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// host 7 leads
	// nobody leads
}

func ExampleLatch() {
	c, stop := example.Client()
	defer stop()
	latch := elect.NewLatch(c, "/elections/db", []byte("host 7"))
	if err := latch.Start(); err != nil {
		log.Fatal(err)
	}
	defer latch.Close()
	if _, err := latch.Wait(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(latch.IsLeader())
	// Output:
	// true
}
