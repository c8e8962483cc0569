package counter

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// form is how a number is written.
type form uint8

const (
	wide   form = iota // eight bytes: Curator's DistributedAtomicLong
	narrow             // four bytes: Curator's SharedCount
	text               // decimal digits: kazoo's Counter
)

// decode reads a number. A node keeps the form it has.
func (n *Int64) decode(s *state) (int64, form, error) {
	kazoo := n.opts.Layout == hold.Kazoo
	switch {
	case len(s.data) == 0 && kazoo:
		return 0, text, nil
	case len(s.data) == 0:
		return 0, wide, nil
	case kazoo:
		value, err := strconv.ParseInt(string(s.data), 10, 64)
		if err != nil {
			return 0, text, fmt.Errorf("%w: %q is no number of kazoo's", hold.ErrLayout, s.data)
		}
		return value, text, nil
	case len(s.data) == 8:
		return int64(binary.BigEndian.Uint64(s.data)), wide, nil
	case len(s.data) == 4:
		return int64(int32(binary.BigEndian.Uint32(s.data))), narrow, nil
	}
	return 0, wide, fmt.Errorf("%w: %d bytes are no number of Curator's",
		hold.ErrLayout, len(s.data))
}

func (f form) encode(value int64) ([]byte, error) {
	switch {
	case f == text:
		return strconv.AppendInt(nil, value, 10), nil
	case f == wide:
		return binary.BigEndian.AppendUint64(nil, uint64(value)), nil
	case value < math.MinInt32 || value > math.MaxInt32:
		return nil, fmt.Errorf("%w: %d does not fit into the four bytes of a SharedCount",
			client.ErrBadArguments, value)
	}
	return binary.BigEndian.AppendUint32(nil, uint32(value)), nil
}
