// Package intake is what a learner has sent to its leader and the leader has not dealt with yet.
//
//	REQUEST --> Take --> held --> Next --> the chain, which makes a transaction of each
//	REVALIDATE --> Ask ---^         |
//	                                +----> a sync, whose place is behind those transactions
//
// It decides two things: what must wait for a later step, and when the connection is not read from
// because too many bytes wait. Read intake.go.
package intake
