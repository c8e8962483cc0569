package model

import (
	"crypto/sha1"
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"quoll/jute"
)

// Who is the identity of a connection: what it has shown of itself.
type Who struct {
	IDs   []jute.ID
	Super bool
}

// Stranger is a connection that has shown only its address.
func Stranger(at netip.Addr) *Who {
	text := at.String()
	if at.Is6() { // Java prints all eight groups
		raw := at.As16()
		groups := make([]string, 8)
		for i := range groups {
			groups[i] = strconv.FormatUint(uint64(raw[2*i])<<8|uint64(raw[2*i+1]), 16)
		}
		text = strings.Join(groups, ":")
	}
	return &Who{IDs: []jute.ID{{Scheme: "ip", ID: text}}}
}

// Authenticate is the identity after an auth packet; ok is false when the packet is refused.
func (t *Tree) Authenticate(who *Who, scheme string, proof []byte) (_ *Who, ok bool) {
	switch scheme {
	case "ip":
		return who, true
	case "digest":
		next := &Who{IDs: slices.Clone(who.IDs), Super: who.Super}
		id := DigestID(proof)
		if id == t.Options.SuperDigest {
			next.Super = true
			next.show(jute.ID{Scheme: "super"})
		}
		next.show(jute.ID{Scheme: "digest", ID: id})
		return next, true
	}
	return who, false
}

func (w *Who) show(id jute.ID) {
	if !slices.Contains(w.IDs, id) {
		w.IDs = append(w.IDs, id)
	}
}

// Has says whether an id of the scheme was shown.
func (w *Who) Has(scheme string) bool {
	return slices.ContainsFunc(w.IDs, func(id jute.ID) bool { return id.Scheme == scheme })
}

// DigestID is the id of "user:password".
func DigestID(proof []byte) string {
	user, _, _ := strings.Cut(string(proof), ":")
	sum := sha1.Sum(proof)
	return user + ":" + base64.StdEncoding.EncodeToString(sum[:])
}

// allowed says whether the list grants any of the permissions.
func allowed(acl []jute.ACL, perms jute.Perms, who *Who) bool {
	if len(acl) == 0 || who.Super {
		return true
	}
	return slices.ContainsFunc(acl, func(a jute.ACL) bool {
		return a.Perms&perms != 0 && matches(a.ID, who)
	})
}

func matches(id jute.ID, who *Who) bool {
	switch id.Scheme {
	case "world":
		return id.ID == "anyone"
	case "digest":
		return slices.Contains(who.IDs, id)
	case "ip":
		return slices.ContainsFunc(who.IDs, func(mine jute.ID) bool {
			at, err := netip.ParseAddr(mine.ID)
			return err == nil && mine.Scheme == "ip" && inRange(at, id.ID)
		})
	}
	return false
}

func inRange(at netip.Addr, text string) bool {
	p, ok := addressRange(text)
	return ok && p.Contains(at)
}

// addressRange reads "address" or "address/bits" as ZooKeeper does: IPv4 in four numbers, however
// many zeros are before them, and IPv6 without an IPv4 tail.
func addressRange(text string) (netip.Prefix, bool) {
	base, bits, ranged := strings.Cut(text, "/")
	if !strings.Contains(base, ":") {
		parts := strings.Split(base, ".")
		for i, p := range parts {
			if p = strings.TrimLeft(p, "0"); p == "" && parts[i] != "" {
				p = "0"
			}
			parts[i] = p
		}
		base = strings.Join(parts, ".")
	} else if strings.Contains(base, ".") {
		return netip.Prefix{}, false
	}
	at, err := netip.ParseAddr(base)
	if err != nil {
		return netip.Prefix{}, false
	}
	n := at.BitLen()
	if ranged {
		if n, err = strconv.Atoi(bits); err != nil || n < 0 || n > at.BitLen() {
			return netip.Prefix{}, false
		}
	}
	return netip.PrefixFrom(at, n), true
}

// fix makes the list that a client asks for fit to be stored.
func fix(acl []jute.ACL, who *Who) ([]jute.ACL, jute.ErrorCode) {
	var fixed []jute.ACL
	for i, a := range acl {
		if slices.Contains(acl[:i], a) {
			continue
		}
		switch {
		case a.ID == jute.ID{Scheme: "world", ID: "anyone"}:
			fixed = append(fixed, a)
		case a.ID.Scheme == "auth":
			if !who.Has("digest") {
				return nil, jute.InvalidACL
			}
			for _, id := range who.IDs {
				if id.Scheme == "digest" {
					fixed = append(fixed, jute.ACL{Perms: a.Perms, ID: id})
				}
			}
		case a.ID.Scheme == "digest" && strings.Count(strings.TrimRight(a.ID.ID, ":"), ":") == 1,
			a.ID.Scheme == "ip" && inSomeRange(a.ID.ID):
			fixed = append(fixed, a)
		default:
			return nil, jute.InvalidACL
		}
	}
	if len(fixed) == 0 {
		return nil, jute.InvalidACL
	}
	return fixed, jute.OK
}

func inSomeRange(text string) bool {
	_, ok := addressRange(text)
	return ok
}

// mask hides the hashes of digest ids.
func mask(acl []jute.ACL) []jute.ACL {
	masked := slices.Clone(acl)
	for i := range masked {
		if id := &masked[i].ID; id.Scheme == "digest" {
			user, _, _ := strings.Cut(id.ID, ":")
			id.ID = user + ":x"
		}
	}
	return masked
}

// Denied says whether rights are missing for a write in the present state. With enableEagerACLCheck
// that is looked at before anything else, except for containers, TTL nodes and multis.
func (t *Tree) Denied(r *Request) bool {
	o, ok := decodeOp(r.Op, r.Body)
	if !ok {
		return false
	}
	path, perms := "", jute.Perms(0)
	switch r.Op {
	case jute.OpCreate, jute.OpCreate2:
		if !jute.ValidPath(o.create.Path) {
			return false
		}
		path, perms = string(o.create.Path), jute.PermCreate
		path, _ = Split(path)
	case jute.OpDelete:
		if deletable(o.path) != jute.OK {
			return false
		}
		path, perms = string(o.path), jute.PermDelete
		path, _ = Split(path)
	case jute.OpSetData:
		path, perms = key(o.set.Path), jute.PermWrite
	case jute.OpSetACL:
		path, perms = key(o.acl.Path), jute.PermAdmin
	}
	n := t.nodes[path]
	return n != nil && !allowed(n.ACL, perms, r.Who)
}
