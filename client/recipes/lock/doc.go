// Package lock has locks that processes share through ZooKeeper.
//
//	m := lock.New(c, "/locks/report")
//	err := m.Do(ctx, func(ctx context.Context) error { ... })   // ctx ends when the lock is lost
//
// New is fair and has no herd: each waiter hears of the one in front of it only. NewRW is a pair of
// locks, of which many may hold the one for reading. NewSimple has one node that all watch. All
// takes several locks, or none.
//
// Contenders says who holds a lock and who waits; Revoke asks one of them to leave.
//
// A lock is not a mutex of one process: it is lost when the session is, while its holder may still
// run. Lost says so as soon as the client can know it; Check and Token of a Held keep a holder that
// does not look from doing harm.
//
// A Mutex has no state: it is a path and what to do there. Any number of goroutines may use it, and
// they exclude each other as processes do.
//
// Read lock.go, reenter.go (Do), simple.go, rw.go, semaphore.go, all.go, contenders.go, revoke.go.
package lock
