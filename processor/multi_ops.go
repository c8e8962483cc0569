package processor

import "quoll/jute"

// opsVerdict says whether the operations of a multi, each of which decodes, make one that Apache
// can read.
type opsVerdict uint8

const (
	opsReadable  opsVerdict = iota
	opsForbidden            // they may not stand in one multi: an error that counts a zxid
	opsTripJava             // a null ACL, over which Java trips before it counts one
)

// judgeOps looks at the operations in order, since the first fault decides.
func judgeOps(ops []jute.MultiOp) opsVerdict {
	for i := range ops {
		switch op := &ops[i]; op.Type {
		case jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer:
			switch {
			case !op.Create.Flags.Valid():
				return opsForbidden
			case op.Create.ACL == nil:
				return opsTripJava
			case op.Create.Flags.TTL():
				return opsForbidden // createTTL alone makes these
			}
		}
		if isRead(ops[i].Type) != isRead(ops[0].Type) {
			return opsForbidden
		}
	}
	return opsReadable
}

func isRead(op jute.OpCode) bool { return op == jute.OpGetData || op == jute.OpGetChildren }
