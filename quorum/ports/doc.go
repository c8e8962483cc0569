// Package ports joins what an ensemble decides to the sockets by which it speaks: which limits each
// of the two ports has, and how events and work are said on either side.
//
//	sockets --> transport.Event --> ElectionEvent --> election.LinkEvent --> quorum.Peer
//	                            --> QuorumEvent   --> effects.LinkEvent  -->
//
//	sockets <-- CarryOutVotes <-- election.LinkEffects      <-- quorum.Peer
//	        <-- CarryOutLinks, CarryOutSend <-- effects.LinkOp, effects.Outgoing <--
//
// Nothing here has goroutines or state. Read settings.go, then events.go (both directions).
package ports
