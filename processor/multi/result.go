package multi

import (
	"quoll/datatree"
	"quoll/jute"
)

// AppendResult appends the body of the reply to a write that happened.
func AppendResult(dst []byte, op jute.OpCode, res *datatree.Result) []byte {
	switch op {
	case jute.OpCreate:
		return jute.AppendBuffer(dst, res.Path)
	case jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL:
		return jute.AppendStat(jute.AppendBuffer(dst, res.Path), &res.Stat)
	case jute.OpSetData, jute.OpSetACL:
		return jute.AppendStat(dst, &res.Stat)
	case jute.OpMulti:
		for i := range res.Multi {
			dst = appendOpResult(dst, &res.Multi[i])
		}
		end := jute.MultiEnd()
		return jute.Append(dst, &end)
	}
	return dst
}

// appendOpResult appends the result of one operation of a multi. All creates that tell a Stat come
// back as create2, and a container's delete as delete.
func appendOpResult(dst []byte, res *datatree.Result) []byte {
	if res.Type == jute.OpError {
		return AppendFailed(dst, res.Err)
	}
	h := jute.MultiHeader{Type: res.Type}
	switch res.Type {
	case jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL:
		h.Type = jute.OpCreate2
	case jute.OpDeleteContainer:
		h.Type = jute.OpDelete
	}
	dst = jute.Append(dst, &h)
	return AppendResult(dst, res.Type, res)
}
