package snapshotting

import (
	"io"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/persistence"
	"quoll/persistence/snap"
)

// file is a snapshot in the own directory.
type file struct {
	*persistence.SnapWriter
	options Options
	keep    bool // the temporary name, until an Install
	info    persistence.SnapInfo
}

// ready also says yes to a zxid that is no transaction: the beginning of an epoch.
func (f *file) ready(last jute.Zxid) bool {
	begins := int64(last.Counter()) == f.options.InitialZxid
	return f.keep || f.options.Logged == nil || begins || f.options.Logged() >= last
}

func (f *file) finish(end snap.Trailer) (err error) {
	end.HasDigest, end.HasLastZxid = f.options.Digest, f.options.LastZxid
	if f.keep {
		return f.Complete(end)
	}
	f.info, err = f.Finish(end)
	return err
}

func (f *file) abort() { f.Abort() }

// stream is what a learner reads: a SNAP packet, the body of a snapshot, the signature. There is
// neither a checksum nor a digest in it.
type stream struct {
	*snap.BodyWriter
	to io.Writer
}

// newStream writes the packet.
func newStream(to io.Writer, zxid jute.Zxid) (*stream, error) {
	packet := ensemble.QuorumPacket{Type: ensemble.PacketSnap, Zxid: zxid}
	if _, err := to.Write(jute.Append(nil, &packet)); err != nil {
		return nil, err
	}
	return &stream{BodyWriter: snap.NewBodyWriter(to), to: to}, nil
}

func (s *stream) ready(jute.Zxid) bool { return true }

func (s *stream) finish(snap.Trailer) error {
	if err := s.End(); err != nil {
		return err
	}
	_, err := s.to.Write(jute.AppendString(nil, ensemble.SnapSignature))
	return err
}

// abort does nothing: whoever owns the connection ends it.
func (s *stream) abort() {}
