package readlog_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence/readlog"
	"quoll/persistence/record"
)

const dir = "/logs"

// payload returns the payload of a transaction, or with again of an error with the same zxid.
func payload(zxid jute.Zxid, again bool) []byte {
	h := jute.TxnHeader{ClientID: 7, Zxid: zxid, Type: jute.OpSetData}
	if again {
		h.Type = jute.OpError
		return jute.Append(jute.Append(nil, &h), &jute.ErrorResponse{})
	}
	return jute.Append(jute.Append(nil, &h), &jute.SetDataRequest{
		Path: []byte("/a"), Data: fmt.Appendf(nil, "%x", int64(zxid)),
	})
}

// file is a log of the model.
type file struct {
	zxids  []jute.Zxid
	copied int  // so many of the first zxids stand at the end of the log before too
	torn   bool // bytes that are no record follow
	padded bool
	errors bool // each transaction has an error with its zxid behind it
}

func (f *file) content() []byte {
	p := record.AppendHeader(nil)
	for i, zxid := range f.zxids {
		p = record.Append(p, payload(zxid, false))
		if f.errors && i >= f.copied && i < len(f.zxids)-4 {
			p = record.Append(p, payload(zxid, true))
		}
	}
	if f.torn {
		return append(p, 1, 2, 3)
	}
	if f.padded {
		p = append(p, make([]byte, 5000)...)
	}
	return p
}

// model is a history, and the part of it that the files have.
type model struct {
	history   []jute.Zxid
	files     []file
	purged    int // so many of the first files are removed
	snapshots []jute.Zxid
}

// draw makes a history of some epochs. The logs can lack the end of an epoch that a snapshot has,
// as after a SNAP in Apache's implementation.
func draw(rng *rand.Rand) *model {
	m := &model{}
	next, f := jute.Zxid(1), file{}
	if rng.IntN(2) == 0 {
		next = 1<<32 | 1
	}
	if rng.IntN(2) == 0 {
		m.snapshots = append(m.snapshots, 0)
	}
	roll := func() {
		if len(f.zxids) == 0 {
			return
		}
		m.files = append(m.files, f)
		n := rng.IntN(min(4, len(f.zxids))) // no two logs have one name
		if f.torn || rng.IntN(3) > 0 {
			n = 0
		}
		f = file{
			zxids: slices.Clone(f.zxids[len(f.zxids)-n:]), copied: n,
			torn: rng.IntN(5) == 0, padded: rng.IntN(2) == 0, errors: rng.IntN(4) == 0,
		}
	}
	for range 1 + rng.IntN(14) {
		m.history = append(m.history, next)
		f.zxids = append(f.zxids, next)
		if rng.IntN(6) == 0 {
			m.snapshots = append(m.snapshots, next)
		}
		if next++; rng.IntN(5) == 0 {
			if rng.IntN(3) == 0 {
				for range rng.IntN(3) {
					m.history = append(m.history, next)
					next++
				}
				m.snapshots = append(m.snapshots, next-1)
				roll()
			}
			next = (next>>32+1)<<32 | 1
			if rng.IntN(4) == 0 {
				m.snapshots = append(m.snapshots, next-1)
			}
		}
		if rng.IntN(4) == 0 {
			roll()
		}
	}
	if len(f.zxids) > f.copied {
		m.files = append(m.files, f)
	}
	if m.purged = rng.IntN(len(m.files)); m.purged > 0 {
		m.snapshots = slices.DeleteFunc(m.snapshots, func(s jute.Zxid) bool { return s == 0 })
	}
	return m
}

// want returns the zxids that must be given. It is nil if the logs do not have all of them, or
// cannot prove that they do.
func (m *model) want(from, upTo jute.Zxid) []jute.Zxid {
	logged := map[jute.Zxid]bool{}
	torn := map[jute.Zxid]bool{} // zxids behind which a log is torn
	for _, f := range m.files[m.purged:] {
		for _, zxid := range f.zxids {
			logged[zxid] = true
		}
		if f.torn {
			torn[f.zxids[len(f.zxids)-1]] = true
		}
	}
	first := -1
	for i, zxid := range m.history {
		if zxid <= min(from, upTo) {
			first = i
		}
	}
	last := slices.Index(m.history, upTo)
	if first < 0 {
		first = 0
		whole := m.history[0] == 1 || slices.Contains(m.snapshots, 0)
		if from != 0 || !whole {
			return nil
		}
	}
	for i, zxid := range m.history[first : last+1] {
		if !logged[zxid] {
			return nil
		}
		if before := first + i - 1; i > 0 && zxid != m.history[before]+1 {
			between := func(s jute.Zxid) bool { return s > m.history[before] && s < zxid }
			if torn[m.history[before]] || slices.ContainsFunc(m.snapshots, between) {
				return nil
			}
		}
	}
	return m.history[first : last+1]
}

func (m *model) write(disk *simfs.Disk) (r readlog.Range) {
	for _, f := range m.files[m.purged:] {
		content := f.content()
		path := fmt.Sprintf("%s/log.%x", dir, int64(f.zxids[0]))
		disk.Write(path, content)
		r.Logs = append(r.Logs, readlog.Log{
			Path: path, Zxid: f.zxids[0], Bytes: int64(len(content)),
		})
	}
	r.Snapshots = m.snapshots
	first := r.Logs[0].Zxid
	r.FromTheStart = first == 1 || first == 1<<32|1 && slices.Contains(m.snapshots, 0)
	return r
}

