// Package rendezvous gives a key to one of several ids (rendezvous hashing): everybody who knows
// the ids comes to the same one, and when an id comes or goes only its own keys move.
package rendezvous
