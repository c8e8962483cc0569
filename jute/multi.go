package jute

// A multi request is a sequence of operations, each behind a MultiHeader, up to a header that is
// done:
//
//	| type i | done b | err i | record of the type |   ...   | -1 | true | -1 |
//
// The reply has the same frame; an operation that failed, or did not happen because another one
// failed, has type -1, its code in the header's err, and an ErrorResponse.

// MultiHeader begins each operation of a multi, request and reply.
type MultiHeader struct {
	Type OpCode
	Done bool // the end: nothing follows
	Err  ErrorCode
}

// MultiHeaderBytes is the size of an encoded MultiHeader.
const MultiHeaderBytes = 9

// Fields names the fields in wire order.
func (r *MultiHeader) Fields(c *Coder) {
	c.Op("type", &r.Type)
	c.Bool("done", &r.Done)
	c.ErrorCode("err", &r.Err)
}

// MultiEnd is the header that ends a multi.
func MultiEnd() MultiHeader { return MultiHeader{Type: OpError, Done: true, Err: -1} }

// MultiOp is one operation of a multi. Type says which of the other fields is meant; the request
// and the reply use the same struct.
type MultiOp struct {
	MultiHeader
	Create CreateTTLRequest // create, create2, createContainer; TTL for createTTL only
	Path   PathVersion      // delete, check
	Set    SetDataRequest   // setData
	Read   PathWatch        // getData, getChildren
}

// MultiRequest is the body of multi (a transaction) and of multiRead (reads).
type MultiRequest struct {
	Ops []MultiOp
}

// Fields names the fields in wire order. A type that no multi may hold is an ErrMulti.
func (r *MultiRequest) Fields(c *Coder) {
	if c.mode == decoding {
		r.decode(c)
		return
	}
	c.enter("ops", len(r.Ops))
	for i := range r.Ops {
		c.enter("", -1)
		r.Ops[i].MultiHeader.Fields(c)
		r.Ops[i].body(c)
		c.leave()
	}
	end := MultiEnd()
	end.Fields(c)
	c.leave()
}

func (r *MultiRequest) decode(c *Coder) {
	r.Ops = r.Ops[:0]
	for {
		var op MultiOp
		op.MultiHeader.Fields(c)
		if c.failed || op.Done {
			return
		}
		op.body(c)
		if c.failed {
			return
		}
		r.Ops = append(r.Ops, op)
	}
}

func (op *MultiOp) body(c *Coder) {
	switch op.Type {
	case OpCreate, OpCreate2, OpCreateContainer:
		op.Create.CreateRequest.Fields(c)
	case OpCreateTTL:
		op.Create.Fields(c)
	case OpDelete, OpCheck:
		op.Path.Fields(c)
	case OpSetData:
		op.Set.Fields(c)
	case OpGetData, OpGetChildren:
		op.Read.Fields(c)
	default:
		c.fail("type", ErrMulti)
	}
}

// MultiResult is one entry of the reply to a multi; Type says which field is meant.
type MultiResult struct {
	MultiHeader
	PathStat PathStat      // create uses the path, create2 both
	DataStat DataStat      // setData uses the stat, getData both
	Names    Names         // getChildren
	Error    ErrorResponse // type -1
}

// MultiResponse is the reply to multi and multiRead.
type MultiResponse struct {
	Results []MultiResult
}

// Fields names the fields in wire order.
func (r *MultiResponse) Fields(c *Coder) {
	if c.mode == decoding {
		r.decode(c)
		return
	}
	c.enter("results", len(r.Results))
	for i := range r.Results {
		c.enter("", -1)
		r.Results[i].MultiHeader.Fields(c)
		r.Results[i].body(c)
		c.leave()
	}
	end := MultiEnd()
	end.Fields(c)
	c.leave()
}

func (r *MultiResponse) decode(c *Coder) {
	r.Results = r.Results[:0]
	for {
		var res MultiResult
		res.MultiHeader.Fields(c)
		if c.failed || res.Done {
			return
		}
		res.body(c)
		if c.failed {
			return
		}
		r.Results = append(r.Results, res)
	}
}

func (res *MultiResult) body(c *Coder) {
	switch res.Type {
	case OpCreate:
		c.Text("path", &res.PathStat.Path)
	case OpCreate2:
		res.PathStat.Fields(c)
	case OpDelete, OpCheck:
	case OpSetData:
		res.DataStat.Stat.Fields(c)
	case OpGetData:
		res.DataStat.Fields(c)
	case OpGetChildren:
		res.Names.Fields(c)
	case OpError:
		res.Error.Fields(c)
	default:
		c.fail("type", ErrMulti)
	}
}

func (c *Coder) enter(name string, n int) {
	if c.mode == visiting {
		c.visitor.Enter(name, n)
	}
}

func (c *Coder) leave() {
	if c.mode == visiting {
		c.visitor.Leave()
	}
}
