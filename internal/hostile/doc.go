// Package hostile holds values that a server must stand: paths, addresses, ids, permissions,
// versions and texts that are odd, wrong, or right although they look wrong. The simulator asks
// its server with them and a model answers; interop/differential asks Apache's server and Quoll
// with the same ones and compares.
//
// Everything is a read-only table. Read values.go.
package hostile
