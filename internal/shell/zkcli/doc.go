// Package zkcli makes the arguments of zkCli.sh those of quoll shell: its words with one dash,
// its file of client properties, and the forms that its commands had.
//
// Read args.go, properties.go; line.go and path.go (the lines of its commands, and their paths).
package zkcli
