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
	Share                     // not stopped: the reactor calls Input when others had their part
	OutputFull                // its client does not take its replies
)

// String names the reason for people.
func (r Reason) String() string {
	return [...]string{"nothing", "connecting", "in flight", "global limit", "bulk turn",
		"input budget", "share", "output full", "unknown"}[min(r, OutputFull+1)]
}

// parks says whether a connection that waits for r is stopped, so that something must release it.
func (r Reason) parks() bool { return r != Nothing && r != Share && r != OutputFull }

// Control is the flow control of one connection. With the zero Control it is read from.
type Control struct {
	waits Reason
	full  bool
	over  bool
	// hungUp says that a look found that the client has ended its side.
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

// Release ends the wait for r, if the connection waits for r; unpark is true if it did. If input is
// left the connection is due then.
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

// Take says that the reactor calls Input now.
func (c *Control) Take() { c.waits = Nothing }

// Took says that Input was given so many bytes, including those that were left before, and used so
// many. heard is true if that is a sign of the client: new bytes or, as ZooKeeper counts it, a
// request that was taken. Old bytes of an unfinished frame are no sign.
func (c *Control) Took(given, used int) (heard bool) {
	heard = given > c.left || used > 0
	c.left = given - used
	return heard
}

// SetFull says whether the output is so full that no input is taken.
func (c *Control) SetFull(full bool) { c.full = full }

// End says that nothing of the connection is taken any more.
func (c *Control) End() { c.over = true }

// Ended says whether nothing of the connection is taken any more.
func (c *Control) Ended() bool { return c.over }

// Parked says whether something has to release the connection before input is taken.
func (c *Control) Parked() bool { return c.waits.parks() }

// Why is what the connection waits for first. Nothing is taken while its output is full, so
// OutputFull goes before the server's reasons.
func (c *Control) Why() Reason {
	if c.full {
		return OutputFull
	}
	return c.waits
}

// Due is what a look at a waiting connection has to do for its session.
type Due uint8

const (
	// Leave: there is nothing to do. The session is not served, or was heard not long ago.
	Leave Due = iota
	// AskInput: the session counts as heard when the last byte came.
	AskInput
	// AskOutput: the session counts as heard if Moved says so.
	AskOutput
)

// Look says what a tick has to do for a session that has not been heard for silentMillis. If the
// connection has hung up it asks even for a session heard just before: there is no later chance to
// learn of bytes that came before the hang-up.
func (c *Control) Look(silentMillis, timeoutMillis int64, hungUp bool) Due {
	due := c.Last()
	c.hungUp = c.hungUp || hungUp
	if due == AskInput && !hungUp && silentMillis < timeoutMillis/2 {
		return Leave // it does not expire before the next looks
	}
	return due
}

// Last says what has to be done when the connection ends or its output becomes full, because the
// looks that come afterwards, if any, ask for something else.
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

// HeardAt is when a session that waits for the server counts as heard: when the last byte came, or
// now where that is not known, and never earlier than it was heard before.
func HeardAt(nowMillis, heardMillis, agoMillis int64, known bool) int64 {
	if !known {
		agoMillis = 0
	}
	return max(heardMillis, nowMillis-agoMillis)
}
