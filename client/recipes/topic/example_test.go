package topic_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"

	"quoll/client"
	"quoll/client/recipes/topic"
	"quoll/zktest"
)

// exampleClient is a client of a server for the examples. A program calls client.Dial there.
func exampleClient() (c *client.Client, stop func()) {
	tb := &exampleTB{}
	return zktest.Start(tb).Client(), tb.end
}

// exampleTB lets an example start a server, which a test has from its testing.T.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (e *exampleTB) Helper()                   {}
func (e *exampleTB) Cleanup(f func())          { e.cleanups = append(e.cleanups, f) }
func (e *exampleTB) Fatal(args ...interface{}) { log.Fatal(args...) }
func (e *exampleTB) Error(args ...interface{}) { log.Print(args...) }

func (e *exampleTB) end() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

func Example() {
	c, stop := exampleClient()
	defer stop()
	ctx := context.Background()
	news := topic.New(c, "/topics/news", 2) // the last two are kept
	for _, text := range []string{"one", "two", "three"} {
		if _, err := news.Publish(ctx, []byte(text)); err != nil {
			log.Fatal(err)
		}
	}
	cursor := news.Cursor("mailer")
	for m, err := range news.Subscribe(ctx, 1) {
		var gap *topic.Gap
		if errors.As(err, &gap) {
			fmt.Println("missed:", gap.Missed)
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d: %s\n", m.Seq, m.Data)
		if err := cursor.Save(ctx, m.Seq); err != nil {
			log.Fatal(err)
		}
		if m.Seq == 3 {
			break
		}
	}
	// Output:
	// missed: 1
	// 2: two
	// 3: three
}