// read reads in chunks of about so many bytes.
func read(disk *simfs.Disk, r readlog.Range, bytes int) (zxids []jute.Zxid, err error) {
	reader, err := readlog.New(disk, r)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	for {
		chunk, err := reader.Next(bytes)
		size := 0
		for i, e := range chunk {
			if size >= bytes && i > 1 { // the first two transactions can come together
				return zxids, fmt.Errorf("a chunk of %d bytes before its transaction %d", size, i)
			}
			size += len(e.Payload) + record.Extra
			if string(e.Payload) != string(payload(e.Header.Zxid, false)) {
				return zxids, fmt.Errorf("%v is another transaction", e.Header.Zxid)
			}
			zxids = append(zxids, e.Header.Zxid)
		}
		switch {
		case err == io.EOF:
			return zxids, nil
		case err != nil:
			return zxids, err
		}
	}
}

// TestAgainstTheModel reads histories in logs of every shape, from every zxid to every zxid.
func TestAgainstTheModel(t *testing.T) {
	given, gaps, holes := 0, 0, 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := draw(rng)
		disk := simfs.New()
		r := m.write(disk)
		for _, upTo := range m.files[len(m.files)-1].zxids {
			for _, near := range append([]jute.Zxid{0}, m.history...) {
				for _, from := range []jute.Zxid{near, near + 1, near &^ 0xffffffff} {
					r.From, r.UpTo = from, upTo
					got, err := read(disk, r, 1+rng.IntN(300))
					want := m.want(from, upTo)
					switch {
					case want == nil && errors.Is(err, readlog.ErrGap):
						gaps++
						if len(got) > 0 {
							holes++
						}
					case want == nil || err != nil || !slices.Equal(got, want):
						t.Fatalf("seed %d, %v to %v: %v, %v; want %v of\n%+v",
							seed, from, upTo, got, err, want, m)
					default:
						given++
					}
				}
			}
		}
	}
	t.Log(given, "given,", gaps, "gaps,", holes, "of them on the way")
	if given == 0 || gaps == holes || holes == 0 {
		t.Fatal("the histories are all alike")
	}
}

// TestDamage: one turned bit anywhere in the logs never makes a hole in the transactions given.
func TestDamage(t *testing.T) {
	const e = jute.Zxid(1 << 32)
	m := &model{
		history:   []jute.Zxid{1, 2, 3, 4, e + 1, e + 2, e + 3, 2*e + 1, 2*e + 2},
		snapshots: []jute.Zxid{0},
		files: []file{
			{zxids: []jute.Zxid{1, 2, 3}}, {zxids: []jute.Zxid{4, e + 1}},
			{zxids: []jute.Zxid{e + 2, e + 3}, padded: true},
			{zxids: []jute.Zxid{2*e + 1, 2*e + 2}},
		},
	}
	whole, gaps := 0, 0
	sound := simfs.New()
	r := m.write(sound)
	for _, l := range r.Logs {
		for at := int64(0); at < min(l.Bytes, 400); at++ {
			disk := sound.Kill()
			disk.FlipBit(l.Path, at*8+at%8)
			for _, from := range []jute.Zxid{0, 2, 3, e, e + 2, e + 9} {
				r.From, r.UpTo = from, 2*e+2
				want := m.want(from, r.UpTo)
				got, err := read(disk, r, 100)
				switch {
				case err == nil && slices.Equal(got, want):
					whole++
				case errors.Is(err, readlog.ErrGap) && len(got) < len(want) &&
					slices.Equal(got, want[:len(got)]):
					gaps++
				default:
					t.Fatalf("byte %d of %s, from %v: %v, %v", at, l.Path, from, got, err)
				}
			}
		}
	}
	if whole == 0 || gaps == 0 {
		t.Fatal(whole, gaps)
	}
}

// TestAnErrorOfTheDiskIsNoGap: the error of the disk is returned.
func TestAnErrorOfTheDiskIsNoGap(t *testing.T) {
	m := &model{history: []jute.Zxid{1, 2}, files: []file{{zxids: []jute.Zxid{1, 2}}}}
	disk := simfs.New()
	r := m.write(disk)
	r.From, r.UpTo = 1, 2
	for _, op := range []simfs.Op{simfs.OpOpen, simfs.OpRead} {
		disk.Inject = func(c simfs.Call) simfs.Outcome {
			if c.Op == op {
				return simfs.Outcome{Err: simfs.ErrIO}
			}
			return simfs.Outcome{}
		}
		if _, err := read(disk, r, 100); !errors.Is(err, simfs.ErrIO) || errors.Is(err, readlog.ErrGap) {
			t.Errorf("%v: %v", op, err)
		}
	}
}

// TestALogWithoutARecord: such a log may have lost records. At the end of an epoch nothing proves
// that it has not.
func TestALogWithoutARecord(t *testing.T) {
	for name, next := range map[string]jute.Zxid{"in an epoch": 3, "at its end": 1<<32 | 1} {
		for _, content := range [][]byte{nil, record.AppendHeader(nil)} {
			m := &model{history: []jute.Zxid{1, 2, next}, files: []file{
				{zxids: []jute.Zxid{1, 2}}, {zxids: []jute.Zxid{next}},
			}}
			disk := simfs.New()
			r := m.write(disk)
			disk.Write(dir+"/log.2x", content)
			r.Logs = slices.Insert(r.Logs, 1, readlog.Log{Path: dir + "/log.2x", Zxid: 3})
			r.From, r.UpTo = 1, next
			got, err := read(disk, r, 100)
			if next == 3 && (err != nil || !slices.Equal(got, m.history)) ||
				next > 3 && !errors.Is(err, readlog.ErrGap) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
	}
}
