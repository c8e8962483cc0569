// Package fault says what an error means to whoever runs a verb: the exit code of the process, and
// the words on standard error, for people, for programs and as zkCli.sh has them.
//
//	0 done   1 error   2 usage   3 no node   4 node exists, bad version, not empty   5 auth
//	6 not connected, timed out   7 check failed   8 not won   9 lost   130, 143 signals   141 pipe
//
// Read codes.go (what is known of each error), then fault.go.
package fault
