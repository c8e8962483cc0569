package config_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client/recipes/config"
	"quoll/internal/example"
)

func Example() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	values := map[string][]byte{"color": []byte("red"), "size": []byte("7")}
	if _, err := config.Publish(ctx, c, "/config/app", values, "the first"); err != nil {
		log.Fatal(err)
	}
	decode := func(values map[string][]byte) (string, error) {
		return fmt.Sprintf("%s, size %s", values["color"], values["size"]), nil
	}
	for v, err := range config.Watch(ctx, c, "/config/app", decode) {
		if err != nil {
			log.Print(err) // what was valid before stays
			continue
		}
		fmt.Printf("%d: %s (%s)\n", v.Revision.Number, v.Value, v.Revision.Comment)
		switch v.Revision.Number {
		case 1:
			values["color"] = []byte("blue")
			_, err = config.Publish(ctx, c, "/config/app", values, "a try")
		case 2:
			_, err = config.Rollback(ctx, c, "/config/app", 1)
		default:
			return
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 1: red, size 7 (the first)
	// 2: blue, size 7 (a try)
	// 3: red, size 7 (revision 1 again: the first)
}
