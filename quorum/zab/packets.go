package zab

import (
	"encoding/binary"
	"fmt"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// appendPacket appends a packet whose data is there. Null data is nil.
func appendPacket(dst *[]byte, t ensemble.PacketType, zxid jute.Zxid, data []byte) {
	b := appendHead(*dst, t, zxid)
	if data == nil {
		b = binary.BigEndian.AppendUint32(b, ^uint32(0))
	} else {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		b = append(b, data...)
	}
	*dst = appendNoIDs(b)
}

// appendRecord appends a packet whose data is a record.
func appendRecord(dst *[]byte, t ensemble.PacketType, zxid jute.Zxid, r jute.Record) {
	b := appendHead(*dst, t, zxid)
	at := len(b)
	b = jute.Append(append(b, 0, 0, 0, 0), r)
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	*dst = appendNoIDs(b)
}

func appendHead(b []byte, t ensemble.PacketType, zxid jute.Zxid) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(t))
	return binary.BigEndian.AppendUint64(b, uint64(zxid))
}

// appendNoIDs appends a null authinfo.
func appendNoIDs(b []byte) []byte { return binary.BigEndian.AppendUint32(b, ^uint32(0)) }

// readPacket reads a packet, which must fill data. Its slices alias data.
func readPacket(data []byte) (ensemble.QuorumPacket, error) {
	var p ensemble.QuorumPacket
	used, err := jute.Decode(data, &p)
	if err == nil && used != len(data) {
		err = fmt.Errorf("%d bytes behind a packet of %d", len(data)-used, used)
	}
	if err != nil {
		return p, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return p, nil
}

// readData reads the data of a packet. Bytes behind the record are ignored, as Apache does.
func readData(p *ensemble.QuorumPacket, r jute.Record) error {
	if _, err := jute.Decode(p.Data, r); err != nil {
		return fmt.Errorf("%w: data of %v: %w", ErrProtocol, p.Type, err)
	}
	return nil
}

// readEntry reads the transaction of a packet, which must have the packet's zxid. Its slices alias
// the packet.
func readEntry(p *ensemble.QuorumPacket, data []byte) (jute.Entry, error) {
	e, err := jute.ParseEntry(data)
	if err != nil {
		return e, fmt.Errorf("%w: transaction of %v %v: %w", ErrProtocol, p.Type, p.Zxid, err)
	}
	if e.Header.Zxid != p.Zxid {
		return e, fmt.Errorf("%w: %v %v has the transaction %v", ErrProtocol, p.Type, p.Zxid,
			e.Header.Zxid)
	}
	return e, nil
}
