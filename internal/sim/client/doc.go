// Package client is the simulated server's clients, each with one session at a time. A client
// behaves as Java's does where that matters (what it watches, which zxid it has seen). It behaves
// badly where a server must cope with it: it lies, moves, is cut off, reads slowly, sends nonsense.
//
// A client knows the network only as a Link, and makes all choices by the run's World. What it
// sends is noted in its history.Conn; package requests makes up most of it.
//
// Read client.go (connecting, replies), act.go (what it does of its own accord), odd.go (what few
// clients do), watching.go.
package client
