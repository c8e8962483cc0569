// Command discovery registers instances of a service and lets calls go to them, as a server and its
// callers do that know nothing of each other but the name of the service.
//
//	go run ./examples/discovery -servers localhost:2181 -base /services -calls 4
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
	"quoll/client/recipes/discovery"
)

// version is what an instance tells of itself besides its address.
type version struct {
	Version string `json:"version"`
}

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	base := flag.String("base", "/services", "path below which services are")
	calls := flag.Int("calls", 4, "how many calls are made")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *base, *calls); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, base string, calls int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	for port := 8080; port < 8083; port++ {
		// In a real service each instance does this for itself.
		r, err := discovery.Register(ctx, c, base, discovery.Instance[version]{
			Name: "greeter", ID: fmt.Sprint("greeter-", port), Address: "localhost", Port: port,
			URI: "{scheme}://{address}:{port}/", Payload: version{"1.0"},
		})
		if err != nil {
			return err
		}
		defer r.Close(context.WithoutCancel(ctx))
	}
	s, err := discovery.Open[version](ctx, c, base, "greeter")
	if err != nil {
		return err
	}
	defer s.Close()
	turns := discovery.RoundRobin()
	for range calls {
		in, done, err := s.Pick(turns)
		if err != nil {
			return err
		}
		uri, err := in.BuildURI(nil)
		if err != nil {
			return err
		}
		done(call(uri, in.Port))
	}
	return nil
}

// call stands for a call of an instance. One of them fails, so it is marked as down and the others
// are called from then on.
func call(uri string, port int) error {
	if port == 8081 {
		fmt.Println(uri, "fails")
		return errors.New("no answer")
	}
	fmt.Println(uri, "greets")
	return nil
}
