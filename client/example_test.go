package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"quoll/client"
	"quoll/internal/example"
)

func Example() {
	servers, stop := example.Servers()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	c, err := client.Dial(ctx, servers, client.WithSessionTimeout(10*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if _, _, err := c.Create(ctx, "/app/color", []byte("red"), client.Parents); err != nil {
		log.Fatal(err)
	}
	data, stat, err := c.Get(ctx, "/app/color")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, version %d\n", data, stat.Version)
	_, err = c.Set(ctx, "/app/color", []byte("blue"), 7)
	fmt.Println(errors.Is(err, client.ErrBadVersion))
	// Output:
	// red, version 0
	// true
}

// Two nodes change together, or not at all.
func ExampleClient_Multi() {
	servers, stop := example.Servers()
	defer stop()
	ctx := context.Background()
	c, err := client.Dial(ctx, servers)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	results, err := c.Multi(ctx,
		client.OpCreate("/jobs", nil),
		client.OpCreate("/jobs/job-", []byte("first"), client.Sequential))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(results[1].Path)
	_, err = c.Multi(ctx,
		client.OpDelete("/jobs/job-0000000000", client.AnyVersion),
		client.OpCheck("/jobs", 42))
	var failed *client.MultiError
	if errors.As(err, &failed) {
		fmt.Println("operation", failed.Index, "on", failed.Err.Path)
	}
	// Output:
	// /jobs/job-0000000000
	// operation 1 on /jobs
}

// A watch that stays tells of every change, and says when it may have missed some.
func ExampleClient_AddWatch() {
	servers, stop := example.Servers()
	defer stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, err := client.Dial(ctx, servers)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	watch, err := c.AddWatch(ctx, "/", client.Recursive)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		_, _, _ = c.Create(ctx, "/a/b", nil, client.Parents)
	}()
	n := 0
	for event, err := range watch.Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		switch event.Kind {
		case client.Resync, client.Overflow:
			fmt.Println("read everything again")
		default:
			fmt.Println(event.Kind, event.Path)
		}
		if n++; n == 2 {
			break
		}
	}
	// Output:
	// Created /a
	// Created /a/b
}

// Requests that do not wait for each other go over the connection together.
func ExampleAsync() {
	servers, stop := example.Servers()
	defer stop()
	ctx := context.Background()
	c, err := client.Dial(ctx, servers)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	var asked []*client.Future[client.Node]
	for i := range 3 {
		asked = append(asked, c.Async().Create(ctx, fmt.Sprint("/n", i), nil))
	}
	for _, f := range asked {
		node, err := f.Wait(ctx)
		fmt.Println(node.Path, err)
	}
	// Output:
	// /n0 <nil>
	// /n1 <nil>
	// /n2 <nil>
}

func ExampleUpdate() {
	servers, stop := example.Servers()
	defer stop()
	ctx := context.Background()
	c, err := client.Dial(ctx, servers)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if _, _, err := c.Create(ctx, "/log", []byte("a")); err != nil {
		log.Fatal(err)
	}
	stat, err := client.Update(ctx, c, "/log", func(old []byte) ([]byte, error) {
		return append(old, "b"...), nil
	})
	if err != nil {
		log.Fatal(err)
	}
	data, _, err := c.Get(ctx, "/log")
	fmt.Println(string(data), stat.Version, err)
	// Output: ab 1 <nil>
}
