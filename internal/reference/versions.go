package reference

import (
	"context"
	"fmt"
	"math"

	"quoll/client/wire"
	"quoll/jute"
)

// nodeVersion is the version, and the version of the ACL, of the nodes that versions makes.
const nodeVersion = 2

// versions tries version arguments on everything that takes one: -1 is any, and the node's own
// passes; nothing else does, not even another negative number.
func versions(ctx context.Context, addr string) (Report, error) {
	c, err := dial(ctx, addr, "", wire.Options{})
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx)
	arguments := []int32{
		-1, nodeVersion, nodeVersion - 1, nodeVersion + 1, 0, -2, -nodeVersion,
		math.MinInt32, math.MinInt32 + 1, math.MaxInt32, math.MaxInt32 - 1,
	}
	made := []*wire.Future{create(c, "/versions", wire.World())}
	type row struct {
		name string
		op   jute.OpCode
		body jute.Record
		want jute.ErrorCode
	}
	var rows []row
	for i, v := range arguments {
		want := jute.BadVersion
		if v == -1 || v == nodeVersion {
			want = jute.OK
		}
		add := func(name string, op jute.OpCode, body func(path string) jute.Record) {
			path := fmt.Sprintf("/versions/%s-%d", name, i)
			made = append(made, create(c, path, wire.World()))
			for range nodeVersion {
				made = append(made,
					c.Send(jute.OpSetData, &jute.SetDataRequest{Path: []byte(path), Version: -1}),
					c.Send(jute.OpSetACL,
						&jute.SetACLRequest{Path: []byte(path), ACL: wire.World(), Version: -1}))
			}
			rows = append(rows, row{fmt.Sprintf("%s at %d", name, v), op, body(path), want})
		}
		multi := func(op func(path string, v int32) jute.MultiOp) func(string) jute.Record {
			return func(p string) jute.Record {
				return &jute.MultiRequest{Ops: []jute.MultiOp{op(p, v)}}
			}
		}
		set := func(p string, v int32) jute.MultiOp { return wire.SetOp(p, nil, v) }
		add("multi-check", jute.OpMulti, multi(wire.CheckOp))
		add("multi-delete", jute.OpMulti, multi(wire.DeleteOp))
		add("multi-setData", jute.OpMulti, multi(set))
		add("delete", jute.OpDelete, func(p string) jute.Record {
			return &jute.PathVersion{Path: []byte(p), Version: v}
		})
		add("setData", jute.OpSetData, func(p string) jute.Record {
			return &jute.SetDataRequest{Path: []byte(p), Version: v}
		})
		add("setACL", jute.OpSetACL, func(p string) jute.Record {
			return &jute.SetACLRequest{Path: []byte(p), ACL: wire.World(), Version: v}
		})
	}
	if err := settle(ctx, made); err != nil {
		return nil, err
	}
	var report Report
	for _, r := range rows {
		got, err := codeOf(ctx, r.op, c.Send(r.op, r.body))
		if err != nil {
			return report, err
		}
		report.want(r.name, got, r.want)
	}
	return report, nil
}
