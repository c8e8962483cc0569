package counter_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client/recipes"
	"quoll/client/recipes/counter"
	"quoll/internal/example"
)

func ExampleInt64() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	orders := counter.NewInt64(c, "/counters/orders")
	for range 2 {
		n, err := orders.Add(ctx, 1)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(n)
	}
	fmt.Println(orders.CAS(ctx, 7, 8))
	// Output:
	// 1
	// 2
	// false <nil>
}

// What was read and what is written are one step: if somebody else has written in between, CAS says
// so, and nothing has happened.
func ExampleValue() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	rates := counter.NewValue(c, "/values/rates", recipes.JSON[map[string]int]())
	if err := rates.Set(ctx, map[string]int{"mail": 10}); err != nil {
		log.Fatal(err)
	}
	for {
		old, err := rates.Get(ctx)
		if err != nil {
			log.Fatal(err)
		}
		old.Value["sms"] = 5
		if swapped, err := rates.CAS(ctx, old, old.Value); err != nil {
			log.Fatal(err)
		} else if swapped {
			break
		}
	}
	now, err := rates.Get(ctx)
	fmt.Println(now.Value, err)
	// Output: map[mail:10 sms:5] <nil>
}
