// Package witness looks at what a member of a simulated ensemble says and hears on its two ports,
// and finds out what that means: what the member claims of its disk, how far it has come on the way
// to UPTODATE, and when its leader heard last of each session.
//
//	quorum port    packets that leave, or arrive --+
//	election port  votes that leave ---------------+--> Witness --> Says: judged at once
//	                                                            --> Died: for the counters
//	                                                            --> Expiry: why a session ended
//
// The witness is told of packets and not of the state of those who send them. So a member cannot
// hide from it what it really said.
//
// Everything belongs to the one goroutine of the world. Read witness.go (packets and votes),
// place.go (the way to UPTODATE), request.go (whose a write is), touch.go (sessions), then told.go
// and words.go (what a server says of its clients, and when it is asked).
package witness
