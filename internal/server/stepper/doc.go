// Package stepper gathers the events of one replica from many goroutines, and has it stepped by one
// goroutine at a time.
//
//	lanes, clocks, election port, jobs ---+--> inbox --> signal ---> Run ---+
//	                                      |                                 +--> turn --> Step
//	quorum port, log writer --------------+--> inbox --> calm? ---> yes ----+
//	                                             (or idle) no: signal
//
// The core is whoever has the turn. Run is a goroutine that waits for it. To wake Run takes longer
// than a step, and when nobody else writes, each packet and each flush of a write is an event
// alone. So in a calm time whoever brings an event of the quorum port, or the report of the log
// writer, steps the replica itself. Under load it does not: then events gather while a step runs,
// and one step for many is what makes an ensemble fast (Pace). A log writer that says that it is
// idle steps under load too: nothing is held up by that.
//
// # Invariants
//
// Nothing is stepped before Begin, nor behind Stop. Steps do not overlap, and each event is in one
// of them. What belongs to the core belongs to whoever steps. Who brings an event never waits for a
// step of another goroutine: it leaves the event and the signal. Only packets of the quorum port
// wait, without the turn, for room in the inbox.
//
// Step must not wait for the log writer, nor for a goroutine of the quorum port that dials, reads
// or writes, nor for a job that writes to it, because it may be called by any of them.
//
// Read stepper.go, then pace.go.
package stepper
