// Package barrier makes processes wait for each other.
//
//	b := barrier.New(c, "/barriers/migration")         // closed by Set, open after Remove
//	err := b.Wait(ctx)
//
//	d := barrier.NewDouble(c, "/barriers/step", 5, "host-7")
//	err := d.Enter(ctx)                                // returns when 5 have entered
//	...                                                // the five compute
//	err = d.Leave(ctx)                                 // returns when all 5 have left
//
//	g := barrier.NewGather(c, "/barriers/loaded", 5)
//	err := g.Arrive(ctx, "host-7")
//	ids, err := g.Wait(ctx)                            // who the 5 are
//
// Whoever has entered a Double is there as long as its session lives: its node is ephemeral.
// Whoever has arrived at a Gather has arrived, and may end.
//
//	/path                                 Barrier: there while the barrier is closed
//	/path/<uuid>           id             Double: a member. Ephemeral
//	/path/ready            names          Double: a phase has begun, of these members
//	/path                  {"n":5,...}    Gather: how many, the generation, who has arrived
//	/path/done-0000000007  ["host-7"...]  Gather: a generation that is complete
//
// The first two are those of Curator and kazoo.
//
// The package has no goroutine.
//
// Read barrier.go; double.go and phase.go (what a Double sees); gather.go and generation.go.
package barrier
