package ensemble

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"

	"quoll/jute"
)

// On the election port the side that has connected sends a Hello first. From then on both sides
// send frames: a length, 1 to MaxElectionFrame, and a Notification.
//
//	Hello         | sid l |                                            before 3.5, sid >= 0
//	              | version l | sid l | length i | h:p                 V1
//	              | version l | sid l | length i | h:p|h:p             V2
//	Notification  | state i | leader l | zxid l | electionEpoch l |    28 bytes
//	              ... | peerEpoch l | unread i |                       40 bytes
//	              ... | peerEpoch l | version i |                      any other size
//	              ... | peerEpoch l | version i | length i | config |  version 2 and up

// MaxElectionFrame is the largest length of a frame on the election port, in bytes.
const MaxElectionFrame = 512 << 10

// Hello opens a connection between two election ports (Apache's InitialMessage). It must leave in
// one write: Apache reads its end with a single read.
type Hello struct {
	Version   HelloVersion
	Sid       jute.PeerID // ObserverID: an observer without an id
	Addresses []byte      // to dial it: "host:port", several with | between; 1 to 2,048 B
}

// ErrHello: a connection to the election port begins with bytes that no version of ZooKeeper sends.
var ErrHello = errors.New("not the beginning of a hello")

// ObserverID in a Hello is an observer without an id of its own. The server that it calls gives it
// a negative one.
const ObserverID jute.PeerID = math.MaxInt64

// HelloVersion is the layout of a Hello.
type HelloVersion int64

// The layouts of a Hello.
const (
	HelloBare HelloVersion = 0      // the sid alone, as before 3.5; the number does not travel
	HelloV1   HelloVersion = -65536 // one address: what 3.9 sends
	HelloV2   HelloVersion = -65535 // several: with multiAddress.enabled
)

// maxHelloAddresses is the longest text of addresses that Apache reads.
const maxHelloAddresses = 2048

// Fields names the fields in wire order.
func (r *Hello) Fields(c *jute.Coder) {
	if c.Decoding() {
		r.Version = HelloBare
		if left := c.Rest(); len(left) < 8 || int64(binary.BigEndian.Uint64(left)) < 0 {
			helloVersion(c, &r.Version)
		}
	} else if r.Version != HelloBare {
		c.Long("protocolVersion", (*int64)(&r.Version))
	}
	c.Peer("sid", &r.Sid)
	if r.Version == HelloBare {
		r.Addresses = nil
		return
	}
	bounded(c, "electionAddr", &r.Addresses, 1, maxHelloAddresses)
}

func helloVersion(c *jute.Coder, v *HelloVersion) {
	if left := c.Rest(); len(left) >= 8 {
		*v = HelloVersion(binary.BigEndian.Uint64(left))
		if *v != HelloV1 && *v != HelloV2 {
			c.Fail("protocolVersion", ErrHello)
		}
	}
	c.Long("protocolVersion", (*int64)(v))
}

// HelloSize tells from the first bytes of a Hello how long it is, as PacketSize does for a packet.
// With exact, size is the size of the whole Hello. Without, at least size bytes are needed to tell.
func HelloSize(in []byte) (size int, exact bool, err error) {
	const lengthAt = 8 + 8
	if len(in) < 8 {
		return 8, false, nil
	}
	if int64(binary.BigEndian.Uint64(in)) >= 0 {
		return 8, true, nil
	}
	var version HelloVersion
	c := jute.Decoder(in)
	helloVersion(&c, &version)
	if c.Failed() {
		return 0, false, c.Err(&Hello{})
	}
	if len(in) < lengthAt+4 {
		return lengthAt + 4, false, nil
	}
	n := int32(binary.BigEndian.Uint32(in[lengthAt:]))
	if n < 1 || n > maxHelloAddresses {
		return 0, false, &jute.DecodeError{
			Record: "Hello", Field: "electionAddr", Offset: lengthAt, Err: jute.ErrLength,
		}
	}
	return lengthAt + 4 + int(n), true, nil
}

// State is what a server does in its ensemble (QuorumPeer.ServerState).
type State int32

// The states of a server. A Notification can hold any number.
const (
	Looking   State = 0
	Following State = 1
	Leading   State = 2
	Observing State = 3
)

func (s State) String() string {
	switch s {
	case Looking:
		return "LOOKING"
	case Following:
		return "FOLLOWING"
	case Leading:
		return "LEADING"
	case Observing:
		return "OBSERVING"
	}
	return "unknown " + strconv.Itoa(int(s))
}

// Notification tells the state and the vote of a server. Its size tells its layout, so the input
// must be the whole frame. Bytes behind the last field are ignored.
type Notification struct {
	State         State
	Leader        jute.PeerID // for whom it votes
	Zxid          jute.Zxid   // the last one of that leader
	ElectionEpoch int64       // the round of the election
	PeerEpoch     int64       // the epoch of that leader; of Zxid in 28 bytes
	Version       int32       // NotificationVersion; 0 in 28 and in 40 bytes
	Config        []byte      // the sender's configuration as text, from version 2 on; never null
	Short         bool        // 28 bytes, from before 3.4: neither PeerEpoch nor Version

	// unread is the last int of 40 bytes: the version of 3.4, which nobody looks at.
	unread int32
}

// NotificationVersion is the version of the notifications of 3.9.
const NotificationVersion int32 = 2

const (
	shortNotification       = 28
	versionlessNotification = 40
)

// Fields names the fields in wire order.
func (r *Notification) Fields(c *jute.Coder) {
	size := 0
	if c.Decoding() {
		size = len(c.Rest())
		*r = Notification{Short: size == shortNotification}
	}
	state(c, "state", &r.State)
	c.Peer("leader", &r.Leader)
	c.Zxid("zxid", &r.Zxid)
	c.Long("electionEpoch", &r.ElectionEpoch)
	if r.Short {
		if c.Decoding() {
			r.PeerEpoch = r.Zxid.Epoch()
		}
		return
	}
	c.Long("peerEpoch", &r.PeerEpoch)
	if size == versionlessNotification || c.Encoding() && r.unread != 0 {
		c.Int("unread", &r.unread)
		return
	}
	c.Int("version", &r.Version)
	if r.Version >= NotificationVersion {
		bounded(c, "config", &r.Config, 0, MaxElectionFrame)
	}
}

// state codes what a server does.
func state(c *jute.Coder, name string, v *State) {
	if to := c.Visitor(); to != nil {
		to.Field(name, *v)
		return
	}
	c.Int(name, (*int32)(v))
}

// bounded codes text of least to most bytes, which is never null. It is kept as it is on the wire.
func bounded(c *jute.Coder, name string, v *[]byte, least, most int) {
	switch to := c.Visitor(); {
	case to != nil:
		to.Field(name, string(*v))
	case c.Decoding():
		if left := c.Rest(); !c.Failed() && len(left) >= 4 {
			if n := int(int32(binary.BigEndian.Uint32(left))); n < least || n > most {
				c.Fail(name, jute.ErrLength)
			}
		}
		c.Buffer(name, v)
	default:
		text := *v
		if text == nil {
			text = []byte{}
		}
		c.Buffer(name, &text)
	}
}
