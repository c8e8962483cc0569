package multi

import "quoll/jute"

// Verdict says whether the operations of a multi, each of which decodes, are a multi that Apache
// can read.
type Verdict uint8

const (
	// Readable: they are.
	Readable Verdict = iota
	// Forbidden: they may not be in one multi. Apache counts a zxid for this error.
	Forbidden
	// TripsJava: an ACL is null. Java trips over it before it counts a zxid.
	TripsJava
)

// Judge looks at the operations in order, since the first fault decides.
func Judge(ops []jute.MultiOp) Verdict {
	for i := range ops {
		switch op := &ops[i]; op.Type {
		case jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer:
			switch {
			case !op.Create.Flags.Valid():
				return Forbidden
			case op.Create.ACL == nil:
				return TripsJava
			case op.Create.Flags.TTL():
				return Forbidden // only createTTL makes these
			}
		}
		if IsRead(ops[i].Type) != IsRead(ops[0].Type) {
			return Forbidden
		}
	}
	return Readable
}

// IsRead tells the operations of a multiRead from those of a multi.
func IsRead(op jute.OpCode) bool { return op == jute.OpGetData || op == jute.OpGetChildren }

// AppendFailed appends what a reply holds for an operation that failed, or that was not done.
func AppendFailed(dst []byte, code jute.ErrorCode) []byte {
	dst = jute.Append(dst, &jute.MultiHeader{Type: jute.OpError, Err: code})
	return jute.Append(dst, &jute.ErrorResponse{Err: code})
}
