// Package counter has numbers and values that processes change together, each change made of what
// is there.
//
//	n := counter.NewInt64(c, "/counters/orders")
//	next, err := n.Add(ctx, 1)                  // counted once, also if the answer gets lost
//	swapped, err := n.CAS(ctx, 7, 8)
//
//	v := counter.NewValue(c, "/values/rate", recipes.JSON[Rate]())
//	old, err := v.Get(ctx)
//	swapped, err := v.CAS(ctx, old, Rate{...})  // if nobody has changed it since
//
// A change is a write that names the version of the node that was read. So that a lost answer can
// be settled, the same Multi makes a receipt, a node with a name that is used once: if it is there,
// the change has happened. The receipt is deleted in the background.
//
//	/path              the number or value, as Curator or kazoo has it, and nothing else
//	/path/_c_<uuid>    a receipt. Ephemeral; for a moment
//
// The package has no goroutine but that which deletes a receipt.
//
// Read int64.go and number.go (how numbers are written), value.go, cell.go (the node of both).
package counter
