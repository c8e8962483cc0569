package partition_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client/recipes/partition"
	"quoll/internal/example"
)

func Example() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	shards := []string{"shard-1", "shard-2"}
	for a, err := range partition.Join(ctx, c, "/crawl", "host-7", shards, partition.Range) {
		if err != nil {
			log.Fatal(err)
		}
		// What is in Granted is worked at until its Context ends, or it is in Revoked. Other
		// members get what is in Revoked when this loop goes on.
		if len(a.Items) == len(shards) {
			fmt.Println(a.Members, "has", a.Items[0].Name, "and", a.Items[1].Name)
			break
		}
	}
	// Output:
	// [host-7] has shard-1 and shard-2
}
