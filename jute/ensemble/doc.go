// Package ensemble has the records that the servers of an ensemble send to each other, in the way
// of package jute: each is described once, by a struct and its method Fields.
//
// Servers hear each other on two ports. On the election port a Hello is followed by Notifications
// in frames. They say who is there and for whom each one votes:
//
//	+-------+----------+--------------+----------+--------------+--
//	| Hello | length i | Notification | length i | Notification | ...
//	+-------+----------+--------------+----------+--------------+--
//
// On the quorum port, between a learner and its leader, QuorumPackets stand one behind the other
// with no frame around them. The type says what the data holds:
//
//	+--------+--------+---------------+-----------------------------------+
//	| type i | zxid l | length i data | count i (length i scheme, and id) | ...
//	+--------+--------+---------------+-----------------------------------+
//
//	learner                                leader
//	FOLLOWERINFO   LearnerInfo     -->
//	                               <--     LEADERINFO     ProtocolVersion
//	ACKEPOCH       CurrentEpoch    -->
//	                               <--     DIFF, TRUNC or SNAP, and what it announces
//	                               <--     NEWLEADER      the configuration as text
//	ACK                            -->
//	                               <--     UPTODATE
//	                               <--     PROPOSAL       an Entry
//	ACK                            -->
//	                               <--     COMMIT
//	REQUEST        LearnerRequest  -->                    (a record of jute: the chain makes it)
//
// With authentication between servers, QuorumAuthPackets come before everything else.
//
// A reader of a socket asks HelloSize and PacketSize how much to wait for, with what it has so far;
// neither trusts a length. The rules for jute's decoders hold here too: they never panic, never
// allocate more than the input can fill, and alias the input.
//
// Nothing here has goroutines or state. Read election.go (Hello, Notification), then packettype.go
// (what a packet is for), packet.go (how it is laid out) and learner.go (what its data holds).
package ensemble
