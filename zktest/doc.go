// Package zktest gives a test a ZooKeeper of its own: a Quoll server in the test's process, with
// its data in memory, ready in a few milliseconds.
//
//	func TestMine(t *testing.T) {
//		zk := zktest.Start(t)
//		c := zk.Client()
//		...
//		zk.DropConn(c.Session().ID())
//	}
//
// Every server listens on a free port of loopback, and any number of them may run at once. Clients
// reach it through a proxy, which can cut, delay and hold back what goes through:
//
//	client <--> proxy (Servers) <--> Quoll
//
// StartCluster does the same for an ensemble, whose servers reach each other by lines that can be
// cut. All ends with the test, and no goroutine is left then.
//
// Read zktest.go, then server.go (the server behind it), then cluster.go.
package zktest
