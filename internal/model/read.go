package model

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"quoll/jute"
)

// Answer is the reply to a read.
type Answer struct {
	Code jute.ErrorCode
	Body []byte // only with OK, or of a multiRead that broke off
	// Missed are the notifications that stand before the reply to a setWatches.
	Missed []Event
}

// Read answers a request that changes nothing, and sets its watches for the connection.
func (t *Tree) Read(r *Request, conn Conn) Answer {
	a := Answer{}
	switch r.Op {
	case jute.OpPing:
	case jute.OpExists, jute.OpGetData, jute.OpGetChildren, jute.OpGetChildren2:
		var in jute.PathWatch
		if _, err := jute.Decode(r.Body, &in); err != nil {
			a.Code = jute.MarshallingError
			break
		}
		a.Body, a.Code = t.node(r.Op, &in, r.Who, conn)
	case jute.OpMultiRead:
		a.Body, a.Code = t.multiRead(r)
	case jute.OpWhoAmI:
		a.Body = whoAmI(r.Who)
	case jute.OpCheckWatches, jute.OpRemoveWatches:
		a.Code = t.watcher(r, conn)
	case jute.OpAddWatch:
		var in jute.AddWatchRequest
		_, err := jute.Decode(r.Body, &in)
		if err != nil || in.Mode < 0 || in.Mode > 1 {
			a.Code = jute.MarshallingError
			break
		}
		t.watches.Add(watchKey(in.Path), conn, in.Mode)
		a.Body = jute.Append(nil, &jute.ErrorResponse{})
	case jute.OpSetWatches, jute.OpSetWatches2:
		a.Missed, a.Code = t.setWatches(r, conn)
	default:
		a.Body, a.Code = t.byPath(r)
	}
	if a.Code != jute.OK && r.Op != jute.OpMultiRead {
		a.Body = nil
	}
	return a
}

// node answers the reads of one node.
func (t *Tree) node(
	op jute.OpCode, in *jute.PathWatch, who *Who, conn Conn,
) ([]byte, jute.ErrorCode) {
	if in.Path == nil {
		return nil, jute.MarshallingError
	}
	if op == jute.OpExists && hasNUL(in.Path) {
		return nil, jute.BadArguments
	}
	n := t.Find(in.Path)
	if n == nil {
		if op == jute.OpExists && in.Watch {
			t.watches.Set(false, string(in.Path), conn)
		}
		return nil, jute.NoNode
	}
	if !allowed(n.ACL, jute.PermRead, who) {
		return nil, jute.NoAuth
	}
	if in.Watch {
		child := op != jute.OpExists && op != jute.OpGetData
		t.watches.Set(child, string(in.Path), conn)
	}
	switch op {
	case jute.OpExists:
		return jute.Append(nil, t.stat(n)), jute.OK
	case jute.OpGetData:
		return jute.Append(nil, &jute.DataStat{Data: n.Data, Stat: *t.stat(n)}), jute.OK
	case jute.OpGetChildren:
		return jute.Append(nil, &jute.Names{Names: names(n.children())}), jute.OK
	}
	return jute.Append(nil, &jute.NamesStat{
		Names: names(n.children()), Stat: *t.stat(n),
	}), jute.OK
}

func names(list []string) [][]byte {
	out := make([][]byte, len(list))
	for i, s := range list {
		out[i] = []byte(s)
	}
	return out
}

// byPath answers the reads whose body is a path alone.
func (t *Tree) byPath(r *Request) ([]byte, jute.ErrorCode) {
	var in jute.PathOnly
	if _, err := jute.Decode(r.Body, &in); err != nil {
		return nil, jute.MarshallingError
	}
	switch r.Op {
	case jute.OpSync:
		return jute.AppendBuffer(nil, in.Path), jute.OK
	case jute.OpGetEphemerals:
		return t.ephemerals(r.Session, string(in.Path)), jute.OK
	}
	if in.Path == nil {
		return nil, jute.MarshallingError
	}
	n := t.Find(in.Path)
	if n == nil {
		return nil, jute.NoNode
	}
	if r.Op == jute.OpGetAllChildren {
		if !allowed(n.ACL, jute.PermRead, r.Who) {
			return nil, jute.NoAuth
		}
		total := int32(t.below(key(in.Path)))
		if len(in.Path) == 0 {
			total++ // every path begins with "/", the root's too
		}
		return jute.Append(nil, &jute.TotalNumber{TotalNumber: total}), jute.OK
	}
	acl := n.ACL
	if len(acl) == 0 {
		acl = []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
	}
	if !allowed(acl, jute.PermRead|jute.PermAdmin, r.Who) {
		return nil, jute.NoAuth
	}
	if !allowed(acl, jute.PermAdmin, r.Who) {
		acl = mask(acl)
	}
	return jute.Append(nil, &jute.ACLStat{ACL: acl, Stat: *t.stat(n)}), jute.OK
}

func (t *Tree) ephemerals(id jute.SessionID, prefix string) []byte {
	list := &jute.Names{Names: [][]byte{}}
	bare := strings.TrimFunc(prefix, func(r rune) bool { return r <= ' ' })
	all := bare == "" || bare == "/"
	for _, path := range t.Ephemerals(id) {
		if all || strings.HasPrefix(path, prefix) {
			list.Names = append(list.Names, []byte(path))
		}
	}
	return jute.Append(nil, list)
}

