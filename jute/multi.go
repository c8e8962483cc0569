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

// multiEnd writes the header that ends a multi. A Visitor is not shown it.
func multiEnd(c *Coder) {
	if c.mode == encoding {
		end := MultiEnd()
		end.Fields(c)
	}
}

// MultiEnd is the header that ends a multi.
func MultiEnd() MultiHeader { return MultiHeader{Type: OpError, Done: true, Err: -1} }

// MultiOp is one operation of a multi. Type says which of the other fields is set; they are
// pointers so that a multi of many small operations does not take many times its own size.
type MultiOp struct {
	MultiHeader
	Create *CreateTTLRequest // create, create2, createContainer; TTL for createTTL only
	Path   *PathVersion      // delete, check
	Set    *SetDataRequest   // setData
	Read   *PathWatch        // getData, getChildren
}

// multiOpMinBytes: a header, and the smallest body, a null path with a watch flag.
const multiOpMinBytes = MultiHeaderBytes + 5

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
		c.enter("", NestedRecord)
		r.Ops[i].MultiHeader.Fields(c)
		r.Ops[i].body(c)
		c.leave()
	}
	c.leave()
	multiEnd(c)
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
		r.Ops = append(roomFor(c, r.Ops, multiOpMinBytes), op)
	}
}

func (op *MultiOp) body(c *Coder) {
	switch op.Type {
	case OpCreate, OpCreate2, OpCreateContainer:
		made(c, &op.Create).CreateRequest.Fields(c)
	case OpCreateTTL:
		made(c, &op.Create).Fields(c)
	case OpDelete, OpCheck:
		made(c, &op.Path).Fields(c)
	case OpSetData:
		made(c, &op.Set).Fields(c)
	case OpGetData, OpGetChildren:
		made(c, &op.Read).Fields(c)
	default:
		c.Fail("type", ErrMulti)
	}
}

// made is the record behind a pointer field, a new one when the bytes are about to be read.
func made[T any](c *Coder, p **T) *T {
	if c.mode == decoding {
		*p = new(T)
	}
	return *p
}

// roomFor grows a list of unknown length. Once the list is long it gets room for all elements that
// the rest of the input can hold, because growing step by step would allocate more than that in
// all.
func roomFor[T any](c *Coder, list []T, minBytes int) []T {
	if len(list) < cap(list) || len(list) < 32 {
		return list
	}
	grown := make([]T, len(list), len(list)+(len(c.buf)-c.off)/minBytes+1)
	copy(grown, list)
	return grown
}

// MultiResult is one entry of the reply to a multi; Type says which field is set.
type MultiResult struct {
	MultiHeader
	Error    ErrorResponse // type -1
	Path     *PathOnly     // create
	PathStat *PathStat     // create2, and what else makes a node
	DataStat *DataStat     // setData uses the stat, getData both
	Names    *Names        // getChildren
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
		c.enter("", NestedRecord)
		r.Results[i].MultiHeader.Fields(c)
		r.Results[i].body(c)
		c.leave()
	}
	c.leave()
	multiEnd(c)
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
		r.Results = append(roomFor(c, r.Results, MultiHeaderBytes), res)
	}
}

func (res *MultiResult) body(c *Coder) {
	switch res.Type {
	case OpCreate:
		made(c, &res.Path).Fields(c)
	case OpCreate2:
		made(c, &res.PathStat).Fields(c)
	case OpDelete, OpCheck:
	case OpSetData:
		made(c, &res.DataStat).Stat.Fields(c)
	case OpGetData:
		made(c, &res.DataStat).Fields(c)
	case OpGetChildren:
		made(c, &res.Names).Fields(c)
	case OpError:
		res.Error.Fields(c)
	default:
		c.Fail("type", ErrMulti)
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
