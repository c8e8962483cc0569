// Command gozk checks every operation of github.com/go-zookeeper/zk against the server at
// host:port. It is a module of its own so that the server's module never depends on the client.
//
// It prints one PASS or FAIL line per check and asks its runner for restarts and pauses; see
// quoll/interop/matrix for the lines.
//
// Read main.go, then nodes.go, watches.go, sessions.go.
package main
