// Command cache has a copy of a tree of settings in memory: it reads without asking a server, and
// hears of what changes.
//
//	go run ./examples/cache -servers localhost:2181 -root /settings -changes 2
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"quoll/client"
	"quoll/client/recipes/cache"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	root := flag.String("root", "/settings", "root of the tree")
	changes := flag.Int("changes", 2, "how many nodes are made")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *root, *changes); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, root string, changes int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	tree, err := cache.OpenTree(ctx, c, root, cache.TreeOptions{MaxNodes: 10_000})
	if err != nil {
		return err
	}
	defer tree.Close()
	last := ""
	for i := range changes {
		last = fmt.Sprintf("%s/%d", root, i+1)
		if _, _, err := c.Create(ctx, last, []byte("on"), client.Parents); err != nil {
			return err
		}
	}
	for change, err := range tree.Changes(ctx) {
		if err != nil {
			return err
		}
		fmt.Println(change.Kind, change.Path)
		if change.Path == last {
			break
		}
	}
	node, _ := tree.Get(last)
	_, stale := tree.Stale()
	fmt.Printf("%s is %s; old: %t\n", last, node.Data, stale)
	return nil
}
