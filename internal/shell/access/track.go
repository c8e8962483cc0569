package access

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// track is the text of a quota's node: limits, or what is used. -1 is no limit. Keys that we do not
// know stay.
type track map[string]int64

// The keys of a track.
const (
	trackCount     = "count"
	trackBytes     = "bytes"
	trackHardCount = "countHardLimit"
	trackHardBytes = "byteHardLimit"
)

func parseTrack(text string) (track, error) {
	t := track{}
	divides := func(r rune) bool { return r == ',' || r == ';' }
	for _, pair := range strings.FieldsFunc(text, divides) {
		key, value, _ := strings.Cut(pair, "=")
		value = strings.TrimSuffix(value, "=") // stands behind bytes
		if value == "" {
			value = "-1"
		}
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the quota's node has %q: %w", text, err)
		}
		t[key] = n
	}
	return t, nil
}

// get is a limit; -1 if there is none.
func (t track) get(key string) int64 {
	if n, ok := t[key]; ok {
		return n
	}
	return -1
}

// String is the text as ZooKeeper writes it. The = behind bytes makes servers before 3.5 pass over
// what follows.
func (t track) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "count=%d,bytes=%d", t.get(trackCount), t.get(trackBytes))
	var more []string
	for key := range t {
		if key != trackCount && key != trackBytes {
			more = append(more, key)
		}
	}
	if len(more) > 0 {
		b.WriteByte('=')
	}
	slices.Sort(more)
	for _, key := range more {
		fmt.Fprintf(&b, ";%s=%d", key, t[key])
	}
	return b.String()
}
