package members

import (
	"fmt"
	"os"

	"quoll/interop/tap"
)

// tap starts a tap before each member's quorum port. Each writes what it sees beside the member's
// log.
func (e *Ensemble) tap() error {
	for _, m := range e.Members {
		trace, err := os.Create(m.Home + ".packets")
		if err != nil {
			return fmt.Errorf("member %d: %w", m.ID, err)
		}
		t, err := tap.Listen(tap.Options{
			Port: m.tapped, Target: fmt.Sprintf("127.0.0.1:%d", m.Quorum), Trace: trace,
			Hook: func(p tap.Packet) {
				if hook := e.hook.Load(); hook != nil {
					(*hook)(p)
				}
			},
		})
		if err != nil {
			return err
		}
		e.taps = append(e.taps, t)
	}
	return nil
}

// OnPacket calls hook at each packet that goes through a tap, before it is handed on; nil ends it.
// Calls overlap.
func (e *Ensemble) OnPacket(hook func(tap.Packet)) {
	if hook == nil {
		e.hook.Store(nil)
		return
	}
	e.hook.Store(&hook)
}
