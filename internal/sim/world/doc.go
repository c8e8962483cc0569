// Package world is the time, the chance and the records of one simulated run: an agenda in the
// order of virtual time, random choices of one seed, a trace that is equal when the run is,
// counters of the places that were reached, and the violations that were seen.
//
// Everything belongs to one goroutine; maps are never walked in their own order.
//
// Read world.go, then counts.go.
package world