func (t *Tree) multiRead(r *Request) ([]byte, jute.ErrorCode) {
	var in jute.MultiRequest
	if _, err := jute.Decode(r.Body, &in); err != nil {
		return nil, jute.MarshallingError
	}
	if mixed(in.Ops) {
		return nil, jute.MarshallingError
	}
	if most := t.Options.MaxMultiOps; most > 0 && len(in.Ops) > most {
		return nil, jute.BadArguments
	}
	var out []byte
	broken := jute.OK
	for i := range in.Ops {
		op := &in.Ops[i]
		if op.Read == nil || op.Read.Path == nil {
			broken = jute.MarshallingError // the reads before it are answered all the same
			break
		}
		op.Read.Watch = false
		body, code := t.node(op.Type, op.Read, r.Who, 0)
		switch code {
		case jute.OK:
			out = append(jute.Append(out, &jute.MultiHeader{Type: op.Type}), body...)
		default:
			out = jute.Append(out, &jute.MultiHeader{Type: jute.OpError, Err: code})
			out = jute.Append(out, &jute.ErrorResponse{Err: code})
		}
	}
	end := jute.MultiEnd()
	return jute.Append(out, &end), broken
}

func whoAmI(who *Who) []byte {
	out := &jute.WhoAmIResponse{ClientInfo: []jute.ClientInfo{}}
	for _, id := range who.IDs {
		user := ""
		switch id.Scheme {
		case "digest":
			user, _, _ = strings.Cut(id.ID, ":")
		case "ip":
			user = id.ID
		}
		out.ClientInfo = append(out.ClientInfo, jute.ClientInfo{AuthScheme: id.Scheme, User: user})
	}
	return jute.Append(nil, out)
}

// watcher answers checkWatches and removeWatches.
func (t *Tree) watcher(r *Request, conn Conn) jute.ErrorCode {
	var in jute.PathWatcher
	if _, err := jute.Decode(r.Body, &in); err != nil || in.Type < 1 || in.Type > 5 {
		return jute.MarshallingError
	}
	path := watchKey(in.Path)
	if !t.watches.Has(path, in.Type, conn) {
		return jute.NoWatcher
	}
	if r.Op == jute.OpRemoveWatches {
		t.watches.Remove(path, in.Type, conn)
	}
	return jute.OK
}

// setWatches tells what was missed since the client's last zxid, and sets the watches that missed
// nothing.
func (t *Tree) setWatches(r *Request, conn Conn) (missed []Event, code jute.ErrorCode) {
	in := jute.SetWatches{Two: r.Op == jute.OpSetWatches2}
	if _, err := jute.Decode(r.Body, &in); err != nil {
		return nil, jute.MarshallingError
	}
	return t.watches.Bring(conn, &in, func(path []byte) *jute.StatPersisted {
		if n := t.Find(path); n != nil {
			return &n.Stat
		}
		return nil
	})
}

// Forget drops the watches of a connection that is gone.
func (t *Tree) Forget(conn Conn) { t.watches.Forget(conn) }

// Canonical puts the lists of a reply whose order is open into one order. It leaves a body alone
// that it cannot read.
func Canonical(op jute.OpCode, body []byte) []byte {
	switch op {
	case jute.OpGetChildren, jute.OpGetEphemerals:
		return canonical(body, &jute.Names{}, func(r *jute.Names) { sortNames(r.Names) })
	case jute.OpGetChildren2:
		return canonical(body, &jute.NamesStat{}, func(r *jute.NamesStat) { sortNames(r.Names) })
	case jute.OpMultiRead:
		return canonical(body, &jute.MultiResponse{}, func(r *jute.MultiResponse) {
			for i := range r.Results {
				if r.Results[i].Names != nil {
					sortNames(r.Results[i].Names.Names)
				}
			}
		})
	case jute.OpWhoAmI:
		return canonical(body, &jute.WhoAmIResponse{}, func(r *jute.WhoAmIResponse) {
			slices.SortFunc(r.ClientInfo, func(a, b jute.ClientInfo) int {
				return cmp.Or(strings.Compare(a.AuthScheme, b.AuthScheme),
					strings.Compare(a.User, b.User))
			})
		})
	case jute.OpGetACL:
		return canonical(body, &jute.ACLStat{}, func(r *jute.ACLStat) { sortACL(r.ACL) })
	}
	return body
}

func canonical[T any, P interface {
	*T
	jute.Record
}](body []byte, record P, sort func(*T)) []byte {
	if used, err := jute.Decode(body, record); err != nil || used != len(body) {
		return body
	}
	sort(record)
	return jute.Append(nil, record)
}

func sortNames(list [][]byte) { slices.SortFunc(list, bytes.Compare) }

func sortACL(list []jute.ACL) {
	slices.SortFunc(list, func(a, b jute.ACL) int {
		return cmp.Or(strings.Compare(a.ID.Scheme, b.ID.Scheme),
			strings.Compare(a.ID.ID, b.ID.ID), cmp.Compare(a.Perms, b.Perms))
	})
}
