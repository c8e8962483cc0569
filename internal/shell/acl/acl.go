package acl

import (
	"strings"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/jute"
)

// letters are the permissions in the order in which ZooKeeper prints them.
//
// read-only: the alphabet of permissions.
var letters = []struct {
	letter byte
	perm   client.Perms
}{
	{'c', jute.PermCreate}, {'d', jute.PermDelete}, {'r', jute.PermRead},
	{'w', jute.PermWrite}, {'a', jute.PermAdmin},
}

// Parse reads an ACL. The id is between the first and the last colon, and may have colons itself.
func Parse(text string) ([]client.ACL, error) {
	var list []client.ACL
	for part := range strings.SplitSeq(text, ",") {
		first, last := strings.IndexByte(part, ':'), strings.LastIndexByte(part, ':')
		if first == last {
			return nil, fault.Usage("%q is not scheme:id:perms", part)
		}
		perms, err := parsePerms(part[last+1:])
		if err != nil {
			return nil, err
		}
		list = append(list, client.ACL{
			Perms: perms,
			ID:    client.ID{Scheme: part[:first], ID: part[first+1 : last]},
		})
	}
	return list, nil
}

func parsePerms(text string) (client.Perms, error) {
	var perms client.Perms
next:
	for i := range len(text) {
		for _, l := range letters {
			if text[i] == l.letter {
				perms |= l.perm
				continue next
			}
		}
		return 0, fault.Usage("%q: permissions are letters of cdrwa, not %q", text, text[i])
	}
	return perms, nil
}

// Perms are the letters of permissions.
func Perms(perms client.Perms) string {
	var b strings.Builder
	for _, l := range letters {
		if perms&l.perm != 0 {
			b.WriteByte(l.letter)
		}
	}
	return b.String()
}

// Text is an ACL as Parse reads it.
func Text(list []client.ACL) string {
	parts := make([]string, len(list))
	for i, a := range list {
		parts[i] = a.ID.Scheme + ":" + a.ID.ID + ":" + Perms(a.Perms)
	}
	return strings.Join(parts, ",")
}
