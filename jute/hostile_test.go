package jute_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"quoll/jute"
	"quoll/jute/internal/recordtest"
)

// repeated is n copies of a part behind a head.
func repeated(head []byte, part []byte, n int) []byte {
	return append(head, bytes.Repeat(part, n)...)
}

func count(n int32) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// Inputs made to cost as much as possible for their size.
func TestAllocationBound(t *testing.T) {
	const n = 50_000
	null := count(-1)
	multi := func(op jute.OpCode, body ...byte) []byte {
		h := jute.MultiHeader{Type: op, Err: -1}
		return append(jute.Append(nil, &h), body...)
	}
	end := jute.MultiEnd()
	acl := jute.Append(nil, &jute.ACL{ID: jute.ID{Scheme: "xx", ID: "yy"}})
	sub := jute.Append(nil, &jute.Txn{Type: jute.OpDelete, Data: null})
	nulls := bytes.Repeat(null, 2)
	for name, c := range map[string]struct {
		r  jute.Record
		in []byte
	}{
		"texts":         {&jute.Names{}, repeated(count(n), null, n)},
		"invalid texts": {&jute.Names{}, repeated(count(n), []byte{0, 0, 0, 1, 0xff}, n)},
		"acl":           {&jute.ACLStat{}, repeated(count(n), acl, n)},
		"txns":          {&jute.MultiTxn{}, repeated(count(n), sub, n)},
		"reads": {&jute.MultiRequest{}, repeated(nil,
			multi(jute.OpGetData, 0xff, 0xff, 0xff, 0xff, 0), n)},
		"creates": {&jute.MultiRequest{}, repeated(nil, multi(jute.OpCreate,
			append(append(nulls, null...), 0, 0, 0, 0)...), n)},
		"deletes": {&jute.MultiResponse{}, repeated(nil, multi(jute.OpDelete), n)},
		"created": {&jute.MultiResponse{}, repeated(nil, multi(jute.OpCreate, null...), n)},
		"request": {&jute.LearnerRequest{}, make([]byte, n)},
		"lists":   {&jute.MultiResponse{}, repeated(nil, multi(jute.OpGetChildren, null...), n)},
	} {
		in := jute.Append(c.in, &end)
		recordtest.Bounded(t, in, func() {
			if _, err := jute.Decode(in, c.r); err != nil && name != "acl" {
				t.Errorf("%s: %v", name, err)
			}
		})
		if t.Failed() {
			t.Fatal(name)
		}
	}
	head := jute.Append(nil, &jute.TxnHeader{Type: jute.OpMulti})
	in := repeated(append(head, count(n)...), sub, n)
	recordtest.Bounded(t, in, func() {
		if _, err := jute.ParseEntry(in); err != nil {
			t.Error(err)
		}
	})
}

func TestHostileCounts(t *testing.T) {
	for _, n := range []int32{1 << 30, 0x7fffffff, 5} {
		in := append(count(n), 0, 0, 0, 0)
		for _, r := range []jute.Record{&jute.Names{}, &jute.MultiTxn{}, &jute.WhoAmIResponse{}} {
			recordtest.Bounded(t, in, func() {
				if _, err := jute.Decode(in, r); !errors.Is(err, jute.ErrLength) {
					t.Errorf("%T, count %d: %v", r, n, err)
				}
			})
		}
		if _, err := jute.Decode(in, &jute.PathOnly{}); !errors.Is(err, jute.ErrShort) {
			t.Errorf("length %d: %v", n, err)
		}
	}
	for _, n := range []int32{-2, -1 << 31} {
		var names jute.Names
		if _, err := jute.Decode(count(n), &names); err != nil || names.Names == nil {
			t.Errorf("count %d: %v, %v: want an empty vector", n, names.Names, err)
		}
		if _, err := jute.Decode(count(n), &jute.PathOnly{}); !errors.Is(err, jute.ErrLength) {
			t.Errorf("length %d: %v", n, err)
		}
	}
	var names jute.Names
	if _, err := jute.Decode(count(-1), &names); err != nil || names.Names != nil {
		t.Errorf("count -1: %v, %v: want null", names.Names, err)
	}
}

