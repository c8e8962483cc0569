// Package election finds the leader of an ensemble as Apache's servers do (FastLeaderElection), and
// keeps the connections by which they tell their votes (QuorumCnxManager). Time, bytes and
// connections come in as events; what is to be done outside comes out as Effects.
//
// # An election
//
// Election is one server's part. Everyone votes first for himself, tells everyone, and takes over
// each better vote that he hears: the higher epoch, then the higher zxid, then the higher id.
//
//	            Look
//	             |
//	             v     a quorum has the proposal
//	        +---------+ ------------------------> +---------+
//	        | LOOKING |                           | closing |
//	        +---------+ <------------------------ +---------+
//	          |     ^    a better vote, a higher       |
//	a quorum  |     |    round, or no quorum now       |  200 ms are over, or nobody is
//	and its   |     |                                  |  left who could know a better one
//	leader    |     | Look: the role has ended         |
//	say who   v     |                                  v
//	leads   +-----------------------------------------------+
//	        | LEADING, FOLLOWING or OBSERVING               |  Reign: the vote has the new epoch
//	        +-----------------------------------------------+
//
// A round is one attempt. Who hears of a higher round joins it, and votes of a lower one count for
// nothing; who is in a lower round is answered at once. A server that looks while others have a
// leader joins them when a quorum names that leader and the leader says itself that it leads.
//
// A notification is built when it leaves, not when it falls due. So no server hears a vote that is
// no longer meant, and what is kept for one that cannot be reached is a single bit.
//
// Configurations have version 0 here. A higher one from a peer is told once and otherwise ignored;
// it is never sent, because it would begin Apache's elections anew.
//
// # Connections
//
// Two servers keep one connection, the one that the server with the larger id dialled:
//
//	server 2                                     server 5
//	   |   dial ------------------------------------> |  accepted: pending
//	   |   hello, then close -----------------------> |  2 < 5: close, dial back
//	   | <-------------------------- dial, hello      |  at the address of the hello
//	   |   accepted, 5 > 2: the connection            |  connected: the connection
//	   | <------------------- notifications --------> |
//
//	           Dial          Connected, larger id
//	  none --------------> dialing -----------------> up
//	   ^ ^                  |    |                    ^ |
//	   | | Failed           |    | Connected, smaller | | Closed, or a smaller server's hello:
//	   | +------------------+    v id: hello, close   | | its end of it is gone
//	   |                       awaited ---------------+ |
//	   |     nobody dials back |      Accepted, hello   |
//	   +-----------------------+------------------------+
//
// Links is that. Of two connections with one server the newest wins. What is to be said to a server
// is a mark, due; it leaves when the connection is up and has nothing else on its way, and is set
// again when a connection ends on which something was said. While LOOKING, a voter without a
// connection is dialled every second, hears the vote when a connection opens, and hears it again
// when the connection was silent for two seconds: an end that is gone shows only when one sends.
// Election's back-off comes on top of that. A settled server dials only to answer.
//
// Member is an Election with its Links.
//
// # Invariants
//
//   - A leader is elected only by a quorum that has its vote in one round, or joined by its own
//     word and that of a quorum.
//   - A server whose zxid is -1 neither counts nor is counted.
//   - The wait of 200 ms may end early because it is not what keeps a committed write: the leader
//     that a quorum elects compares its history with that quorum's (ACKEPOCH). It ends early when
//     who is missing cannot be reached, or is the leader that was left for its silence.
//   - A connection is pending, or that of one server, or not ours any more. Pending ones, strangers
//     and what is sent to each are bounded.
//
// Nothing here has goroutines, clocks or sockets. Read vote.go (what is compared), election.go
// (what goes in and out) and count.go (the rules); then links.go (what goes in and out), connect.go
// (the rules) and hello.go (the bytes); then member.go.
package election
