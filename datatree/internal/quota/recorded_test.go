package quota

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestApacheStats: what Apache's StatsTrack makes of texts, or that it throws. interop/record writes
// the file.
func TestApacheStats(t *testing.T) {
	file, err := os.ReadFile("testdata/stats.hex")
	if err != nil {
		t.Fatal(err)
	}
	read, refused := 0, 0
	for line := range strings.Lines(string(file)) {
		in, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		text, err := hex.DecodeString(strings.Trim(in, "-"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseStats(text)
		if Readable(text) != (want != "error") {
			t.Errorf("%q: readable %v, for Apache %s", text, Readable(text), want)
		}
		switch {
		case (err != nil) != (want == "error"):
			t.Errorf("%q: %v, for Apache %s", text, err, want)
		case err != nil:
			refused++
		default:
			read++
			if got := hex.EncodeToString(s.Append(nil)); got != want {
				t.Errorf("%q became %q", text, s.Append(nil))
			}
		}
	}
	if read < 20 || refused < 100 {
		t.Errorf("%d texts were read and %d refused: the file says too little", read, refused)
	}
}
