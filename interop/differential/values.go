package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"math/rand/v2"
	"strings"

	"quoll/jute"
)

// What the superuser proves, and what the servers are told of it (superDigest).
const superProof = "super:sesame"

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

// oddPaths are mostly invalid; those that are valid look as if they were not.
var oddPaths = []string{ // read-only: a table
	"", "a", "a/b", "/a/", "//", "/a//b", "//a", "/.", "/..", "/a/.", "/a/./b", "/a/..",
	"/a/../b", "/...", "/a/.b", "/a/..b", "/a\x00b", "/\x00", "/\x01", "/\x1f", "/\x7f",
	"/\u0080", "/\u009f", "/\u00a0", "/\ud7ff", "/\ue000", "/\uf8ff", "/\uf900", "/\uffef",
	"/\ufff0", "/\uffff", "/😀", "/a/😀/b", "/\xff", "/\xc3", "/\xed\xa0\x80", "/é", "/ ",
	"/a b", "/zookeeper/../a", " /a", "/a\xf0\x9f", "/\xc0\x80", "/%", "/a?b=c",
	"/" + strings.Repeat("long", 1500),
}

const names = "abcdef"

// path is any path: mostly of a node that exists, or whose parent does. nil is a null one.
func (g *generator) path() []byte {
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
	case n < 95 && !g.tame:
		return nil
	}
	return []byte(pick(r, oddPaths))
}

// newPath is a child, real or not, of a node that exists.
func (g *generator) newPath() string {
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

// quotaTexts are what a client's setquota writes. Others are not sent: on some of them Apache's
// server ends.
var quotaTexts = []string{ // read-only: a table
	"count=3,bytes=-1", "count=-1,bytes=20", "count=5,bytes=100",
	"count=10,bytes=1000=;byteHardLimit=-1;countHardLimit=-1",
	"count=-1,bytes=-1=;byteHardLimit=30;countHardLimit=-1",
	"count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=4",
	"count=2,bytes=10=;byteHardLimit=200;countHardLimit=20",
}

func (g *generator) data(path []byte) []byte {
	r := g.random
	if bytes.HasPrefix(path, []byte("/zookeeper/quota")) {
		return []byte(pick(r, quotaTexts))
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
func (g *generator) version(known int32) int32 {
	r := g.random
	switch n := r.IntN(100); {
	case n < 55:
		return -1
	case n < 85:
		return known
	case n < 95:
		return known + int32(r.IntN(5)) - 2
	}
	return pick(r, []int32{-2, 0, 1, 0x7fffffff, -0x80000000})
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
func (g *generator) entry() entry {
	r := g.random
	perms := pick(r, []int32{31, 31, 31, 1, 2, 4, 8, 16, 3, 15, 0, 32, 63, -1})
	n := r.IntN(24)
	if g.tame && n >= 18 && n <= 20 {
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
		return ace(perms, "ip", pick(r, oddAddresses))
	case 15:
		return ace(perms, "digest", pick(r, []string{"", "a", "a:b", "a:b:c", ":", "é:x"}))
	case 16:
		return ace(perms, "world", pick(r, []string{"", "someone", "ANYONE"}))
	case 17:
		schemes := []string{"", "none", "WORLD", "sasl", "x509", "super", "host"}
		return ace(perms, pick(r, schemes), "x")
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

var oddAddresses = []string{ // read-only: a table
	"127.0.0.1", "127.0.0.1", "127.0.0.1/32", "127.0.0.0/8", "10.0.0.0/8", "127.0.0.1/33",
	"127.0.0.1/-1", "127.0.0.1/", "127.0.0.1/x", "1.2.3", "1.2.3.4.5", "256.0.0.1", "", "/8",
	"::1", "::1/128", "::/0", "fe80::1/64", "::1/129", "::ffff:127.0.0.1", "1::2::3", ":::",
	"0.0.0.0/0", "1.2.3.4/32/1", "[::1]", "0x7f.0.0.1", "0127.0.0.1", " 127.0.0.1",
}

// acl is an encoded vector; most let everybody do everything, so that the program goes on.
func (g *generator) acl() []byte {
	r := g.random
	switch n := r.IntN(100); {
	case n < 64:
		return encodeACL([]entry{ace(31, "world", "anyone")})
	case n < 66:
		return encodeACL(nil)
	case n < 68 && !g.tame:
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
