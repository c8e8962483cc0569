package inspect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quoll/persistence"
	"quoll/persistence/inspect"
)

const apache = "../testdata/apache/"

// update rewrites the expected outputs.
var update = flag.Bool("update", false, "rewrite testdata")

// both runs f as text, compared with a file, and as JSON, every line of which must parse.
func both(t *testing.T, name string, f func(p *inspect.Printer) error) (text string, err error) {
	t.Helper()
	var out bytes.Buffer
	p := inspect.NewPrinter(&out, inspect.Text)
	err = f(p)
	if flush := p.Flush(); flush != nil {
		t.Fatal(flush)
	}
	golden := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, readErr := os.ReadFile(golden)
	if readErr != nil || out.String() != string(want) {
		t.Errorf("%s: %v, got\n%s", name, readErr, out.String())
	}
	var lines bytes.Buffer
	p = inspect.NewPrinter(&lines, inspect.JSON)
	if again := f(p); (again == nil) != (err == nil) {
		t.Errorf("%s: %v as text, %v as JSON", name, err, again)
	}
	_ = p.Flush()
	objects := strings.Split(strings.TrimSpace(lines.String()), "\n")
	for _, line := range objects {
		if !json.Valid([]byte(line)) {
			t.Errorf("%s: not JSON: %s", name, line)
		}
	}
	if n := strings.Count(out.String(), "\n"); n != len(objects) {
		t.Errorf("%s: %d lines of text, %d objects", name, n, len(objects))
	}
	return out.String(), err
}

func TestLog(t *testing.T) {
	_, err := both(t, "log", func(p *inspect.Printer) error {
		return inspect.Log(persistence.OS{}, apache+"plain/version-2/log.1", inspect.LogRange{}, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := both(t, "log-range", func(p *inspect.Printer) error {
		pick := inspect.LogRange{From: 5, To: 7}
		return inspect.Log(persistence.OS{}, apache+"plain/version-2/log.1", pick, p)
	})
	if err != nil || strings.Count(text, "\n") != 3 {
		t.Fatal(err, text)
	}
}

// damaged copies a file with one bit turned.
func damaged(t *testing.T, file string, bit int) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[bit/8] ^= 1 << (bit % 8)
	name := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestDamagedLog(t *testing.T) {
	file := damaged(t, apache+"plain/version-2/log.1", 8*1000)
	var out bytes.Buffer
	p := inspect.NewPrinter(&out, inspect.Text)
	err := inspect.Log(persistence.OS{}, file, inspect.LogRange{}, p)
	_ = p.Flush()
	whole, _ := os.ReadFile("testdata/log.txt")
	text := out.String()
	if !errors.Is(err, inspect.ErrInvalid) || strings.Count(text, "error=") != 1 ||
		strings.Count(text, "\n") != strings.Count(string(whole), "\n") {
		t.Fatalf("%v\n%s", err, text)
	}
	v, err := inspect.VerifyLog(persistence.OS{}, file)
	if !errors.Is(err, inspect.ErrInvalid) || !strings.Contains(v.Problem, "a whole record follows") {
		t.Fatalf("%v %+v", err, v)
	}
}

func TestVerifyDir(t *testing.T) {
	if _, err := both(t, "verify-dir", func(p *inspect.Printer) error {
		return inspect.VerifyDir(persistence.OS{}, apache+"plain", p)
	}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"log.1", "log.48"} {
		data, err := os.ReadFile(apache + "plain/version-2/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := inspect.NewPrinter(new(bytes.Buffer), inspect.Text)
	if err := inspect.VerifyDir(persistence.OS{}, dir, p); !errors.Is(err, inspect.ErrInvalid) {
		t.Fatalf("a log is missing: %v", err)
	}
}

// TestVerifyDirReadsNoCopies: it reads the files that a server reads, and lists those that a server
// does not read.
func TestVerifyDirReadsNoCopies(t *testing.T) {
	dir := t.TempDir()
	data, err := os.ReadFile(apache + "plain/version-2/log.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"log.1", "log.1.bak", "log.01", "log.x", "notes"} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	p := inspect.NewPrinter(&out, inspect.Text)
	if err := errors.Join(inspect.VerifyDir(persistence.OS{}, dir, p), p.Flush()); err != nil {
		t.Fatal(err)
	}
	for name, times := range map[string]int{"/log.1 ": 1, "/log.1.bak": 1, "/log.01": 1, "/log.x": 1, "notes": 0} {
		if got := strings.Count(out.String(), name); got != times {
			t.Errorf("%s is named %d times in\n%s", name, got, out.String())
		}
	}
	if got := strings.Count(out.String(), "not read"); got != 3 {
		t.Errorf("%d are not read:\n%s", got, out.String())
	}
}

func TestSnapshot(t *testing.T) {
	for _, tc := range []struct{ name, file string }{
		{"snapshot", "plain/version-2/snapshot.59"},
		{"snapshot-gzip", "gzip/version-2/snapshot.24.gz"},
		{"snapshot-snappy", "snappy/version-2/snapshot.1f.snappy"},
	} {
		_, err := both(t, tc.name, func(p *inspect.Printer) error {
			opt := inspect.SnapshotOptions{Data: true, ACLs: true}
			return inspect.Snapshot(persistence.OS{}, apache+tc.file, opt, p)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := both(t, tc.name+"-verify", func(p *inspect.Printer) error {
			return inspect.VerifySnapshot(persistence.OS{}, apache+tc.file, p)
		}); err != nil {
			t.Fatal(err)
		}
		file := damaged(t, apache+tc.file, 8*100+3)
		p := inspect.NewPrinter(new(bytes.Buffer), inspect.Text)
		err = inspect.VerifySnapshot(persistence.OS{}, file, p)
		if !errors.Is(err, inspect.ErrInvalid) {
			t.Fatalf("%s with a bit turned: %v", tc.file, err)
		}
	}
}

func TestDiff(t *testing.T) {
	left, right := apache+"plain/version-2/snapshot.23", apache+"plain/version-2/snapshot.59"
	if _, err := both(t, "diff", func(p *inspect.Printer) error {
		d, err := inspect.Diff(persistence.OS{}, left, right, p)
		if d.OnlyRight != 53 || d.OnlyLeft != 0 || d.Changed < 1 {
			t.Errorf("%+v", d)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	p := inspect.NewPrinter(new(bytes.Buffer), inspect.Text)
	if d, err := inspect.Diff(persistence.OS{}, left, left, p); err != nil || d.Any() {
		t.Fatal(d, err)
	}
}

func TestSummary(t *testing.T) {
	for _, tc := range []struct {
		name, path string
		depth      int
	}{{"summary", "/", 1}, {"summary-below", "/seq", 3}} {
		if _, err := both(t, tc.name, func(p *inspect.Printer) error {
			file := apache + "plain/version-2/snapshot.59"
			return inspect.Summary(persistence.OS{}, file, tc.path, tc.depth, p)
		}); err != nil {
			t.Fatal(err)
		}
	}
	p := inspect.NewPrinter(new(bytes.Buffer), inspect.Text)
	err := inspect.Summary(persistence.OS{}, apache+"plain/version-2/snapshot.59", "/se", 1, p)
	if !errors.Is(err, inspect.ErrInvalid) {
		t.Fatal(err)
	}
}
