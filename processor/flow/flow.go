package flow

// Reason is why a connection is not read from.
type Reason uint8

// The reasons. All but OutputFull are the server's own.
const (
	Nothing     Reason = iota // it is read from
	Connecting                // the core decides about its session
	InFlight                  // the core has enough of its requests
	GlobalLimit               // the core has enough of everybody's requests
	BulkTurn                  // large requests take turns
	InputBudget               // all have sent enough of unfinished frames
	Share                     // not stopped: its input comes by itself, when others had their part
	OutputFull                // its client does not take its replies
)

// String is the reason as people read it.
func (r Reason) String() string {
	return [...]string{"nothing", "connecting", "in flight", "global limit", "bulk turn",
		"input budget", "share", "output full", "unknown"}[min(r, OutputFull+1)]
}

// parks says whether a connection that waits for it is stopped, so that somebody must release it.
func (r Reason) parks() bool { return r != Nothing && r != Share && r != OutputFull }

// Control is the flow control of one connection. The zero Control reads.
type Control struct {
	waits Reason
	full  bool
	over  bool
	// hungUp: a look found that the client has ended its side.
	hungUp bool
	// left is how many bytes the last Input was given and did not take.
	left int
	// moved is the output's progress at the last look while it was full.
	moved int64
}

// Wait stops the input for a reason; park is true when the connection must be parked for it.
func (c *Control) Wait(r Reason) (park bool) {
	park = r.parks() && !c.waits.parks()
	c.waits = r
	return park
}

// Release ends the wait for r, if that is what it waits for; unpark is true if it was. If input is
// left it is due then.
func (c *Control) Release(r Reason) (unpark bool) {
	if c.waits != r || !r.parks() {
		return false
	}
	c.waits = Nothing
	if c.left > 0 {
		c.waits = Share
	}
	return true
}

// Take says that input is being taken.
func (c *Control) Take() { c.waits = Nothing }

// Took says that of so many bytes of input, those left of before among them, so many were taken. It
// is true if the client was heard: by new bytes, or, as ZooKeeper counts it, by a request that was
// taken. What is left of an unfinished frame tells nothing.
func (c *Control) Took(given, used int) (heard bool) {
	heard = given > c.left || used > 0
	c.left = given - used
	return heard
}

// SetFull says whether the output is so full that no input is taken.
func (c *Control) SetFull(full bool) { c.full = full }

// Full says whether the output is so full that no input is taken.
func (c *Control) Full() bool { return c.full }

// End says that nothing of the connection is taken any more.
func (c *Control) End() { c.over = true }

// Ended: nothing of the connection is taken any more.
func (c *Control) Ended() bool { return c.over }

// Parked: somebody has to release it before input is taken.
func (c *Control) Parked() bool { return c.waits.parks() }

// Waits is the server's reason, whether the output is full or not.
func (c *Control) Waits() Reason { return c.waits }

// Why is what the connection waits for first: nothing is taken while its output is full.
func (c *Control) Why() Reason {
	if c.full {
		return OutputFull
	}
	return c.waits
}

// Due is what a look at a waiting connection has to do for its session.
type Due uint8

const (
	// Nothing to do: it is not served, or was heard of late.
	Leave Due = iota
	// AskInput: it counts as heard when the last byte came.
	AskInput
	// AskOutput: it counts as heard if Moved says so.
	AskOutput
)

// Look says what a tick has to do for a session that has not been heard for so long. A hang-up is
// the last chance to learn of what came before it.
func (c *Control) Look(silentMillis, timeoutMillis int64, hungUp bool) Due {
	due := c.Last()
	c.hungUp = c.hungUp || hungUp
	if due == AskInput && !hungUp && silentMillis < timeoutMillis/2 {
		return Leave // it does not expire before the next looks
	}
	return due
}

// Last is what is to be done before nobody looks any more as before: the connection ends, or its
// output becomes full.
func (c *Control) Last() Due {
	switch why := c.Why(); {
	case c.over, c.hungUp, why == Nothing, why == Connecting:
		return Leave
	case why == OutputFull:
		return AskOutput
	}
	return AskInput
}

// Moved says whether the output moved since the last call. progress grows with each byte that the
// kernel takes or the client acknowledges.
func (c *Control) Moved(progress int64) bool {
	moved := progress > c.moved
	c.moved = max(c.moved, progress)
	return moved
}

// HeardAt is when a session counts as heard that waits for the server: when the last byte came, or
// now where that is not known, and never earlier than it was heard before.
func HeardAt(nowMillis, heardMillis, agoMillis int64, known bool) int64 {
	if !known {
		agoMillis = 0
	}
	return max(heardMillis, nowMillis-agoMillis)
}
