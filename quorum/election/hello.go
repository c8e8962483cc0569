package election

import (
	"encoding/binary"
	"errors"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
)

// ErrFrame: a frame of the election port is empty or longer than ensemble.MaxElectionFrame.
var ErrFrame = errors.New("unreasonable frame on the election port")

const frameHead = 4 // bytes of the length in front of a notification

// HeadBytes is the most of a message that a Cutter needs to see.
const HeadBytes = 8 + 8 + 4

// A Cutter tells the length of the messages of one connection of the election port from their first
// bytes. On a connection that was accepted the first message is a hello and the rest are frames; on
// one that was dialled all are frames.
type Cutter struct{ hello bool }

// NewCutter makes the cutter of a connection.
func NewCutter(accepted bool) *Cutter { return &Cutter{hello: accepted} }

// Size returns the length of the message that begins with head, or 0 when more of it must be seen.
// It is called until it says a length, once more for each message. An error means that what follows
// cannot be read.
func (c *Cutter) Size(head []byte) (int, error) {
	if c.hello {
		size, exact, err := ensemble.HelloSize(head)
		if err != nil || !exact {
			return 0, err
		}
		c.hello = false
		return size, nil
	}
	if len(head) < frameHead {
		return 0, nil
	}
	n := int32(binary.BigEndian.Uint32(head))
	if n <= 0 || n > ensemble.MaxElectionFrame {
		return 0, ErrFrame
	}
	return frameHead + int(n), nil
}

// appendFrame appends a notification as it goes over a connection.
func appendFrame(dst []byte, n *ensemble.Notification) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, frameHead)...)
	dst = jute.Append(dst, n)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-frameHead))
	return dst
}

// appendHello appends how a connection is begun.
func appendHello(dst []byte, me jute.PeerID, address config.HostPort) []byte {
	return jute.Append(dst, &ensemble.Hello{
		Version: ensemble.HelloV1, Sid: me,
		Addresses: config.FormatHello([]config.HostPort{address}),
	})
}

// helloAddresses are those at which the sender of a hello can be dialled.
func helloAddresses(h *ensemble.Hello) ([]config.HostPort, error) {
	if h.Version == ensemble.HelloBare {
		return nil, nil
	}
	return config.ParseHello(h.Addresses)
}
