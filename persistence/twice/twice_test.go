package twice

import (
	"testing"

	"quoll/jute"
)

func TestRecords(t *testing.T) {
	var r Records
	note := func(file string, next, zxid jute.Zxid, text string, want bool) {
		t.Helper()
		if got := r.Note(file, next, int64(zxid)*10, zxid, []byte(text)); got != want {
			t.Fatalf("%s %v %q: %v", file, zxid, text, got)
		}
	}
	note("log.1", 3, 2, "b", false)
	note("log.1", 3, 3, "c", false)
	note("log.1", 3, 4, "d", false)
	note("log.1", 3, 3, "c", false) // a repetition in the same log does not count
	if r.File != "log.1" || r.From != 30 || r.All() {
		t.Fatalf("%+v", r)
	}
	note("log.3", 0, 3, "c", true)
	note("log.3", 0, 4, "other", false)
	if r.All() {
		t.Fatal("one of them differs")
	}
	note("log.3", 0, 4, "d", true)
	note("log.3", 0, 5, "e", false)
	if !r.All() {
		t.Fatal("the next log has both")
	}
	// Only the last two logs count.
	note("log.6", 7, 7, "g", false)
	note("log.7", 0, 7, "g", true)
	if r.File != "log.6" || r.From != 70 || !r.All() {
		t.Fatalf("%+v", r)
	}
}
