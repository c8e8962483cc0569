package auth

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"quoll/jute"
)

// Rules is what the configuration says about identities and permissions.
type Rules struct {
	SkipACL       bool   // skipACL: nothing is checked
	DigestEnabled bool   // DigestAuthenticationProvider.enabled
	DigestAlg     string // DigestAuthenticationProvider.digestAlg: "SHA1", "SHA-256", ...
	SuperDigest   string // DigestAuthenticationProvider.superDigest: "super:base64(hash)", or ""
}

// Authenticate takes the body of an auth packet. ok is false when the scheme is unknown or the
// proof is refused: the connection is told AuthFailed and closed then.
func (r *Rules) Authenticate(
	now *Identity, scheme string, proof []byte, peer netip.Addr,
) (id *Identity, ok bool) {
	switch {
	case scheme == "ip":
		return now.With(jute.ID{Scheme: "ip", ID: javaHostAddress(peer)})
	case scheme == "digest" && r.DigestEnabled:
		return r.authenticateDigest(now, proof)
	}
	return now, false
}

// Connected is the identity of a connection that has shown nothing but its address.
func Connected(peer netip.Addr) *Identity {
	id, _ := Nobody().With(jute.ID{Scheme: "ip", ID: javaHostAddress(peer)})
	return id
}

// Allowed says whether any of the wanted permissions is granted (ZooKeeperServer.checkACL).
func (r *Rules) Allowed(acl []jute.ACL, wanted jute.Perms, who *Identity) bool {
	if r.SkipACL || len(acl) == 0 || who.super {
		return true
	}
	for i := range acl {
		a := &acl[i]
		if a.Perms&wanted == 0 {
			continue
		}
		if a.ID.Scheme == "world" && a.ID.ID == "anyone" {
			return true
		}
		if !r.Known(a.ID.Scheme) {
			continue
		}
		for _, id := range who.ids {
			if id.Scheme == a.ID.Scheme && matches(id, a.ID.ID) {
				return true
			}
		}
	}
	return false
}

func matches(id jute.ID, want string) bool {
	if id.Scheme == "ip" {
		return matchesIP(id.ID, want)
	}
	return id.ID == want
}

// Fix makes the ACL that a create or setACL asks for fit to be stored: duplicates go, "auth" is
// replaced by the requestor's authenticated ids, and every id must be one that its scheme can
// match (PrepRequestProcessor.fixupACL). The code is OK, InvalidACL, or MarshallingError for a
// null id where Java would trip over it.
func (r *Rules) Fix(acl []jute.ACL, who *Identity) ([]jute.ACL, jute.ErrorCode) {
	if len(acl) == 0 {
		return nil, jute.InvalidACL
	}
	acl, code := withoutDuplicates(acl)
	if code != jute.OK {
		return nil, code
	}
	fixed := make([]jute.ACL, 0, len(acl))
	for _, a := range acl {
		switch {
		case a.ID.NullScheme():
			return nil, jute.InvalidACL
		case a.ID.NullID() && (a.ID.Scheme == "world" || r.Known(a.ID.Scheme)):
			return nil, jute.MarshallingError
		case a.ID.Scheme == "world" && a.ID.ID == "anyone":
			fixed = append(fixed, a)
		case a.ID.Scheme == "auth":
			from := len(fixed)
			for _, id := range who.ids {
				if id.Scheme == "digest" && r.DigestEnabled {
					fixed = append(fixed, jute.ACL{Perms: a.Perms, ID: id})
				}
			}
			if len(fixed) == from || len(fixed) > len(acl)+maxExpanded {
				return nil, jute.InvalidACL
			}
		case !r.Known(a.ID.Scheme) || !valid(a.ID):
			return nil, jute.InvalidACL
		default:
			fixed = append(fixed, a)
		}
	}
	return fixed, jute.OK
}

// maxExpanded is how many entries the "auth" entries of one ACL may add to it; an ACL of a megabyte
// could repeat "auth" with other permissions 50,000 times.
const maxExpanded = 4 * maxIDs

// withoutDuplicates keeps the first of equal entries. Java compares two entries field by field, and
// trips over a null that it has to compare.
func withoutDuplicates(acl []jute.ACL) ([]jute.ACL, jute.ErrorCode) {
	if len(acl) == 1 {
		return acl, jute.OK
	}
	type scheme struct {
		perms jute.Perms
		name  string
	}
	kept := make([]jute.ACL, 0, len(acl))
	entries := make(map[jute.ACL]struct{}, len(acl))
	perms := map[jute.Perms]struct{}{}
	schemes := map[scheme]struct{}{}
	for _, a := range acl {
		of := scheme{a.Perms, a.ID.Scheme}
		_, samePerms := perms[a.Perms]
		_, sameScheme := schemes[of]
		_, same := entries[a]
		switch {
		case a.ID.NullScheme() && samePerms, a.ID.NullID() && sameScheme:
			return nil, jute.MarshallingError
		case same:
			continue
		}
		kept = append(kept, a)
		entries[a], perms[a.Perms] = struct{}{}, struct{}{}
		if !a.ID.NullScheme() {
			schemes[of] = struct{}{}
		}
	}
	return kept, jute.OK
}

// Known says whether ids of the scheme can be authenticated and matched here.
func (r *Rules) Known(scheme string) bool {
	return scheme == "ip" || scheme == "digest" && r.DigestEnabled
}

func valid(id jute.ID) bool {
	if id.Scheme == "ip" {
		return validIP(id.ID)
	}
	return validDigest(id.ID)
}

// hash is what follows the colon of a digest id, up to a line end. It is read-only.
var hash = regexp.MustCompile(":[^\n\r\u0085\u2028\u2029]*")

// Mask hides the hashes of digest ids from those who may not administrate the node (ZK-1392).
func Mask(acl []jute.ACL) []jute.ACL {
	masked := slices.Clone(acl)
	for i := range masked {
		if id := &masked[i].ID; id.Scheme == "digest" {
			id.ID = hash.ReplaceAllString(id.ID, ":x")
		}
	}
	return masked
}

// Clients is what whoAmI tells: the scheme and the bare user name of each id.
func (r *Rules) Clients(who *Identity) []jute.ClientInfo {
	infos := make([]jute.ClientInfo, 0, len(who.ids))
	for _, id := range who.ids {
		user := ""
		switch id.Scheme {
		case "digest":
			user, _, _ = strings.Cut(id.ID, ":")
		case "ip":
			user = id.ID
		}
		infos = append(infos, jute.ClientInfo{AuthScheme: id.Scheme, User: user})
	}
	return infos
}
