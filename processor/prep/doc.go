// Package prep is the first stage of a write: Prep checks it against the tree plus the changes
// still in flight, and makes the transaction, its zxid and the digest that the tree will have
// (PrepRequestProcessor).
//
//	Write -> makers: body -> checks, against journal and tree -> transaction's body
//	                                     |
//	                            journal: what the nodes will be
//	      -> seal: header with the next zxid, body, digest  -> Entry, in memory of its own
//
// A Prep is made at the start of a reign. It is dropped, with its journal, when the reign ends: at
// the latest before the counter of its epoch is used up (Prep.Spent).
//
// Invariants. A zxid is given once, and zxids count up by one (rule 7 of the package processor). A
// refused write is a transaction too, of type error: it uses up a zxid and leaves nothing in the
// journal. Only a write whose body cannot be read is not proposed. A multi that cannot be read is
// proposed as an error, because Apache counts a zxid for it.
//
// The order of the checks is Apache's, because each has its own code.
//
// A Prep belongs to one goroutine at a time, the core, which is the tree's one writer too.
//
// Read prep.go and read.go, then create.go, change.go, session.go and multi.go by family of
// operations, with the packages journal and multi, then eager.go.
package prep
