package reference

import (
	"context"
	"fmt"

	"quoll/client/wire"
	"quoll/jute"
)

// access says which permission an operation needs of which node.
type access struct {
	name string
	op   jute.OpCode
	// needs is the set of which one is enough; the empty set lets everybody.
	needs jute.Perms
	// body is the request on a node that has the row's ACL, and a child "kid" that gives user
	// nothing.
	body func(path string) jute.Record
}

// accesses is "ZooKeeper access control using ACLs" of the Programmer's Guide, with what it leaves
// out: addWatch and sync ask for nothing, getACL for READ or ADMIN, check and exists for READ.
func accesses() []access {
	one := func(op func(path string) jute.MultiOp) func(string) jute.Record {
		return func(path string) jute.Record {
			return &jute.MultiRequest{Ops: []jute.MultiOp{op(path)}}
		}
	}
	read := func(op jute.OpCode) func(string) jute.MultiOp {
		return func(path string) jute.MultiOp {
			return jute.MultiOp{
				MultiHeader: jute.MultiHeader{Type: op, Err: -1},
				Read:        &jute.PathWatch{Path: []byte(path)},
			}
		}
	}
	return append([]access{
		{"multi create", jute.OpMulti, jute.PermCreate, one(func(p string) jute.MultiOp {
			return wire.CreateOp(p+"/m", nil, nil, jute.ModePersistent)
		})},
		{"multi container", jute.OpMulti, jute.PermCreate, one(func(p string) jute.MultiOp {
			return wire.CreateOp(p+"/m", nil, nil, jute.ModeContainer)
		})},
		{"multi delete", jute.OpMulti, jute.PermDelete, one(func(p string) jute.MultiOp {
			return wire.DeleteOp(p+"/kid", -1)
		})},
		{"multi setData", jute.OpMulti, jute.PermWrite, one(func(p string) jute.MultiOp {
			return wire.SetOp(p, nil, -1)
		})},
		{"multi check", jute.OpMulti, jute.PermRead, one(func(p string) jute.MultiOp {
			return wire.CheckOp(p, -1)
		})},
		{"multiRead getData", jute.OpMultiRead, jute.PermRead, one(read(jute.OpGetData))},
		{"multiRead getChildren", jute.OpMultiRead, jute.PermRead, one(read(jute.OpGetChildren))},
	}, singles()...)
}

// singles is the operations that a request does alone.
func singles() []access {
	makes := func(flags jute.CreateMode) func(string) jute.Record {
		return func(p string) jute.Record {
			return &jute.CreateRequest{
				Path: []byte(p + "/new"), Data: []byte{}, ACL: wire.World(), Flags: flags,
			}
		}
	}
	path := func(p string) jute.Record { return &jute.PathOnly{Path: []byte(p)} }
	watch := func(p string) jute.Record { return &jute.PathWatch{Path: []byte(p)} }
	return []access{
		{"create", jute.OpCreate, jute.PermCreate, makes(jute.ModePersistent)},
		{"create2", jute.OpCreate2, jute.PermCreate, makes(jute.ModePersistentSequential)},
		{"create ephemeral", jute.OpCreate, jute.PermCreate, makes(jute.ModeEphemeral)},
		{"createContainer", jute.OpCreateContainer, jute.PermCreate, makes(jute.ModeContainer)},
		{"createTTL", jute.OpCreateTTL, jute.PermCreate, func(p string) jute.Record {
			in := &jute.CreateTTLRequest{TTL: 3_600_000}
			in.CreateRequest = *makes(jute.ModePersistentTTL)(p).(*jute.CreateRequest)
			return in
		}},
		{"delete", jute.OpDelete, jute.PermDelete, func(p string) jute.Record {
			return &jute.PathVersion{Path: []byte(p + "/kid"), Version: -1}
		}},
		{"setData", jute.OpSetData, jute.PermWrite, func(p string) jute.Record {
			return &jute.SetDataRequest{Path: []byte(p), Data: []byte("x"), Version: -1}
		}},
		{"setACL", jute.OpSetACL, jute.PermAdmin, func(p string) jute.Record {
			return &jute.SetACLRequest{Path: []byte(p), ACL: wire.World(), Version: -1}
		}},
		{"getACL", jute.OpGetACL, jute.PermRead | jute.PermAdmin, path},
		{"getData", jute.OpGetData, jute.PermRead, watch},
		{"getChildren", jute.OpGetChildren, jute.PermRead, watch},
		{"getChildren2", jute.OpGetChildren2, jute.PermRead, watch},
		{"getAllChildrenNumber", jute.OpGetAllChildren, jute.PermRead, path},
		{"exists", jute.OpExists, jute.PermRead, watch},
		{"sync", jute.OpSync, 0, path},
		{"getEphemerals", jute.OpGetEphemerals, 0, path},
		{"addWatch", jute.OpAddWatch, 0, func(p string) jute.Record {
			return &jute.AddWatchRequest{Path: []byte(p)}
		}},
	}
}

// permissions tries each operation with each of the 32 sets of permissions, each on a node of its
// own.
func permissions(ctx context.Context, addr string) (Report, error) {
	owner, err := dial(ctx, addr, Admin, wire.Options{})
	if err != nil {
		return nil, err
	}
	defer owner.Close(ctx)
	c, err := dial(ctx, addr, user, wire.Options{})
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx)
	var report Report
	made := []*wire.Future{create(owner, "/permissions", wire.World())}
	rows := accesses()
	for i := range rows {
		for set := jute.Perms(0); set <= jute.PermAll; set++ {
			p := nodeOf(i, set)
			made = append(made, create(owner, p, gives(set)))
			made = append(made, create(owner, p+"/kid", gives(0)))
		}
	}
	if err := settle(ctx, made); err != nil {
		return nil, err
	}
	asked := make([]*wire.Future, 0, len(rows)*32)
	for i, row := range rows {
		for set := jute.Perms(0); set <= jute.PermAll; set++ {
			asked = append(asked, c.Send(row.op, row.body(nodeOf(i, set))))
		}
	}
	for i, row := range rows {
		for set := jute.Perms(0); set <= jute.PermAll; set++ {
			want := jute.OK
			if row.needs != 0 && row.needs&set == 0 {
				want = jute.NoAuth
			}
			f := asked[i*32+int(set)]
			got, err := codeOf(ctx, row.op, f)
			if err != nil {
				return report, err
			}
			report.want(fmt.Sprintf("%s with %05b", row.name, set), got, want)
			if row.op == jute.OpGetACL && got == jute.OK {
				report.hidden(ctx, set, f)
			}
		}
	}
	return report, nil
}

func nodeOf(row int, set jute.Perms) string { return fmt.Sprintf("/permissions/%d-%d", row, set) }

// hidden checks that getACL shows the hashes to who has ADMIN alone.
func (r *Report) hidden(ctx context.Context, set jute.Perms, f *wire.Future) {
	var in jute.ACLStat
	if _, err := f.Into(ctx, &in); err != nil || len(in.ACL) != 2 {
		r.add("getACL with %05b: %v, %v", set, in.ACL, err)
		return
	}
	want := gives(set)
	if set&jute.PermAdmin == 0 {
		want[0].ID.ID, want[1].ID.ID = "admin:x", "user:x"
	}
	for i := range want {
		if in.ACL[i] != want[i] {
			r.add("getACL with %05b shows %v, want %v", set, in.ACL[i], want[i])
		}
	}
}
