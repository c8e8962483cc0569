// Command group lets members join, and shows who is there.
//
//	go run ./examples/group -servers localhost:2181 -path /groups/workers -members 3
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"quoll/client"
	"quoll/client/recipes/group"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/groups/workers", "path of the group")
	members := flag.Int("members", 3, "how many members join")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *members); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path string, members int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	var first *group.Member
	for i := range members {
		// In a real group each member does this for itself.
		m, err := group.Join(ctx, c, path, fmt.Sprint("host-", i+1), nil)
		if err != nil {
			return err
		}
		if first == nil {
			first = m
		}
	}
	for view, err := range group.Watch(ctx, c, path) {
		if err != nil {
			return err
		}
		if len(view.Left) > 0 {
			fmt.Println(view.Left[0].ID, "has left;", view.Members[0].ID, "is there longest now")
			return nil
		}
		fmt.Println(len(view.Members), "are there")
		if err := first.Leave(ctx); err != nil {
			return err
		}
	}
	return nil
}
