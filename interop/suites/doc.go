// Command suites runs the tests that the authors of other clients wrote for their clients, with
// ensembles of ours in the place of Apache's servers.
//
//	go run ./interop/suites -quoll bin/quoll              all, 6 minutes
//	go run ./interop/suites -quoll bin/quoll -only gozk   go-zookeeper alone
//
// Both suites start the servers themselves, as Apache's: kazoo by `java ... zoo.cfg`, go-zookeeper
// by `zkServer.sh start-foreground zoo.cfg`. This program stands in for both commands:
//
//	suites --> pytest, go test --> java, zkServer.sh --exec--> quoll server zoo.cfg
//	                               (links to suites)
//
// The stand-in takes out of zoo.cfg what Quoll does not have yet and would refuse. The tests of
// that are left out by name, each with its reason.
//
// Read main.go, then suite.go (what is run) and standin.go.
package main
