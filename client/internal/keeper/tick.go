package keeper

import (
	"context"
	"fmt"
	"time"

	"quoll/client/internal/machine"
)

// Bounds of the time between two ticks. A tick is a thirtieth of the session timeout, or of that of
// a call if it is shorter.
const (
	leastTick = 10 * time.Millisecond
	mostTick  = time.Second
)

// tick does what has to be done by the clock: the lease, pings, silence of the server, calls whose
// time is over.
func (k *Keeper) tick() {
	timeout := k.timeout()
	now := k.Clock.Now()
	k.Queue.Late(context.DeadlineExceeded, k.config.Errors.Unknown)
	wait := min(max(min(timeout, k.config.Request)/30, leastTick), mostTick)
	heard := time.Duration(0)
	if k.present.link != nil {
		heard = k.present.link.Heard()
		k.listen(now.Mono, timeout)
	}
	switch k.lease.Check(now, heard) {
	case machine.Lapsing:
		k.handle(machine.LeaseLapsed, nil)
	case machine.Reviving:
		k.present.session = k.present.session.revived(timeout)
		k.publish(nil)
	case machine.Same:
		if left := k.lease.Deadline() - now.Mono; left > 0 {
			wait = min(wait, left)
		}
	}
	k.alarm.Reset(wait)
}

// listen pings a server after silence of the client, and gives up one that is silent itself.
func (k *Keeper) listen(now, timeout time.Duration) {
	if silent := now - k.present.link.Received(); silent > timeout*2/3 {
		k.giveUp(fmt.Errorf("no sign of the server for %v", silent.Round(time.Millisecond)))
		return
	}
	if now-k.present.link.Sent() >= timeout/3 || now-k.present.link.Received() >= timeout/3 {
		k.present.link.Ping()
	}
}
