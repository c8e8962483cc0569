package replica

import (
	"quoll/jute"
	"quoll/processor/lane"
)

// lead begins a reign. Everything that was proposed before is applied.
func (r *Replica) lead(last jute.Zxid) {
	if !r.leads {
		r.leads = true
		r.reaper = newReaper(r.config.Reap, r.now.MonoMillis)
	}
	r.chain.Lead(last)
}

// serve lets clients in.
func (r *Replica) serve() {
	r.serves = true
	r.effects.serve(lane.ReadWrite)
}
