package requests

import (
	"quoll/internal/hostile"
	"quoll/jute"
)

// The paths that all clients use.
//
// read-only: names.
var (
	// GoodPaths are those that most requests are about.
	GoodPaths = []string{
		"/a", "/a/x", "/a/y", "/a/x/p", "/b", "/q", "/q/1", "/q/2", "/k", "/k/1", "/e", "/e/1",
		"/é", "/é/日本",
	}
	serverPaths = []string{
		"/zookeeper", "/", ConfigNode, "/zookeeper/quota", "/no/such/parent",
	}
)

// ConfigNode has the configuration of an ensemble.
const ConfigNode = "/zookeeper/config"

// CrowdNode is the node that gets many children.
const CrowdNode = "/crowd"

// Path is a path as path makes it.
func (c Source) Path() []byte { return c.path() }

// path is mostly a good one; nil stands for a null path.
func (c Source) path() []byte {
	switch {
	case !c.chance(25):
		return []byte(pick(c, GoodPaths))
	case c.chance(6):
		return nil
	case c.chance(3):
		if path := pick(c, serverPaths); path != ConfigNode || !c.Ensemble {
			return []byte(path)
		}
		return []byte("/")
	case c.chance(3):
		c.Reached("a name that is not ASCII, or odd")
		return []byte(pick(c, GoodPaths[:2]) + "/" + pick(c, hostile.Names))
	}
	if path := pick(c, hostile.Paths); len(path) < c.MaxFrame/2 {
		return []byte(path)
	}
	return []byte("/long")
}

// data is short, mostly; never longer than a frame has room for.
func (c Source) data() []byte {
	if c.chance(15) {
		return nil
	}
	size := c.Rand.IntN(12)
	switch room := c.MaxFrame - 200; {
	case c.chance(10):
		size = c.Rand.IntN(300)
	case c.chance(40):
		c.Reached("data of 300 bytes up to the frame's limit")
		size = min(300, room) + c.Rand.IntN(max(1, room-300))
	}
	return c.text(size)
}

func (c Source) text(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte('a' + c.Rand.IntN(26))
	}
	return b
}

// SuperProof is the proof of the superuser; Proofs are those of the other users.
const SuperProof = "super:secret"

// The ids of users who authenticate at times, as ACLs name them.
//
// read-only: tables.
var (
	Proofs = []string{"alice:a", "bob:b"}
	users  = []string{ // the ids of the proofs; the model computes them by itself
		"alice:AIueg8ag5ALfqeEyKdLnva1Wvi0=", "bob:LcrmCNs/wfVD+i5a5yaz89GyjIM=",
	}
	addresses = []string{
		"10.0.0.1", "10.0.0.0/8", "10.0.0.2/31", "fd00::/8", "fd00::3", "fd00:0:0:0:0:0:0:3/128",
		"::/0", "0.0.0.0/0",
	}
)

// OpenACL lets everyone do everything.
//
// read-only: a list.
var OpenACL = []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}

func one(perms jute.Perms, scheme, id string) []jute.ACL {
	return []jute.ACL{{Perms: perms, ID: jute.ID{Scheme: scheme, ID: id}}}
}

func (c Source) acl() []jute.ACL {
	if !c.chance(5) {
		return OpenACL
	}
	switch c.Rand.IntN(12) {
	case 0:
		return one(jute.PermAll, "auth", "")
	case 1:
		c.Reached("an ACL of one permission")
		return one(jute.Perms(1)<<c.Rand.IntN(5), "world", "anyone")
	case 2:
		return one(jute.PermAll&^(jute.Perms(1)<<c.Rand.IntN(5)), "world", "anyone")
	case 3, 4:
		c.Reached("an ACL of addresses")
		return append(one(jute.PermAll, "ip", pick(c, addresses)),
			one(jute.PermRead, "ip", pick(c, addresses))...)
	case 5, 6:
		c.Reached("an ACL that names a digest")
		return append(one(jute.Perms(1+c.Rand.IntN(31)), "digest", pick(c, users)),
			one(jute.Perms(1+c.Rand.IntN(31)), "digest", pick(c, users))...)
	case 7:
		return one(jute.PermAll, pick(c, hostile.Schemes), "knows")
	case 8:
		return []jute.ACL{}
	case 9:
		return append(one(jute.PermRead, "world", "anyone"), one(jute.PermAll, "auth", "")...)
	case 10:
		return c.oddACL()
	}
	return append(append([]jute.ACL{}, OpenACL...), OpenACL...)
}

// oddACL has one entry that is mostly refused.
func (c Source) oddACL() []jute.ACL {
	perms := jute.Perms(pick(c, hostile.Perms))
	switch c.Rand.IntN(3) {
	case 0:
		return one(perms, "ip", pick(c, hostile.Addresses))
	case 1:
		return one(perms, "digest", pick(c, hostile.DigestIDs))
	}
	return one(perms, "world", pick(c, hostile.WorldIDs))
}

func (c Source) version() int32 {
	switch {
	case c.chance(40):
		c.Reached("a version that is absurd")
		return pick(c, hostile.Versions)
	case c.chance(4):
		return int32(c.Rand.IntN(4))
	}
	return -1
}
