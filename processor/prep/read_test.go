package prep

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/op"
)

// writes is what Prep makes transactions of.
func writes() (all []jute.OpCode) {
	for _, row := range op.Rows() {
		if row.Kind == op.Write || row.Op == jute.OpCreateSession {
			all = append(all, row.Op)
		}
	}
	return all
}

// checkReadable: a body that Prep calls unreadable is not Readable, and the other way round. Only a
// fault that Apache finds earlier may have a code of its own.
func checkReadable(t *testing.T, p *Prep, as jute.OpCode, body []byte) {
	made := p.Prepare(&Write{Type: as, Body: body, Identity: auth.Nobody(), Session: 7})
	says := Readable(as, body)
	switch {
	case made.Code == jute.MarshallingError && says:
		t.Fatalf("%v %x: MarshallingError, but Readable", as, body)
	case !made.Proposed && made.Code != jute.MarshallingError:
		t.Fatalf("%v %x: not proposed, but %v", as, body, made.Code)
	case !says && !slices.Contains([]jute.ErrorCode{
		jute.MarshallingError, jute.BadArguments, jute.Unimplemented,
	}, made.Code):
		t.Fatalf("%v %x: %v, but not Readable", as, body, made.Code)
	}
}

// bodiesOf is bodies of a write: each path and list null, empty or sound.
func bodiesOf(as jute.OpCode) (all [][]byte) {
	add := func(r jute.Record) { all = append(all, jute.Append(nil, r)) }
	var ops []jute.MultiOp
	head := func(as jute.OpCode) jute.MultiHeader { return jute.MultiHeader{Type: as, Err: -1} }
	for _, path := range [][]byte{nil, {}, []byte("/a"), []byte("/a/b"), []byte("a")} {
		for _, acl := range [][]jute.ACL{nil, {}, anyone()} {
			for mode := jute.CreateMode(-1); mode <= 7; mode++ {
				create := jute.CreateRequest{Path: path, ACL: acl, Flags: mode}
				ttl := jute.CreateTTLRequest{CreateRequest: create, TTL: 5}
				add(&create)
				add(&ttl)
				ops = append(ops,
					jute.MultiOp{MultiHeader: head(jute.OpCreate), Create: &ttl},
					jute.MultiOp{MultiHeader: head(jute.OpCreate2), Create: &ttl},
					jute.MultiOp{MultiHeader: head(jute.OpCreateContainer), Create: &ttl},
					jute.MultiOp{MultiHeader: head(jute.OpCreateTTL), Create: &ttl})
			}
			add(&jute.SetACLRequest{Path: path, ACL: acl, Version: -1})
		}
		version, set := &jute.PathVersion{Path: path, Version: -1}, &jute.SetDataRequest{Path: path}
		add(version)
		add(&jute.PathBuffer{Path: path})
		add(set)
		ops = append(ops,
			jute.MultiOp{MultiHeader: head(jute.OpDelete), Path: version},
			jute.MultiOp{MultiHeader: head(jute.OpCheck), Path: version},
			jute.MultiOp{MultiHeader: head(jute.OpSetData), Set: set},
			jute.MultiOp{MultiHeader: head(jute.OpGetData), Read: &jute.PathWatch{Path: path}})
	}
	add(&jute.ReconfigRequest{})
	if as == jute.OpMulti {
		all = nil
		add(&jute.MultiRequest{})
		for i := range ops {
			add(&jute.MultiRequest{Ops: ops[i : i+1]})
			add(&jute.MultiRequest{Ops: []jute.MultiOp{ops[len(ops)-2], ops[i]}})
		}
	}
	return all
}

func TestReadableSaysWhatPrepSays(t *testing.T) {
	for _, rules := range []Rules{{}, {ExtendedTypes: true}} {
		for _, as := range writes() {
			p := prepOver(t, rules, created("/a", nil, -1))
			for _, body := range bodiesOf(as) {
				for cut := len(body); cut >= 0; cut -= 1 + cut/5 {
					checkReadable(t, p, as, body[:cut])
				}
			}
		}
	}
	require.False(t, Readable(jute.OpDelete, jute.Append(nil, &jute.PathVersion{})))
	require.True(t, Readable(jute.OpCloseSession, nil))
}

func FuzzReadable(f *testing.F) {
	all := writes()
	for i, as := range all {
		for j, body := range bodiesOf(as) {
			if j%7 == 0 {
				f.Add(uint8(i), body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, body []byte) {
		p := prepOver(t, Rules{ExtendedTypes: true}, created("/a", nil, -1))
		checkReadable(t, p, all[int(i)%len(all)], body)
	})
}
