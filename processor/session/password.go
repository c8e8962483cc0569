package session

import "quoll/jute"

// passwordSecret is what ZooKeeper mixes into a session id; every server of an ensemble must use
// the same, since any of them may be asked for the password.
const passwordSecret = 0xB3415C00

// Password is the secret of a session: 16 bytes of java.util.Random seeded with its id.
func Password(id jute.SessionID) [16]byte {
	const multiplier, mask = 0x5DEECE66D, 1<<48 - 1
	seed := (uint64(id) ^ passwordSecret ^ multiplier) & mask
	var p [16]byte
	for i := 0; i < len(p); i += 4 {
		seed = (seed*multiplier + 0xB) & mask
		next := uint32(seed >> 16)
		for j := range 4 {
			p[i+j] = byte(next >> (8 * j))
		}
	}
	return p
}

// AppendResponse appends the frame that answers a connect request. A session of 0 is a refusal.
// readOnly says whether the server is read-only; a client that does not ask is not told.
func AppendResponse(
	dst []byte, in *jute.ConnectRequest, id jute.SessionID, readOnly bool,
) []byte {
	at := len(dst)
	out := jute.ConnectResponse{
		TimeOut: in.TimeOut, SessionID: id, Passwd: make([]byte, 16),
		ReadOnly: readOnly, HasReadOnly: in.HasReadOnly,
	}
	if id != 0 {
		password := Password(id)
		copy(out.Passwd, password[:])
	}
	dst = jute.Append(jute.FrameStart(dst), &out)
	jute.FrameEnd(dst, at)
	return dst
}
