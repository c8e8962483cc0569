package program

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"math/rand/v2"
	"strings"

	"quoll/internal/hostile"
	"quoll/jute"
)

// superProof is what the superuser proves.
const superProof = "super:sesame"

// SuperDigest is what the servers are told of it.
func SuperDigest() string { return digestID(superProof) }

func digestID(proof string) string {
	user, _, _ := strings.Cut(proof, ":")
	sum := sha1.Sum([]byte(proof))
	return user + ":" + base64.StdEncoding.EncodeToString(sum[:])
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// chance says yes in so many of a thousand cases.
func chance(r *rand.Rand, perMille int) bool { return r.IntN(1000) < perMille }

// specialPaths exist from the start, or mean something to a server.
var specialPaths = []string{ // read-only: a table
	"/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config", "/zookeeper/quota/a",
	"/zookeeper/quota/a/zookeeper_limits", "/zookeeper/quota/a/zookeeper_stats",
	"/zookeeper/quota/b/c", "/zookeeper/none", "/zookeeper/quota/",
}

const names = "abcdef"

// path is any path: mostly of a node that exists, or whose parent does. nil is a null one.
func (g *Generator) path() []byte {
	r := g.random
	switch n := r.IntN(100); {
	case n < 55 && len(g.list) > 0:
		return []byte(pick(r, g.list))
	case n < 80:
		return []byte(g.newPath())
	case n < 88:
		return []byte(join(g.newPath(), string(names[r.IntN(len(names))])))
	case n < 94:
		return []byte(pick(r, specialPaths))
	case n < 95 && !g.Tame:
		return nil
	}
	return []byte(pick(r, hostile.Paths))
}

// newPath is a child, real or not, of a node that exists.
func (g *Generator) newPath() string {
	parent := "/"
	if len(g.list) > 0 && chance(g.random, 700) {
		parent = pick(g.random, g.list)
		if strings.Count(parent, "/") > 3 {
			parent = "/"
		}
	}
	return join(parent, string(names[g.random.IntN(len(names))]))
}

func join(parent, name string) string {
	if parent == "/" {
		return "/" + name
	}
	return parent + "/" + name
}

func (g *Generator) data(path []byte) []byte {
	r := g.random
	if bytes.HasPrefix(path, []byte("/zookeeper/quota")) {
		return []byte(pick(r, hostile.QuotaTexts))
	}
	switch n := r.IntN(100); {
	case n < 8:
		return nil
	case n < 16:
		return []byte{}
	case n < 97:
		return randomBytes(r, 1+r.IntN(24))
	case n < 99:
		return randomBytes(r, r.IntN(600))
	}
	return randomBytes(r, r.IntN(9000))
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// version is -1, right, nearly right, or absurd.
func (g *Generator) version(known int32) int32 {
	r := g.random
	switch n := r.IntN(100); {
	case n < 55:
		return -1
	case n < 85:
		return known
	case n < 95:
		return known + int32(r.IntN(5)) - 2
	}
	return pick(r, hostile.Versions)
}

type entry struct {
	perms      int32
	scheme, id []byte
}

func ace(perms int32, scheme, id string) entry {
	return entry{perms, []byte(scheme), []byte(id)}
}

// proofs are those of the ordinary users.
var proofs = []string{"ann:one", "bob:two", "eve:three"} // read-only: a table

// entries are what an ACL is made of, good and bad.
func (g *Generator) entry() entry {
	r := g.random
	perms := pick(r, hostile.Perms)
	n := r.IntN(24)
	if g.Tame && n >= 18 && n <= 20 {
		n = 0
	}
	switch n {
	case 0, 1, 2, 3, 4, 5:
		return ace(perms, "world", "anyone")
	case 6, 7, 8:
		return ace(perms, "digest", digestID(pick(r, proofs)))
	case 9, 10, 11:
		return ace(perms, "auth", pick(r, []string{"", "", "x"}))
	case 12, 13, 14:
		return ace(perms, "ip", pick(r, hostile.Addresses))
	case 15:
		return ace(perms, "digest", pick(r, hostile.DigestIDs))
	case 16:
		return ace(perms, "world", pick(r, hostile.WorldIDs))
	case 17:
		return ace(perms, pick(r, hostile.Schemes), "x")
	case 18:
		return entry{perms: perms}
	case 19:
		return entry{perms: perms, scheme: []byte("digest")}
	case 20:
		return entry{perms: perms, id: []byte("anyone")}
	case 21:
		return ace(perms, "digest", "😀:"+pick(r, proofs))
	case 22:
		return ace(perms, "digest", "\xff\xc3:x")
	}
	return ace(perms, "super", "")
}

// acl is an encoded vector; most let everybody do everything, so that the program goes on.
func (g *Generator) acl() []byte {
	r := g.random
	switch n := r.IntN(100); {
	case n < 64:
		return encodeACL([]entry{ace(31, "world", "anyone")})
	case n < 66:
		return encodeACL(nil)
	case n < 68 && !g.Tame:
		return []byte{0xff, 0xff, 0xff, 0xff}
	case n < 73:
		one := g.entry()
		return encodeACL([]entry{one, g.entry(), one})
	}
	list := make([]entry, 1+r.IntN(3))
	for i := range list {
		list[i] = g.entry()
	}
	return encodeACL(list)
}

func encodeACL(list []entry) []byte {
	c := jute.Encoder(nil)
	c.Count("acl", len(list), false, 12)
	for _, e := range list {
		c.Int("perms", &e.perms)
		c.Buffer("scheme", &e.scheme)
		c.Buffer("id", &e.id)
	}
	return c.Bytes()
}
