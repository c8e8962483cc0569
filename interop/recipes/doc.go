// Command recipes lets workers contend for what the recipes of the Go client hand out, while their
// connections break, stand still for longer than the session, and the server is killed; then it
// judges the history (internal/contest).
//
// Besides, a child process takes each thing and is stopped (SIGSTOP) for longer than its session.
// Somebody else gets it. When the child goes on, it still believes to hold it: its write under
// Check must be refused, and it must hear of the loss.
//
//	go run ./interop/recipes -quoll bin/quoll -operations 10000
//	go run ./interop/recipes -apache -only lock,election
//
// Exit code 1: a promise was not kept.
//
// Read main.go, then takings.go (what there is) and stopped.go.
package main
