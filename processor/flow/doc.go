// Package flow is the flow control of one connection: why it is not read from, whose turn comes
// next, and how its session counts as heard meanwhile. It is pure: no clock, no socket, no
// goroutine; a lane.Stream is its user.
//
// A connection is read from, or it waits for one reason of the server's:
//
//	            Wait(r)                        Release(r), nothing is left to take
//	  reading ----------> waiting for r ------------------------------------------> reading
//	     ^   ^                  | Release(r), something is left to take
//	     |   | Take             v
//	     |   +------------ due: its input comes by itself <---- Wait(Share)
//	     |
//	     +-- beside all of it: SetFull, as the reactor tells; a hang-up that Look is told of; End
//
//	Connecting   the core decides about its session
//	InFlight     the core has as many of its requests as one connection may have there
//	GlobalLimit  the core has as many requests as all may have there; first come, first served
//	BulkTurn     its next request is large, and those take turns; first come, first served
//	InputBudget  the unfinished frames of all connections have as many bytes as they may have
//	Share        it is due: its part of the loop's turn is used up, or its wait is over
//	OutputFull   the client does not take its replies
//
// # The lease
//
// A session lives as long as its client is heard. A server that does not read cannot hear.
// Therefore every tick looks at each connection that waits, and Look says what the session is due:
//
//	not served yet, hung up, or over   nothing
//	output full                        it counts as heard if output has moved since the last look
//	a reason of the server's           it counts as heard when its last byte came (TCP_INFO), or
//	                                   now where nobody knows that
//
// The stored value is a time of hearing and not a stopped clock, so that it can be told to a leader
// like any other. Only the last case asks the kernel, and only when half of the session's timeout
// has passed without a sign. So a client that died while it waited is gone one timeout and two
// ticks after its last byte or, where the kernel does not tell, after its wait. An unfinished
// frame, the wait for a session and output that does not move give nothing: they have deadlines of
// their own. When the connection ends or its output becomes full, Last asks once more for signs
// that no look has seen.
//
// # A new reason
//
// A user calls Wait with the reason where input stops, and Release where it ends. Nothing more is
// needed: the tick follows from the reason. No connection waits for InputBudget as long as the
// reactor closes the one whose frame is unfinished for longest (quoll.inputTotalBytes). To let that
// one wait instead, call
//
//	s.wait(flow.InputBudget)     // in Stream.Input, before it returns: no room for this frame
//	s.release(flow.InputBudget)  // when there is room again
//
// Where waiting connections are to be called in order there is a Line, a Gate or Turns, and each
// connection keeps a Place in it.
//
// Read flow.go, line.go, gate.go (which connections may go on, by a line), then watch.go (which
// connections a tick looks at).
package flow
