package cache_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client"
	"quoll/client/recipes/cache"
	"quoll/internal/example"
)

func ExampleTree() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	if _, _, err := c.Create(ctx, "/config/color", []byte("red"), client.Parents); err != nil {
		log.Fatal(err)
	}
	tree, err := cache.OpenTree(ctx, c, "/config", cache.TreeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer tree.Close()
	color, _ := tree.Get("/config/color")
	fmt.Printf("%s\n", color.Data)
	for change, err := range tree.Changes(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v %s %q\n", change.Kind, change.Path, change.Node.Data)
		switch string(change.Node.Data) {
		case "red":
			_, err = c.Set(ctx, "/config/color", []byte("blue"), client.AnyVersion)
			if err != nil {
				log.Fatal(err)
			}
		case "blue":
			return
		}
	}
	// Output:
	// red
	// Added /config ""
	// Added /config/color "red"
	// Changed /config/color "blue"
}

func ExampleNode() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	node, err := cache.OpenNode(ctx, c, "/color")
	if err != nil {
		log.Fatal(err)
	}
	defer node.Close()
	changed := node.Changed()
	if _, _, err := c.Create(ctx, "/color", []byte("red")); err != nil {
		log.Fatal(err)
	}
	<-changed
	color, _ := node.Get()
	fmt.Printf("%s\n", color.Data)
	// Output:
	// red
}
