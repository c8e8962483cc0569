package discovery_test

import (
	"context"
	"fmt"
	"log"

	"quoll/client/recipes/discovery"
	"quoll/internal/example"
)

// load is what an instance tells of itself.
type load struct {
	Calls int `json:"calls"`
}

// Load is what LeastLoaded and PowerOfTwo go by.
func (l load) Load() float64 { return float64(l.Calls) }

func Example() {
	c, stop := example.Client()
	defer stop()
	ctx := context.Background()
	for id, calls := range map[string]int{"host-7": 12, "host-8": 3} {
		_, err := discovery.Register(ctx, c, "/services", discovery.Instance[load]{
			Name: "billing", ID: id, Address: id + ".example.org", Port: 8080,
			URI: "{scheme}://{address}:{port}/", Payload: load{calls},
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	s, err := discovery.Open[load](ctx, c, "/services", "billing")
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	in, done, err := s.Pick(discovery.LeastLoaded())
	if err != nil {
		log.Fatal(err)
	}
	uri, err := in.BuildURI(nil)
	fmt.Println(uri, err)
	done(nil) // or the error of the call: two in a row mark the instance as down
	// Output:
	// http://host-8.example.org:8080/ <nil>
}
