// Package zkcli compares quoll shell with Apache's zkCli.sh: its test types the lines of lines.txt
// into zkCli in front of Apache's server, and into quoll shell in front of Apache's server and of
// ours, and wants the same on standard output and on standard error.
//
// script.txt beside it is the script by which the matrix of clients tries zkCli against a server
// (interop/matrix).
//
// Read lines.txt, then shell_test.go.
package zkcli
