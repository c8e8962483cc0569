package topic_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"quoll/client/recipes/topic"
	"quoll/internal/example"
)

func Example() {
	c, stop := example.Client()
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
