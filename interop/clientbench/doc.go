// Command clientbench measures the Go client (quoll/client) beside github.com/go-zookeeper/zk: many
// goroutines of one client share its one connection to the same server, each goroutine with one
// request at a time. The clients take turns, round after round, so that whatever else the machine
// does meets both. For gets and for sets it says the median of the rounds' rates, how they compare,
// and how much processor time of this process a request took; the server is another process.
//
// It ends with one line of PASS or FAIL for each bar, and exit code 1 if one was missed.
//
// It is a module of its own, so that the server's module never depends on the other client.
//
//	cd interop/clientbench && go run . -quoll ../../bin/quoll
//
// Read main.go (what is asked and judged), then clients.go and round.go.
package main
