package recordtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"runtime"
	"testing"

	"quoll/jute"
)

// Bounded runs f and fails when it allocates more than the bound that every decoder keeps.
func Bounded(t *testing.T, in []byte, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, 8*len(in)+64<<10; got > uint64(most) {
		t.Errorf("%d bytes allocated for %d of input, at most %d", got, len(in), most)
	}
}

// Decode checks what holds for each record and any input: no panic, the allocation bound, errors
// that say where, and that what was decoded encodes to something that decodes to the same.
func (f *Family) Decode(t *testing.T, in []byte, r jute.Record) (used int, ok bool) {
	t.Helper()
	var err error
	Bounded(t, in, func() { used, err = jute.Decode(in, r) })
	if err != nil {
		var where *jute.DecodeError
		if !errors.As(err, &where) || where.Record == "" || where.Offset > len(in) {
			t.Errorf("error %v", err)
		}
		return 0, false
	}
	if used > len(in) {
		t.Fatalf("%d bytes used of %d", used, len(in))
	}
	wire := jute.Append(nil, r)
	again := f.New(r)
	if _, err := jute.Decode(wire, again); err != nil {
		t.Fatalf("%T %+v encodes to %x: %v", r, r, wire, err)
	}
	// Surrogates do not read back, as in Java.
	if !bytes.ContainsRune(wire, 0xed) && !reflect.DeepEqual(r, again) {
		t.Errorf("%+v became %+v", r, again)
	}
	if bytes.Equal(in[:used], wire) {
		return used, true
	}
	canonical(t, in[:used], wire)
	return used, true
}

// canonical fails unless the decoder had a reason to read something else than it would write: a
// bool that is neither 0 nor 1, a negative count, text that Java does not keep, the end of a
// multi, a create of before 3.3.
func canonical(t *testing.T, in, wire []byte) {
	t.Helper()
	if len(in) == len(wire) {
		for i := range in {
			if in[i] != wire[i] && (wire[i] != 1 || in[i] == 0) && !negative(in, i) &&
				wire[i] < 0x80 {
				t.Errorf("byte %d: %x became %x", i, in, wire)
			}
		}
	}
}

// negative says whether byte i is part of some 4 bytes that are negative as an int.
func negative(in []byte, i int) bool {
	for at := max(0, i-3); at <= i && at+4 <= len(in); at++ {
		if int32(binary.BigEndian.Uint32(in[at:])) < -1 {
			return true
		}
	}
	return false
}

// Show lets both printers see a record, which must not end in a panic.
func Show(r jute.Record) {
	_ = jute.Format(r)
	_ = jute.AppendJSON(nil, r)
}
