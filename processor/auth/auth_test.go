package auth_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/jute"
	"quoll/processor/auth"
)

func rules() *auth.Rules { return &auth.Rules{DigestEnabled: true} }

func acl(perms jute.Perms, scheme, id string) jute.ACL {
	return jute.ACL{Perms: perms, ID: jute.ID{Scheme: scheme, ID: id}}
}

func shown(t *testing.T, r *auth.Rules, proofs ...string) *auth.Identity {
	peer := netip.MustParseAddr("10.1.2.3")
	who := auth.Connected(peer)
	for _, p := range proofs {
		var ok bool
		who, ok = r.Authenticate(who, "digest", []byte(p), peer)
		require.True(t, ok)
	}
	return who
}

// The hashes are what `DigestAuthenticationProvider` of Apache 3.9.5 prints.
func TestDigestIsApaches(t *testing.T) {
	require.Equal(t, "user:smGaoVKd/cQkjm7b88GyorAUz20=", auth.Digest("SHA1", []byte("user:pass")))
	require.Equal(t, "super:D/InIHSb7yEEbrWz8b9l71RjZJU=",
		auth.Digest("SHA1", []byte("super:test")))
	require.Empty(t, auth.Digest("ROT13", []byte("a:b")))
}

func TestAllowed(t *testing.T) {
	r := rules()
	who := shown(t, r, "user:pass")
	mine := auth.Digest("", []byte("user:pass"))
	for name, c := range map[string]struct {
		acl  []jute.ACL
		want bool
	}{
		"none":                {nil, true},
		"world":               {[]jute.ACL{acl(1, "world", "anyone")}, true},
		"world, other perms":  {[]jute.ACL{acl(30, "world", "anyone")}, false},
		"world, other id":     {[]jute.ACL{acl(1, "world", "someone")}, false},
		"mine":                {[]jute.ACL{acl(1, "digest", mine)}, true},
		"another's":           {[]jute.ACL{acl(1, "digest", "user:x")}, false},
		"address":             {[]jute.ACL{acl(1, "ip", "10.1.2.3")}, true},
		"range":               {[]jute.ACL{acl(1, "ip", "10.1.0.0/16")}, true},
		"odd range":           {[]jute.ACL{acl(1, "ip", "10.1.2.0/30")}, true},
		"other range":         {[]jute.ACL{acl(1, "ip", "10.1.2.4/31")}, false},
		"everything":          {[]jute.ACL{acl(1, "ip", "0.0.0.0/0")}, true},
		"IPv6 is another":     {[]jute.ACL{acl(1, "ip", "::/0")}, false},
		"second entry":        {[]jute.ACL{acl(2, "digest", mine), acl(1, "digest", mine)}, true},
		"scheme without code": {[]jute.ACL{acl(1, "sasl", "user")}, false},
	} {
		require.Equal(t, c.want, r.Allowed(c.acl, jute.PermRead, who), name)
	}
	locked := []jute.ACL{acl(1, "digest", "nobody:x")}
	require.True(t, (&auth.Rules{SkipACL: true}).Allowed(locked, jute.PermRead, who))
	require.True(t, r.Allowed(locked, jute.PermRead, auth.Server()))
}

func TestSuperDigest(t *testing.T) {
	r := rules()
	r.SuperDigest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="
	locked := []jute.ACL{acl(1, "digest", "nobody:x")}
	require.False(t, r.Allowed(locked, jute.PermAll, shown(t, r, "super:wrong")))
	require.True(t, r.Allowed(locked, jute.PermAll, shown(t, r, "super:test")))
}

func TestIdentityNeverChanges(t *testing.T) {
	r := rules()
	before := shown(t, r)
	after, ok := r.Authenticate(before, "digest", []byte("a:b"), netip.MustParseAddr("::1"))
	require.True(t, ok)
	require.Len(t, before.IDs(), 1)
	require.Len(t, after.IDs(), 2)
	same, ok := r.Authenticate(after, "digest", []byte("a:b"), netip.MustParseAddr("::1"))
	require.True(t, ok)
	require.Len(t, same.IDs(), 2)
	for _, scheme := range []string{"", "world", "sasl", "auth"} {
		_, ok := r.Authenticate(before, scheme, []byte("a:b"), netip.MustParseAddr("::1"))
		require.False(t, ok, scheme)
	}
}

