// Package discovery says where the instances of a service are, and picks one of them.
//
//	r, err := discovery.Register(ctx, c, "/services", discovery.Instance[Info]{
//		Name: "billing", ID: "host-7", Address: "10.0.0.7", Port: 8080,
//	})
//	...
//	s, err := discovery.Open[Info](ctx, c, "/services", "billing")
//	in, done, err := s.Pick(discovery.RoundRobin())
//	...
//	done(err) // how the call of the instance has ended
//
// The nodes are those of Curator's x-discovery, to the byte: /services/billing/host-7 with the JSON
// of a ServiceInstance.
//
//	Register --> keep: the node, over sessions
//	Open ------> cache.Tree --> follow: instances, decoded --> Instances, Watch, Pick
//
// Invariants:
//   - What is decoded is one of the states of the tree, and never goes back.
//   - An instance that cannot be decoded hides no other one.
//
// A Registration has the goroutine of its node, a Service that of its tree and follow. What Pick
// has to remember is behind the mutex of the Service.
//
// Read instance.go, json.go (the format), uri.go, register.go, then service.go, pick.go and
// pickers.go.
package discovery
