package zab

import (
	"encoding/binary"

	"quoll/jute/ensemble"
)

// Cutter tells the length of the packets on one connection of the quorum port.
type Cutter struct {
	limit int
	need  int // bytes of the packet that must be there before it is looked at again
	snap  bool
}

// NewCutter makes the cutter of a connection. limit is jute.maxbuffer + jute.maxbuffer.extrasize,
// in bytes. No packet is longer than MaxPacket(limit).
func NewCutter(limit int) *Cutter { return &Cutter{limit: limit} }

// MaxPacket is the size of the longest packet, in bytes.
func MaxPacket(limit int) int { return 2*limit + 20 }

// Size returns the length of the packet that begins with head, or 0 when more of it must be seen.
// After it has said a length it is asked about the next packet. An error ends the connection: a
// length in the packet is above the limit, or cannot be.
func (c *Cutter) Size(head []byte) (int, error) {
	if len(head) < c.need {
		return 0, nil
	}
	size, exact, err := ensemble.PacketSize(head, c.limit)
	if err != nil {
		return 0, err
	}
	if !exact {
		// Looking again at each byte that comes would take the square of the ids' number.
		c.need = size
		return 0, nil
	}
	c.need = 0
	c.snap = ensemble.PacketType(binary.BigEndian.Uint32(head)) == ensemble.PacketSnap
	return size, nil
}

// Streams reports whether the packet whose length Size said last is a SNAP. What follows such a
// packet is a stream, no packet.
func (c *Cutter) Streams() bool { return c.snap }
