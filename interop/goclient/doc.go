// Package goclient runs the tests of the Go client (package client) and of its recipes
// (client/recipes) against servers that are processes: Apache ZooKeeper 3.9.5, and Quoll where the
// variable QUOLL names the binary, each alone and as a follower of three. They are the tests that
// `go test` runs against a Quoll inside the process, proxy and cuts included; the variable
// QUOLL_CLIENT_TEST_SERVER tells them where the server is.
//
// What needs a server of its own is here too, against Apache's: TLS with a secureClientPort, SASL
// by DIGEST-MD5, and a server without a quorum in read-only mode.
//
// Read goclient_test.go, secure_test.go, sasl_test.go, readonly_test.go.
package goclient
