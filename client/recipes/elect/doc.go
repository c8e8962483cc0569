// Package elect elects one of many processes as their leader.
//
//	e := elect.New(c, "/elections/db", []byte("host 7"))
//	err := e.Run(ctx, func(ctx context.Context) error { ... })   // while this one is the leader
//
// Campaign gives the one term, Run campaigns again after each loss. A Latch does that in the
// background, for programs that only ask whether they lead. Leader and Observe are for those who
// follow the leader without being candidates.
//
// A leader is one by its session: it may be deposed while it still runs. What it writes to
// ZooKeeper needs Check of its Term, what it writes elsewhere its Token.
//
// An Election has no state and no goroutine. A Latch has one goroutine from Start to Close, which
// alone changes its state.
//
// Read elect.go, observe.go, latch.go.
package elect
