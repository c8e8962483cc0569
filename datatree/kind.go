package datatree

import "quoll/jute"

// Kind is what a node's ephemeral owner makes of it (EphemeralType).
type Kind uint8

// The kinds.
const (
	KindPersistent Kind = iota
	KindEphemeral       // the owner is a session
	KindContainer
	KindTTL
)

// The owner field of nodes that no session owns.
const (
	// ContainerOwner marks a container.
	ContainerOwner jute.SessionID = -1 << 63

	// MaxTTL is the longest time to live, ms: 40 bits.
	MaxTTL int64 = 1<<40 - 1

	extendedMask jute.SessionID = -1 << 56     // 0xff in the high byte
	reservedMask jute.SessionID = 0xffff << 40 // which extended kind: 0 is TTL
	ttlMask      jute.SessionID = jute.SessionID(MaxTTL)
)

// TTLOwner is the owner field of a node with a time to live of ttl ms, 1 to MaxTTL.
func TTLOwner(ttl int64) jute.SessionID { return extendedMask | jute.SessionID(ttl) }

// TTLOf is the time to live, ms, in the owner field of a KindTTL node.
func TTLOf(owner jute.SessionID) int64 { return int64(owner & ttlMask) }

// Kind says what an owner field means. Without ExtendedTypes a TTL node is an ephemeral of a
// session that does not exist. Emulate353TTL reads any negative owner as ZooKeeper 3.5.3 wrote it.
func (o Options) Kind(owner jute.SessionID) Kind {
	if o.ExtendedTypes {
		if o.Emulate353TTL && owner < 0 && owner != ContainerOwner {
			return KindTTL
		}
		if owner&extendedMask == extendedMask && owner&reservedMask == 0 {
			return KindTTL
		}
	}
	switch owner {
	case ContainerOwner:
		return KindContainer
	case 0:
		return KindPersistent
	}
	return KindEphemeral
}
