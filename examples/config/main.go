// Command config publishes a configuration of two values at one moment, and follows it as the
// programs do that use it.
//
//	go run ./examples/config -servers localhost:2181 -path /config/app -color red
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"quoll/client"
	"quoll/client/recipes/config"
)

// settings is the configuration, as the program uses it.
type settings struct{ color, size string }

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/config/app", "path of the configuration")
	color := flag.String("color", "red", "color to publish")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *color); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path, color string) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	values := map[string][]byte{"color": []byte(color), "size": []byte("7")}
	if _, err := config.Publish(ctx, c, path, values, "color "+color); err != nil {
		return err
	}
	for v, err := range config.Watch(ctx, c, path, decode) {
		if v.Revision.Number == 0 {
			return err // there will be no other one
		}
		if err != nil {
			log.Print(err) // a bad one: what was valid before stays
			continue
		}
		fmt.Printf("revision %d: %s, size %s\n", v.Revision.Number, v.Value.color, v.Value.size)
		return nil
	}
	return nil
}

// decode makes settings of the values. All of them are of one revision.
func decode(values map[string][]byte) (settings, error) {
	s := settings{string(values["color"]), string(values["size"])}
	if s.color == "" || s.size == "" {
		return s, errors.New("color or size is missing")
	}
	return s, nil
}
