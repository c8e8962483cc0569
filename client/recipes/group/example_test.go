package group_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client/recipes/group"
	"quoll/internal/example"
)

func Example() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	m, err := group.Join(ctx, c, "/groups/workers", "host-7", []byte("10.0.0.7:8080"))
	if err != nil {
		log.Fatal(err)
	}
	for view, err := range group.Watch(ctx, c, "/groups/workers") {
		if err != nil {
			log.Fatal(err)
		}
		for _, p := range view.Members {
			fmt.Printf("%s at %s\n", p.ID, p.Data)
		}
		if len(view.Members) == 0 {
			fmt.Println("nobody is there")
			break
		}
		if err := m.Leave(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// host-7 at 10.0.0.7:8080
	// nobody is there
}
