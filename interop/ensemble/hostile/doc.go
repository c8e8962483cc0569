// Package hostile talks to the two ports that the members of an ensemble hear each other on as
// nobody should: noise, lengths that lie, packets of the wrong phase, the names of others, readers
// that do not read, and a leader whose snapshot never ends.
//
//	Attacks() -> Attack{Name, Do}    one connection after the other, or many, until ctx ends
//	Nonsense(), Serve                a leader that a real learner follows, and what it tells it
//
// An attack returns an error only when the member does what it must not: keep a connection that it
// has to close. Whether the ensemble goes on to commit, and what memory it takes, is for who runs
// the attack to see.
//
// Read attacks.go, election.go, quorum.go, then leader.go.
package hostile
