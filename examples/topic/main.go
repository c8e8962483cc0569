// Command topic publishes messages, and reads them as a subscriber does that goes on where it was
// when it was stopped.
//
//	go run ./examples/topic -servers localhost:2181 -path /topics/news -name mailer -messages 3
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
	"quoll/client/recipes/topic"
)

func main() {
	servers := flag.String("servers", "localhost:2181", "connection string")
	path := flag.String("path", "/topics/news", "path of the topic")
	name := flag.String("name", "mailer", "name of the subscriber")
	messages := flag.Int("messages", 3, "how many messages are published")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *servers, *path, *name, *messages); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, servers, path, name string, messages int) error {
	c, err := client.Dial(ctx, servers)
	if err != nil {
		return err
	}
	defer c.Close()
	news := topic.New(c, path, 2) // the latest two are kept
	last := int64(0)
	for i := range messages {
		if last, err = news.Publish(ctx, fmt.Appendf(nil, "news %d", i+1)); err != nil {
			return err
		}
	}
	cursor := news.Cursor(name)
	for m, err := range cursor.Messages(ctx) {
		var gap *topic.Gap
		if errors.As(err, &gap) {
			fmt.Println("too late for", gap.Missed)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Printf("%d: %s\n", m.Seq, m.Data)
		// It is saved behind the work: a crash in between means the message comes again.
		if err := cursor.Save(ctx, m.Seq); err != nil {
			return err
		}
		if m.Seq == last {
			return nil
		}
	}
	return nil
}
