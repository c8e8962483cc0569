// Command man writes the man pages of quoll's verbs into a directory: make man. It is a tool of its
// own, so that what it needs for that is not in the binary.
//
// Read main.go.
package main
