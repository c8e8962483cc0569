package queue

import (
	"encoding/binary"
	"fmt"

	"quoll/client/recipes/internal/hold"
)

// What Curator's ItemSerializer writes: the version, each item with a mark and its length, the end.
const (
	itemsVersion = 0x00010001
	itemMark     = 1
	endMark      = 2
)

// encode makes the data of a node with one item.
func (o *options) encode(value []byte) []byte {
	if o.hold.Layout == hold.Kazoo {
		return value
	}
	data := binary.BigEndian.AppendUint32(nil, itemsVersion)
	data = append(data, itemMark)
	data = binary.BigEndian.AppendUint32(data, uint32(len(value)))
	return append(append(data, value...), endMark)
}

// decode reads the items of a node: one, but for those that Curator's putMulti has written.
func (o *options) decode(data []byte) (values [][]byte, err error) {
	if o.hold.Layout == hold.Kazoo {
		return [][]byte{data}, nil
	}
	bad := fmt.Errorf("%w: %d bytes that are no item of Curator's", hold.ErrLayout, len(data))
	if len(data) < 4 || binary.BigEndian.Uint32(data) != itemsVersion {
		return nil, bad
	}
	for data = data[4:]; len(data) > 0; {
		if data[0] == endMark {
			return values, nil
		}
		if data[0] != itemMark || len(data) < 5 {
			return nil, bad
		}
		size := binary.BigEndian.Uint32(data[1:])
		if data = data[5:]; uint64(size) > uint64(len(data)) {
			return nil, bad
		}
		values, data = append(values, data[:size]), data[size:]
	}
	return nil, bad
}
