// Command wiretap records what Apache's servers of 3.9.5 say to each other, so that the decoders
// and encoders of package jute/ensemble are held to it by go test alone.
//
//	             127.0.0.1, a port each
//	server 1 ----> proxy of 2's election port ----> server 2
//	        \----> proxy of 2's quorum port   ----> server 2
//
// Each server's zoo.cfg has its own ports in its own line, and those of the proxies in the lines of
// the others. In an election the server with the larger number dials back to the address in the
// hello, past the proxy, so that a connection may be missing; never a part of one.
//
//	go run ./interop/wiretap
//
// It writes jute/ensemble/testdata/quorum.hex, a line a connection: the port that was dialled
// (election or quorum), whose it was, the bytes of who dialled and of who listened. The script (see
// script.go) goes through elections, a snapshot, differences, a truncation, writes, syncs and moved
// sessions on followers, an observer, and hellos with several addresses. It ends with an error when
// a kind of packet is missing, as it may be on a busy machine; then it is to be run again.
//
// A goroutine a connection and direction copies and records; a tap's mutex guards what it has.
// Read main.go, script.go, servers.go, tap.go, then complete.go.
package main
