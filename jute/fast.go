package jute

import "encoding/binary"

// The encoders here repeat by hand what Fields says for the records of nearly every reply. FuzzFast
// compares the two.

// AppendReplyHeader appends a ReplyHeader.
func AppendReplyHeader(dst []byte, xid int32, zxid Zxid, err ErrorCode) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(xid))
	dst = binary.BigEndian.AppendUint64(dst, uint64(zxid))
	return binary.BigEndian.AppendUint32(dst, uint32(err))
}

// AppendStat appends a Stat.
func AppendStat(dst []byte, s *Stat) []byte {
	be := binary.BigEndian
	dst = be.AppendUint64(dst, uint64(s.Czxid))
	dst = be.AppendUint64(dst, uint64(s.Mzxid))
	dst = be.AppendUint64(dst, uint64(s.Ctime))
	dst = be.AppendUint64(dst, uint64(s.Mtime))
	dst = be.AppendUint32(dst, uint32(s.Version))
	dst = be.AppendUint32(dst, uint32(s.Cversion))
	dst = be.AppendUint32(dst, uint32(s.Aversion))
	dst = be.AppendUint64(dst, uint64(s.EphemeralOwner))
	dst = be.AppendUint32(dst, uint32(s.DataLength))
	dst = be.AppendUint32(dst, uint32(s.NumChildren))
	return be.AppendUint64(dst, uint64(s.Pzxid))
}

// AppendWatcherEvent appends a whole notification, frame length included.
func AppendWatcherEvent(dst []byte, zxid Zxid, event EventType, path []byte) []byte {
	be := binary.BigEndian
	dst = be.AppendUint32(dst, uint32(ReplyHeaderBytes+12+len(path)))
	dst = AppendReplyHeader(dst, XidNotification, zxid, OK)
	dst = be.AppendUint32(dst, uint32(event))
	dst = be.AppendUint32(dst, uint32(StateSyncConnected))
	return AppendBuffer(dst, path)
}

// FrameStart leaves room for a frame's length; FrameEnd fills it in.
//
//	at := len(dst)
//	dst = FrameStart(dst)
//	dst = Append...(dst, ...)
//	FrameEnd(dst, at)
func FrameStart(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

// FrameEnd completes the frame that began at offset at.
func FrameEnd(dst []byte, at int) {
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
}
