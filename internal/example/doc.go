// Package example gives the examples of the client and of the recipes a server. An example gets no
// testing.T, which zktest wants: what fails here ends the process, as in the programs that examples
// are read for.
//
// Read example.go.
package example