// "auth" expands in the order of a learner's list, which is not that of a connection here.
func TestTheOrderOfALearnersList(t *testing.T) {
	r := rules()
	peer := netip.MustParseAddr("10.1.2.3")
	ids := []jute.ID{
		{Scheme: "digest", ID: "d:h"}, {Scheme: "ip", ID: "10.1.2.3"}, {Scheme: "digest", ID: "a:h"},
		{Scheme: "digest", ID: "c:h"}, {Scheme: "digest", ID: "a:h"}, {Scheme: "digest", ID: "b:h"},
	}
	sent := slices.Clone(ids)
	who := auth.Of(sent)
	clear(sent)
	require.Equal(t, ids, who.IDs())
	require.False(t, who.Super())
	got, code := r.Fix([]jute.ACL{acl(1, "auth", ""), acl(2, "ip", "10.0.0.0/8")}, who)
	require.Equal(t, jute.OK, code)
	require.Equal(t, []jute.ACL{
		acl(1, "digest", "d:h"), acl(1, "digest", "a:h"), acl(1, "digest", "c:h"),
		acl(1, "digest", "a:h"), acl(1, "digest", "b:h"), acl(2, "ip", "10.0.0.0/8"),
	}, got)
	require.True(t, r.Allowed([]jute.ACL{acl(1, "ip", "10.1.0.0/16")}, 1, who))

	require.True(t, auth.Of([]jute.ID{ids[0], {Scheme: "super"}}).Super())
	require.Empty(t, auth.Of(nil).IDs())
	many := make([]jute.ID, 1000)
	for i := range many {
		many[i] = jute.ID{Scheme: "digest", ID: fmt.Sprint("u", i, ":h")}
	}
	require.Len(t, auth.Of(many).IDs(), 1000, "the limit is the learner's")
	_, ok := r.Authenticate(auth.Of(many), "ip", nil, peer)
	require.False(t, ok, "and holds for who shows more")

	// Ids shown one by one have the order of Java's set, even behind a list.
	one := auth.Nobody()
	for _, id := range ids {
		one, _ = one.With(id)
	}
	require.NotEqual(t, ids, one.IDs())
	last, ok := auth.Of(ids[:4]).With(ids[5])
	require.True(t, ok)
	require.Equal(t, one.IDs(), last.IDs())
}

func TestConnectedPrintsAddressesAsJava(t *testing.T) {
	for from, want := range map[string]string{
		"10.1.2.3": "10.1.2.3", "::ffff:10.1.2.3": "10.1.2.3", "::1": "0:0:0:0:0:0:0:1",
		"2001:db8::a": "2001:db8:0:0:0:0:0:a",
	} {
		require.Equal(t, want, auth.Connected(netip.MustParseAddr(from)).IDs()[0].ID)
	}
}

func TestFix(t *testing.T) {
	r := rules()
	who := shown(t, r, "user:pass")
	mine := jute.ID{Scheme: "digest", ID: auth.Digest("", []byte("user:pass"))}
	ok := func(in []jute.ACL, want ...jute.ACL) {
		t.Helper()
		got, code := r.Fix(in, who)
		require.Equal(t, jute.OK, code)
		require.Equal(t, want, got)
	}
	bad := func(in ...jute.ACL) {
		t.Helper()
		_, code := r.Fix(in, who)
		require.Equal(t, jute.InvalidACL, code)
	}
	world := acl(31, "world", "anyone")
	ok([]jute.ACL{world}, world)
	ok([]jute.ACL{world, world}, world)
	ok([]jute.ACL{acl(31, "auth", "whatever")}, jute.ACL{Perms: 31, ID: mine})
	ok([]jute.ACL{acl(1, "ip", "1.2.3.4/8")}, acl(1, "ip", "1.2.3.4/8"))
	ok([]jute.ACL{acl(1, "digest", "u:h:")}, acl(1, "digest", "u:h:"))
	bad()
	bad(acl(31, "world", "me"))
	bad(acl(31, "digest", "nocolon"))
	bad(acl(31, "digest", "a:b:c"))
	bad(acl(31, "digest", "user:"))
	bad(acl(31, "ip", "1.2.3"))
	bad(acl(31, "ip", "1.2.3.4/33"))
	bad(acl(31, "ip", "name"))
	bad(acl(31, "sasl", "user"))
	bad(acl(31, "", ""))
	_, code := r.Fix([]jute.ACL{acl(31, "auth", "")}, auth.Nobody())
	require.Equal(t, jute.InvalidACL, code, "nobody is authenticated")
}

