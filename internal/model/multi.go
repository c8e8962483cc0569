package model

import "quoll/jute"

// multi carries out all operations, or none.
func (s *step) multi(body []byte) Outcome {
	var in jute.MultiRequest
	if _, err := jute.Decode(body, &in); err != nil {
		return Outcome{Code: jute.MarshallingError}
	}
	if mixed(in.Ops) {
		return Outcome{Code: jute.MarshallingError}
	}
	ops := make([]operation, len(in.Ops))
	for i := range in.Ops {
		if !part(&in.Ops[i], &ops[i]) {
			return Outcome{Code: jute.MarshallingError}
		}
	}
	if most := s.t.Options.MaxMultiOps; most > 0 && len(ops) > most {
		return Outcome{Code: jute.BadArguments}
	}
	before := s.t.save()
	for i := range ops {
		code := s.one(&ops[i])
		if code == jute.OK {
			continue
		}
		s.t.restore(before)
		if code == jute.MarshallingError {
			return Outcome{Code: code}
		}
		return Outcome{Failed: true, Body: FailedMulti(len(ops), i, code)}
	}
	var out []byte
	for i := range ops {
		h := jute.MultiHeader{Type: ops[i].op}
		switch h.Type {
		case jute.OpCreateContainer, jute.OpCreateTTL:
			h.Type = jute.OpCreate2
		}
		out = ops[i].result(jute.Append(out, &h))
	}
	end := jute.MultiEnd()
	return Outcome{Body: jute.Append(out, &end)}
}

// mixed says whether operations may not be in one multi: reads with writes, or a create whose type
// cannot make its mode.
func mixed(ops []jute.MultiOp) bool {
	for i := range ops {
		op := &ops[i]
		switch op.Type {
		case jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer:
			if op.Create.Flags < 0 || op.Create.Flags > 4 {
				return true // only createTTL makes nodes with a time to live
			}
		}
		if (op.Read != nil) != (ops[0].Read != nil) {
			return true
		}
	}
	return false
}

// part reads one operation of a multi. It is false for a read, or when there is no path. The mode
// of a create says what it makes.
func part(in *jute.MultiOp, o *operation) bool {
	o.op = in.Type
	switch in.Type {
	case jute.OpDelete, jute.OpCheck:
		o.path, o.version = in.Path.Path, in.Path.Version
		return o.path != nil
	case jute.OpSetData:
		o.set = in.Set
		return o.set.Path != nil
	case jute.OpGetData, jute.OpGetChildren:
		return false
	case jute.OpCreateTTL:
		o.create = in.Create
		if mode := in.Create.Flags; mode != 5 && mode != 6 {
			o.op, o.create.TTL = jute.OpCreate, -1
		}
	default:
		o.create = in.Create
		o.create.TTL = -1
		if in.Create.Flags == 4 {
			o.op = jute.OpCreateContainer
		}
	}
	return o.create.Path != nil
}

// FailedMulti is the body of the reply to a multi of so many operations: those before the one that
// failed are told OK.
func FailedMulti(ops, failed int, code jute.ErrorCode) []byte {
	var out []byte
	for i := range ops {
		e := jute.OK
		switch {
		case i == failed:
			e = code
		case i > failed:
			e = jute.RuntimeInconsistency
		}
		out = jute.Append(out, &jute.MultiHeader{Type: jute.OpError, Err: e})
		out = jute.Append(out, &jute.ErrorResponse{Err: e})
	}
	end := jute.MultiEnd()
	return jute.Append(out, &end)
}

// saved is the whole tree, as it was.
type saved struct {
	nodes   map[string]*Node
	digest  uint64
	watches Watches
}

func (t *Tree) save() saved {
	s := saved{nodes: map[string]*Node{}, digest: t.digest, watches: t.watches.clone()}
	for path, n := range t.nodes {
		twin := *n
		twin.kids = map[string]bool{}
		for k := range n.kids {
			twin.kids[k] = true
		}
		s.nodes[path] = &twin
	}
	return s
}

func (t *Tree) restore(s saved) {
	t.nodes, t.digest, t.watches, t.fired = s.nodes, s.digest, s.watches, nil
	for of, list := range t.quotas {
		for n := len(list); n > 0 && list[n-1].since == t.Zxid; n-- {
			t.quotas[of] = list[:n-1]
		}
	}
}