func TestDecodeErrorSaysWhere(t *testing.T) {
	in := jute.Append(nil, &jute.SetACLRequest{
		Path: []byte("/a"), ACL: []jute.ACL{{}, {ID: jute.ID{Scheme: "digest"}}},
	})
	_, err := jute.Decode(in[:len(in)-10], &jute.SetACLRequest{})
	const want = "jute: SetACLRequest.acl[1].id.scheme at byte 26: input ends inside the field"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestParseEntry(t *testing.T) {
	entry := func(op jute.OpCode, body []byte) []byte {
		return append(jute.Append(nil, &jute.TxnHeader{Type: op}), body...)
	}
	digest := jute.Append(nil, &jute.TxnDigest{Version: 2, TreeDigest: 5})
	old := jute.Append(nil, &jute.CreateTxn{Path: []byte("/a")})
	old = old[:len(old)-4]
	sub := func(op jute.OpCode, data []byte) []byte {
		return jute.Append(nil, &jute.MultiTxn{Txns: []jute.Txn{{Type: op, Data: data}}})
	}
	path := jute.Append(nil, &jute.PathOnly{Path: []byte("/a")})
	for name, c := range map[string]struct {
		op        jute.OpCode
		in        []byte
		body      int // -1: an error
		hasDigest bool
	}{
		"create without parentCVersion":       {jute.OpCreate, old, len(old), false},
		"closeSession without a body":         {jute.OpCloseSession, nil, 0, false},
		"closeSession, only a digest":         {jute.OpCloseSession, digest, 0, true},
		"closeSession without paths":          {jute.OpCloseSession, count(0), 4, false},
		"closeSession, null paths and digest": {jute.OpCloseSession, append(count(-1), digest...), 4, true},
		"delete and digest":                   {jute.OpDelete, append(path, digest...), len(path), true},
		"delete and less than a digest":       {jute.OpDelete, append(path, digest[1:]...), len(path), false},
		"delete without a body":               {jute.OpDelete, nil, -1, false},
		"check alone":                         {jute.OpCheck, append(path, 0, 0, 0, 0), -1, false},
		"a read":                              {jute.OpGetData, append(path, 0), -1, false},
		"unknown":                             {77, nil, -1, false},
		"multi":                               {jute.OpMulti, sub(jute.OpDelete, path), 4 + 8 + len(path), false},
		"multi, bytes left over in it":        {jute.OpMulti, sub(jute.OpDelete, append(path, 9)), 4 + 8 + len(path) + 1, false},
		"multi, short in it":                  {jute.OpMulti, sub(jute.OpDelete, path[1:]), -1, false},
		"multi, null in it":                   {jute.OpMulti, sub(jute.OpDelete, nil), -1, false},
		"multi in multi":                      {jute.OpMulti, sub(jute.OpMulti, count(0)), -1, false},
		"unknown in multi":                    {jute.OpMulti, sub(77, nil), -1, false},
		"setACL in multi":                     {jute.OpMulti, sub(jute.OpSetACL, make([]byte, 12)), -1, false},
	} {
		e, err := jute.ParseEntry(entry(c.op, c.in))
		if (err != nil) != (c.body < 0) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err == nil && (len(e.Body) != c.body || e.HasDigest != c.hasDigest) {
			t.Errorf("%s: body of %d bytes, digest %v", name, len(e.Body), e.HasDigest)
		}
		if c.hasDigest && e.Digest.TreeDigest != 5 {
			t.Errorf("%s: digest %+v", name, e.Digest)
		}
	}
}

func TestPrinters(t *testing.T) {
	multi := &jute.MultiTxn{Txns: []jute.Txn{
		{Type: jute.OpDelete, Data: jute.Append(nil, &jute.PathOnly{Path: []byte("/a")})},
		{Type: jute.OpError, Data: jute.Append(nil, &jute.ErrorResponse{Err: jute.NoNode})},
		{Type: jute.OpCreate, Data: []byte{1}},
	}}
	for _, c := range []struct {
		r          jute.Record
		line, json string
	}{
		{
			&jute.CreateRequest{
				Path: []byte("/é"), Data: []byte{1},
				ACL: []jute.ACL{{Perms: 31, ID: jute.ID{Scheme: "world", ID: "anyone"}}},
			},
			`path="/é" data=0x01 acl=[{perms=31 id={scheme="world" id="anyone"}}] flags=0`,
			`{"path":"/é","data":"AQ==","acl":[{"perms":31,"id":{"scheme":"world","id":"anyone"}}],` +
				`"flags":0}`,
		},
		{
			&jute.CreateRequest{Data: []byte("text")},
			`path=null data="text" acl=null flags=0`,
			`{"path":null,"data":"dGV4dA==","acl":null,"flags":0}`,
		},
		{
			&jute.Names{Names: [][]byte{[]byte("a"), []byte("b\n")}},
			`names=["a" "b\n"]`, `{"names":["a","b\n"]}`,
		},
		{
			&jute.TxnHeader{ClientID: -1, Zxid: 0x10, Time: 5, Type: jute.OpSetData},
			`clientId=0xffffffffffffffff cxid=0 zxid=0x10 time=5 type=setData`,
			`{"clientId":"0xffffffffffffffff","cxid":0,"zxid":"0x10","time":5,"type":"setData"}`,
		},
		{
			multi,
			`txns=[{type=delete txn={path="/a"}} {type=error txn={err=NONODE}} ` +
				`{type=create data=0x01}]`,
			`{"txns":[{"type":"delete","txn":{"path":"/a"}},{"type":"error","txn":{"err":-101}},` +
				`{"type":"create","data":"AQ=="}]}`,
		},
		{
			&jute.MultiRequest{Ops: []jute.MultiOp{{
				MultiHeader: jute.MultiHeader{Type: jute.OpCheck, Err: -1},
				Path:        &jute.PathVersion{Path: []byte("/a"), Version: 3},
			}}},
			`ops=[{type=check done=false err=SYSTEMERROR path="/a" version=3}]`,
			`{"ops":[{"type":"check","done":false,"err":-1,"path":"/a","version":3}]}`,
		},
	} {
		if got := jute.Format(c.r); got != c.line {
			t.Errorf("%s\nwant %s", got, c.line)
		}
		if got := string(jute.AppendJSON(nil, c.r)); got != c.json {
			t.Errorf("%s\nwant %s", got, c.json)
		}
	}
}
