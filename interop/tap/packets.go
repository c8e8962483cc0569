package tap

import (
	"bytes"
	"fmt"
	"net"
	"sync"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// conn is one connection through a tap.
type conn struct {
	*Tap
	id int

	mu      sync.Mutex
	packets int
	learner int64
}

// maxPacket bounds one packet, as ensemble.PacketSize has it.
const maxPacket = 64 << 20

// copy hands on what one side sends, packet by packet where packets can be told.
func (c *conn) copy(to, from net.Conn, toLearner bool) {
	defer func() {
		to.Close()
		from.Close()
		c.write(fmt.Sprintf("connection %d ended (towards the learner: %t)", c.id, toLearner))
	}()
	buf := make([]byte, 64<<10)
	var in []byte // not handed on yet
	snap := false // a snapshot's stream goes by
	for {
		n, err := from.Read(buf)
		in = append(in, buf[:n]...)
		for len(in) > 0 {
			size := c.front(in, &snap, toLearner)
			if size == 0 {
				break
			}
			if _, err := to.Write(in[:size]); err != nil {
				return
			}
			in = in[size:]
		}
		if err != nil {
			return
		}
	}
}

// front says how many bytes may be handed on, 0 when more must come first.
func (c *conn) front(in []byte, snap *bool, toLearner bool) int {
	if *snap {
		signature := []byte(ensemble.SnapSignature)
		if at := bytes.Index(in, signature); at >= 0 {
			*snap = false
			return at + len(signature)
		}
		return max(0, len(in)-len(signature))
	}
	size, exact, err := ensemble.PacketSize(in, maxPacket)
	switch {
	case err != nil:
		return len(in) // nothing that can be told
	case !exact || size > len(in):
		return 0
	}
	p := new(ensemble.QuorumPacket)
	if _, err := jute.Decode(in[:size], p); err != nil {
		return len(in)
	}
	*snap = p.Type == ensemble.PacketSnap
	c.passes(p, size, toLearner)
	return size
}

func (c *conn) passes(p *ensemble.QuorumPacket, size int, toLearner bool) {
	c.mu.Lock()
	c.packets++
	if p.Type == ensemble.PacketFollowerInfo || p.Type == ensemble.PacketObserverInfo {
		var info ensemble.LearnerInfo
		if _, err := jute.Decode(p.Data, &info); err == nil {
			c.learner = int64(info.ServerID)
		}
	}
	seen := Packet{Conn: c.id, Number: c.packets, ToLearner: toLearner, Learner: c.learner,
		QuorumPacket: p, Bytes: size}
	c.mu.Unlock()
	c.write(seen.String())
	if c.options.Hook != nil {
		c.options.Hook(seen)
	}
}