func TestMask(t *testing.T) {
	in := []jute.ACL{acl(31, "digest", "u:secret"), acl(1, "ip", "::1")}
	got := auth.Mask(in)
	require.Equal(t, "u:x", got[0].ID.ID)
	require.Equal(t, "::1", got[1].ID.ID)
	require.Equal(t, "u:secret", in[0].ID.ID, "the list in the tree is shared")
}

// Java decodes the proof before it hashes it, and writes astral characters as two surrogates.
func TestDigestOfOddText(t *testing.T) {
	require.Equal(t, auth.Digest("", []byte("\uFFFD:x")), auth.Digest("", []byte("\xff:x")))
	id := auth.Digest("", []byte("\U0001F600:x"))
	require.Equal(t, "\xed\xa0\xbd\xed\xb8\x80:", id[:7])
}

// naiveWithoutDuplicates is the rule itself: Java compares each entry with all before it.
func naiveWithoutDuplicates(acl []jute.ACL) ([]jute.ACL, jute.ErrorCode) {
	var kept []jute.ACL
next:
	for _, a := range acl {
		for _, k := range kept {
			switch {
			case a.Perms != k.Perms:
			case a.ID.NullScheme():
				return nil, jute.MarshallingError
			case a.ID.Scheme != k.ID.Scheme || k.ID.NullScheme():
			case a.ID.NullID():
				return nil, jute.MarshallingError
			case a.ID.ID == k.ID.ID && !k.ID.NullID():
				continue next
			}
		}
		kept = append(kept, a)
	}
	return kept, jute.OK
}

func TestDuplicatesGoAsJavaLosesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []jute.ACL
		for range rapid.IntRange(1, 8).Draw(t, "n") {
			// Bytes as on the wire, where null and "" differ.
			b := binary.BigEndian.AppendUint32(nil, rapid.Uint32Range(1, 2).Draw(t, "perms"))
			for _, word := range []string{"scheme", "id"} {
				text := rapid.SampledFrom([]string{"null", "", "x", "y"}).Draw(t, word)
				if text == "null" {
					b = jute.AppendBuffer(b, nil)
				} else {
					b = jute.AppendBuffer(b, []byte(text))
				}
			}
			var a jute.ACL
			_, err := jute.Decode(b, &a)
			require.NoError(t, err)
			list = append(list, a)
		}
		want, wantCode := naiveWithoutDuplicates(list)
		got, code := auth.WithoutDuplicates(list)
		require.Equal(t, wantCode, code)
		require.Equal(t, want, got)
	})
}

// A list of a megabyte must not hold up everybody's writes: 70,000 entries took a quarter of a
// minute when each was compared with each.
func TestALongListIsFixedAtOnce(t *testing.T) {
	list := make([]jute.ACL, 70_000)
	for i := range list {
		list[i] = acl(jute.PermAll, "digest", fmt.Sprintf("u%d:x", i))
	}
	begin := time.Now()
	fixed, code := rules().Fix(list, shown(t, rules()))
	require.Equal(t, jute.OK, code)
	require.Len(t, fixed, len(list))
	require.Less(t, time.Since(begin), 3*time.Second)
}

// A connection may show a limited number of ids. An "auth" repeated with many permissions must not
// make an endless ACL of them.
func TestIdsHaveALimit(t *testing.T) {
	r, peer := rules(), netip.MustParseAddr("10.1.2.3")
	who, ok := auth.Connected(peer), true
	n := 1
	for ; ok && n < 10_000; n++ {
		who, ok = r.Authenticate(who, "digest", fmt.Appendf(nil, "u%d:p", n), peer)
	}
	require.False(t, ok)
	require.Len(t, who.IDs(), 256)
	_, ok = r.Authenticate(who, "digest", []byte("u1:p"), peer)
	require.True(t, ok, "one that it has")
	long := bytes.Repeat([]byte("u"), 65<<10)
	_, ok = r.Authenticate(auth.Connected(peer), "digest", append(long, ":p"...), peer)
	require.False(t, ok)
	all := make([]jute.ACL, 6)
	for i := range all {
		all[i] = acl(jute.Perms(i+1), "auth", "")
	}
	_, code := r.Fix(all[:3], who)
	require.Equal(t, jute.OK, code)
	_, code = r.Fix(all, who)
	require.Equal(t, jute.InvalidACL, code)
}
