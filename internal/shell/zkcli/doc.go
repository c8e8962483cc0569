// Package zkcli makes the arguments of zkCli.sh those of quoll shell: its words with one dash, and
// its file of client properties.
//
// Read args.go, properties.go.
package zkcli
