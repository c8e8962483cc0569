// Package goclient runs the tests of the Go client (package client) and of its recipes
// (client/recipes) against servers that are processes: Apache ZooKeeper 3.9.5, and Quoll where the
// variable QUOLL names the binary, each alone and as a follower of three. They are the tests that
// `go test` runs against a Quoll inside the process, proxy and cuts included; the variable
// QUOLL_CLIENT_TEST_SERVER tells them where the server is.
//
// All of it is in goclient_test.go.
package goclient
