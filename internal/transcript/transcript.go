package transcript

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Play plays every file that a pattern names (path/filepath.Match), each as a subtest, and compares
// it with what comes out. With rewrite it writes the file anew, and compares all the same.
//
// begin is called for each file. It returns what carries out a command, given as its words; what
// the command leads to is written to out.
func Play(
	t *testing.T, pattern string, rewrite bool,
	begin func(t *testing.T, out *bytes.Buffer) (command func(words []string)),
) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcript at %s: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			play(string(want), &got, begin(t, &got))
			if rewrite {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Error(err)
				}
			}
			if told := difference(string(want), got.String()); told != "" {
				t.Errorf("%s:%s", file, told)
			}
		})
	}
}

// play carries out the commands of a script. Comments and empty lines are kept.
func play(script string, out *bytes.Buffer, command func(words []string)) {
	for line := range strings.Lines(script) {
		if line[0] == '#' || strings.TrimSpace(line) == "" {
			out.WriteString(line)
			continue
		}
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "> "); ok {
			fmt.Fprintln(out, "> "+text)
			command(strings.Fields(text))
		}
	}
}

// difference tells the first line that differs, and what stands from there on; "" if none does.
func difference(want, got string) string {
	wants, gots := strings.SplitAfter(want, "\n"), strings.SplitAfter(got, "\n")
	for i := range max(len(wants), len(gots)) {
		if i < len(wants) && i < len(gots) && wants[i] == gots[i] {
			continue
		}
		wants, gots = wants[min(i, len(wants)):], gots[min(i, len(gots)):]
		return fmt.Sprintf("%d: want\n%s\ngot\n%s", i+1,
			strings.Join(wants, ""), strings.Join(gots, ""))
	}
	return ""
}
