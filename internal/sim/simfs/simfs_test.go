package simfs

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

func newFile(t *testing.T, d *Disk, name string) *handle {
	t.Helper()
	f, err := d.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	return f.(*handle)
}

func write(t *testing.T, f *handle, off int64, text string) {
	t.Helper()
	if _, err := f.WriteAt([]byte(text), off); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestUnflushedIsLost(t *testing.T) {
	d := New()
	must(t, d.MkdirAll("/data"))
	f := newFile(t, d, "/data/a")
	write(t, f, 0, "one")
	if d.PowerLoss(Everything()).Exists("/data/a") {
		t.Fatal("a name survived without SyncDir")
	}
	must(t, d.SyncDir("/data"))
	if got := d.PowerLoss(Everything()).Read("/data/a"); string(got) != "" {
		t.Fatalf("data survived without Sync: %q", got)
	}
	must(t, f.Sync())
	write(t, f, 3, "two")
	if got := d.PowerLoss(Everything()).Read("/data/a"); string(got) != "one" {
		t.Fatalf("after a power loss: %q", got)
	}
	if got := d.Kill().Read("/data/a"); string(got) != "onetwo" {
		t.Fatalf("after a kill: %q", got)
	}
	if got := d.Kill().PowerLoss(Everything()).Read("/data/a"); string(got) != "one" {
		t.Fatalf("a kill flushed: %q", got)
	}
}

func TestRenameIsAtomic(t *testing.T) {
	d := New()
	write(t, newFile(t, d, "/a"), 0, "old")
	b := newFile(t, d, "/b")
	write(t, b, 0, "new")
	must(t, b.Sync())
	must(t, d.SyncDir("/"))
	must(t, d.Rename("/b", "/a"))
	for seed := range uint64(64) {
		next := d.PowerLoss(Random(rand.New(rand.NewPCG(seed, 0))))
		if !next.Exists("/a") || next.Exists("/b") == (string(next.Read("/a")) == "new") {
			t.Fatalf("seed %d: %v, a=%q", seed, next.Names(), next.Read("/a"))
		}
	}
}

func TestTornBySector(t *testing.T) {
	d := New()
	f := newFile(t, d, "/a")
	must(t, d.SyncDir("/"))
	must(t, f.Truncate(4096))
	must(t, f.Sync())
	write(t, f, 100, string(bytes.Repeat([]byte{'x'}, 2000)))
	part := 0
	loss := Loss{Sector: 512, Write: func() Fate { return Torn },
		Part: func() bool { part++; return part%2 == 0 }, Name: func() bool { return true }}
	got := d.PowerLoss(loss).Read("/a")
	for i, c := range got {
		want := byte(0)
		if s := i / 512; i >= 100 && i < 2100 && (s == 1 || s == 3) {
			want = 'x'
		}
		if c != want {
			t.Fatalf("byte %d is %d", i, c)
		}
	}
	if part != 5 {
		t.Fatalf("%d sectors", part)
	}
}

func TestFailedSync(t *testing.T) {
	for _, lost := range []bool{false, true} {
		d := New()
		f := newFile(t, d, "/a")
		must(t, d.SyncDir("/"))
		write(t, f, 0, "one")
		d.Inject = func(c Call) Outcome { return Outcome{Err: ErrIO, Lost: lost} }
		if err := f.Sync(); !errors.Is(err, ErrIO) {
			t.Fatal(err)
		}
		d.Inject = nil
		must(t, f.Sync())
		want := map[bool]string{false: "one", true: ""}[lost]
		if got := d.PowerLoss(Everything()).Read("/a"); string(got) != want {
			t.Fatalf("lost=%v: %q", lost, got)
		}
		if got := d.Read("/a"); string(got) != "one" {
			t.Fatalf("page cache: %q", got)
		}
	}
}

func TestCrashAndShortCalls(t *testing.T) {
	d := New()
	f := newFile(t, d, "/a")
	d.Inject = func(c Call) Outcome { return Outcome{Crash: After, Partial: 2} }
	crash := Run(func() { _, _ = f.WriteAt([]byte("hello"), 0) })
	if crash == nil || crash.Call.Op != OpWrite || string(d.Read("/a")) != "he" {
		t.Fatal(crash, d.Read("/a"))
	}
	d.Inject = func(c Call) Outcome { return Outcome{Crash: Before} }
	if crash = Run(func() { _, _ = f.WriteAt([]byte("hello"), 0) }); crash == nil {
		t.Fatal("no crash")
	}
	if string(d.Read("/a")) != "he" {
		t.Fatal("the call was carried out")
	}
	d.Inject = func(c Call) Outcome { return Outcome{Partial: 1} }
	buf := make([]byte, 8)
	if n, err := f.ReadAt(buf, 0); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	d.Inject = nil
	if n, err := f.ReadAt(buf, 0); n != 2 || err != io.EOF {
		t.Fatal(n, err)
	}
	d.Inject = func(c Call) Outcome { return Outcome{Err: ErrFull, Partial: 3} }
	if n, err := f.WriteAt([]byte("hello"), 0); n != 3 || !errors.Is(err, ErrFull) {
		t.Fatal(n, err)
	}
}

func TestSameSeedSameLoss(t *testing.T) {
	run := func() []byte {
		d := New()
		f := newFile(t, d, "/a")
		must(t, d.SyncDir("/"))
		for i := range int64(20) {
			write(t, f, i*700, string(bytes.Repeat([]byte{byte('a' + i)}, 900)))
		}
		return d.PowerLoss(Random(rand.New(rand.NewPCG(7, 7)))).Read("/a")
	}
	if !bytes.Equal(run(), run()) {
		t.Fatal("the same seed gave two images")
	}
}
