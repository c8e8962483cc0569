package quota

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// ErrStats is returned for the text of a limit or stat node that ZooKeeper cannot read either.
var ErrStats = errors.New("not a quota text")

// Names of the numbers in a limit or stat node.
const (
	count     = "count"
	bytes     = "bytes"
	countHard = "countHardLimit"
	bytesHard = "byteHardLimit"
)

// Stats is what a limit or stat node says (StatsTrack), such as
//
//	count=4,bytes=5=;byteHardLimit=10;countHardLimit=10
//
// -1 is a limit that is not set.
type Stats struct {
	values map[string]int64
}

// ParseStats reads the text of a limit or stat node. Pairs are cut at any run of , and ; and what
// follows a second = in a pair is ignored, as older servers need it.
func ParseStats(text []byte) (Stats, error) {
	s := Stats{values: map[string]int64{}}
	if len(text) == 0 {
		return s, nil
	}
	for _, pair := range pairs(string(text)) {
		key, value, ok := cut(pair)
		if !ok {
			return s, ErrStats
		}
		n := int64(-1)
		if value != "" {
			var err error
			if n, err = strconv.ParseInt(value, 10, 64); err != nil {
				return s, ErrStats
			}
		}
		s.values[key] = n
	}
	return s, nil
}

// pairs cuts at runs of separators as Java's split does: an empty pair in front counts, empty
// pairs at the end do not.
func pairs(text string) []string {
	out := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' })
	if len(out) > 0 && (text[0] == ',' || text[0] == ';') {
		return append([]string{""}, out...)
	}
	return out
}

// cut takes key and value from key=value=ignored. Java's split drops empty parts at the end, so
// that "key=" has no value and is an error, while "key==5" has an empty one.
func cut(pair string) (key, value string, ok bool) {
	parts := strings.Split(strings.TrimRight(pair, "="), "=")
	if len(parts) < 2 {
		return "", "", false
	}
	return parts[0], parts[1], true
}

func (s Stats) get(key string) int64 {
	if v, ok := s.values[key]; ok {
		return v
	}
	return -1
}

// Count is the number of nodes, or the soft limit on it.
func (s Stats) Count() int64 { return s.get(count) }

// Bytes is the number of bytes of data, or the soft limit on it.
func (s Stats) Bytes() int64 { return s.get(bytes) }

// CountHard is the hard limit on the number of nodes.
func (s Stats) CountHard() int64 { return s.get(countHard) }

// BytesHard is the hard limit on the number of bytes.
func (s Stats) BytesHard() int64 { return s.get(bytesHard) }

// Set sets count and bytes.
func (s *Stats) Set(nodes, size int64) {
	if s.values == nil {
		s.values = map[string]int64{}
	}
	s.values[count] = nodes
	s.values[bytes] = size
}

// Append writes the text: count, bytes, then the other numbers by name. Servers older than 3.7
// could not read those without the extra =.
func (s Stats) Append(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, "count="...), s.Count(), 10)
	dst = strconv.AppendInt(append(dst, ",bytes="...), s.Bytes(), 10)
	var rest []string
	// order-free: the names are sorted below
	for k := range s.values {
		if k != count && k != bytes {
			rest = append(rest, k)
		}
	}
	if len(rest) == 0 {
		return dst
	}
	slices.Sort(rest)
	dst = append(dst, '=')
	for _, k := range rest {
		dst = append(append(append(dst, ';'), k...), '=')
		dst = strconv.AppendInt(dst, s.values[k], 10)
	}
	return dst
}

// Readable says that Apache's StatsTrack reads a text too, and as the same numbers. It throws an
// exception for null, and decodes bytes that are not ASCII by rules of Java's own.
func Readable(text []byte) bool {
	if text == nil {
		return false
	}
	for _, b := range text {
		if b > 0x7f {
			return false
		}
	}
	_, err := ParseStats(text)
	return err == nil
}
