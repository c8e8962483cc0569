package walmeta_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/walmeta"
)

// model returns the epochs that a member starts with, by one sentence for each rule. ok is false if
// the start is refused.
func model(
	kept walmeta.Epochs, accepted, current, tmp string, log int64, foreign bool,
) (want walmeta.Epochs, ok bool) {
	number := func(text string) (int64, bool) {
		v, err := strconv.ParseInt(text, 10, 64)
		return v, err == nil
	}
	// A file that is ahead of its second copy was not written by this server.
	if v, is := number(current); is && kept.Current >= 0 && v > kept.Current {
		return want, false
	}
	one := func(kept int64, text string) (int64, bool) {
		v, is := number(text)
		switch {
		case kept >= 0: // The second copy wins.
			return kept, true
		case text == "": // A missing file has the epoch of the log.
			return log, true
		}
		return v, is // An epoch that cannot be read is not known.
	}
	var a, c bool
	want.Accepted, a = one(kept.Accepted, accepted)
	want.Current, c = one(kept.Current, current)
	// Apache crashed before it renamed the file.
	if v, is := number(tmp); is && foreign && c && log > want.Current && v > want.Current {
		want.Current = v
	}
	return want, a && c && want.Accepted >= want.Current
}

// TestResolve: every state of the files, the second copies and the log.
func TestResolve(t *testing.T) {
	const dir = "/data"
	texts := []string{"", "x", "0", "1", "2", "3"}
	accepted, refused := 0, 0
	for i := range 6 * 6 * 6 * 4 * 5 * 5 * 2 {
		pick := func(n int) int { k := i % n; i /= n; return k }
		a, c, tmp := texts[pick(6)], texts[pick(6)], texts[pick(6)]
		log := int64(pick(4))
		kept := walmeta.Epochs{Accepted: int64(pick(5)) - 1, Current: int64(pick(5)) - 1}
		foreign := pick(2) == 1
		if foreign && kept != (walmeta.Epochs{Accepted: -1, Current: -1}) {
			continue // another server's directory has no second copies
		}
		fsys := simfs.New()
		for name, text := range map[string]string{
			"acceptedEpoch": a, "currentEpoch": c, "currentEpoch.tmp": tmp,
		} {
			if text != "" {
				fsys.Write(dir+"/"+name, []byte(text))
			}
		}
		at := fmt.Sprintf("files %q %q %q, copies %v, log %d, foreign %v", a, c, tmp, kept, log, foreign)
		last := jute.Zxid(log<<32 | 7)
		want, ok := model(kept, a, c, tmp, log, foreign)
		if foreign {
			files, err := walmeta.ReadEpochs(fsys, dir)
			if err == nil {
				kept, err = walmeta.TakeOver(fsys, dir, files, last)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		got, _, err := walmeta.Resolve(fsys, dir, kept, last)
		var damage *disk.DamageError
		switch {
		case ok && err == nil && got == want:
			accepted++
		case !ok && errors.As(err, &damage) && !strings.Contains(err.Error(), "-2"):
			refused++
		default:
			t.Fatalf("%s: %v, %v; want %v, %v", at, got, err, want, ok)
		}
	}
	if accepted == 0 || refused == 0 {
		t.Fatal(accepted, refused)
	}
}
