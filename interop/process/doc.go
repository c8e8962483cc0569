// Package process runs one ZooKeeper server, ours or Apache's, as a child process: it writes the
// zoo.cfg, starts the command, waits until the server answers srvr, and ends it by its own id.
//
//	Options --writes--> zoo.cfg --names--> Command --starts--> Server --polls srvr--> ready
//	                                                             |
//	                                            Stop (SIGTERM), Kill (SIGKILL), ExitCode
//
// Both servers are given the same zoo.cfg and the same system properties, so that a difference
// between two runs is a difference between two servers.
//
// Launch starts a server and waits for nothing. Ports finds client ports and those of ensembles.
//
// Invariants: a Server that Start returned has answered a request; a Server that Start did not
// return has no process left. One goroutine per Server waits for the child and owns its exit
// code; everybody else reads it after the done channel is closed.
//
// Read server.go, then quoll.go and config.go, then fourletter.go and ports.go; parent_linux.go and
// parent_other.go end a server with the program that started it.
package process
